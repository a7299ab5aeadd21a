//! The server refused SYNs because its backlog was full.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::BacklogRefused,
    clause: "the listener's backlog was full and the server refused the SYN",
    counters: &[],
    check: "on the Windows server: netstat -s -p tcp (confirmed if failed connection attempts rise); the performance counter 'Microsoft Winsock BSP: Rejected Connections' (confirmed if it rises); the backlog argument of the program's listen() call",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Considers a refused SYN. While its backlog is full, Windows refuses a SYN in the form of a
/// closed port, and it answers the next one.
pub(super) fn refused_syn(refused: &RefusedSyn) -> Hypothesis {
    Hypothesis::new(INFO.kind, -0.5, "Windows refuses SYNs with such a reset while the backlog is full")
        .supported_by(refused.others_answered, MODERATE, OTHERS_ANSWERED)
        .opposed_by(!refused.others_answered, MODERATE, "the listener answered no other SYN around that time")
        .supported_by(
            refused.between_answers,
            STRONG,
            "the listener answered SYNs less than 1 s before the reset and less than 1 s after it",
        )
        .supported_by(refused.retry_answered, STRONG, "the client's retransmitted SYN was answered")
        .supported_by(refused.has_same_ttl(), WEAK, "the reset has the TTL of the listener's SYN-ACKs")
        .supported_by(refused.ip_id_near, MODERATE, "the reset's IP identification is near those of the SYN-ACKs")
        .opposed_by(refused.has_other_ttl(), 3.0, refused.ttl_sentence())
        .opposed_by(refused.lacks_ack_flag, STRONG, REFUSAL_WITHOUT_ACK_FLAG)
}
