//! The listener waits for data before it accepts a connection.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::DeferredAccept,
    clause: "the listener waits for the client's data before it accepts (TCP_DEFER_ACCEPT)",
    counters: &[Counter::TcpDeferAcceptDrop],
    check: "on the server: nstat -az TcpExtTCPDeferAcceptDrop (confirmed if it rises with a connection without data); the program's configuration (nginx: deferred; Apache: AcceptFilter; HAProxy: defer-accept); strace -f -e trace=setsockopt COMMAND (starts the program; confirmed if it sets TCP_DEFER_ACCEPT)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Minimum time, in seconds, from the SYN-ACK to its first retransmission that shows that earlier
/// retransmissions were suppressed. Without suppression, the first one is due after one second
/// (Linux `TCP_TIMEOUT_INIT`), or after three (Linux before 3.1, Windows, BSD). In a capture that
/// missed one of them, it seems to come after two seconds.
const SUPPRESSED: f64 = 5.0;
const PERHAPS_SUPPRESSED: f64 = 2.5;
/// Multiple of the previous interval after which the next retransmission of a doubling timer is
/// overdue.
const OVERDUE: f64 = 2.3;

/// Considers a client that sent no data. Linux drops an ACK without data while `rskq_defer_accept`
/// allows it (`tcp_check_req`), and then suppresses all retransmissions of the SYN-ACK but the last
/// (`syn_ack_recalc`).
pub(super) fn silent_client(case: &Case<'_, '_>, repeat: &Retransmission, meanwhile: &Meanwhile) -> Hypothesis {
    let handshake = case.handshake;
    let is_silent = handshake.client_data.is_none_or(|data| data.time > repeat.time);
    let is_single = handshake.last_syn_ack == Some(repeat.time);
    let is_watched = case.listener.now.seconds_since(repeat.time) > OVERDUE * repeat.gap();
    let others = &case.listener.silent_clients;
    let is_suppressed = repeat.gap() >= SUPPRESSED;
    let gap = format!(
        "the first retransmission came after {:.1} s; without TCP_DEFER_ACCEPT it is due after 1 s",
        repeat.gap()
    );
    Hypothesis::new(INFO.kind, 0.0, "the server ignored the ACK, as with TCP_DEFER_ACCEPT until data arrives")
        .ruled_out_by(!is_silent, "the client had sent data, which ends the wait of TCP_DEFER_ACCEPT")
        .supported_by(is_silent, MODERATE, "the client had sent no data when the SYN-ACK was retransmitted")
        .supported_by(is_suppressed, 3.0, gap.clone())
        .supported_by(!is_suppressed && repeat.gap() >= PERHAPS_SUPPRESSED, MODERATE, gap)
        .supported_by(
            is_single && is_watched,
            STRONG,
            "the SYN-ACK was retransmitted once; with a full accept queue it is often retransmitted several times",
        )
        .opposed_by(!is_single, STRONG, "the SYN-ACK was retransmitted more than once")
        .supported_by(
            is_single && others.are_deferred(),
            3.0,
            "the listener retransmitted its SYN-ACK to every silent client before it accepted the connection",
        )
        .opposed_by(
            others.are_accepted(repeat.gap()),
            VERY_STRONG,
            "the listener accepted other silent clients without retransmitting its SYN-ACK",
        )
        .supported_by(!speaks_first(handshake), WEAK, "the server did not send data first")
        .opposed_by(
            speaks_first(handshake),
            1.5,
            "the server sent data first; such a program has no reason to wait for data",
        )
        .supported_by(
            meanwhile.served > 0,
            MODERATE,
            format!(
                "{} other connection{} with data were served meanwhile",
                meanwhile.served,
                plural(meanwhile.served)
            ),
        )
}

/// Returns whether the server sent data before the client.
fn speaks_first(handshake: &Handshake) -> bool {
    handshake.server_data.is_some_and(|first| handshake.client_data.is_none_or(|data| first < data.frame))
}

fn kernel(evidence: &mut KernelEvidence<'_>) {
    let drops = evidence.status(Counter::TcpDeferAcceptDrop);
    let said = counters::clause(Counter::TcpDeferAcceptDrop, drops);
    if drops.did_not() {
        evidence.ruled_out_by(format!("{said}: no listener deferred a connection"));
    }
    evidence.supported_by_rise(
        Counter::TcpDeferAcceptDrop,
        VERY_STRONG,
        "a listener deferred connections at that time",
    );
}
