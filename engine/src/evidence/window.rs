//! S11: a first window that was computed anew when the ACK came.
//!
//! The window of a Linux SYN-ACK is the receive space rounded down to a multiple of the segment size (less 12 for
//! timestamps; tcp_output.c `tcp_select_initial_window`). For a cookie the kernel forgets it and computes it again on
//! the ACK, from the cookie's own MSS table entry (syncookies.c `cookie_v4_check`), so the right edge moves back or
//! to another multiple. An ordinary stack never moves it back (RFC 9293 section 3.8.6).
//!
//! Fooled by: a stack that rounds the scaled window down (at most one unit of the scale), a segment that is not the
//! server's first.

use super::lag::linux_layout;
use super::{Group, Signal};
use crate::EvidenceKind;
use crate::handshake::{Handshake, Opening};

/// MSS tables of the kernel (net/ipv4/syncookies.c and net/ipv6/syncookies.c `msstab`), in bytes.
const MSS_V4: [u16; 4] = [536, 1300, 1440, 1460];
const MSS_V6: [u16; 4] = [1220, 1420, 1440, 8940];
/// MSS assumed for a SYN without the option (RFC 9293 section 3.7.1), in bytes.
const MSS_DEFAULT: u16 = 536;
/// Space that timestamps take from every segment, in bytes (RFC 7323 appendix A).
pub(super) const TIMESTAMPS: u32 = 12;

/// Share of ordinary first segments whose window moved at all: Linux keeps it, others grow it.
const MOVES: f64 = 0.05;
/// The same for moving back, which RFC 9293 discourages and Linux never does: allowance for what is not known.
const MOVES_BACK: f64 = 0.02;
/// Share of cookies whose first window is the recomputed one; the rest had data read, or a buffer changed.
const RECOMPUTED: f64 = 0.9;
/// Distance, in bytes, between values a grown window plausibly takes: with a coarse scale chance hits are common.
const SPACING: f64 = 4096.0;
/// The window stayed where the SYN-ACK put it, and a cookie would have moved it: P(cookie) = 0.05.
const STAYED: f64 = -3.0;

pub(super) fn observe(handshake: &Handshake) -> Option<Signal> {
    let (syn, syn_ack) = (handshake.syn?, handshake.syn_ack?);
    let first = handshake.later.first()?;
    let unit = 1_u32 << handshake.server_scale()?;
    let announced = u32::from(syn_ack.window);
    let taken = u32::try_from(first.ack.ahead_of(syn.isn.plus(1))).ok().filter(|&n| n < announced)?;
    let window = u32::from(first.window) * unit;
    let client = syn.options.mss.unwrap_or(MSS_DEFAULT);
    // What is left of a window once data was taken; the kernel rounds it up to the unit of its scale.
    let left = |space: u32| space.saturating_sub(taken).next_multiple_of(unit);
    let usual = left(announced);
    let table = cookie_mss(handshake, client);
    let recomputed =
        table.iter().find(|&&mss| spaces(announced, &syn_ack, client).any(|space| left(space / mss * mss) == window));
    let (cookie, what) = match recomputed {
        Some(_) if window == usual => return None,
        Some(mss) => {
            let chance = (4.0 * f64::from(unit) / SPACING).clamp(0.02, 1.0);
            let ordinary = if window < usual && linux_layout(syn_ack.layout()) { MOVES_BACK } else { MOVES * chance };
            ((RECOMPUTED / ordinary).ln(), format!("what a cookie's MSS of {mss} gives"))
        }
        None if window == usual => (STAYED, "as announced".to_owned()),
        None => return None,
    };
    Some(Signal {
        kind: EvidenceKind::WindowRecomputed,
        group: Group::Window,
        cookie,
        proxy: 0.0,
        habitual: false,
        frames: vec![syn_ack.frame, first.frame],
        detail: format!("window {announced} in the SYN-ACK, {window} after it ({taken} bytes taken): {what}"),
    })
}

/// Receive spaces that lead to the announced window: it is a multiple of the segment size, so the space lies between
/// it and the next multiple. The common cap of 65535 first (tcp_output.c: `U16_MAX`).
fn spaces(announced: u32, syn_ack: &Opening, client: u16) -> impl Iterator<Item = u32> {
    let own = syn_ack.options.mss.unwrap_or(MSS_DEFAULT).min(client);
    let timestamps = if syn_ack.options.timestamps.is_some() { TIMESTAMPS } else { 0 };
    let step = u32::from(own).saturating_sub(timestamps).max(1);
    [(announced + step - 1).min(65535), announced].into_iter()
}

/// The entries of the cookie's MSS table that may have been picked: the largest not above the client's MSS, and the
/// ones below it, since a clamp behind the capture may have shown the server a smaller one.
pub(super) fn cookie_mss(handshake: &Handshake, client: u16) -> Vec<u32> {
    let table = if handshake.server.ip.is_ipv4() { MSS_V4 } else { MSS_V6 };
    let fitting: Vec<u32> = table.into_iter().rev().filter(|&mss| mss <= client).map(u32::from).collect();
    if fitting.is_empty() { vec![u32::from(table[0])] } else { fitting }
}
