//! The listener waits for data before it accepts a connection.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::DeferredAccept,
    clause: "the listener waits for the client's data before it accepts (TCP_DEFER_ACCEPT)",
    counters: &[Counter::TcpDeferAcceptDrop],
    check: "on the server: nstat -az TcpExtTCPDeferAcceptDrop, before and after a connection without data (expect: it rises); strace -f -e trace=setsockopt on the server's start, or its configuration (nginx: deferred; Apache: AcceptFilter; HAProxy: defer-accept)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Time, in seconds, from the SYN-ACK to its first retransmission that shows suppressed
/// retransmissions. The first is otherwise due after one second (Linux `TCP_TIMEOUT_INIT`), after
/// three in Linux before 3.1, Windows and BSD, and two in a capture that missed one of them.
const SUPPRESSED: f64 = 5.0;
const PERHAPS_SUPPRESSED: f64 = 2.5;
/// Share of the previous interval after which a doubled timer is overdue.
const OVERDUE: f64 = 2.3;

/// Linux: `tcp_check_req` drops an ACK without data while `rskq_defer_accept` allows, and
/// `syn_ack_recalc` then suppresses all retransmissions but the last.
pub(super) fn silent_client(case: &Case<'_, '_>, repeat: &Retransmission, meanwhile: &Meanwhile) -> Hypothesis {
    let handshake = case.handshake;
    let is_silent = handshake.client_data.is_none_or(|data| data.time > repeat.time);
    let is_single = handshake.last_syn_ack == Some(repeat.time);
    let is_watched = case.listener.now.seconds_since(repeat.time) > OVERDUE * repeat.gap;
    let others = &case.listener.silent_clients;
    let is_suppressed = repeat.gap >= SUPPRESSED;
    let gap = format!("the first retransmission came after {:.1} s; otherwise it is due after 1 s", repeat.gap);
    Hypothesis::new(INFO.kind, 0.0, "a listener with TCP_DEFER_ACCEPT ignores an ACK without data")
        .ruled_out_by(!is_silent, "the client had sent data, which ends the wait of TCP_DEFER_ACCEPT")
        .supported_by(is_silent, MODERATE, "the client had sent no data when the SYN-ACK was retransmitted")
        .supported_by(is_suppressed, 3.0, gap.clone())
        .supported_by(!is_suppressed && repeat.gap >= PERHAPS_SUPPRESSED, MODERATE, gap)
        .supported_by(
            is_single && is_watched,
            STRONG,
            "the SYN-ACK was retransmitted once; a full accept queue often repeats it",
        )
        .opposed_by(!is_single, STRONG, "the SYN-ACK was retransmitted more than once")
        .supported_by(
            is_single && others.are_deferred(),
            3.0,
            "the listener accepted no client that sent nothing before it had retransmitted its SYN-ACK",
        )
        .opposed_by(
            others.are_accepted(repeat.gap),
            VERY_STRONG,
            "the listener accepted other clients that sent nothing, and did not retransmit its SYN-ACK",
        )
        .supported_by(!speaks_first(handshake), WEAK, "the server did not speak first")
        .opposed_by(
            speaks_first(handshake),
            1.5,
            "the server spoke first; programs that do so have no reason to wait for data",
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
