//! S19: a connection that was reset, and a second one that got another answer.
//!
//! Appliances that challenge a client (F5 with a SYN-cookie whitelist, A10, HPE safe-reset) answer
//! in the server's place, reset the first connection on purpose and let the client's next one
//! through to the server.
//!
//! Fooled by: hosts of different make behind one address, if one host is broken.

use super::{Detail, Reading, detail};
use crate::connection::handshake::{Handshake, Side};
use crate::listener::Listener;

/// P(the next connection succeeds with another answer | ordinary) = 0.05.
const CHALLENGED: f64 = 3.0;

/// Returns whether the server reset the judged connection, so that a retry may favour a proxy.
pub(super) fn may_favour(handshake: &Handshake, is_judged: bool) -> bool {
    is_judged && handshake.deciding_reset().is_some_and(|(side, _)| *side == Side::Server)
}

pub(super) fn observe<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let handshake = listener.handshakes[index];
    let retry = listener.retry(index)?;
    Some(Reading {
        cookie: 0.0,
        proxy: CHALLENGED,
        systematic: true,
        frames: D::frames([handshake.syn_ack?.frame, handshake.deciding_reset()?.1.frame, retry.syn_ack?.frame]),
        text: detail!(
            D,
            "the client's next connection, {:.1} s later, got a different SYN-ACK and succeeded",
            retry.time.seconds_since(handshake.time)
        ),
    })
}
