//! The outcome of a handshake.

use crate::connection::handshake::{Handshake, SegmentFacts, Side};
use crate::{Outcome, Timestamp};

/// A capture that ends sooner than this after a segment, in seconds, cannot show that it was not
/// answered (the first retransmission is due after one second, RFC 6298 section 2.1).
const TOO_SOON: f64 = 1.0;

/// Returns the outcome of a handshake; `now` is the time of the last packet seen.
pub(super) fn outcome(handshake: &Handshake, now: Timestamp) -> Outcome {
    let Some(syn_ack) = &handshake.syn_ack else { return without_answer(handshake, now) };
    match handshake.deciding_reset() {
        Some((Side::Server, _)) => return Outcome::ResetByServer,
        Some((Side::Client, _)) => return Outcome::ResetByClient,
        None => {}
    }
    if handshake.ack.is_some() {
        Outcome::Established
    } else if handshake.syn.is_none() || handshake.server_data.is_some() || now.seconds_since(syn_ack.time) < TOO_SOON {
        Outcome::Incomplete
    } else {
        Outcome::Unacknowledged
    }
}

fn without_answer(handshake: &Handshake, now: Timestamp) -> Outcome {
    let answer = handshake.elsewhere();
    match handshake.reset.as_deref() {
        Some((Side::Server, reset)) if refuses_syn(handshake, reset) => Outcome::Refused,
        Some((Side::Server, _)) => Outcome::ResetByServer,
        Some((Side::Client, _)) => Outcome::ResetByClient,
        None if handshake.stale_answer().is_some() && handshake.client_data.is_none() => {
            if now.seconds_since(handshake.time) < TOO_SOON { Outcome::Incomplete } else { Outcome::Unanswered }
        }
        None if let Some(answer) = answer => {
            let is_early = now.seconds_since(answer.syn_ack.time) < TOO_SOON;
            if answer.accepted || is_early { Outcome::Incomplete } else { Outcome::Unacknowledged }
        }
        // The answer went another way: later segments show that there was one.
        None if handshake.simultaneous || handshake.client_data.is_some() || !handshake.server_segments.is_empty() => {
            Outcome::Incomplete
        }
        None if handshake.rejected_syn().is_some() => Outcome::Unanswered,
        None if now.seconds_since(handshake.time) < TOO_SOON => Outcome::Incomplete,
        None => Outcome::Unanswered,
    }
}

/// Returns whether a reset answers the SYN. After data of the client, or with options, which only
/// the reset of a connection has, it answers something else, and the SYN-ACK was not captured.
fn refuses_syn(handshake: &Handshake, reset: &SegmentFacts) -> bool {
    let after_data = handshake.client_data.is_some_and(|data| data.frame < reset.frame);
    !after_data && !reset.has_options()
}
