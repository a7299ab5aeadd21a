//! The SYN was answered from another address or port than it was sent to.

use super::*;
use crate::connection::elsewhere::AnswerElsewhere;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::AnsweredElsewhere,
    clause: "the SYN was answered from another address or port, and the client does not know that connection",
    counters: &[],
    check: "on the NAT device or load balancer: conntrack -L -p tcp --dport {port} (confirmed if the connection is [UNREPLIED]); on the machine that answered: ip route get {client} (confirmed if the route does not lead through the NAT device); with direct server return: ip addr show lo (confirmed if the virtual address is missing)",
    reset_sender: ResetSender::Client,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Considers an answer from elsewhere that the client did not accept: it made the handshake fail, or
/// an answer from the right address came only after a retransmission.
pub(super) fn not_accepted(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let handshake = case.handshake;
    let answer = handshake.elsewhere().filter(|answer| !answer.accepted)?;
    let is_delay = handshake.seconds_to_answered_syn() >= DELAY_SECONDS;
    if handshake.syn_ack.is_some() && !is_delay {
        return None;
    }
    let AnswerElsewhere { server, syn_ack, .. } = answer;
    let refused = handshake.reset.as_deref().filter(|(side, reset)| *side == Side::Client && reset.seq == syn_ack.ack);
    let what = format!(
        "frame {}: a SYN-ACK from {server} acknowledges the number of this SYN, which was sent to {} (a match by chance: \
         1 in 4 billion)",
        syn_ack.frame.number, handshake.server,
    );
    Some(
        Hypothesis::new(INFO.kind, 6.0, what)
            .supported_by(true, 0.0, difference(handshake, answer))
            .supported_by(refused.is_some(), STRONG, "the client answered that SYN-ACK with a reset whose sequence number is the SYN-ACK's acknowledgment number")
            .supported_by(handshake.syn_retransmissions > 0, WEAK, "the client retransmitted its SYN although that SYN-ACK had arrived")
            .opposed_by(handshake.syn_ack.is_some(), MODERATE, "the server's own address answered later")
            .not_observable(
                refused.is_none(),
                "whether the SYN-ACK was translated between the capture point and the client",
            ),
    )
}

/// Describes what differs from the address and port that the SYN was sent to.
fn difference(handshake: &Handshake, answer: &AnswerElsewhere) -> &'static str {
    match (handshake.server.ip == answer.server.ip, handshake.server.port == answer.server.port) {
        (true, _) => "only the port differs: the answer was not translated back",
        (false, true) => "only the address differs: the answer bypassed the NAT device",
        (false, false) => "address and port differ: the answer bypassed the NAT device",
    }
}
