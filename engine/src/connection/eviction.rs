//! Number of handshakes that are judged early when there are too many.

use super::handshake::Handshake;
use crate::Timestamp;

/// Time in seconds after which a handshake that nobody completed shows whether its server keeps
/// state: the second retransmission of a SYN-ACK is due after three seconds (RFC 6298 section 5.5).
const DUE_SECONDS: f64 = 4.0;

/// Factor by which a flood may exceed a small limit until its handshakes are that old, and the
/// number of handshakes that always suffices.
const FLOOD_FACTOR: usize = 4;
const ENOUGH: usize = 1 << 13;

/// Share of the older half that may wait for a retransmission and is judged without it.
const WAITING_SHARE: usize = 10;

/// Returns the number of the oldest of these handshakes to be judged early, given their limit and
/// the time of the latest packet: half of them, unless that is too early for many.
pub(super) fn count<'a>(
    handshakes: impl ExactSizeIterator<Item = &'a Handshake> + Clone,
    limit: usize,
    now: Timestamp,
) -> usize {
    let (all, half) = (handshakes.len(), handshakes.len() / 2);
    let is_waiting =
        |handshake: &&Handshake| handshake.never_completed() && now.seconds_since(handshake.time) < DUE_SECONDS;
    let waiting = handshakes.clone().take(half).filter(is_waiting).count();
    if waiting * WAITING_SHARE < half || all >= most(limit) {
        return half;
    }
    let ready = handshakes.take(half).take_while(|handshake| !is_waiting(handshake)).count();
    if ready >= portion(limit) { ready } else { 0 }
}

/// Returns the largest number of handshakes that are kept.
pub(super) fn most(limit: usize) -> usize {
    limit.saturating_mul(FLOOD_FACTOR).min(limit.max(ENOUGH))
}

/// Returns the number of handshakes at which to ask again, where `kept` are kept.
pub(super) fn next(kept: usize, limit: usize) -> usize {
    limit.max((kept + portion(limit)).min(most(limit)))
}

fn portion(limit: usize) -> usize {
    (limit / 8).max(1)
}
