//! A load balancer sent the ACK to another host.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::WrongHost,
    clause: "a load balancer sent the ACK to another host",
    counters: &[],
    check: "on every host behind the address: tcpdump -ni any 'tcp port {port}' (confirmed if one host sees the SYN, another the ACK)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::RulesOut,
    kernel: None,
};

pub(super) fn stateless_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>, nearby: &NearbyHandshakes) -> Hypothesis {
    Hypothesis::new(INFO.kind, 0.8, "a host that received the ACK and not the SYN sends such a reset")
        .supported_by(reset.has_other_ttl() && !reset.is_from_nearer(), 2.5, reset.ttl_sentence())
        .supported_by(
            // A host resets an ACK with a wrong number and keeps its entry (RFC 9293 section 3.10.7.4).
            reset.entry_outlived_it && !reset.wrong_ack,
            STRONG,
            "the SYN-ACK was retransmitted after the reset: its sender had not seen the ACK",
        )
        .supported_by(nearby.outlived_reset && !reset.entry_outlived_it, STRONG, OTHERS_OUTLIVED)
        .supported_by(
            case.handshake.syn_retransmissions > 0,
            WEAK,
            "the client retransmitted its SYN: two hosts may have received it",
        )
        .supported_by(reset.entry_outlived_it && nearby.worked, WEAK, "other connections at that time succeeded")
        .opposed_by(reset.is_from_nearer(), MODERATE, reset.ttl_sentence())
        .opposed_by(
            case.is_captured_at_server() && !reset.wrong_ack,
            STRONG,
            "the SYN-ACK's TTL is an initial value, so it passed no router: the capture was taken next to the server, and contains the ACK",
        )
        .opposed_by(
            case.is_captured_at_client() && reset.wrong_ack,
            STRONG,
            "the SYN's TTL is an initial value, so it passed no router: the capture was taken next to the client, and contains no SYN-ACK with the number that the client acknowledged",
        )
        .opposed_by(
            reset.took_ack,
            1.5,
            "the reset answered the data, not the ACK before it; a load balancer sends both to the same host",
        )
        .opposed_by(reset.served, STRONG, SERVED)
        .supported_by(
            reset.wrong_ack,
            WEAK,
            "the client acknowledged another number than the SYN-ACK requires: another host may have sent that number",
        )
        .supported_by(reset.resets_ack_and_data, WEAK, BOTH_RESET)
        .supported_by(nearby.mixed, MODERATE, "failing and working connections alternate")
        .not_observable(reset.lacks_ttl(), reset.missing_ttl())
        .not_observable(true, "which host behind the address received the ACK")
}

/// Considers a client that no longer knows the connection when the SYN-ACK is retransmitted: the
/// host that received its ACK may have reset it.
pub(super) fn client_reset(case: &Case<'_, '_>, reset: &SegmentFacts) -> Option<Hypothesis> {
    client_abort::was_reset_before(case, reset).then(|| {
        Hypothesis::new(INFO.kind, 3.0, RESET_BEFORE)
            .not_observable(true, "which host behind the address received the ACK")
    })
}
