//! No process listens on the port.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ClosedPort,
    clause: "no process listens on the port",
    counters: &[Counter::OutRsts],
    check: "on the server: ss -Htln 'sport = :{port}' (confirmed if it lists no socket)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(|evidence| counters::weigh_missing_listener(evidence, MODERATE)),
};

/// Considers a refused SYN: a host answers a SYN for a port without a listener with a reset that
/// has an ACK flag (RFC 9293 section 3.10.7.1).
pub(super) fn refused_syn(refused: &RefusedSyn) -> Hypothesis {
    Hypothesis::new(INFO.kind, 3.0, "the SYN was answered with a reset, as for a port that no process listens on")
        .opposed_by(refused.others_answered, MODERATE, OTHERS_ANSWERED)
        .opposed_by(refused.has_other_ttl(), 3.0, refused.ttl_sentence())
        .opposed_by(refused.lacks_ack_flag, STRONG, REFUSAL_WITHOUT_ACK_FLAG)
        .opposed_by(
            refused.between_answers,
            STRONG,
            "the listener answered SYNs less than 1 s before the reset and less than 1 s after it",
        )
        .opposed_by(refused.late.is_some(), VERY_STRONG, refused.late_sentence())
        .opposed_by(refused.has_window, STRONG, "the reset announces a window; the reset of a closed port does not")
}
