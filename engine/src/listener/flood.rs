//! Times at which a listener was under a flood of SYNs.

use crate::Timestamp;
use crate::connection::handshake::Handshake;

/// Minimum rate of a flood, in handshakes per second that never completed. The smallest listen backlog in wide use is
/// 128 (old `SOMAXCONN`), and an entry lives for a minute: half of the backlog in one second fills
/// it at once.
const FLOOD_RATE: u64 = 64;

/// Finds the seconds in which a listener was under a flood: at least [`FLOOD_RATE`] SYNs, and three
/// quarters of all, never led to a completed handshake. A flood makes a listener send cookies.
#[derive(Debug, Default)]
pub(crate) struct FloodDetector {
    /// Seconds since the Unix epoch, in ascending order.
    floods: Vec<i64>,
    /// Latest second, its SYNs without a completed handshake, and all its SYNs.
    latest: (i64, u64, u64),
}

impl FloodDetector {
    /// Adds the next handshake, in order of time.
    pub(crate) fn add(&mut self, handshake: &Handshake) {
        let now = handshake.time.second();
        let (at, lost, all) = if self.latest.0 == now { self.latest } else { (now, 0, 0) };
        let (lost, all) = (lost + u64::from(handshake.never_completed()), all + 1);
        self.latest = (at, lost, all);
        // Whether this second is a flood can change until its end.
        self.floods.pop_if(|&mut flood| flood == now);
        if lost >= FLOOD_RATE && lost * 4 >= all * 3 {
            self.floods.push(now);
        }
    }

    /// Returns whether the listener was under a flood at `time`, in the two seconds before it or in
    /// the second after it.
    pub(crate) fn is_flood(&self, time: Timestamp) -> bool {
        let now = time.second();
        self.floods.get(self.floods.partition_point(|&flood| flood < now - 2)).is_some_and(|&flood| flood <= now + 1)
    }
}
