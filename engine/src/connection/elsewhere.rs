//! Answers to a SYN that come from another address or port than it was sent to.

use crate::connection::handshake::{Handshake, SynHeader};
use crate::connection::segments;
use crate::packet::segment::{Flags, Segment};
use crate::{Endpoint, Role};

/// Longest time from the last SYN to an answer from elsewhere, in seconds: more than the longest
/// round trip, and less than the time after which clients use a port again.
const ANSWER_SECONDS: f64 = 10.0;

/// SYN-ACK from another address or port than the SYN was sent to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerElsewhere {
    pub server: Endpoint,
    pub syn_ack: SynHeader,
    /// Whether the client went on with the address that it had sent the SYN to: the SYN-ACK was
    /// translated behind the capture.
    pub accepted: bool,
}

/// Returns whether a SYN-ACK may answer the SYN of a handshake, which it was not sent to.
pub(super) fn may_answer(handshake: &Handshake, segment: &Segment<'_>) -> bool {
    let last = handshake.last_syn.unwrap_or(handshake.time);
    handshake.syn_ack.is_none()
        && handshake.client == segment.destination()
        && handshake.syn.as_ref().is_some_and(|syn| syn.is_answered_by(segment.ack()))
        && (0.0..ANSWER_SECONDS).contains(&segment.time.seconds_since(last))
}

/// Records a SYN-ACK that answers the SYN of a handshake from elsewhere.
pub(super) fn take_syn_ack(handshake: &mut Handshake, segment: &Segment<'_>) -> Role {
    let answer = AnswerElsewhere { server: segment.source(), syn_ack: SynHeader::of(segment), accepted: false };
    let known = &mut handshake.rare_mut().elsewhere;
    let role = if known.is_none() { Role::SynAck } else { Role::Other };
    known.get_or_insert(answer);
    role
}

/// Longest time by which a SYN may be captured after the answer from elsewhere, in seconds.
const LATE_SYN_SECONDS: f64 = 0.5;

/// Returns whether a SYN-ACK without a SYN may answer the SYN of another handshake, which was
/// captured later.
pub(super) fn may_have_answered(orphan: &Handshake, handshake: &Handshake) -> bool {
    let (Some(syn), Some(syn_ack)) = (&handshake.syn, &orphan.syn_ack) else { return false };
    orphan.syn.is_none()
        && orphan.ack.is_none()
        && !orphan.is_absorbed()
        && (orphan.client, orphan.server != handshake.server) == (handshake.client, true)
        && syn.is_answered_by(syn_ack.ack)
        && (0.0..LATE_SYN_SECONDS).contains(&syn.time.seconds_since(syn_ack.time))
}

/// Moves the packets of a SYN-ACK without a SYN to the handshake whose SYN it answers.
pub(super) fn absorb(handshake: &mut Handshake, orphan: &mut Handshake) {
    let Some(syn_ack) = orphan.syn_ack else { return };
    orphan.rare_mut().is_absorbed = true;
    handshake.rare_mut().elsewhere = Some(AnswerElsewhere { server: orphan.server, syn_ack, accepted: false });
    handshake.reset = orphan.reset.take();
}

/// Returns the role of a SYN-ACK from elsewhere that follows another one.
pub(super) fn known_syn_ack(handshake: &Handshake, segment: &Segment<'_>) -> Option<Role> {
    let answer = handshake.elsewhere().filter(|answer| answer.server == segment.source())?;
    (answer.syn_ack.ack == segment.ack()).then_some(Role::Other)
}

/// Returns whether a segment is part of the answer from elsewhere, and not between the two ends of
/// the handshake.
pub(super) fn is_from_elsewhere(handshake: &Handshake, segment: &Segment<'_>) -> bool {
    handshake.elsewhere().is_some_and(|answer| [segment.source(), segment.destination()].contains(&answer.server))
}

/// Adds a segment without SYN between the client and the sender of the answer from elsewhere: only
/// the client's reset shows something.
pub(super) fn take(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    let is_refusal = segment.flags().has(Flags::RST) && segment.source() == handshake.client;
    (is_refusal && handshake.syn_ack.is_none()).then(|| segments::reset(handshake, segment)).flatten()
}

/// Records whether the client acknowledged the answer from elsewhere to the address that it had sent
/// the SYN to.
pub(super) fn accept(handshake: &mut Handshake, ack: &Segment<'_>) {
    if let Some(answer) = handshake.elsewhere_mut() {
        answer.accepted |= ack.ack().ahead_of(answer.syn_ack.isn) > 0;
    }
}
