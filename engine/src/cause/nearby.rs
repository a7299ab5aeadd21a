//! Summarises the handshakes of a listener just before and after one that failed.

use super::case::Case;
use super::reset_context::took_ack;
use crate::connection::handshake::{Handshake, Side};
use crate::listener::Listener;

/// Handshakes of the listener that are examined on either side: enough to see a pattern, few enough
/// for floods.
pub(super) const NEARBY_HANDSHAKES: usize = 8;
/// Largest distance in time, in seconds: a process restarts, and a queue empties, within it.
pub(super) const NEARBY_SECONDS: f64 = 30.0;
/// Time without any answer to a request, in seconds, after which the connection counts as waiting
/// for its program.
const UNSERVED_SECONDS: f64 = 1.0;

/// Returns the handshakes of the listener around that of a case, itself included, with their
/// indexes.
pub(super) fn nearby<'l>(case: &Case<'_, 'l>) -> impl Iterator<Item = (usize, &'l Handshake)> {
    let all = &case.listener.handshakes;
    let end = all.len().min(case.index + NEARBY_HANDSHAKES + 1);
    (case.index.saturating_sub(NEARBY_HANDSHAKES)..end).map(|index| (index, all[index]))
}

/// Outcomes of the listener's handshakes near one that failed.
#[derive(Default)]
pub(super) struct NearbyHandshakes {
    /// Whether the server sent data on one of them.
    pub worked: bool,
    /// Whether a later SYN was refused.
    pub refused_after: bool,
    /// Whether an earlier SYN was refused.
    pub refused_before: bool,
    /// Whether a retransmitted SYN got no answer.
    pub unanswered: bool,
    /// Whether a SYN-ACK was retransmitted after it had been acknowledged.
    pub ignored: bool,
    /// Whether the kernel accepted data that no application answered: the connection waits in the
    /// accept queue.
    pub unserved: bool,
    /// Whether the SYN-ACK of one of them was retransmitted after a reset.
    pub outlived_reset: bool,
    /// Number of other handshakes that the server reset after its SYN-ACK.
    pub resets: usize,
    /// Number of those whose data was reset, but not the ACK before it.
    data_resets: usize,
    /// Whether failing and working connections alternate: there are more than two changes from a
    /// reset to a connection that worked, or back.
    pub mixed: bool,
    /// Changes from a reset to a connection that worked, or back.
    changes: usize,
    /// Whether the latest of them, in order of time, was reset.
    latest_was_reset: Option<bool>,
}

impl NearbyHandshakes {
    /// Examines the handshakes around that of a case.
    pub(super) fn of(case: &Case<'_, '_>) -> Self {
        let Case { listener, index, handshake: own, .. } = *case;
        let (refused_before, refused_after) = listener.refusals.around(own.time, NEARBY_SECONDS);
        let mut seen = Self { refused_before, refused_after, ..Self::default() };
        for (at, other) in nearby(case) {
            if at == index {
                seen.change_to(true);
            } else if other.time.seconds_since(own.time).abs() <= NEARBY_SECONDS {
                seen.add(listener, other);
            }
        }
        seen
    }

    fn add(&mut self, listener: &Listener<'_>, other: &Handshake) {
        let reset = matches!(other.deciding_reset(), Some((Side::Server, _)));
        let worked = other.server_data.is_some();
        self.worked |= worked;
        let was_reset = other.syn_ack.is_some() && reset;
        if worked || was_reset {
            self.change_to(was_reset);
        }
        self.unanswered |= other.syn_ack.is_none() && other.reset.is_none() && other.syn_retransmissions > 0;
        self.ignored |= other.ack_ignored();
        self.outlived_reset |= other.outlived_reset();
        self.unserved |= is_unserved(listener, other);
        self.resets += usize::from(was_reset);
        self.data_resets += usize::from(was_reset && took_ack(other));
    }

    /// Adds the next handshake that was reset or worked.
    fn change_to(&mut self, is_reset: bool) {
        self.changes += usize::from(self.latest_was_reset.is_some_and(|latest| latest != is_reset));
        self.latest_was_reset = Some(is_reset);
        self.mixed = self.changes > 2;
    }
}

/// Returns whether a connection is open and its request got no answer for longer than any program
/// needs to begin one.
fn is_unserved(listener: &Listener<'_>, handshake: &Handshake) -> bool {
    let asked = handshake.ack.and(handshake.client_data).filter(|_| handshake.reset.is_none());
    let silent = handshake.server_data.is_none() && !handshake.server_fin;
    silent && asked.is_some_and(|data| listener.now.seconds_since(data.time) >= UNSERVED_SECONDS)
}

impl NearbyHandshakes {
    /// Returns whether most of the other resets answered data, and left the ACK before it alone.
    pub(super) const fn reset_data_only(&self) -> bool {
        self.data_resets * 2 > self.resets
    }

    /// Returns whether something else than the failure itself shows a full accept queue.
    pub(super) const fn show_full_queue(&self) -> bool {
        self.ignored || self.unserved || self.unanswered
    }
}
