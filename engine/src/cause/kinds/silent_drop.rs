//! Something dropped packets silently.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::SilentDrop,
    clause: "something dropped packets without a word",
    counters: &[Counter::ListenDrops],
    check: "on the server: tcpdump -ni any 'tcp port {port}' (does the packet arrive, is it answered?); if it arrives: nstat -az TcpExtListenDrops TcpExtTCPReqQFullDrop, and the firewall's drop counters",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Relevant,
    kernel: Some(kernel),
};

pub(super) fn unanswered(case: &Case<'_, '_>) -> Hypothesis {
    let syns = case.handshake.syn_retransmissions as usize + 1;
    Hypothesis::new(INFO.kind, STRONG, format!("{syns} SYN{}, no answer", plural(syns)))
        .opposed_by(case.listener.answers, WEAK, "the listener answered others")
        .not_observable(true, "whether the SYN reached the server")
}

pub(super) fn unacknowledged(case: &Case<'_, '_>) -> Hypothesis {
    let handshake = case.handshake;
    Hypothesis::new(
        INFO.kind,
        MODERATE,
        "the SYN-ACK was never acknowledged: it was lost, or the SYN's source address was not its sender's",
    )
    .supported_by(handshake.rto_retransmission.is_some(), WEAK, "nor were its repetitions")
    .supported_by(
        handshake.unanswered_retransmission || handshake.prompted_retransmission.is_some(),
        MODERATE,
        "the client repeated its SYN: the SYN-ACK did not reach it",
    )
    .not_observable(true, "whether the SYN-ACK reached the client")
}

pub(super) fn ignored_ack() -> Hypothesis {
    Hypothesis::new(INFO.kind, MODERATE, "the ACK may have been lost behind the point of capture")
        .not_observable(true, "whether the ACK reached the server")
}

pub(super) fn ignored_data(case: &Case<'_, '_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, 1.5, "what follows the handshake may be dropped on the way")
        .supported_by(case.handshake.client_data_retransmissions > 2, 0.3, "every repetition of the data, too")
        .not_observable(true, "whether the data reached the server")
}

pub(super) fn closed_window() -> Hypothesis {
    Hypothesis::new(INFO.kind, MODERATE, "the ACK, or the proxy's answer to it, may have been dropped")
        .not_observable(true, "whether the ACK reached the proxy")
}

/// `tcp_conn_request` counts what it drops; other drops happened elsewhere.
fn kernel(evidence: &mut KernelEvidence<'_>) {
    let rules = [
        (Counter::TcpReqQFullDrop, 3.0, "the half-open queue was full and cookies are off"),
        (Counter::ConntrackDrop, 3.0, "conntrack dropped packets: its table was full"),
        (Counter::ListenDrops, MODERATE, "a listener dropped packets"),
    ];
    for (counter, nats, why) in rules {
        evidence.supported_by_rise(counter, nats, why);
    }
    let drops = evidence.status(Counter::ListenDrops);
    if drops.did_not() {
        let said = counters::clause(Counter::ListenDrops, drops);
        evidence.supported_by(WEAK, format!("{said}: no listener dropped it, so something before it did"));
    }
}
