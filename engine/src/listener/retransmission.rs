//! SYN-ACKs that a server's retransmission timer sent.

use crate::connection::handshake::{Handshake, Retransmission};

/// Shortest time after which a retransmission timer fires, in seconds (Linux `TCP_TIMEOUT_INIT` 1
/// s; 0.8 s measured with a deferred accept; Windows 300 ms at the least).
const SHORTEST_TIMER: f64 = 0.25;

/// Returns the SYN-ACK that the server's own timer sent again, where the capture shows the client's
/// direction, too.
pub(crate) fn by_timer(handshake: &Handshake) -> Option<&Retransmission> {
    handshake.rto_retransmission.as_deref().filter(|r| handshake.syn.is_some() && r.gap() >= SHORTEST_TIMER)
}
