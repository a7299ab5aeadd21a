//! A signal as observed on one handshake, with its weights.

use super::{Detail, WithDetail};
use crate::{Evidence, EvidenceKind, Verdict};

/// Signals of one mechanism: they are added up, but no more than [`Group::cap`] of them counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// Window that is closed and opened later.
    ZeroWindow,
    /// Options the SYN-ACK has and lacks.
    Options,
    /// Timestamps of the SYN-ACK.
    Clock,
    /// Window that was recomputed on the ACK.
    Window,
    /// Whether the server keeps state about its SYN-ACK.
    Memory,
    /// Machine that sent the SYN-ACK: TTL or hop limit, IP identification, reflected bytes.
    Machine,
    /// Initial sequence numbers.
    Isn,
    /// Form of the reset.
    Reset,
}

impl Group {
    /// Number of groups.
    pub(crate) const COUNT: usize = 8;

    /// Returns the most nats that the group may add for or against a hypothesis.
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

/// What a signal shows on one handshake, as natural logarithms of the likelihood ratio against an
/// ordinary handshake.
pub(crate) struct Reading<D: Detail> {
    /// Nats for a cookie of the host.
    pub cookie: f64,
    /// Nats for a proxy.
    pub proxy: f64,
    /// Whether something else than a cookie would produce it again and again on the same listener,
    /// so that its repetition adds nothing (a configuration, a path, the usual behaviour of the
    /// stack).
    pub systematic: bool,
    pub frames: D::Frames,
    pub text: D::Text,
}

impl<D: Detail> Reading<D> {
    /// Returns the verdict that the signal favours, and by how many nats.
    pub(crate) fn favours(&self) -> (Verdict, f64) {
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

    /// Returns whether the signal favours a cookie or a proxy.
    pub(crate) fn is_cookie_style(&self) -> bool {
        self.cookie.max(self.proxy) > 0.0
    }

    /// Returns the part of the weights that is also evidence about the listener's other handshakes,
    /// in nats, for a cookie and for a proxy.
    pub(crate) const fn informative(&self) -> (f64, f64) {
        let most = if self.systematic { 0.0 } else { f64::INFINITY };
        (self.cookie.min(most), self.proxy.min(most))
    }
}

/// A signal as observed on one handshake.
pub(crate) struct Signal<D: Detail> {
    pub kind: EvidenceKind,
    pub group: Group,
    pub observed: Reading<D>,
}

impl Signal<WithDetail> {
    /// Returns the signal as it is reported, with its contribution to the verdict's log-odds.
    pub(crate) fn evidence(self, contribution: f64) -> Evidence {
        let (favours, nats) = self.observed.favours();
        let Reading { cookie, proxy, frames, text: detail, .. } = self.observed;
        Evidence {
            kind: self.kind,
            favours,
            nats,
            cookie_nats: cookie,
            proxy_nats: proxy,
            contribution,
            frames,
            detail,
        }
    }
}

const _: () = assert!(EvidenceKind::ALL.len() <= u32::BITS as usize, "one bit for each kind");

/// A set of kinds of signals.
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
