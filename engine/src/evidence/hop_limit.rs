//! S13: a SYN-ACK that came a longer or shorter way than the server's later segments.
//!
//! The machine that answers for another stands elsewhere, or starts from another initial hop limit (64, 128, 255).
//!
//! Fooled by: paths that change by a hop or two, GTSM (RFC 5082: 255 in, 1 out), transparent web proxies near the
//! capture that take over after the handshake (hop limits of 253 and more), injected segments.

use super::{Cited, Group, Signal, Words, say};
use crate::EvidenceKind;
use crate::handshake::{Handshake, Later};

/// Linux, FreeBSD, gVisor and Onload, the hosts that send cookies, start from this hop limit unless told otherwise.
const COOKIE_TTL: u8 = 64;
/// P(another initial hop limit | cookie) = 0.02.
const FOREIGN: f64 = -4.0;
/// Differences up to this come from load-balanced paths and from where a capture is taken.
pub(crate) const PATH_CHANGE: u8 = 2;
/// Of 313 such changes in public captures 266 were proxies, and most of the rest are the traps left out here:
/// P(another way | ordinary) = 3e-4.
const CHANGED: f64 = 8.0;
/// Added where the initial hop limits must differ: no path explains that.
const OTHER_STACK: f64 = 2.0;
/// No two paths between the same hosts differ by more hops.
const LONGEST_DETOUR: u8 = 20;
/// P(the same way | proxy) = 0.15: a proxy on the server itself, or one that passes the hop limit on.
const SAME_PROXY: f64 = -1.9;
/// The same for proxies that close the window, which often run on the server: Netfilter, XDP, pf.
const SAME_CLOSED: f64 = -0.5;

pub(super) fn observe(handshake: &Handshake, words: Words) -> Option<Signal> {
    let syn_ack = handshake.syn_ack.as_ref()?;
    let ttl = syn_ack.ip.ttl?;
    let foreign = (initial(ttl) != COOKIE_TTL).then(|| Signal {
        kind: EvidenceKind::TtlChange,
        group: Group::Machine,
        cookie: FOREIGN,
        proxy: 0.0,
        habitual: true,
        frames: Cited::from([syn_ack.frame]),
        detail: say!(words, "hop limit {ttl} in the SYN-ACK: hosts that send cookies start from {COOKIE_TTL}"),
    });
    let Some((later, agree)) = later_ttl(handshake) else { return foreign };
    let new = later.ip.ttl?;
    let difference = ttl.abs_diff(new);
    let detail = say!(words, "hop limit {ttl} in the SYN-ACK, {new} in the server's later segments");
    let (proxy, cookie) = if difference == 0 {
        let same = if syn_ack.window == 0 { SAME_CLOSED } else { SAME_PROXY };
        (same, foreign.map_or(0.0, |f| f.cookie))
    } else if difference <= PATH_CHANGE || !agree || is_known_trap(ttl, new) {
        return foreign;
    } else {
        let other_stack = initial(ttl) != initial(new) || difference > LONGEST_DETOUR;
        (CHANGED + if other_stack { OTHER_STACK } else { 0.0 }, -CHANGED)
    };
    Some(Signal {
        kind: EvidenceKind::TtlChange,
        group: Group::Machine,
        cookie,
        proxy,
        habitual: true,
        frames: Cited::from([syn_ack.frame, later.frame]),
        detail,
    })
}

/// The hop limit of the server's own segments: of those with payload or a FIN where there are any (a proxy sends
/// the window update itself). Also whether they agree, and are at least two.
fn later_ttl(handshake: &Handshake) -> Option<(&Later, bool)> {
    let own = |l: &Later| l.payload > 0 || l.flags.has(crate::segment::Flags::FIN);
    let is_any_own = handshake.later.iter().any(own);
    let mut candidates = handshake.later.iter().filter(|l| own(l) || !is_any_own);
    let first = candidates.next()?;
    let all_agree = candidates.all(|l| l.ip.ttl == first.ip.ttl);
    Some((first, all_agree && handshake.later.iter().filter(|l| l.ip.ttl == first.ip.ttl).count() >= 2))
}

/// GTSM, and interception close to the capture.
fn is_known_trap(syn_ack: u8, later: u8) -> bool {
    let gtsm = |ttl: u8| ttl == 1 || ttl == 255;
    (gtsm(syn_ack) && gtsm(later)) || later >= 253
}

/// Initial hop limit that a received one most likely started from.
pub(crate) fn initial(ttl: u8) -> u8 {
    [64, 128].into_iter().find(|&start| ttl <= start).unwrap_or(255)
}
