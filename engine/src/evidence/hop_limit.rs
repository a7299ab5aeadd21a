//! S13: a SYN-ACK whose TTL or hop limit differs from that of the server's later segments.
//!
//! A machine that answers for another is elsewhere on the path, or starts from another initial hop
//! limit (64, 128, 255).
//!
//! Fooled by: paths that change by a hop or two, GTSM and multihop BGP (RFC 5082: 255 in the
//! SYN-ACK, then the session's own small hop limit), paths that change for the client as well,
//! transparent web proxies near the capture that take over after the handshake (hop limits of 253
//! and more), injected segments. A proxy sends its own window update, and may send its own FIN:
//! only segments with payload certainly come from the server.

use std::net::IpAddr;

use super::lag::linux_layout;
use super::{Detail, Reading, detail};
use crate::connection::handshake::{Handshake, SegmentFacts};
use crate::packet::segment::{Flags, is_from_elsewhere};
use crate::text::joined;

/// Linux, FreeBSD, gVisor and Onload, the hosts that send cookies, start from this hop limit by
/// default.
const COOKIE_TTL: u8 = 64;
/// Weight of another initial hop limit: P(another | cookie) = 0.02.
const FOREIGN: f64 = -4.0;
/// Weight of another initial hop limit where the options are in Linux's order: a cookie has it 0.3
/// times as often as an ordinary answer, because large clouds start from 255.
const FOREIGN_LINUX: f64 = -1.2;
/// Weight of a change: P(change | ordinary) = 3e-4. Of 313 changes in public captures 266 were
/// proxies, and most of the others are traps that are left out here.
const CHANGED: f64 = 8.0;
/// Weight of a change that one segment alone shows: P(ordinary) = 0.007, for an injected segment or
/// a path that changes.
const CHANGED_ONCE: f64 = 5.0;
/// Added weight where the initial hop limits must differ: no path explains that.
const OTHER_STACK: f64 = 2.0;
/// Largest plausible difference between two paths of the same hosts, in hops.
const LONGEST_DETOUR: u8 = 20;
/// Weight of the same hop limit: P(same | proxy) = 0.15, for a proxy on the server itself, or one
/// that keeps the hop limit.
const SAME_PROXY: f64 = -1.9;
/// Weight of the same hop limit with a closed window: proxies that close it often run on the server
/// (Netfilter, XDP, pf).
const SAME_CLOSED: f64 = -0.5;
/// Largest hop limit of a BGP session over several hops, by the usual configuration.
const MULTIHOP: u8 = 16;

pub(super) fn observe<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let syn_ack = handshake.syn_ack.as_ref()?;
    let ttl = syn_ack.ip.ttl()?;
    let field = field_name(handshake.server.ip);
    let foreign_cookie = if initial(ttl) == COOKIE_TTL {
        0.0
    } else if linux_layout(syn_ack.layout()) {
        FOREIGN_LINUX
    } else {
        FOREIGN
    };
    let foreign = || {
        (foreign_cookie < 0.0).then(|| Reading {
            cookie: foreign_cookie,
            proxy: 0.0,
            systematic: true,
            frames: D::frames([syn_ack.frame]),
            text: detail!(D, "{field} {ttl} in the SYN-ACK; hosts that send SYN cookies start from {COOKIE_TTL}"),
        })
    };
    let Some(later) = server_segments(handshake).next() else { return foreign() };
    let new = later.ip.ttl()?;
    let difference = ttl.abs_diff(new);
    let (proxy, cookie) = if difference == 0 {
        let same = if syn_ack.window == 0 { SAME_CLOSED } else { SAME_PROXY };
        (same, foreign_cookie)
    } else if !is_from_elsewhere(ttl, new) || is_known_trap(ttl, new) || client_changes(handshake) {
        return foreign();
    } else {
        let Some(seen) = agreeing(handshake, new) else { return foreign() };
        let other_stack = initial(ttl) != initial(new) || difference > LONGEST_DETOUR;
        let changed = if seen > 1 { CHANGED } else { CHANGED_ONCE };
        (changed + if other_stack { OTHER_STACK } else { 0.0 }, -changed)
    };
    Some(Reading {
        cookie,
        proxy,
        systematic: true,
        frames: D::frames([syn_ack.frame, later.frame]),
        text: D::text(|| describe(handshake, field, ttl, new)),
    })
}

/// Describes the hop limits of the SYN-ACK and of the server's later segments.
fn describe(handshake: &Handshake, field: &str, ttl: u8, later: u8) -> String {
    if ttl == later {
        let are_all = handshake.server_segments.iter().all(|segment| segment.ip.ttl() == Some(later));
        let others = if are_all { "later segments" } else { "next segment" };
        return joined![
            field,
            " ",
            ttl,
            " in the SYN-ACK and in the server's ",
            others,
            ": one machine sent them, or two at the same distance",
        ];
    }
    format!("{field} {ttl} in the SYN-ACK, {later} in the server's later segments")
}

/// Returns the segments that come from the server: those with payload, or if there are none, all
/// except FINs.
fn server_segments(handshake: &Handshake) -> impl Iterator<Item = &SegmentFacts> {
    let is_payload = |later: &&SegmentFacts| later.payload > 0;
    let any = handshake.server_segments.iter().any(|later| is_payload(&later));
    let is_of_server = move |later: &&SegmentFacts| if any { is_payload(later) } else { !later.flags.has(Flags::FIN) };
    handshake.server_segments.iter().filter(is_of_server)
}

/// Returns the number of segments after the SYN-ACK with about this hop limit; `None` if the
/// segments that come from the server do not agree.
fn agreeing(handshake: &Handshake, ttl: u8) -> Option<usize> {
    let agrees = |later: &&SegmentFacts| later.ip.ttl().is_some_and(|other| !is_from_elsewhere(other, ttl));
    let all = server_segments(handshake).all(|later| agrees(&later));
    all.then(|| handshake.server_segments.iter().filter(agrees).count())
}

/// Returns whether the hop limit of the client's segments changes, too.
fn client_changes(handshake: &Handshake) -> bool {
    let Some(first) = handshake.syn.as_ref().and_then(|syn| syn.ip.ttl()) else { return false };
    let later = [&handshake.ack, &handshake.client_data].into_iter().flatten().filter_map(|later| later.ip.ttl());
    later.into_iter().any(|ttl| is_from_elsewhere(ttl, first))
}

/// Returns whether two hop limits are those of GTSM or multihop BGP, or of interception close to
/// the capture.
fn is_known_trap(syn_ack: u8, later: u8) -> bool {
    let is_session = |from: u8, to: u8| initial(from) == 255 && to <= MULTIHOP;
    is_session(syn_ack, later) || is_session(later, syn_ack) || later >= 253
}

/// Returns the name of the header field that routers decrement: TTL in IPv4, hop limit in IPv6.
pub(crate) const fn field_name(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "TTL" } else { "hop limit" }
}

/// Returns the initial hop limit that a received one most likely started from.
pub(crate) fn initial(ttl: u8) -> u8 {
    [64, 128].into_iter().find(|&start| ttl <= start).unwrap_or(255)
}

/// Returns the number of routers that a packet with this hop limit most likely passed.
pub(crate) fn hops(ttl: u8) -> u8 {
    initial(ttl) - ttl
}
