//! S11: a first window that the server recomputed when the ACK arrived.
//!
//! The window of a Linux SYN-ACK is the receive space rounded down to a multiple of the segment
//! size (less 12 for timestamps; tcp_output.c `tcp_select_initial_window`). For a cookie the kernel
//! does not keep this window. It computes the window again when the ACK arrives, from the cookie's
//! own MSS table entry (syncookies.c `cookie_v4_check`), so the right edge moves back or to another
//! multiple. An ordinary stack should not move the edge back (RFC 9293 section 3.8.6). Linux does
//! so with `tcp_shrink_window=1`, and with some buffers and segment sizes, but then for every
//! client of a kind. A moved window is therefore the host's usual behaviour unless another client
//! of that kind kept the announced one.
//!
//! If the receive buffer was changed between SYN and ACK, the recomputed *scale* differs from the
//! announced one, too. The window is then plausible only with another shift (S11b).
//!
//! Fooled by: a stack that rounds the scaled window down (at most one unit of the scale), a segment
//! that is not the server's first; BSD and slirp, which round an unscaled window up to full
//! segments (8192 to 8760). Multipath TCP has a window of its own: not observable.

use super::lag::{self, linux_layout};
use super::{Detail, NoDetail, Reading, detail};
use crate::connection::cookie_mss::cookie_mss;
use crate::connection::handshake::{Handshake, SegmentFacts, SynHeader};
use crate::listener::Listener;
use crate::listener::first_windows::{ClientKind, FirstWindows};
use crate::listener::isn_layout::IsnLayout;
use crate::packet::segment::Flags;

/// MSS assumed for a SYN without the option (RFC 9293 section 3.7.1), in bytes.
const MSS_DEFAULT: u16 = 536;
/// Space that timestamps take from every segment, in bytes (RFC 7323 appendix A).
pub(super) const TIMESTAMPS: u32 = 12;

/// Share of ordinary first segments whose window moved back to just this value. Of 20,126 public
/// handshakes 253 moved back, and 252 of them were cookies.
const MOVES_BACK: f64 = 0.002;
/// Share where the timestamp of the SYN-ACK contradicts a cookie: with `tcp_shrink_window` every
/// window moves.
const MOVES_BACK_ON_CLOCK: f64 = 0.02;
/// Share where the window moved back by less than one unit of the scale. Linux rounds up; hosts
/// that only shift the window round down (at most one in six of the servers taken for Linux), and
/// one of eleven windows then passes a multiple of the segment size: 128 of 1460 bytes.
const ROUNDS_DOWN: f64 = 0.015;
/// Weight of the timestamp's lag below which it contradicts a cookie.
const ON_CLOCK: f64 = -1.0;
/// Share whose unscaled window moved forward to just this value, with an IP identification of 0 in
/// the SYN-ACK as Linux sends it: other windows grow to any value, and BSD counts identifications.
const MOVES_TO_IT: f64 = 0.005;
/// Share of cookies whose first window is the recomputed one; for the others, the program had read
/// data, or a buffer had changed.
const RECOMPUTED: f64 = 0.9;
/// Weight where the window stayed as announced and a cookie would have moved it: P(cookie) = 0.05.
const STAYED: f64 = -3.0;

/// Weight where the window is plausible only with another scale than the announced one: P(ordinary)
/// = 0.001, P(cookie) = 0.02.
const OTHER_SCALE: f64 = 3.0;
/// Smallest window field for which another scale is considered.
const INFORMATIVE_FIELD: u16 = 32;

/// Returns whether the first window favours a cookie, under either assumption: that the server is
/// Linux, or that it is not.
pub(super) fn may_favour(handshake: &Handshake, _is_judged: bool) -> bool {
    let favours = |linux: bool| weigh::<NoDetail>(handshake, |_| linux, || false).is_some_and(|o| o.is_cookie_style());
    // Only a window that was rounded down favours a cookie more if the server is Linux.
    favours(false) || FirstWindow::of(handshake).is_some_and(|first| first.is_rounded_down()) && favours(true)
}

pub(super) fn observe<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let handshake = listener.handshakes[index];
    let mut observed =
        weigh(handshake, |syn_ack| may_be_linux(listener, index, syn_ack), || is_on_clock(listener, index))?;
    if observed.systematic {
        let windows = listener.first_windows.get_or_init(|| first_windows(listener));
        if windows.moves_windows_without_cookies() {
            return None;
        }
        let (first, (syn, syn_ack)) = (FirstWindow::of(handshake)?, handshake.whole_headers()?);
        observed.systematic =
            first.is_rounded_down() || !windows.kept_above(ClientKind::of(syn, syn_ack), first.bytes());
    }
    Some(observed)
}

/// Returns whether the timestamp of the SYN-ACK contradicts a cookie.
fn is_on_clock(listener: &Listener<'_>, index: usize) -> bool {
    lag::observe::<NoDetail>(listener, index).is_some_and(|lag| lag.cookie < ON_CLOCK)
}

/// Reads the first windows of all connections: those that were as announced, although a cookie
/// would have moved them, and those that were moved.
fn first_windows(listener: &Listener<'_>) -> FirstWindows {
    let mut windows = FirstWindows::default();
    for (index, handshake) in listener.handshakes.iter().enumerate() {
        let linux = |syn_ack: &SynHeader| may_be_linux(listener, index, syn_ack);
        let Some(observed) = weigh::<NoDetail>(handshake, linux, || false) else { continue };
        if observed.is_cookie_style() {
            windows.add_moved(is_on_clock(listener, index));
        } else if let (Some((syn, syn_ack)), Some(first)) = (handshake.whole_headers(), FirstWindow::of(handshake)) {
            windows.add_kept(ClientKind::of(syn, syn_ack), first.bytes());
        }
    }
    windows
}

/// The window of the server's first segment after the SYN-ACK that acknowledges more than the SYN
/// or carries data.
#[derive(Clone, Copy)]
struct FirstWindow<'a> {
    segment: &'a SegmentFacts,
    /// Window of the SYN-ACK, in bytes.
    announced: u32,
    /// Bytes that the segment acknowledges beyond the SYN-ACK.
    taken: u32,
    /// Bytes in one unit of the window field.
    unit: u32,
}

impl<'a> FirstWindow<'a> {
    fn of(handshake: &'a Handshake) -> Option<Self> {
        let syn_ack = handshake.syn_ack.as_ref()?;
        // The window of the SYN-ACK begins where it acknowledges, after a Fast Open payload.
        let start = syn_ack.ack;
        let entry = |l: &&SegmentFacts| l.payload == 0 && l.ack == start && !l.flags.has(Flags::FIN);
        let segment = handshake.server_segments.iter().find(|l| !entry(l))?;
        let announced = u32::from(syn_ack.window);
        let taken = u32::try_from(segment.ack.ahead_of(start)).ok().filter(|&n| n < announced)?;
        Some(Self { segment, announced, taken, unit: 1 << handshake.server_scale()? })
    }

    fn bytes(&self) -> u32 {
        u32::from(self.segment.window) * self.unit
    }

    /// Returns whether the window is below the announced one by less than a unit of its scale.
    fn is_rounded_down(&self) -> bool {
        let end = self.bytes() + self.taken;
        end < self.announced && end + self.unit > self.announced
    }
}

/// Weighs the first window. `may_be_linux` says whether the server that sent a SYN-ACK may be
/// Linux, and `is_on_clock` whether the timestamp of the SYN-ACK contradicts a cookie.
fn weigh<D: Detail>(
    handshake: &Handshake,
    may_be_linux: impl Fn(&SynHeader) -> bool,
    is_on_clock: impl Fn() -> bool,
) -> Option<Reading<D>> {
    let (syn, syn_ack) = handshake.whole_headers()?;
    if syn.options.multipath || syn_ack.options.multipath {
        return None;
    }
    let first_window = FirstWindow::of(handshake)?;
    let FirstWindow { segment: first, announced, taken, unit } = first_window;
    let window = first_window.bytes();
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
    // Windows that are not evidence: the announced one, with or without the data taken, rounded up
    // or down.
    let is_usual = window == left(announced) || window == rounded_up(announced);
    let is_implausible = window > 2 * announced || window * 2 < announced;
    let is_smaller = window + taken < announced;
    let moved_back = || is_smaller && (!first_window.is_rounded_down() || linux());
    let may_be_moved_to = unit == 1 && syn_ack.ip.identification() == Some(0);
    let (cookie, habit, what) = if window == left(announced) && linux() {
        let mss = cookie_mss(handshake, client);
        let would_move = spaces(announced, syn_ack, client).all(|space| left(space / mss * mss) != window);
        would_move.then(|| {
            (
                STAYED,
                false,
                detail!(D, "an ordinary server announces {announced} less the {} acknowledged, rounded up to a multiple of {unit} (window scale), which is {window}; after a SYN cookie, the window would be different", bytes(taken)),
            )
        })?
    } else if !is_implausible && (is_usual || !is_smaller && !may_be_moved_to) {
        return None;
    } else {
        match recomputed() {
            Some(_) if is_usual => return None,
            Some(mss) if moved_back() => {
                let ordinary = if first_window.is_rounded_down() {
                    ROUNDS_DOWN
                } else if is_on_clock() {
                    MOVES_BACK_ON_CLOCK
                } else {
                    MOVES_BACK
                };
                (
                    (RECOMPUTED / ordinary).ln(),
                    true,
                    detail!(
                        D,
                        "after a cookie, the window is computed again from the cookie's MSS ({mss}), which gives {window}"
                    ),
                )
            }
            Some(mss) if may_be_moved_to => {
                let is_rounded_up = mss == own_segment(syn_ack, client);
                (
                    (RECOMPUTED / MOVES_TO_IT).ln(),
                    is_rounded_up,
                    detail!(
                        D,
                        "after a cookie, the window is computed again from the cookie's MSS ({mss}), which gives {window}"
                    ),
                )
            }
            None if is_implausible => {
                let mss = cookie_mss(handshake, client);
                let windows = spaces(announced, syn_ack, client).map(|space| (space / mss * mss).saturating_sub(taken));
                let shift = other_scale(syn_ack, first.window, windows)?;
                (OTHER_SCALE, false, detail!(D, "plausible only with a window scale of {shift}"))
            }
            Some(_) | None => return None,
        }
    };
    Some(Reading {
        cookie,
        proxy: 0.0,
        systematic: habit,
        frames: D::frames([syn_ack.frame, first.frame]),
        text: detail!(
            D,
            "window {announced} in the SYN-ACK, {window} bytes in the next segment, scaled ({} acknowledged): {what}",
            bytes(taken)
        ),
    })
}

/// Formats a number of bytes.
fn bytes(number: u32) -> String {
    format!("{number} byte{}", if number == 1 { "" } else { "s" })
}

/// Returns the shift with which a window is what a cookie gives, where that is not the announced
/// one. Small fields fit many shifts.
fn other_scale(syn_ack: &SynHeader, field: u16, mut windows: impl Iterator<Item = u32>) -> Option<u8> {
    let announced =
        syn_ack.options.window_scale.filter(|_| linux_layout(syn_ack.layout()) && field >= INFORMATIVE_FIELD)?;
    windows.find_map(|window| {
        // The smallest shift with which the window fits into the field.
        let shift = window.div_ceil(field.into()).next_power_of_two().ilog2();
        let fits = shift <= 14 && shift != u32::from(announced) && window.div_ceil(1 << shift) == u32::from(field);
        fits.then_some(shift as u8)
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
/// size, so the space lies between it and the next multiple. The first one is the largest, at most
/// 65535, a common cap (tcp_output.c: `U16_MAX`).
fn spaces(announced: u32, syn_ack: &SynHeader, client: u16) -> impl Iterator<Item = u32> {
    let step = own_segment(syn_ack, client);
    [(announced + step - 1).min(65535), announced].into_iter()
}

/// Returns the size of a full segment on the connection, in bytes.
fn own_segment(syn_ack: &SynHeader, client: u16) -> u32 {
    let own = syn_ack.options.mss.unwrap_or(MSS_DEFAULT).min(client);
    let timestamps = if syn_ack.options.timestamps.is_some() { TIMESTAMPS } else { 0 };
    u32::from(own).saturating_sub(timestamps).max(1)
}
