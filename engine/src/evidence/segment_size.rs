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
use crate::handshake::Handshake;

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
    let seen_by_server = mss.min(syn_ack.options.mss.unwrap_or(mss));
    let bound = [mss, seen_by_server].into_iter().any(|mss| cookie_mss(handshake, mss) == largest);
    if handshake.largest_count < FULL_SEGMENTS || u32::from(mss) <= largest + MARGIN || !bound {
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
