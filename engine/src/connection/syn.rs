//! SYNs and SYN-ACKs: new connections, retransmissions and simultaneous opens.

use super::DUPLICATE_SECONDS;
use crate::connection::cookie_mss::is_mss_bound_observable;
use crate::connection::handshake::{Handshake, Retransmission, SynHeader, WrongAcknowledgment};
use crate::packet::checksum::Checksum;
use crate::packet::segment::Segment;
use crate::{Role, Timestamp};

/// Maximum time between the two SYNs of a simultaneous open, in seconds.
const CROSSING_SECONDS: f64 = 3.0;

/// Maximum time by which a SYN may be captured after its SYN-ACK, in seconds. Captures merged from
/// two interfaces are out of order by less.
const LATE_SYN_SECONDS: f64 = 0.5;

/// Maximum time from a SYN to a challenge, in seconds: a device on the path answers at once, and
/// the longest round trips (satellites) take one to two seconds.
const CHALLENGE_SECONDS: f64 = 3.0;

/// Adds a SYN to a known handshake. Returns `None` if the SYN opens a new connection.
pub(super) fn known_syn(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    if segment.source() == handshake.server {
        let crosses = handshake.syn_ack.is_none() && segment.time.seconds_since(handshake.time) < CROSSING_SECONDS;
        handshake.simultaneous |= crosses;
        return crosses.then_some(Role::Other);
    }
    let Some(syn) = handshake.syn else {
        let syn_ack = handshake.syn_ack?;
        let late = SynHeader::of(segment);
        let belongs = late.is_answered_by(syn_ack.ack)
            && handshake.ack.is_none()
            && segment.time.seconds_since(syn_ack.time) < LATE_SYN_SECONDS;
        if !belongs {
            return None;
        }
        handshake.syn = Some(late);
        handshake.mss_bound_observable = is_mss_bound_observable(handshake);
        return Some(Role::Syn);
    };
    if syn.isn != segment.seq() {
        // A firewall that rewrites sequence numbers, captured on both of its sides, shows one SYN
        // twice.
        let rewritten = segment.time.seconds_since(syn.time) < DUPLICATE_SECONDS
            && segment.ip_facts().identification() == syn.ip.identification()
            && segment.ip_facts().identification().is_some_and(|id| id != 0)
            && handshake.syn_ack.is_none();
        if rewritten {
            handshake.add_other_isn(segment.seq());
        }
        return rewritten.then_some(Role::Other);
    }
    if let Some(first) = &mut handshake.syn
        && first.checksum == Checksum::Wrong
    {
        first.checksum = segment.checksum();
    }
    let last = handshake.last_syn.unwrap_or(syn.time);
    if segment.time.seconds_since(last) >= DUPLICATE_SECONDS {
        handshake.syn_retransmissions += 1;
        handshake.unanswered_retransmission = handshake.syn_ack.is_some();
        if handshake.syn_ack.is_none() {
            handshake.last_syn = Some(segment.time);
        }
    }
    Some(Role::Other)
}

/// Adds a SYN-ACK to a known handshake. Returns `None` if it belongs to a connection whose SYN was
/// not captured.
pub(super) fn known_syn_ack(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    if segment.source() != handshake.server {
        // Both sides of a simultaneous open send a SYN-ACK.
        return handshake.simultaneous.then_some(Role::Other);
    }
    let answers = match (&handshake.syn, &handshake.syn_ack) {
        (Some(syn), _) => syn.is_answered_by(segment.ack()),
        (None, Some(first)) => segment.ack() == first.ack,
        (None, None) => true,
    };
    let Some(first) = handshake.syn_ack else {
        if !answers {
            if !may_be_challenge(handshake, segment) {
                return None;
            }
            handshake.rare_mut().wrong_acknowledgment = Some(WrongAcknowledgment::default());
        }
        take_syn_ack(handshake, segment);
        return Some(Role::SynAck);
    };
    if let Some(wrong) = handshake.wrong_acknowledgment_mut() {
        // A retransmitted SYN may be challenged again.
        if answers && wrong.accepted.is_none() {
            wrong.accepted = Some(SynHeader::of(segment));
            // The refusal was not the end.
            handshake.reset.take_if(|reset| reset.1.seq == first.ack);
        }
        return Some(Role::Other);
    }
    if !answers {
        return None;
    }
    let previous = handshake.last_syn_ack.unwrap_or(first.time);
    if segment.time.seconds_since(previous) >= DUPLICATE_SECONDS {
        repeat_syn_ack(handshake, segment, &first, previous);
    }
    Some(Role::Other)
}

/// Returns whether a SYN-ACK that acknowledges another number than the SYN's may be a challenge of
/// the SYN's sender: it comes soon, acknowledges neither the SYN nor a part of its payload, and does
/// not belong to another SYN of the same four-tuple.
fn may_be_challenge(handshake: &Handshake, segment: &Segment<'_>) -> bool {
    let last = handshake.last_syn.unwrap_or(handshake.time);
    handshake.syn.as_ref().is_some_and(|syn| !syn.is_reached_by(segment.ack()))
        && !handshake.simultaneous
        && segment.time.seconds_since(last) < CHALLENGE_SECONDS
        && handshake.other_isn().is_none_or(|isn| segment.ack() != isn.plus(1))
}

/// Records the first SYN-ACK of a handshake.
pub(super) fn take_syn_ack(handshake: &mut Handshake, segment: &Segment<'_>) {
    handshake.syn_ack = Some(SynHeader::of(segment));
    handshake.last_syn_ack = Some(segment.time);
    handshake.syn_acks = 1;
    handshake.mss_bound_observable = is_mss_bound_observable(handshake);
}

fn repeat_syn_ack(handshake: &mut Handshake, segment: &Segment<'_>, first: &SynHeader, previous: Timestamp) {
    let repeat = Retransmission { frame: segment.frame, time: segment.time, previous };
    handshake.syn_acks = handshake.syn_acks.saturating_add(1);
    // On a path of more than a second, the client repeats its SYN before the first SYN-ACK arrives,
    // and the second SYN-ACK may answer that.
    let answers_syn =
        handshake.unanswered_retransmission || u32::from(handshake.syn_acks) <= handshake.syn_retransmissions + 1;
    if segment.seq() != first.isn {
        handshake.rare_mut().isn_changed.get_or_insert(segment.frame);
    } else if answers_syn {
        handshake.prompted_retransmission.get_or_insert_with(|| Box::new(repeat));
    } else {
        handshake.rto_retransmission.get_or_insert_with(|| Box::new(repeat));
    }
    handshake.unanswered_retransmission = false;
    handshake.last_syn_ack = Some(segment.time);
}
