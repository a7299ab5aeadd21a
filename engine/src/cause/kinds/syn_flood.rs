//! A SYN flood, whose sources never complete a handshake.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::SynFlood,
    clause: "a SYN flood was sent to the listener",
    counters: &[Counter::TcpReqQFullDoCookies],
    check: "on the server: nstat -az 'TcpExtTCPReqQFull*' TcpExtSyncookiesSent TcpExtListenDrops (confirmed if TCPReqQFullDoCookies and SyncookiesSent rise; with tcp_syncookies=0, ListenDrops); ss -Htn state syn-recv 'sport = :{port}' | wc -l (confirmed if near the limit of the SYN queue); sysctl net.ipv4.tcp_syncookies (should be 1; if it is 0, a full SYN queue drops the SYNs of clients, too)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

const FLOOD: &str = "at least 64 SYNs a second were captured on their way to the listener, and at least three quarters of all SYNs led to no completed handshake";

/// Smallest number of ignored SYNs for each answered one with which a full SYN queue is the reason:
/// few entries of a full queue end before their last retransmission, a minute later.
const IGNORED: usize = 3;

/// Considers a source of a flood: a handshake that never completed during it.
pub(super) fn never_completed(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let again = case.handshake.syn_retransmissions > 0;
    let hypothesis = Hypothesis::new(INFO.kind, 5.0, FLOOD)
        .opposed_by(
            again,
            4.0,
            "the client retransmitted its SYN: it wants to connect, which the sources of a flood do not",
        )
        .not_observable(true, "whether the source address is spoofed");
    case.is_of_flood().then_some(hypothesis)
}

/// Considers an unanswered SYN during a flood: of a source of the flood, or of a client that found
/// the SYN queue full. A client retransmits its SYN.
pub(super) fn unanswered(case: &Case<'_, '_>) -> Option<Hypothesis> {
    if case.handshake.syn_retransmissions == 0 { never_completed(case) } else { full_syn_queue(case) }
}

/// Considers a client whose SYN found the SYN queue full. Linux drops such a SYN if SYN cookies are
/// off (`tcp_conn_request`), and with SYN cookies answers it.
fn full_syn_queue(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let Handshake { time, last_syn, .. } = *case.handshake;
    let Meanwhile { answered, ignored, .. } = Meanwhile::between(case, time, last_syn.unwrap_or(time));
    let is_full = ignored > 0 && ignored >= IGNORED * answered;
    let counted = format!("it answered {answered} of {} other SYNs meanwhile", answered + ignored);
    let hypothesis = Hypothesis::new(INFO.kind, MODERATE, FLOOD)
        .supported_by(
            is_full,
            MODERATE,
            format!("{counted}: a listener with a full SYN queue drops the SYNs of clients, too, unless it sends SYN cookies"),
        )
        .supported_by(
            is_full && case.listener.answers,
            STRONG,
            "it answered SYNs before or after, so they reach it",
        )
        .opposed_by(
            answered > ignored,
            3.0,
            format!("{counted}: its SYN queue had room, or it sent SYN cookies"),
        )
        .not_observable(is_full, "whether the SYN queue was full");
    case.is_of_flood().then_some(hypothesis)
}

/// Weighs the counters of a full SYN queue. With SYN cookies off, Linux drops SYNs already when
/// three quarters of the queue are full, and counts them in `ListenDrops` alone.
fn kernel(evidence: &mut KernelEvidence<'_>) {
    for (counter, nats) in [(Counter::TcpReqQFullDoCookies, STRONG), (Counter::TcpReqQFullDrop, 3.0)] {
        evidence.supported_by_rise(counter, nats, "the SYN queue was full at that time");
    }
    counters::weigh_listen_drops(evidence);
}
