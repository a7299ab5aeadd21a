//! A SYN flood, whose sources never complete a handshake.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::SynFlood,
    clause: "a SYN flood reached the listener, and its sources never complete a handshake",
    counters: &[Counter::TcpReqQFullDoCookies],
    check: "on the server: nstat -az 'TcpExtTCPReqQFull*' TcpExtSyncookiesSent TcpExtListenDrops (expect: TCPReqQFullDoCookies and SyncookiesSent rise; with tcp_syncookies=0, ListenDrops); ss -Htn state syn-recv 'sport = :{port}' | wc -l (expect: near the limit of the SYN queue)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Returns the hypothesis only for a handshake that never completed during a flood.
pub(super) fn never_completed(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let again = case.handshake.syn_retransmissions > 0;
    let hypothesis = Hypothesis::new(
        INFO.kind,
        5.0,
        "at least 64 SYNs a second reached the listener, and at least three quarters of all SYNs led to no completed handshake",
    )
    .opposed_by(
        again,
        4.0,
        "the client retransmitted its SYN: it wants to connect, which the sources of a flood do not",
    )
    .not_observable(true, "whether the source address is spoofed");
    case.is_of_flood().then_some(hypothesis)
}

fn kernel(evidence: &mut KernelEvidence<'_>) {
    for counter in [Counter::TcpReqQFullDoCookies, Counter::TcpReqQFullDrop] {
        evidence.supported_by_rise(counter, STRONG, "the SYN queue was full at that time");
    }
}
