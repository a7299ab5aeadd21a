//! Packets were dropped on the way, without a reset or an ICMP error.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::SilentDrop,
    clause: "packets were dropped on the way, without a reset or an ICMP error",
    counters: &[Counter::ListenDrops],
    check: "on the server: tcpdump -ni any 'tcp port {port} or icmp or icmp6' (do the client's packets arrive? are they answered?); if they arrive: nstat -az TcpExtListenDrops TcpExtTCPReqQFullDrop TcpExtIPReversePathFilter (confirmed if one rises); nft list ruleset (or iptables -nvL; confirmed if the counter of a drop rule rises); perf record -a -e skb:kfree_skb sleep 10 && perf script (shows the reason for the drop)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Relevant,
    kernel: Some(kernel),
};

pub(super) fn unanswered(case: &Case<'_, '_>) -> Hypothesis {
    let syns = case.handshake.syn_retransmissions as usize + 1;
    Hypothesis::new(INFO.kind, STRONG, format!("{syns} SYN{}, no answer", plural(syns)))
        .opposed_by(case.listener.answers, WEAK, "the listener answered other SYNs before or after")
        .ruled_out_by(case.handshake.rejected_syn().is_some(), ICMP_ANSWERED)
        .not_observable(true, SYN_REACHED_SERVER)
}

pub(super) fn unacknowledged(case: &Case<'_, '_>) -> Hypothesis {
    let handshake = case.handshake;
    Hypothesis::new(
        INFO.kind,
        MODERATE,
        "the SYN-ACK was never acknowledged: it was lost, or the SYN's source address was spoofed",
    )
    .supported_by(
        handshake.rto_retransmission.is_some(),
        WEAK,
        "the SYN-ACK's retransmissions were not acknowledged, either",
    )
    .opposed_by(
        handshake.rto_retransmission.is_some() && handshake.syn_retransmissions == 0,
        WEAK,
        "the client did not retransmit its SYN",
    )
    .supported_by(
        handshake.unanswered_retransmission || handshake.prompted_retransmission.is_some(),
        MODERATE,
        "the client retransmitted its SYN: the SYN-ACK did not reach it",
    )
    .not_observable(true, SYN_ACK_REACHED_CLIENT)
}

/// Considers a reset that comes long after the last SYN: a device gave up waiting for the server.
pub(super) fn given_up(refused: &RefusedSyn) -> Option<Hypothesis> {
    let late = refused.late?;
    let why = format!("no answer to the SYN for {late:.0} s; then a device on the path gave up and sent a reset");
    Some(
        Hypothesis::new(INFO.kind, VERY_STRONG, why)
            .opposed_by(refused.others_answered, WEAK, OTHERS_ANSWERED)
            .not_observable(true, SYN_REACHED_SERVER),
    )
}

pub(super) fn ignored_data(case: &Case<'_, '_>, meanwhile: &Meanwhile, was_accepted: bool) -> Hypothesis {
    Hypothesis::new(INFO.kind, 1.5, "no answer followed the handshake: packets may be dropped on the path")
        .supported_by(
            case.handshake.client_data_retransmissions > 2,
            0.3,
            "every retransmission of the data was dropped, too",
        )
        .opposed_by(meanwhile.drops_syns(), WEAK, SYNS_DROPPED)
        .opposed_by(was_accepted, MODERATE, "the server accepted the data in the end")
        .not_observable(true, "whether the data reached the server")
}

pub(super) fn closed_window() -> Hypothesis {
    Hypothesis::new(INFO.kind, MODERATE, "the ACK, or the proxy's answer to it, may have been dropped")
        .not_observable(true, "whether the ACK reached the proxy")
}

/// Weighs the counters of dropped packets. `tcp_conn_request` counts the SYNs that it drops; a drop
/// that is not counted happened elsewhere.
fn kernel(evidence: &mut KernelEvidence<'_>) {
    let rules = [
        (Counter::TcpReqQFullDrop, 3.0, "the SYN queue was full and cookies are off"),
        (Counter::ConntrackDrop, 3.0, "conntrack dropped packets because its table was full"),
    ];
    for (counter, nats, why) in rules {
        evidence.supported_by_rise(counter, nats, why);
    }
    counters::weigh_listen_drops(evidence);
    path_drops::weigh(evidence);
    let drops = evidence.status(Counter::ListenDrops);
    if drops.did_not() {
        let said = counters::clause(Counter::ListenDrops, drops);
        evidence.supported_by(
            WEAK,
            format!("{said}: no listener dropped the packet, so it was dropped before it reached one"),
        );
    }
}
