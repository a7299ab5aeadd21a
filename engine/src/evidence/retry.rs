//! S19: a connection that was reset, and a second one that got another answer.
//!
//! Appliances that challenge a client (F5 with a SYN-cookie whitelist, A10, HPE safe-reset) answer in the server's
//! place, reset the first connection on purpose and let the client's next one through to the server.
//!
//! Fooled by: hosts of different make behind one address, one of which is broken.

use super::{Group, Signal, Words, say};
use crate::EvidenceKind;
use crate::connection::handshake::{Handshake, Side};
use crate::listener::Listener;

/// P(the next connection succeeds with another answer | ordinary) = 0.05.
const CHALLENGED: f64 = 3.0;
/// Whitelists last for a minute or more; the client tries again within it, in seconds.
const WITHIN: f64 = 60.0;

pub(super) fn observe<W: Words>(listener: &Listener<'_>, index: usize) -> Option<Signal<W>> {
    let handshake = listener.handshakes[index];
    let retry = listener.retry(index)?;
    Some(Signal {
        kind: EvidenceKind::RetryAnsweredOtherwise,
        group: Group::Reset,
        cookie: 0.0,
        proxy: CHALLENGED,
        habitual: true,
        frames: W::cite([handshake.syn_ack?.frame, handshake.deciding_reset()?.1.frame, retry.syn_ack?.frame]),
        detail: say!(
            W,
            "the client's next connection, {:.1} s later, got a different SYN-ACK and worked",
            retry.time.seconds_since(handshake.time)
        ),
    })
}

impl<'a> Listener<'a> {
    /// The client's next connection after this one was reset, if it succeeded with another answer.
    pub(crate) fn retry(&self, index: usize) -> Option<&'a Handshake> {
        let handshake = self.handshakes[index];
        let (side, _) = handshake.deciding_reset()?;
        let first = handshake.syn_ack.as_ref().filter(|_| *side == Side::Server)?;
        let retry = self.handshakes[self.clients.next(index)?];
        if retry.time.seconds_since(handshake.time) > WITHIN {
            return None;
        }
        let second = retry.syn_ack.as_ref().filter(|_| retry.server_data.is_some())?;
        let other_machine = first.ip.ttl.zip(second.ip.ttl).is_some_and(|(a, b)| a.abs_diff(b) > 2);
        let other_window = (first.window == 0) != (second.window == 0);
        (other_machine || other_window).then_some(retry)
    }
}
