//! S10: retransmissions of the SYN-ACK, which show whether the server keeps state.
//!
//! A half-open entry has a timer that repeats the SYN-ACK (RFC 9293 section 3.8.1); a cookie leaves
//! no entry behind, so nothing can repeat it but a repeated SYN. pf's synproxy, which does keep
//! state, has no timer for it either.
//!
//! Fooled by: a SYN-ACK captured twice (left out by the tracker), a repeated SYN that the capture
//! lost, one direction only (then nothing is said), servers and floods with the retries turned
//! down.

use super::{Detail, Reading, detail};
use crate::connection::handshake::Handshake;
use crate::listener::{Listener, retransmission};

/// Weight of a retransmission on timeout, for a cookie: it is possible only if the capture lost a
/// retransmitted SYN.
const TIMER_COOKIE: f64 = -7.0;
/// Weight of a retransmission on timeout, for a proxy: some proxies keep state.
const TIMER_PROXY: f64 = -4.0;
/// Weight of a missing retransmission, for a cookie: P(none | ordinary) = 0.02 where the listener
/// retransmits others.
const NONE_UNLIKE_OTHERS: f64 = 3.9;
/// Weight of a missing retransmission on a listener that never retransmitted a SYN-ACK.
const NONE: f64 = 1.0;
/// Seconds of silence after which the second retransmission is overdue (1 s and 2 s, RFC 6298
/// section 5.5).
const SILENCE: f64 = 3.5;
/// A second answer with another ISN: P(ordinary) = 0.05, several hosts behind one address.
const ISN_CHANGED_PROXY: f64 = 2.0;

pub(super) fn by_timer<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let (syn_ack, again) = (handshake.syn_ack.as_ref()?, retransmission::by_timer(handshake)?);
    Some(Reading {
        cookie: TIMER_COOKIE,
        proxy: TIMER_PROXY,
        systematic: true,
        frames: D::frames([syn_ack.frame, again.frame]),
        text: detail!(
            D,
            "the server retransmitted the SYN-ACK after {:.2} s with no SYN in between: it keeps state",
            again.gap()
        ),
    })
}

pub(super) fn isn_changed<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let (syn_ack, frame) = (handshake.syn_ack.as_ref()?, handshake.isn_changed()?);
    if retransmission::by_timer(handshake).is_some() {
        return None;
    }
    Some(Reading {
        cookie: 0.0,
        proxy: ISN_CHANGED_PROXY,
        systematic: true,
        frames: D::frames([syn_ack.frame, frame]),
        text: detail!(D, "the retransmitted SYN was answered with another ISN: the first SYN-ACK left no state"),
    })
}

/// Returns whether nothing at all followed the SYN-ACK.
fn is_unanswered(handshake: &Handshake) -> bool {
    handshake.syn.is_some()
        && handshake.ack.is_none()
        && handshake.wrong_ack.is_none()
        && handshake.reset.is_none()
        && handshake.isn_changed().is_none()
        && handshake.prompted_retransmission.is_none()
        && handshake.syn_retransmissions == 0
        && retransmission::by_timer(handshake).is_none()
}

pub(super) fn silent<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let handshake = listener.handshakes[index];
    let syn_ack = handshake.syn_ack.as_ref()?;
    let waited = listener.now.seconds_since(syn_ack.time);
    if !is_unanswered(handshake) || waited < SILENCE {
        return None;
    }
    let unlike_others = listener.rto_retransmissions > 0;
    Some(Reading {
        cookie: if unlike_others { NONE_UNLIKE_OTHERS } else { NONE },
        proxy: NONE,
        systematic: true,
        frames: D::frames([syn_ack.frame]),
        text: detail!(
            D,
            "the SYN-ACK was neither acknowledged nor retransmitted within {waited:.1} s{}",
            if unlike_others { "; this listener retransmitted others" } else { "" }
        ),
    })
}
