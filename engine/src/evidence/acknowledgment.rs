//! S21: a SYN-ACK that acknowledges a number that the client never sent.
//!
//! Devices in front of a server (HPE and Radware call it safe reset, Huawei has it too) challenge
//! an unknown client so: a real client answers with a reset that has the wrong number as its
//! sequence number (RFC 9293 section 3.10.7.3), and keeps trying. The device then lets its next SYN
//! pass.
//!
//! Fooled by: an old duplicate, that is, a SYN-ACK for an earlier SYN of the same four-tuple, whose
//! receiver resets in the same way (RFC 9293 section 3.5, figure 9). The tracker leaves it out
//! where the capture has the earlier SYN. Crafted packets, whose client does not reset.

use super::{Detail, Reading, detail};
use crate::connection::handshake::{Handshake, SynHeader};
use crate::listener::Listener;

/// P(old duplicate whose SYN the capture lacks | ordinary) = 1e-5, P(such a challenge | proxy) =
/// 0.02.
const ALONE: f64 = 7.5;
/// Old duplicates of several connections to one listener: P(ordinary) = 1e-7 for each.
const REPEATED: f64 = 12.0;
/// Handshakes of the listener that must have been refused for [`REPEATED`].
const ENOUGH: usize = 2;
/// Added weight where the SYN-ACK with the right number looks different: P(ordinary) = 0.05, two
/// hosts behind one address.
const OTHER_MACHINE: f64 = 3.0;
/// Weight where the client did not reset: crafted packets, or an incomplete capture.
const NOT_REFUSED: f64 = 2.0;
/// Weight against a cookie: a host acknowledges the SYN that it answers. The weight is finite
/// because captures can be wrong.
const COOKIE: f64 = -7.0;

/// Returns whether the judged SYN-ACK acknowledges a wrong number, which favours a proxy.
pub(super) fn may_favour(handshake: &Handshake, is_judged: bool) -> bool {
    is_judged && handshake.wrong_acknowledgment().is_some()
}

pub(super) fn observe<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let handshake = listener.handshakes[index];
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let wrong = handshake.wrong_acknowledgment()?;
    // A client that goes on with this SYN-ACK sent a SYN that the capture does not show.
    if handshake.ack.is_some() && wrong.accepted.is_none() {
        return None;
    }
    let is_other = wrong.accepted.as_ref().is_some_and(|accepted| is_other_machine(syn_ack, accepted));
    let (proxy, what) = match (&wrong.refusal, listener.refused_acknowledgments >= ENOUGH) {
        (None, _) => (NOT_REFUSED, "the client did not reset it"),
        (Some(_), false) => (ALONE, "the client reset it"),
        (Some(_), true) => (REPEATED, "the client reset it; other connections to this listener got such answers, too"),
    };
    Some(Reading {
        cookie: COOKIE,
        proxy: proxy + if is_other { OTHER_MACHINE } else { 0.0 },
        systematic: true,
        frames: D::frames([syn.frame, syn_ack.frame].into_iter().chain(wrong.refusal.map(|reset| reset.frame))),
        text: detail!(
            D,
            "the SYN-ACK acknowledges {}, but the client's SYN needs {}; {what}{}",
            syn_ack.ack,
            syn.isn.plus(1),
            if is_other { "; the next SYN-ACK, with the right number, looks different" } else { "" }
        ),
    })
}

/// Returns whether two SYN-ACKs for one SYN differ in what a host repeats: TTL, window, and the
/// length of the options.
fn is_other_machine(challenge: &SynHeader, accepted: &SynHeader) -> bool {
    challenge.ip.is_from_elsewhere(accepted.ip)
        || challenge.window != accepted.window
        || challenge.layout().len() != accepted.layout().len()
}
