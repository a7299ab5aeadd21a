//! A device in front of the server answered with a wrong acknowledgment number on purpose.

use super::*;
use crate::connection::handshake::{SynHeader, WrongAcknowledgment};

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::WrongAcknowledgment,
    clause: "a device challenged the client with a wrong acknowledgment number",
    counters: &[],
    check: "on the client: tcpdump -vni any 'tcp port {port} and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0' (confirmed if the two SYN-ACKs differ in TTL or options, and the second one comes after the client's reset); on the device: the list of trusted clients",
    reset_sender: ResetSender::Client,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Considers the challenge where the SYN-ACK acknowledges a number that the client never sent.
pub(super) fn challenged(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let wrong = case.handshake.wrong_acknowledgment()?;
    let syn_ack = case.handshake.syn_ack.as_ref()?;
    Some(
        Hypothesis::new(
            INFO.kind,
            STRONG,
            format!("the SYN-ACK acknowledges {}, which the client never sent", syn_ack.ack),
        )
        .supported_by(wrong.refusal.is_some(), VERY_STRONG, "the client reset it with that number")
        .supported_by(wrong.accepted.is_some(), MODERATE, passed(wrong, syn_ack))
        .opposed_by(wrong.refusal.is_none(), MODERATE, "the client did not reset it")
        .not_observable(
            wrong.accepted.is_none() && wrong.refusal.is_some(),
            "a further SYN of the client, which the device would let pass",
        ),
    )
}

/// Describes the SYN that passed after the challenge.
fn passed(wrong: &WrongAcknowledgment, challenge: &SynHeader) -> String {
    let waited = wrong.accepted.map_or(0.0, |accepted| accepted.time.seconds_since(challenge.time));
    format!("the client's next SYN was answered with the right number, {} after the wrong SYN-ACK", span(waited))
}
