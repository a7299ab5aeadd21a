//! S10: whether the server remembers having answered.
//!
//! A half-open entry has a timer that repeats the SYN-ACK (RFC 9293 section 3.8.1); a cookie leaves no entry behind,
//! so nothing can repeat it but a repeated SYN. pf's synproxy, which does keep state, has no timer for it either.
//!
//! Fooled by: a SYN-ACK captured twice (left out by the tracker), a repeated SYN that the capture lost, one
//! direction only (then nothing is said), servers and floods with the retries turned down.

use super::{Group, Signal, Words, say};
use crate::EvidenceKind;
use crate::connection::handshake::Handshake;
use crate::listener::Listener;

/// P(timer | cookie): only by a repeated SYN that the capture lost.
const TIMER_COOKIE: f64 = -7.0;
/// Proxies that keep state exist.
const TIMER_PROXY: f64 = -4.0;
/// P(none | ordinary) where the listener repeats others: 0.02.
const NONE_UNLIKE_OTHERS: f64 = 3.9;
/// The same on a listener that never repeated any.
const NONE: f64 = 1.0;
/// Seconds of silence after which the second retransmission is overdue (1 s and 2 s, RFC 6298 section 5.5).
const SILENCE: f64 = 3.5;
/// Shortest time after which a retransmission timer fires, in seconds (Linux `TCP_TIMEOUT_INIT` 1 s; 0.8 s measured
/// with a deferred accept; Windows 300 ms at the least).
const SHORTEST_TIMER: f64 = 0.25;
/// A second answer with another ISN: P(ordinary) = 0.05, several hosts behind one address.
const ISN_CHANGED_PROXY: f64 = 2.0;

impl Handshake {
    /// The repetition by the server's own timer, where the capture shows the client's direction too.
    pub(crate) fn repeated_by_timer(&self) -> Option<&crate::connection::handshake::Retransmission> {
        self.rto_retransmission.as_deref().filter(|r| self.syn.is_some() && r.gap >= SHORTEST_TIMER)
    }
}

pub(super) fn observe<W: Words>(listener: &Listener<'_>, handshake: &Handshake) -> Option<Signal<W>> {
    let syn_ack = handshake.syn_ack.as_ref()?;
    if let Some(repeat) = handshake.repeated_by_timer() {
        return Some(Signal {
            kind: EvidenceKind::SynAckRetransmitted,
            group: Group::Memory,
            cookie: TIMER_COOKIE,
            proxy: TIMER_PROXY,
            habitual: true,
            frames: W::cite([syn_ack.frame, repeat.frame]),
            detail: say!(
                W,
                "SYN-ACK repeated after {:.2} s with no SYN in between: the server keeps state",
                repeat.gap
            ),
        });
    }
    if let Some(frame) = handshake.isn_changed {
        return Some(Signal {
            kind: EvidenceKind::IsnChanged,
            group: Group::Memory,
            cookie: 0.0,
            proxy: ISN_CHANGED_PROXY,
            habitual: true,
            frames: W::cite([syn_ack.frame, frame]),
            detail: say!(W, "the repeated SYN was answered with another ISN: the first answer was forgotten"),
        });
    }
    silent(listener, handshake)
}

fn silent<W: Words>(listener: &Listener<'_>, handshake: &Handshake) -> Option<Signal<W>> {
    let syn_ack = handshake.syn_ack.as_ref()?;
    let waited = listener.now.seconds_since(syn_ack.time);
    let unanswered = handshake.syn.is_some()
        && handshake.ack.is_none()
        && handshake.wrong_ack.is_none()
        && handshake.reset.is_none()
        && handshake.prompted_retransmission.is_none()
        && handshake.syn_retransmissions == 0;
    if !unanswered || waited < SILENCE {
        return None;
    }
    let unlike_others = listener.timer_repeats > 0;
    Some(Signal {
        kind: EvidenceKind::SynAckNotRetransmitted,
        group: Group::Memory,
        cookie: if unlike_others { NONE_UNLIKE_OTHERS } else { NONE },
        proxy: NONE,
        habitual: true,
        frames: W::cite([syn_ack.frame]),
        detail: say!(
            W,
            "nobody acknowledged the SYN-ACK and it was not repeated in {waited:.1} s{}",
            if unlike_others { ", while this listener repeated others" } else { "" }
        ),
    })
}
