//! The client's ACK did not reach the server.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::AckLost,
    clause: "the client's ACK did not reach the server",
    counters: &[],
    check: "on the server: tcpdump -ni any 'tcp port {port}' (confirmed if the SYN arrives and the ACK does not); if the ACK arrives: conntrack -S (confirmed if invalid rises); the firewall rules for state INVALID, and the routes: one firewall must see both directions",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Relevant,
    kernel: Some(path_drops::weigh_ack),
};

pub(super) fn ignored_ack(case: &Case<'_, '_>, repeat: &Retransmission, meanwhile: &Meanwhile) -> Hypothesis {
    let answered = meanwhile.answered;
    let is_single = case.handshake.last_syn_ack == Some(repeat.time) && case.handshake.server_data.is_some();
    Hypothesis::new(INFO.kind, MODERATE, "the SYN-ACK was retransmitted after it was acknowledged, as if the ACK had been lost")
        .supported_by(is_single, STRONG, "the SYN-ACK was retransmitted once, and the next ACK was accepted")
        .supported_by(
            meanwhile.had_room(),
            MODERATE,
            format!(
                "the listener answered {answered} other SYN{} meanwhile: with a full accept queue it would have dropped these SYNs",
                plural(answered)
            ),
        )
        .opposed_by(meanwhile.drops_syns(), MODERATE, SYNS_DROPPED)
        .not_observable(true, ACK_REACHED_SERVER)
}

/// Considers a capture without the ACK: the client's first segments were lost before the capture
/// point.
pub(super) fn unacknowledged(case: &Case<'_, '_>) -> Hypothesis {
    let is_repeated = case.handshake.rto_retransmission.is_some();
    let has_arrived = is_repeated && case.handshake.syn_retransmissions == 0;
    let is_real = case.of_same_client(NEARBY_HANDSHAKES).any(|other| other.ack.is_some());
    Hypothesis::new(INFO.kind, 0.0, "the client's ACK may have been lost before the capture point")
        .supported_by(
            has_arrived,
            MODERATE,
            "the server retransmitted its SYN-ACK, and the client did not retransmit its SYN: the SYN-ACK had reached it",
        )
        .supported_by(has_arrived && is_real, STRONG, "the client completed other connections: its address is not spoofed")
        .not_observable(true, format!("{WHAT_CLIENT_SENT} (a capture at the client shows it)"))
}

/// Considers a client whose first ACK in the capture follows a retransmission of the SYN-ACK. A
/// client that has no SYN-ACK retransmits its SYN at that time.
pub(super) fn late_ack(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let handshake = case.handshake;
    let (repeat, ack) = (handshake.rto_retransmission.as_deref()?, handshake.ack?);
    let is_late = handshake.syn_retransmissions == 0 && repeat.time < ack.time && repeat.gap() >= DELAY_SECONDS;
    let why = format!("the client's ACK came only after the SYN-ACK was retransmitted, {:.1} s later", repeat.gap());
    is_late.then(|| {
        Hypothesis::new(INFO.kind, STRONG, why)
            .supported_by(true, MODERATE, "the client did not retransmit its SYN: the first SYN-ACK had reached it")
            .not_observable(true, "whether the client's first ACK was lost (a capture at the client shows it)")
    })
}
