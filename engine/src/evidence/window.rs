//! S11: a first window that the server recomputed when the ACK arrived.
//!
//! The window of a Linux SYN-ACK is the receive space rounded down to a multiple of the segment
//! size (less 12 for timestamps; tcp_output.c `tcp_select_initial_window`). For a cookie the kernel
//! forgets it and computes it again on the ACK, from the cookie's own MSS table entry (syncookies.c
//! `cookie_v4_check`), so the right edge moves back or to another multiple. An ordinary stack never
//! moves it back (RFC 9293 section 3.8.6).
//!
//! Where the receive buffer was changed between SYN and ACK the recomputed *scale* differs from the
//! announced one, too: the window then only makes sense with another shift (S11b).
//!
//! Fooled by: a stack that rounds the scaled window down (at most one unit of the scale), a segment
//! that is not the server's first.

use super::lag::linux_layout;
use super::{Detail, NoDetail, Observed, Preview, detail};
use crate::connection::cookie_mss::cookie_mss;
use crate::connection::handshake::{Handshake, SegmentFacts, SynHeader};
use crate::listener::Listener;
use crate::listener::isn_layout::IsnLayout;
use crate::packet::segment::Flags;

/// MSS assumed for a SYN without the option (RFC 9293 section 3.7.1), in bytes.
const MSS_DEFAULT: u16 = 536;
/// Space that timestamps take from every segment, in bytes (RFC 7323 appendix A).
pub(super) const TIMESTAMPS: u32 = 12;

/// Share of ordinary first segments whose window moved back, which RFC 9293 discourages and Linux
/// never does.
const MOVES_BACK: f64 = 0.02;
/// Share whose unscaled window moved forward to just this value: others grow to anything.
const MOVES_TO_IT: f64 = 0.005;
/// Share of cookies whose first window is the recomputed one; the rest had data read, or a buffer
/// changed.
const RECOMPUTED: f64 = 0.9;
/// The window stayed where the SYN-ACK put it, and a cookie would have moved it: P(cookie) = 0.05.
const STAYED: f64 = -3.0;

/// The window only makes sense with another scale than the announced: P(ordinary) = 0.001,
/// P(cookie) = 0.02.
const OTHER_SCALE: f64 = 3.0;
/// Smallest window field for which another scale is considered.
const INFORMATIVE_FIELD: u16 = 32;

/// Returns whether the first window favours a cookie, if the server is Linux or if it is not.
pub(super) fn may_favour(handshake: &Handshake, _: &Preview<'_, '_>) -> bool {
    let favours = |linux: bool| weigh::<NoDetail>(handshake, |_| linux).is_some_and(|o| o.is_cookie_style());
    favours(true) || favours(false)
}

pub(super) fn observe<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Observed<D>> {
    weigh(listener.handshakes[index], |syn_ack| may_be_linux(listener, index, syn_ack))
}

/// Weighs the first window; `may_be_linux` says whether the server that sent a SYN-ACK may be Linux.
fn weigh<D: Detail>(handshake: &Handshake, may_be_linux: impl Fn(&SynHeader) -> bool) -> Option<Observed<D>> {
    let (syn, syn_ack) = handshake.whole_headers()?;
    // The window of the SYN-ACK begins where it acknowledges, after a Fast Open payload.
    let start = syn_ack.ack;
    let entry = |l: &&SegmentFacts| l.payload == 0 && l.ack == start && !l.flags.has(Flags::FIN);
    let first = handshake.server_segments.iter().find(|l| !entry(l))?;
    let unit = 1_u32 << handshake.server_scale()?;
    let announced = u32::from(syn_ack.window);
    let taken = u32::try_from(first.ack.ahead_of(start)).ok().filter(|&n| n < announced)?;
    let window = u32::from(first.window) * unit;
    let client = syn.options.mss.unwrap_or(MSS_DEFAULT);
    // What is left of a window once data was taken; the kernel rounds it up to the unit of its
    // scale.
    let rounded_up = |window: u32| (window + unit - 1) & !(unit - 1);
    let left = |space: u32| rounded_up(space.saturating_sub(taken));
    let linux = || may_be_linux(syn_ack);
    let recomputed = || {
        [client, client.min(syn_ack.options.mss.unwrap_or(client))]
            .map(|mss| cookie_mss(handshake, mss))
            .into_iter()
            .find(|mss| spaces(announced, syn_ack, client).any(|space| left(space / mss * mss) == window))
    };
    // Windows that say nothing: the one announced, less what was taken or not, rounded up or down.
    let is_usual = window == left(announced) || window == rounded_up(announced);
    let is_implausible = window > 2 * announced || window * 2 < announced;
    let moved_back = || window + taken < announced && (window + taken + unit <= announced || linux());
    let (cookie, what) = if window == left(announced) && linux() {
        let mss = cookie_mss(handshake, client);
        let would_move = spaces(announced, syn_ack, client).all(|space| left(space / mss * mss) != window);
        would_move.then(|| (STAYED, detail!(D, "as announced; a cookie would have changed it")))?
    } else if is_usual && !is_implausible {
        return None;
    } else {
        match recomputed() {
            Some(_) if is_usual => return None,
            Some(mss) if moved_back() => {
                ((RECOMPUTED / MOVES_BACK).ln(), detail!(D, "the value computed from a cookie's MSS of {mss}"))
            }
            Some(mss) if unit == 1 => {
                ((RECOMPUTED / MOVES_TO_IT).ln(), detail!(D, "the value computed from a cookie's MSS of {mss}"))
            }
            None if is_implausible => {
                let mss = cookie_mss(handshake, client);
                let windows = spaces(announced, syn_ack, client).map(|space| (space / mss * mss).saturating_sub(taken));
                let shift = other_scale(syn_ack, first.window, windows)?;
                (OTHER_SCALE, detail!(D, "plausible only with a window scale of {shift}"))
            }
            Some(_) | None => return None,
        }
    };
    Some(Observed {
        cookie,
        proxy: 0.0,
        systematic: false,
        frames: D::frames([syn_ack.frame, first.frame]),
        text: detail!(
            D,
            "window {announced} in the SYN-ACK, {window} in the next segment ({taken} bytes acknowledged): {what}"
        ),
    })
}

/// Returns the shift with which a window is what a cookie gives, where that is not the announced
/// one. Small fields fit many.
fn other_scale(syn_ack: &SynHeader, field: u16, mut windows: impl Iterator<Item = u32>) -> Option<u8> {
    let announced =
        syn_ack.options.window_scale.filter(|_| linux_layout(syn_ack.layout()) && field >= INFORMATIVE_FIELD)?;
    windows.find_map(|window| {
        let fits = |shift: &u8| *shift != announced && window.div_ceil(1 << shift) == u32::from(field);
        (0..=14).find(fits)
    })
}

/// Returns whether the server may be Linux. Only Linux computes the window again, so that an
/// unchanged window is evidence against a cookie only there.
fn may_be_linux(listener: &Listener<'_>, index: usize, syn_ack: &SynHeader) -> bool {
    let stamped = syn_ack.options.timestamps.is_some();
    listener.isn_layout == IsnLayout::Opaque
        && !listener.options.is_gvisor_like(index)
        && (!stamped || linux_layout(syn_ack.layout()))
}

/// Returns the receive spaces that lead to the announced window: it is a multiple of the segment
/// size, so the space lies between it and the next multiple. The common cap of 65535 first
/// (tcp_output.c: `U16_MAX`).
fn spaces(announced: u32, syn_ack: &SynHeader, client: u16) -> impl Iterator<Item = u32> {
    let own = syn_ack.options.mss.unwrap_or(MSS_DEFAULT).min(client);
    let timestamps = if syn_ack.options.timestamps.is_some() { TIMESTAMPS } else { 0 };
    let step = u32::from(own).saturating_sub(timestamps).max(1);
    [(announced + step - 1).min(65535), announced].into_iter()
}
