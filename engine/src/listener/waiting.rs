//! Connections that are open and wait for the server's first data: they wait in the accept queue,
//! or for a slow program.

use crate::Timestamp;
use crate::connection::handshake::Handshake;

/// Shortest wait that counts, in seconds, beyond the round trip. Most programs begin their answer
/// within it.
const SHORTEST_SECONDS: f64 = 1.0;

/// Times at which connections of a listener began and stopped waiting.
#[derive(Clone, Debug, Default)]
pub(crate) struct WaitingConnections {
    /// Times of the ACKs of the connections, in ascending order.
    begins: Vec<Timestamp>,
    /// Times of the server's first data, or of what else ended the wait, in ascending order.
    ends: Vec<Timestamp>,
}

impl WaitingConnections {
    /// Finds the connections that waited; `now` is the time of the last packet.
    pub(crate) fn of(handshakes: &[&Handshake], now: Timestamp) -> Self {
        let waits = handshakes.iter().filter_map(|handshake| wait(handshake, now));
        let (mut begins, mut ends): (Vec<_>, Vec<_>) = waits.unzip();
        begins.sort_unstable();
        ends.sort_unstable();
        Self { begins, ends }
    }

    /// Returns the number of connections that wait at a time.
    pub(crate) fn at(&self, time: Timestamp) -> usize {
        let begun = self.begins.partition_point(|&begin| begin < time);
        begun - self.ends.partition_point(|&end| end <= time).min(begun)
    }

    /// Returns the largest number of connections that waited when a SYN was answered at once.
    pub(crate) fn most_at_answers(&self, handshakes: &[&Handshake]) -> usize {
        let answered = handshakes.iter().filter(|h| h.syn_ack.is_some() && h.seconds_to_answered_syn() == 0.0);
        answered.map(|handshake| self.at(handshake.time)).max().unwrap_or(0)
    }
}

/// Returns from when until when a connection waited, if it waited long enough. A connection whose
/// ACK or data the server ignores is not in the accept queue.
fn wait(handshake: &Handshake, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let ack = handshake.ack.filter(|_| handshake.syn_ack.is_some())?;
    if handshake.repeated_after_ack().is_some() || handshake.client_data_retransmissions > 0 {
        return None;
    }
    let ended = handshake.served_at().or_else(|| handshake.reset.as_deref().map(|(_, reset)| reset.time));
    let end = ended.unwrap_or(now);
    let waited = end.seconds_since(ack.time) - handshake.round_trip().unwrap_or(0.0);
    (waited >= SHORTEST_SECONDS).then_some((ack.time, end))
}
