//! S7, S17: sequence numbers that reveal which implementation chose them.
//!
//! A Linux cookie is client ISN + hash(four-tuple) + minute·2^24 + hash'(…)+MSS index (syncookies.c
//! `secure_tcp_syn_cookie`), so on the same four-tuple within the same minute the difference of the
//! two ISNs repeats up to the MSS index. Netfilter's SYNPROXY uses the same function; gVisor has
//! the same form with 64 s. Behind SYNPROXY, the acknowledgment field of the SYN carries the ISN
//! that was promised to the client (nf_synproxy_core.c `synproxy_send_server_syn`). RFC 9293 does
//! not use this field in a SYN.
//!
//! Fooled by: NAT that changes ports, firewalls that rewrite ISNs (the difference is then random
//! and is not evidence); two ordinary Linux hosts, whose ISNs advance together, so that the
//! difference repeats within the jitter of the path and now and then exactly; crafted packets with
//! a fixed difference. [`crate::listener::isn_pairs`] recognises the last two.

use super::{Detail, Reading, detail};
use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::listener::isn_pairs::{IsnPair, Movement, PERIOD};

/// Weight where the difference repeats. Chance agreement is 7 in 2^32.
const REPEATS: f64 = 14.0;
/// Weight where the difference is exactly the same although the client's ISN advances with the
/// clock of Linux: P(ordinary) = 0.05. On a loopback 32 of 300 ordinary pairs agreed within three
/// steps, 1.5 % at each of the seven values.
const REPEATS_WITH_CLOCK: f64 = 3.0;
/// Weight where both ISNs advanced with clocks: P(cookie) = 0.01, for a change of the minute in
/// between.
const CLOCKS: f64 = -4.0;
/// Weight where the difference is unrelated within ten seconds: P(the period changed in between) =
/// 1/6.
const DIFFERS: f64 = -1.8;
/// Reduction of a proxy's weight for an open window: P(open window | proxy that uses Linux's
/// cookies) = 0.02.
const OPEN_PROXY: f64 = 4.0;

/// Returns whether the difference of the ISNs repeats.
pub(super) fn may_favour(handshake: &Handshake, _is_judged: bool) -> bool {
    IsnPair::of(handshake).is_some_and(|pair| matches!(pair.movement(), Movement::Repeats(_)))
}

pub(super) fn algebra<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let handshake = listener.handshakes[index];
    let (syn_ack, previous) = (handshake.syn_ack.as_ref()?, handshake.previous.as_deref()?);
    let pair = IsnPair::of(handshake)?;
    let (cookie, what) = match pair.movement() {
        Movement::Repeats(_) if listener.isn_pairs.is_crafted(&pair, handshake.client) => return None,
        Movement::Repeats(_) if listener.isn_pairs.are_of_clocks => return None,
        Movement::Repeats(0) if pair.client_has_clock => (REPEATS_WITH_CLOCK, detail!(D, "is exactly that of")),
        Movement::Repeats(_) if pair.client_has_clock => return None,
        Movement::Repeats(moved) => (REPEATS, detail!(D, "differs by only {moved} from that of")),
        Movement::Clocks => (CLOCKS, detail!(D, "moved as the clocks of two ordinary hosts do since")),
        Movement::Unrelated if pair.elapsed > PERIOD / 6.0 => return None,
        Movement::Unrelated => (DIFFERS, detail!(D, "is unrelated to that of")),
    };
    let is_open = syn_ack.window != 0 && cookie > 0.0;
    Some(Reading {
        cookie,
        proxy: if is_open { (cookie - OPEN_PROXY).max(0.0) } else { cookie },
        systematic: false,
        frames: D::frames([previous.syn_ack, syn_ack.frame]),
        text: detail!(
            D,
            "server ISN minus client ISN {what} the connection {:.1} s earlier on the same four-tuple",
            pair.elapsed
        ),
    })
}

pub(super) fn backend_syn<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let syn = handshake.syn.as_ref().filter(|s| s.ack.0 != 0)?;
    Some(Reading {
        cookie: 0.0,
        proxy: -1.0,
        systematic: true,
        frames: D::frames([syn.frame]),
        text: detail!(
            D,
            "the SYN has {} in its unused acknowledgment field, as SYNPROXY's own SYN to the server does: the capture \
             was taken behind a SYN proxy",
            syn.ack
        ),
    })
}
