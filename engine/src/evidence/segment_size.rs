//! S12: segments that end at an entry of the cookie's MSS table.
//!
//! The cookie stores an index into four sizes (syncookies.c `msstab`), so a server that answered with one never sends
//! more than the entry below the client's MSS, less 12 bytes for timestamps.
//!
//! Fooled by: a path MTU that happens to be near an entry, a clamp behind the capture; offload that merges segments
//! (then the largest payload is too large: nothing is said); clients whose MSS is an entry (nothing to see).

use super::window::{TIMESTAMPS, cookie_mss};
use super::{Group, Signal, Words, say};
use crate::EvidenceKind;
use crate::connection::handshake::Handshake;

/// P(segments bounded by just this size | ordinary) = 0.15: tunnels lead to such sizes, too.
const BOUNDED: f64 = 1.8;
/// Segments of the largest size that must have been seen.
const FULL_SEGMENTS: u32 = 2;
/// The client's MSS must be above the entry by more than the timestamps, in bytes.
const MARGIN: u32 = 12;

pub(super) fn observe<W: Words>(handshake: &Handshake) -> Option<Signal<W>> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let mss = syn.options.mss?;
    let timestamps = if syn_ack.options.timestamps.is_some() { TIMESTAMPS } else { 0 };
    let largest = handshake.largest_payload + timestamps;
    if handshake.largest_count < FULL_SEGMENTS || !bounds(handshake).any(|bound| bound == largest) {
        return None;
    }
    Some(Signal {
        kind: EvidenceKind::SegmentSizeBound,
        group: Group::Window,
        cookie: BOUNDED,
        proxy: 0.0,
        habitual: true,
        frames: W::cite([syn.frame, syn_ack.frame]),
        detail: say!(
            W,
            "the client takes segments of {mss} bytes, the server sends {} at most: entry {largest} of the cookie's MSS table",
            handshake.largest_payload
        ),
    })
}

/// Whether there is a size of segments that would show it.
pub(crate) fn mss_bound_observable(handshake: &Handshake) -> bool {
    bounds(handshake).next().is_some()
}

/// Entries that would bound the segments by clearly less than the client takes: of its MSS, and of the one that the server sees.
fn bounds(handshake: &Handshake) -> impl Iterator<Item = u32> {
    let openings = handshake.syn.as_ref().zip(handshake.syn_ack.as_ref());
    let sizes = openings.and_then(|(syn, syn_ack)| {
        let mss = syn.options.mss?;
        Some((mss, [mss, mss.min(syn_ack.options.mss.unwrap_or(mss))]))
    });
    sizes.into_iter().flat_map(move |(mss, seen)| {
        seen.map(|seen| cookie_mss(handshake, seen)).into_iter().filter(move |bound| u32::from(mss) > bound + MARGIN)
    })
}
