//! Connections that a client opens again after a reset.

use crate::connection::handshake::{Handshake, Side};
use crate::listener::Listener;

/// Longest time between a connection that was reset and the client's retry, in seconds: whitelists
/// last for a minute or more.
const WITHIN: f64 = 60.0;

impl<'a> Listener<'a> {
    /// Returns the client's next connection after this one was reset, if it succeeded with another
    /// answer.
    pub(crate) fn retry(&self, index: usize) -> Option<&'a Handshake> {
        let handshake = self.handshakes[index];
        let (side, _) = handshake.deciding_reset()?;
        let first = handshake.syn_ack.as_ref().filter(|_| *side == Side::Server)?;
        let retry = self.handshakes[self.clients.next(index)?];
        if retry.time.seconds_since(handshake.time) > WITHIN {
            return None;
        }
        let second = retry.syn_ack.as_ref().filter(|_| retry.server_data.is_some())?;
        let other_machine = first.ip.is_from_elsewhere(second.ip);
        let other_window = (first.window == 0) != (second.window == 0);
        (other_machine || other_window).then_some(retry)
    }
}
