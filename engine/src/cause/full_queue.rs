//! What the listener's other connections show about its accept queue while it did not answer a SYN.
//!
//! While the accept queue is full, the connections in it are open and not served, and every SYN is
//! dropped (Linux `tcp_conn_request`: `sk_acceptq_is_full`).

use super::case::Case;
use super::hypothesis::plural;
use super::meanwhile::Meanwhile;
use super::reset_context::ResetContext;
use crate::Timestamp;

/// Connections that wait for a slow program besides those that wait in the queue: their number may
/// vary by this much without a meaning.
const SLACK: usize = 1;
/// Smallest number of connections in a full queue: Linux drops a SYN when more wait than the
/// backlog, which is at least one in practice.
const SMALLEST: usize = 2;

/// State of the accept queue while a SYN was not answered.
pub(super) struct FullQueue {
    /// Number of connections that were open and not served.
    pub waiting: usize,
    /// Whether SYNs were answered while more connections waited.
    pub had_room_for_more: bool,
    /// Other handshakes that began meanwhile.
    pub meanwhile: Meanwhile,
}

impl FullQueue {
    /// Examines the time from the first SYN to the last one that was not answered.
    pub(super) fn during_unanswered_syns(case: &Case<'_, '_>) -> Self {
        let handshake = case.handshake;
        let until = handshake.syn_ack.map(|syn_ack| syn_ack.time).or(handshake.last_syn).unwrap_or(handshake.time);
        Self::between(case, handshake.time, until)
    }

    /// Examines the time at which the client's ACK was captured.
    pub(super) fn at_ack(case: &Case<'_, '_>) -> Self {
        let at = case.handshake.ack.map_or(case.handshake.time, |ack| ack.time);
        Self::between(case, at, at)
    }

    /// Examines the time at which a handshake was reset.
    pub(super) fn at_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Self {
        Self::between(case, reset.reset.time, reset.reset.time)
    }

    fn between(case: &Case<'_, '_>, from: Timestamp, until: Timestamp) -> Self {
        let (waiting, most) = case.listener.waiting(from);
        Self { waiting, had_room_for_more: most > waiting + SLACK, meanwhile: Meanwhile::between(case, from, until) }
    }

    /// Describes the connections that waited.
    pub(super) fn waits(&self) -> String {
        let (waiting, were) = (self.waiting, if self.waiting == 1 { "was" } else { "were" });
        let s = plural(waiting);
        format!(
            "{waiting} other connection{s} at that time {were} open but got no reply, like connections that wait in an accept queue"
        )
    }

    /// Returns whether enough connections waited, and no SYN was answered with more of them.
    pub(super) const fn is_likely(&self) -> bool {
        self.waiting >= SMALLEST && !self.had_room_for_more
    }

    /// Returns whether other SYNs came while this one was not answered, and none was answered.
    pub(super) const fn drops_every_syn(&self) -> bool {
        self.meanwhile.answered == 0 && self.meanwhile.unanswered > 0
    }
}
