//! S20: ECN and Fast Open, which cookies lose, against the listener's other answers.
//!
//! A Linux cookie has room for ECN only in a timestamp (`ecn_ok` is off without one), and ignores Fast Open requests
//! (tcp_input.c `tcp_conn_request`: `want_cookie ? NULL : &foc`).
//!
//! Fooled by: middleboxes that clear ECN or strip option 34 for some clients.

use super::{Group, Signal, Words, say};
use crate::EvidenceKind;
use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::packet::segment::Flags;

/// P(refused | ordinary) where the listener grants it to others: 0.02.
const REFUSED: f64 = 3.9;
/// P(granted | Linux cookie) is nil; captures lie.
const GRANTED: f64 = -5.0;

/// What the listener grants.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Grants {
    ecn: usize,
    fast_open: usize,
}

impl Grants {
    pub(crate) fn add(&mut self, handshake: &Handshake) {
        self.ecn += usize::from(ecn(handshake) == Some(true));
        self.fast_open += usize::from(fast_open(handshake) == Some(true));
    }
}

/// Whether ECN was granted to a client without timestamps that asked for it (RFC 3168 section 6.1.1).
fn ecn(handshake: &Handshake) -> Option<bool> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let asked = syn.flags.has(Flags::ECE | Flags::CWR) && syn.options.timestamps.is_none();
    asked.then(|| syn_ack.flags.has(Flags::ECE) && !syn_ack.flags.has(Flags::CWR))
}

/// Whether a Fast Open request was answered.
fn fast_open(handshake: &Handshake) -> Option<bool> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    syn.options.fast_open.then_some(syn_ack.options.fast_open)
}

pub(super) fn observe<W: Words>(listener: &Listener<'_>, handshake: &Handshake) -> impl Iterator<Item = Signal<W>> {
    let grants = listener.grants;
    [("ECN", ecn(handshake), grants.ecn), ("Fast Open", fast_open(handshake), grants.fast_open)]
        .into_iter()
        .filter_map(move |(what, granted, others)| weigh(handshake, what, granted?, others))
}

fn weigh<W: Words>(handshake: &Handshake, what: &str, granted: bool, others: usize) -> Option<Signal<W>> {
    if !granted && others == 0 {
        return None;
    }
    let weight = if granted { GRANTED } else { REFUSED };
    Some(Signal {
        kind: EvidenceKind::ExtensionRefused,
        group: Group::Options,
        cookie: weight,
        proxy: if granted { 0.0 } else { 1.0 },
        habitual: !granted,
        frames: W::cite([handshake.syn.as_ref()?.frame, handshake.syn_ack.as_ref()?.frame]),
        detail: if granted {
            say!(W, "{what} was granted, which a cookie cannot do")
        } else {
            say!(W, "{what} was asked for and refused, though this listener granted it {others} times")
        },
    })
}
