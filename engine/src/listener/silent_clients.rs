//! Silent clients, which send nothing after their ACK. A listener that waits for data
//! (TCP_DEFER_ACCEPT) retransmits its SYN-ACK before it accepts such a client.

use arrayvec::ArrayVec;

use crate::connection::handshake::Handshake;

/// Smallest number of late acceptances that loss on the path does not explain.
const SEVERAL: u32 = 2;
/// Smallest number of late acceptances for each immediate one that shows a listener that waits for
/// data. An immediate one can be a mistake, because a capture can miss the client's data.
const RATIO: u32 = 3;
/// Number of waits that are kept.
const WAITS: usize = 16;

/// Counts connections by whether the server accepted the client's ACK alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct SilentClients {
    /// Number of connections on which the server sent data first, without a retransmission of its
    /// SYN-ACK.
    at_once: u32,
    /// Number of connections with exactly one retransmission of the SYN-ACK, before the client sent
    /// data.
    late: u32,
    /// Longest times, in seconds, from an ACK to the client's data without a retransmission.
    waits: ArrayVec<f64, WAITS>,
}

impl SilentClients {
    /// Counts a handshake.
    pub(crate) fn add(&mut self, handshake: &Handshake) {
        let Some(ack) = handshake.ack.filter(|_| !handshake.has_uncaptured_data()) else { return };
        let data = handshake.client_data;
        if let Some(repeat) = handshake.repeated_after_ack() {
            let is_silent = data.is_none_or(|data| data.time > repeat.time);
            self.late += u32::from(is_silent && handshake.last_syn_ack == Some(repeat.time));
        } else if handshake.server_data.is_some_and(|first| data.is_none_or(|data| first < data.frame)) {
            self.at_once += 1;
        } else if let Some(data) = data {
            self.add_wait(data.time.seconds_since(ack.time));
        }
    }

    fn add_wait(&mut self, wait: f64) {
        let at = self.waits.partition_point(|&longer| longer >= wait);
        if at < WAITS {
            if self.waits.is_full() {
                self.waits.pop();
            }
            self.waits.insert(at, wait);
        }
    }

    /// Returns whether the listener accepted other silent clients without a retransmission, which
    /// would have come after `gap` seconds.
    pub(crate) fn are_accepted(&self, gap: f64) -> bool {
        let waited = self.waits.partition_point(|&wait| wait > 1.5 * gap) as u32;
        (self.at_once + waited) * RATIO > self.late
    }

    /// Returns whether several silent clients were accepted, and all of them late.
    pub(crate) const fn are_deferred(&self) -> bool {
        self.late >= SEVERAL && self.at_once * RATIO <= self.late
    }
}
