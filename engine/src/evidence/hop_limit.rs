//! S13: a SYN-ACK whose TTL or hop limit differs from that of the server's later segments.
//!
//! A machine that answers for another is elsewhere on the path, or starts from another initial hop
//! limit (64, 128, 255).
//!
//! Fooled by: paths that change by a hop or two, GTSM (RFC 5082: 255 in, 1 out), transparent web
//! proxies near the capture that take over after the handshake (hop limits of 253 and more),
//! injected segments.

use std::net::IpAddr;

use super::{Detail, Observed, detail};
use crate::connection::handshake::{Handshake, SegmentFacts};
use crate::packet::segment::{Flags, is_from_elsewhere};

/// Linux, FreeBSD, gVisor and Onload, the hosts that send cookies, start from this hop limit by
/// default.
const COOKIE_TTL: u8 = 64;
/// P(another initial hop limit | cookie) = 0.02.
const FOREIGN: f64 = -4.0;
/// Of 313 such changes in public captures 266 were proxies, and most of the rest are the traps left
/// out here: P(another way | ordinary) = 3e-4.
const CHANGED: f64 = 8.0;
/// Added weight where the initial hop limits must differ: no path explains that.
const OTHER_STACK: f64 = 2.0;
/// Largest plausible difference between two paths of the same hosts, in hops.
const LONGEST_DETOUR: u8 = 20;
/// P(the same way | proxy) = 0.15: a proxy on the server itself, or one that passes the hop limit
/// on.
const SAME_PROXY: f64 = -1.9;
/// P(the same way | proxy) for proxies that close the window, which often run on the server:
/// Netfilter, XDP, pf.
const SAME_CLOSED: f64 = -0.5;

pub(super) fn observe<D: Detail>(handshake: &Handshake) -> Option<Observed<D>> {
    let syn_ack = handshake.syn_ack.as_ref()?;
    let ttl = syn_ack.ip.ttl?;
    let field = field_name(handshake.server.ip);
    let is_foreign = initial(ttl) != COOKIE_TTL;
    let foreign = || {
        is_foreign.then(|| Observed {
            cookie: FOREIGN,
            proxy: 0.0,
            systematic: true,
            frames: D::frames([syn_ack.frame]),
            text: detail!(D, "{field} {ttl} in the SYN-ACK; hosts that send SYN cookies start from {COOKIE_TTL}"),
        })
    };
    let Some(later) = own_segment(handshake) else { return foreign() };
    let new = later.ip.ttl?;
    let difference = ttl.abs_diff(new);
    let (proxy, cookie) = if difference == 0 {
        let same = if syn_ack.window == 0 { SAME_CLOSED } else { SAME_PROXY };
        (same, if is_foreign { FOREIGN } else { 0.0 })
    } else if !is_from_elsewhere(ttl, new) || !agree(handshake, new) || is_known_trap(ttl, new) {
        return foreign();
    } else {
        let other_stack = initial(ttl) != initial(new) || difference > LONGEST_DETOUR;
        (CHANGED + if other_stack { OTHER_STACK } else { 0.0 }, -CHANGED)
    };
    Some(Observed {
        cookie,
        proxy,
        systematic: true,
        frames: D::frames([syn_ack.frame, later.frame]),
        text: detail!(D, "{field} {ttl} in the SYN-ACK, {new} in the server's later segments"),
    })
}

/// Returns whether the server sent a segment itself: a proxy sends the window update, but neither
/// payload nor a FIN.
fn is_own(later: &&SegmentFacts) -> bool {
    later.payload > 0 || later.flags.has(Flags::FIN)
}

/// Returns the first of the server's own segments, else the first of all.
fn own_segment(handshake: &Handshake) -> Option<&SegmentFacts> {
    handshake.server_segments.iter().find(is_own).or(handshake.server_segments.first())
}

/// Returns whether the server's own segments (without any, all) agree on a hop limit that was seen
/// at least twice.
fn agree(handshake: &Handshake, ttl: u8) -> bool {
    let is_any_own = handshake.server_segments.iter().any(|later| is_own(&later));
    let mut candidates = handshake.server_segments.iter().filter(|later| !is_any_own || is_own(later));
    let seen = handshake.server_segments.iter().filter(|later| later.ip.ttl == Some(ttl)).count();
    candidates.all(|later| later.ip.ttl == Some(ttl)) && seen >= 2
}

/// Returns whether two hop limits are those of GTSM, or of interception close to the capture.
fn is_known_trap(syn_ack: u8, later: u8) -> bool {
    let gtsm = |ttl: u8| ttl == 1 || ttl == 255;
    (gtsm(syn_ack) && gtsm(later)) || later >= 253
}

/// Returns the name of the header field that routers decrement: TTL in IPv4, hop limit in IPv6.
pub(crate) const fn field_name(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "TTL" } else { "hop limit" }
}

/// Returns the initial hop limit that a received one most likely started from.
pub(crate) fn initial(ttl: u8) -> u8 {
    [64, 128].into_iter().find(|&start| ttl <= start).unwrap_or(255)
}
