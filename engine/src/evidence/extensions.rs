//! S20: ECN and Fast Open, which cookies lose, against the listener's other answers.
//!
//! A Linux cookie has room for ECN only in a timestamp (`ecn_ok` is off without one), and ignores
//! Fast Open requests (tcp_input.c `tcp_conn_request`: `want_cookie ? NULL : &foc`).
//!
//! Fooled by: middleboxes that clear ECN or strip option 34 for some clients.

use super::{Detail, Preview, Reading, detail};
use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::listener::granted_extensions::{ecn, fast_open};

/// Weight of a refused extension for a cookie: P(refused | ordinary) = 0.02 where the listener
/// grants it to others.
const REFUSED: f64 = 3.9;
/// Weight of a granted extension for a cookie: a Linux cookie never grants it. The weight is finite
/// because captures can be wrong.
const GRANTED: f64 = -5.0;

/// Returns whether the judged SYN-ACK refused an extension that the listener granted to others.
pub(super) fn may_favour(preview: &Preview<'_, '_>) -> bool {
    let refused = |granted: fn(&Handshake) -> Option<bool>| {
        granted(preview.judged) == Some(false) && preview.earlier.iter().any(|other| granted(other) == Some(true))
    };
    refused(ecn) || refused(fast_open)
}

pub(super) fn observe<D: Detail>(listener: &Listener<'_>, index: usize) -> impl Iterator<Item = Reading<D>> {
    let (handshake, granted) = (listener.handshakes[index], listener.granted);
    [("ECN", ecn(handshake), granted.ecn), ("Fast Open", fast_open(handshake), granted.fast_open)]
        .into_iter()
        .filter_map(move |(what, granted, others)| weigh(handshake, what, granted?, others))
}

fn weigh<D: Detail>(handshake: &Handshake, what: &str, granted: bool, others: usize) -> Option<Reading<D>> {
    if !granted && others == 0 {
        return None;
    }
    let weight = if granted { GRANTED } else { REFUSED };
    Some(Reading {
        cookie: weight,
        proxy: if granted { 0.0 } else { 1.0 },
        systematic: !granted,
        frames: D::frames([handshake.syn.as_ref()?.frame, handshake.syn_ack.as_ref()?.frame]),
        text: if granted {
            detail!(D, "the SYN-ACK grants {what}; a SYN cookie cannot")
        } else {
            detail!(D, "the SYN-ACK refuses {what}; this listener granted it in other handshakes ({others})")
        },
    })
}
