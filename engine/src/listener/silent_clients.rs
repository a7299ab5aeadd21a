//! Silent clients, which send nothing after their ACK. A listener that waits for data
//! (TCP_DEFER_ACCEPT) retransmits its SYN-ACK before it accepts such a client.

use crate::connection::handshake::Handshake;

/// Smallest number of late acceptances that loss on the path does not explain.
const SEVERAL: u32 = 2;
/// Smallest number of late acceptances for each immediate one that shows a listener that waits for
/// data. An immediate one can be a mistake, because a capture can miss the client's data.
const RATIO: u32 = 5;

/// Counts connections by whether the server accepted the client's ACK alone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SilentClients {
    /// Number of connections on which the server sent data first, without a retransmission of its
    /// SYN-ACK.
    at_once: u32,
    /// Number of connections with exactly one retransmission of the SYN-ACK, before the client sent
    /// data.
    late: u32,
    /// Longest time, in seconds, from an ACK to the client's data without a retransmission.
    longest_wait: f64,
}

impl SilentClients {
    /// Counts a handshake.
    pub(crate) fn add(&mut self, handshake: &Handshake) {
        let Some(ack) = handshake.ack else { return };
        let data = handshake.client_data;
        if let Some(repeat) = handshake.repeated_after_ack() {
            let is_silent = data.is_none_or(|data| data.time > repeat.time);
            self.late += u32::from(is_silent && handshake.last_syn_ack == Some(repeat.time));
        } else if handshake.server_data.is_some_and(|first| data.is_none_or(|data| first < data.frame)) {
            self.at_once += 1;
        } else if let Some(data) = data {
            self.longest_wait = self.longest_wait.max(data.time.seconds_since(ack.time));
        }
    }

    /// Returns whether the listener accepted other silent clients without a retransmission, which
    /// would have come after `gap` seconds.
    pub(crate) fn are_accepted(&self, gap: f64) -> bool {
        self.at_once * RATIO > self.late || self.longest_wait > 1.5 * gap
    }

    /// Returns whether several silent clients were accepted, and all of them late.
    pub(crate) const fn are_deferred(&self) -> bool {
        self.late >= SEVERAL && self.at_once * RATIO <= self.late
    }
}
