//! The signals, one file each: what it is, what it needs, how much it says and what fools it.
//!
//! A signal that cannot be observed yields nothing; a signal that is seen, or seen to be absent, yields a [`Signal`].

pub(crate) mod chance;
pub(crate) mod detail;

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
pub(crate) mod segment_size;
mod window;

mod zero_window;

pub(crate) use crate::evidence::detail::{Said, Unsaid, Words, say};

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
pub(crate) struct Signal<W: Words> {
    pub kind: EvidenceKind,
    pub group: Group,
    /// For a cookie of the host.
    pub cookie: f64,
    /// For a proxy.
    pub proxy: f64,
    /// Whether something else than a cookie would produce it again and again on the same listener, so that its
    /// repetition adds nothing (a configuration, a path, a habit of the stack).
    pub habitual: bool,
    pub frames: W::Frames,
    pub detail: W::Sentence,
}

impl<W: Words> Signal<W> {
    /// What it tells about the listener's other handshakes: for a cookie, and for a proxy.
    pub(crate) const fn telling(&self) -> (f64, f64) {
        let most = if self.habitual { 0.0 } else { f64::INFINITY };
        (self.cookie.min(most), self.proxy.min(most))
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
}

impl Signal<Said> {
    /// As it is reported.
    pub(crate) fn evidence(self) -> Evidence {
        let (bearing, nats) = self.bearing();
        Evidence { kind: self.kind, bearing, nats, frames: self.frames, detail: self.detail }
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

/// Hands over every signal that can be observed on the listener's handshake number `index`.
pub(crate) fn observe<W: Words>(listener: &Listener<'_>, index: usize, mut take: impl FnMut(Signal<W>)) {
    let handshake = listener.handshakes[index];
    if handshake.syn_ack.is_none() || handshake.simultaneous {
        return;
    }
    zero_window::observe(handshake).into_iter().for_each(&mut take);
    zero_window::opened(handshake).into_iter().for_each(&mut take);
    options::observe(listener, index).into_iter().for_each(&mut take);
    lag::observe(listener, index).into_iter().for_each(&mut take);
    bits::observe(listener, index).into_iter().for_each(&mut take);
    window::observe(listener, index).into_iter().for_each(&mut take);
    segment_size::observe(handshake).into_iter().for_each(&mut take);
    extensions::observe(listener, handshake).for_each(&mut take);
    repetition::observe(listener, handshake).into_iter().for_each(&mut take);
    hop_limit::observe(handshake).into_iter().for_each(&mut take);
    identification::observe(listener, handshake).for_each(&mut take);
    isn::observe(handshake).for_each(&mut take);
    isn_bits::observe(listener, handshake).into_iter().for_each(&mut take);
    round_trip::observe(listener, index).into_iter().for_each(&mut take);
    reset::observe(handshake).into_iter().for_each(&mut take);
    retry::observe(listener, index).into_iter().for_each(&mut take);
}
