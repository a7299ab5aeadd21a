//! The ISN of FreeBSD's syncache, which pf uses too: a cookie from whose low byte the options can be read.

use super::cookie::table_index;
use crate::answer::Syn;
use crate::capture::{Nanos, SECOND};

/// MSS values that the cookie can encode.
const MSS_TABLE: [u16; 8] = [216, 536, 1200, 1360, 1400, 1440, 1452, 1460];
/// Window scales that the cookie can encode; index 0 is "none".
const SCALE_TABLE: [u16; 8] = [0, 0, 1, 2, 4, 6, 7, 8];

/// Returns the ISN for a SYN: 24 bits of a hash, then the options masked with its top byte.
///
/// `uptime` is the time since the secret was made, which changes the hash every 15 s. `sack` says whether the layout
/// encodes SACK (pf's does not). `hash` is the host's keyed hash of the four-tuple and a number.
#[must_use]
pub fn isn(syn: &Syn, uptime: Nanos, sack: bool, hash: impl Fn(u64) -> u64) -> u32 {
    let odd = (uptime / (15 * SECOND)) as u32 & 1;
    let mss = table_index(&MSS_TABLE, syn.seg.mss().unwrap_or(536)) as u32;
    let scale = syn.seg.window_scale().map_or(0, |w| 1 + table_index(&SCALE_TABLE[1..], u16::from(w)) as u32);
    let flags = odd | u32::from(sack && syn.seg.sack_permitted()) << 1 | scale << 2 | mss << 5;
    let mac = hash(u64::from(syn.seg.seq) << 16 | u64::from(flags)) as u32;
    mac & 0xffff_ff00 | (flags ^ mac >> 24) & 0xff
}

/// Returns the MSS that the cookie for a SYN encodes.
#[must_use]
pub fn remembered(syn: &Syn) -> u16 {
    MSS_TABLE[table_index(&MSS_TABLE, syn.seg.mss().unwrap_or(536))]
}
