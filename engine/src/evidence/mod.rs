//! The signals, one file each: what it is, what it needs, how much it says and what fools it.
//!
//! A signal that cannot be observed yields nothing; a signal that is seen, or seen to be absent, yields a [`Signal`].

pub(crate) mod bits;
pub(crate) mod contrast;
pub(crate) mod extensions;
pub(crate) mod hop_limit;
pub(crate) mod identification;
mod isn;
pub(crate) mod isn_bits;
pub(crate) mod lag;
pub(crate) mod options;
mod repetition;
pub(crate) mod reset;
mod retry;
pub(crate) mod round_trip;
mod segment_size;
mod window;

mod zero_window;

use crate::sentences::Cited;
pub(crate) use crate::sentences::{Words, say};

use crate::listener::Listener;
use crate::{Evidence, EvidenceKind, Verdict};

/// Signals of one mechanism: they are added up, but no more than [`Group::cap`] of them counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// A window that is closed and opened later.
    ZeroWindow,
    /// Options the SYN-ACK has and lacks.
    Options,
    /// Timestamps of the SYN-ACK.
    Clock,
    /// Window computed anew.
    Window,
    /// Whether the server remembers having answered.
    Memory,
    /// Which machine sent it: hop limit, IP identification, reflected bytes.
    Machine,
    /// Initial sequence numbers.
    Isn,
    /// What the handshake was met with at its end.
    Reset,
}

impl Group {
    /// How many there are.
    pub(crate) const COUNT: usize = 8;

    /// Most nats the group may add for or against a hypothesis.
    pub(crate) const fn cap(self) -> f64 {
        match self {
            Self::ZeroWindow | Self::Machine | Self::Isn => 14.0,
            Self::Options | Self::Clock => 9.0,
            Self::Memory => 7.0,
            Self::Window => 5.0,
            Self::Reset => 4.0,
        }
    }
}

/// One signal, weighed: natural logarithms of the likelihood ratio against the ordinary handshake.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub kind: EvidenceKind,
    pub group: Group,
    /// For a cookie of the host.
    pub cookie: f64,
    /// For a proxy.
    pub proxy: f64,
    /// Whether something else than a cookie would produce it again and again on the same listener, so that its
    /// repetition adds nothing (a configuration, a path, a habit of the stack).
    pub habitual: bool,
    pub frames: Cited,
    pub detail: String,
}

impl Signal {
    /// What it tells about the listener's other handshakes.
    pub(crate) fn telling(&self) -> (Group, f64, f64) {
        let most = if self.habitual { 0.0 } else { f64::INFINITY };
        (self.group, self.cookie.min(most), self.proxy.min(most))
    }

    /// What it speaks for, and how strongly.
    pub(crate) fn bearing(&self) -> (Verdict, f64) {
        if self.cookie == 0.0 && self.proxy == 0.0 {
            (Verdict::Undetermined, 0.0)
        } else if self.cookie.max(self.proxy) <= 0.0 {
            (Verdict::Ordinary, -self.cookie.min(self.proxy))
        } else if self.proxy > self.cookie {
            (Verdict::SynProxy, self.proxy)
        } else {
            (Verdict::SynCookie, self.cookie)
        }
    }

    /// As it is reported.
    pub(crate) fn evidence(&self) -> Evidence {
        let (bearing, nats) = self.bearing();
        Evidence { kind: self.kind, bearing, nats, frames: self.frames.to_vec(), detail: self.detail.clone() }
    }
}

const _: () = assert!(EvidenceKind::ALL.len() <= u32::BITS as usize, "one bit for each kind");

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kinds(u32);

impl Kinds {
    pub(crate) const fn insert(&mut self, kind: EvidenceKind) {
        self.0 |= 1 << kind as u32;
    }

    pub(crate) const fn contains(self, kind: EvidenceKind) -> bool {
        self.0 & 1 << kind as u32 != 0
    }
}

/// Every signal that can be observed on the listener's handshake number `index`, in place of what stood in `signals`.
pub(crate) fn observe(listener: &Listener<'_>, index: usize, words: Words, signals: &mut Vec<Signal>) {
    signals.clear();
    let handshake = listener.handshakes[index];
    if handshake.syn_ack.is_none() || handshake.simultaneous {
        return;
    }
    signals.extend(zero_window::observe(handshake, words));
    signals.extend(zero_window::opened(handshake, words));
    signals.extend(options::observe(listener, index, words));
    signals.extend(lag::observe(listener, index, words));
    signals.extend(bits::observe(listener, index, words));
    signals.extend(window::observe(listener, index, words));
    signals.extend(segment_size::observe(handshake, words));
    signals.extend(extensions::observe(listener, handshake, words));
    signals.extend(repetition::observe(listener, handshake, words));
    signals.extend(hop_limit::observe(handshake, words));
    signals.extend(identification::observe(listener, handshake, words));
    signals.extend(isn::observe(handshake, words));
    signals.extend(isn_bits::observe(listener, handshake, words));
    signals.extend(round_trip::observe(listener, index, words));
    signals.extend(reset::observe(handshake, words));
    signals.extend(retry::observe(listener, index, words));
}
