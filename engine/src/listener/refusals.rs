//! Times at which SYNs were refused: no process listened then.

use crate::Timestamp;
use crate::connection::handshake::{Handshake, Side};
use crate::packet::segment::Flags;

/// Times nearer to each other than this, in seconds, are kept once: a scan may refuse many.
const APART_SECONDS: f64 = 0.1;

/// Times of refused SYNs, in ascending order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusals {
    times: Vec<Timestamp>,
}

impl Refusals {
    /// Adds the next handshake, in order of time.
    pub(crate) fn add(&mut self, handshake: &Handshake) {
        let is_new = || self.times.last().is_none_or(|last| handshake.time.seconds_since(*last) >= APART_SECONDS);
        if was_refused(handshake) && is_new() {
            self.times.push(handshake.time);
        }
    }

    /// Returns whether a SYN was refused at most `seconds` before, and after, a time.
    pub(crate) fn around(&self, time: Timestamp, seconds: f64) -> (bool, bool) {
        let (before, after) = self.times.split_at(self.times.partition_point(|&refused| refused <= time));
        let is_near = |refused: &Timestamp| refused.seconds_since(time).abs() <= seconds;
        (before.last().is_some_and(is_near), after.first().is_some_and(is_near))
    }
}

/// Returns whether a reset answered the SYN. With an ACK of the client, a SYN-ACK that was not
/// captured makes a reset of something else look like a refusal.
fn was_refused(handshake: &Handshake) -> bool {
    let unasked = handshake.ack.is_none() && handshake.wrong_ack.is_none() && handshake.client_data.is_none();
    let Some((Side::Server, reset)) = handshake.reset.as_deref() else { return false };
    handshake.syn_ack.is_none() && unasked && reset.flags.has(Flags::ACK)
}
