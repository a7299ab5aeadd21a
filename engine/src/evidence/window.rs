//! S11: a first window that was computed anew when the ACK came.
//!
//! The window of a Linux SYN-ACK is the receive space rounded down to a multiple of the segment size (less 12 for
//! timestamps; tcp_output.c `tcp_select_initial_window`). For a cookie the kernel forgets it and computes it again on
//! the ACK, from the cookie's own MSS table entry (syncookies.c `cookie_v4_check`), so the right edge moves back or
//! to another multiple. An ordinary stack never moves it back (RFC 9293 section 3.8.6).
//!
//! Fooled by: a stack that rounds the scaled window down (at most one unit of the scale), a segment that is not the
//! server's first.

use super::{Group, Signal};
use crate::EvidenceKind;
use crate::handshake::Handshake;

/// MSS tables of the kernel (net/ipv4/syncookies.c and net/ipv6/syncookies.c `msstab`), in bytes.
const MSS_V4: [u16; 4] = [536, 1300, 1440, 1460];
const MSS_V6: [u16; 4] = [1220, 1420, 1440, 8940];
/// MSS assumed for a SYN without the option (RFC 9293 section 3.7.1), in bytes.
const MSS_DEFAULT: u16 = 536;
/// Space that timestamps take from every segment, in bytes (RFC 7323 appendix A).
const TIMESTAMPS: u32 = 12;

/// The edge moved back, to just the value a cookie gives: P(ordinary) = 0.01.
const MOVED_BACK: f64 = 4.5;
/// The edge moved back by less than a unit of the scale, or forward, to just that value.
const MOVED: f64 = 2.0;
/// The edge stayed where the SYN-ACK put it, and a cookie would have moved it: P(cookie) = 0.05.
const STAYED: f64 = -3.0;

pub(super) fn observe(handshake: &Handshake) -> Option<Signal> {
    let (syn, syn_ack) = (handshake.syn?, handshake.syn_ack?);
    let first = handshake.later.first().filter(|l| l.payload == 0 || l.ack.ahead_of(syn.isn) == 1)?;
    let unit = 1_u32 << handshake.server_scale()?;
    let announced = u32::from(syn_ack.window);
    if announced == 0 {
        return None;
    }
    let edge = first.ack.plus(u32::from(first.window) * unit).ahead_of(syn.isn.plus(1));
    let edge = u32::try_from(edge).ok()?;
    let table = cookie_mss(handshake, syn.options.mss.unwrap_or(MSS_DEFAULT));
    let own = u32::from(syn_ack.options.mss.unwrap_or(MSS_DEFAULT));
    let stamped = syn_ack.options.timestamps.is_some();
    let step = own
        .min(u32::from(syn.options.mss.unwrap_or(MSS_DEFAULT)))
        .saturating_sub(if stamped { TIMESTAMPS } else { 0 })
        .max(1);
    // The space is somewhere between the announced window and the next multiple above it.
    let candidates =
        [announced, (announced + step - 1).min(65535)].map(|space| (space / table * table).next_multiple_of(unit));
    let usual = announced.next_multiple_of(unit);
    let is_candidate = candidates.contains(&edge);
    if candidates.contains(&usual) {
        return None;
    }
    let (cookie, what) = if is_candidate && edge + unit <= announced {
        (MOVED_BACK, "moved back to what a cookie's MSS gives")
    } else if is_candidate {
        (MOVED, "moved to what a cookie's MSS gives")
    } else if edge == usual || (edge <= announced && edge + unit > announced) {
        (STAYED, "stayed as announced")
    } else {
        return None;
    };
    Some(Signal {
        kind: EvidenceKind::WindowRecomputed,
        group: Group::Window,
        cookie,
        proxy: 0.0,
        habitual: false,
        frames: vec![syn_ack.frame, first.frame],
        detail: format!("window {announced} in the SYN-ACK, {edge} after the handshake: {what} ({table})"),
    })
}

/// The entry of the cookie's MSS table that the kernel picks: the largest not above the client's MSS.
fn cookie_mss(handshake: &Handshake, client: u16) -> u32 {
    let table = if handshake.server.ip.is_ipv4() { MSS_V4 } else { MSS_V6 };
    u32::from(table.into_iter().rev().find(|&mss| mss <= client).unwrap_or(table[0]))
}
