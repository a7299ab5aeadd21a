//! S12: segments that end at an entry of the cookie's MSS table.
//!
//! The cookie stores an index into four sizes (syncookies.c `msstab`), so a server that answered
//! with one never sends more than the entry below the client's MSS, less 12 bytes for timestamps.
//! NetScaler, whose cookies are always on, has sixteen sizes of its own.
//!
//! Fooled by: a path MTU that happens to be near an entry, a clamp beyond the capture point; offload that
//! merges segments (then the largest payload is too large: nothing is said); clients whose MSS is
//! an entry (nothing to see).

use super::window::TIMESTAMPS;
use super::{Detail, Reading, detail};
use crate::connection::cookie_mss::{TableOwner, mss_bounds};
use crate::connection::handshake::Handshake;

/// Weight for a size of Linux: P(segments bounded by it | ordinary) = 0.15, because tunnels lead to
/// such sizes, too.
const BOUNDED: f64 = 1.8;
/// Weight for a size that only NetScaler has: P(ordinary) = 0.05, P(cookie) = 0.09, because one
/// cookie in ten at most is NetScaler's.
const BOUNDED_NETSCALER: f64 = 0.6;
/// Segments of the largest size that must have been seen.
const FULL_SEGMENTS: u32 = 2;

pub(super) fn observe<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let (syn, syn_ack) = handshake.whole_headers()?;
    let mss = syn.options.mss?;
    let timestamps = if syn_ack.options.timestamps.is_some() { TIMESTAMPS } else { 0 };
    let largest = handshake.largest_payload + timestamps;
    if handshake.largest_count < FULL_SEGMENTS {
        return None;
    }
    let (owner, _) = mss_bounds(handshake).find(|&(_, bound)| bound == largest)?;
    let (cookie, table) = match owner {
        TableOwner::Linux => (BOUNDED, "the cookie MSS table"),
        TableOwner::Netscaler => (BOUNDED_NETSCALER, "NetScaler's cookie MSS table"),
    };
    Some(Reading {
        cookie,
        proxy: 0.0,
        systematic: true,
        frames: D::frames([syn.frame, syn_ack.frame]),
        text: detail!(
            D,
            "the client accepts segments of {mss} bytes, but the server sends at most {}, as with the MSS {largest} of {table}",
            handshake.largest_payload
        ),
    })
}
