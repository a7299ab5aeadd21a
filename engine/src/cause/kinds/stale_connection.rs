//! The server still had an earlier connection with the same ports.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::StaleConnection,
    clause: "the server still had an earlier connection with the same ports",
    counters: &[],
    check: "on the server: ss -tan 'sport = :{port}' (confirmed if it lists the client's address and port); on firewalls on the path: do they forward an ACK that answers a SYN (challenge ACK), and the client's reset?",
    reset_sender: ResetSender::Client,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Said of a reset that follows the SYN-ACK, and that another cause must explain.
const ANSWERED_BEFORE_RESET: &str =
    "the next SYN was answered: this cause explains what came before that SYN-ACK, and not the client's reset after it";

/// Returns the hypothesis only where a SYN was answered with an ACK of an existing connection (RFC
/// 9293 section 3.10.7.4, RFC 5961 section 4). The client resets that connection and tries again.
pub(super) fn challenged(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let handshake = case.handshake;
    let answer = handshake.stale_answer()?;
    let reset = handshake.reset.as_deref().filter(|(side, _)| *side == Side::Client);
    let matches = reset.is_some_and(|(_, reset)| reset.seq == answer.ack);
    let is_later = reset.zip(handshake.syn_ack).is_some_and(|((_, reset), syn_ack)| reset.frame > syn_ack.frame);
    Some(
        Hypothesis::new(
            INFO.kind,
            6.0,
            format!("the server answered the SYN with an ACK that acknowledges another number ({})", answer.ack),
        )
        .supported_by(matches, MODERATE, "the client reset that connection with the acknowledged number")
        .supported_by(
            handshake.previous.is_some(),
            MODERATE,
            "the capture contains an earlier connection with the same ports",
        )
        .supported_by(
            reset.is_some() && handshake.syn_ack.is_some(),
            MODERATE,
            if is_later { ANSWERED_BEFORE_RESET } else { "after the client's reset, the next SYN was answered" },
        )
        .not_observable(
            reset.is_none(),
            "the client's reset, which would clear the connection (a firewall may drop it, or the ACK)",
        ),
    )
}
