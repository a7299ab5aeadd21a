//! A third party injected a reset, and the server continued.

use super::*;
use crate::evidence::hop_limit::field_name;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::InjectedReset,
    clause: "a third party on the path injected a reset; neither client nor server sent it",
    counters: &[Counter::OutRsts],
    check: "at client and server at the same time: tcpdump -ni any -w NAME.pcap 'tcp port {port}' (confirmed if a reset arrives at one end and the other end did not send it); then give both files to syncookie explain",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

const DATA_PASSED: &str = "the server acknowledged the client's data, so the device that reset the client had let the data pass; it may have reset the server, too";

/// Considers a device that copies packets and injects resets. Unlike a packet filter, it lets the
/// packet that triggered the reset through ("Global, passive detection of connection tampering",
/// SIGCOMM 2023).
pub(super) fn server_went_on(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Hypothesis {
    let copies = case.handshake.server_resets;
    Hypothesis::new(INFO.kind, 0.0, "the connection was reset, and a third party can inject resets")
        .supported_by(
            reset.server_served_after,
            5.0,
            "the server sent or acknowledged data after the reset: it had received the client's packets, and did not reset the connection",
        )
        .supported_by(reset.answers_passed_data(), 5.0, DATA_PASSED)
        .opposed_by(!reset.server_served_after, MODERATE, "the server neither sent nor acknowledged data after the reset")
        .supported_by(reset.is_early(), MODERATE, "the reset came sooner than a round trip to the server takes")
        .supported_by(reset.has_other_ttl(), MODERATE, reset.ttl_sentence())
        .supported_by(copies > 1 && reset.server_served_after, WEAK, format!("{copies} resets arrived"))
        .opposed_by(reset.ip_id_continues, MODERATE, IP_ID_CONTINUES)
        .not_observable(true, format!("{SERVER_SENT_RESET}{AT_SERVER_SHOWS}"))
}

/// Considers a reset of the client's side, as the server sees it. The device may have reset the
/// client, whose host then answers the server's segments with resets, or it may have sent the reset
/// in the client's name.
pub(super) fn client_reset(case: &Case<'_, '_>, reset: &SegmentFacts) -> Hypothesis {
    let handshake = case.handshake;
    let differs = handshake.syn.is_some_and(|syn| syn.ip.is_from_elsewhere(reset.ip));
    let passed = handshake.client_data.is_some_and(|data| data.frame < reset.frame);
    let field = field_name(handshake.client.ip);
    Hypothesis::new(
        INFO.kind,
        0.0,
        "the reset has the client's address, and a third party that injects resets often sends them to both ends",
    )
    .supported_by(client_abort::has_forgotten(case, reset), VERY_STRONG, CLIENT_FORGOT)
    .supported_by(
        differs && passed,
        5.0,
        format!("the {field} of the reset differs from that of the client's SYN, and the client's data passed"),
    )
    .not_observable(
        !case.is_captured_at_client(),
        format!("{CLIENT_RECEIVED_RESET} before (a capture at the client shows it)"),
    )
}
