//! S15: SYNs that are answered faster than data.
//!
//! A proxy in front answers the SYN itself, while data goes all the way to the server. The shortest
//! of several round trips of each kind are compared, so that a delayed acknowledgment here and
//! there does no harm.
//!
//! Fooled by: servers that acknowledge data only with the answer to it, which takes them time.

use super::{Detail, Reading, detail};
use crate::listener::Listener;

/// P(data slower | ordinary) = 0.1, for a listener: think time and delayed acknowledgments.
const SLOWER: f64 = 1.5;
/// Data must be this much slower, as a factor and in seconds.
const FACTOR: f64 = 1.5;
const LEAST: f64 = 0.002;

pub(super) fn observe<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let shortest = listener.path(index)?.round_trips?;
    if shortest.data < shortest.syn.mul_add(FACTOR, LEAST) {
        return None;
    }
    Some(Reading {
        cookie: 0.0,
        proxy: SLOWER,
        systematic: true,
        frames: D::frames([listener.handshakes[index].syn_ack.as_ref()?.frame]),
        text: detail!(
            D,
            "the fastest answer to a SYN took {:.1} ms, to data {:.1} ms ({} connections)",
            shortest.syn * 1e3,
            shortest.data * 1e3,
            shortest.count
        ),
    })
}
