//! A hypothesis under construction: its weight in nats, and the sentences behind it.
//!
//! Weights are logarithms of likelihood ratios against the other hypotheses. Frequencies of causes are not published,
//! so they come in the few steps below, each with what it stands for; what a stack does or does not do is read in its
//! source and named where it is used.

use crate::{Cause, CauseKind};

/// Fits a little better: three to two.
pub(crate) const HINTS: f64 = 0.5;
/// Fits better: three to one.
pub(crate) const LEANS: f64 = 1.0;
/// Seen seven times as often with this cause as with others.
pub(crate) const SPEAKS: f64 = 2.0;
/// Seen fifty times as often with this cause: the form a stack's source prescribes.
pub(crate) const STRONG: f64 = 4.0;
/// Contradicts it. A thousand to one and not more: captures lie, and counters are read on the wrong machine.
pub(crate) const EXCLUDES: f64 = 7.0;

/// See the module.
pub(super) struct Hypothesis {
    kind: CauseKind,
    nats: f64,
    supporting: Vec<String>,
    against: Vec<String>,
    not_observable: Vec<String>,
    ruled_out: bool,
}

impl Hypothesis {
    pub(super) fn new(kind: CauseKind, nats: f64, why: impl Into<String>) -> Self {
        Self {
            kind,
            nats,
            supporting: vec![why.into()],
            against: Vec::new(),
            not_observable: Vec::new(),
            ruled_out: false,
        }
    }

    /// Something that speaks for it, if it holds.
    pub(super) fn and(mut self, holds: bool, nats: f64, why: impl Into<String>) -> Self {
        if holds {
            self.nats += nats;
            self.supporting.push(why.into());
        }
        self
    }

    /// Something that speaks against it, if it holds.
    pub(super) fn but(mut self, holds: bool, nats: f64, why: impl Into<String>) -> Self {
        if holds {
            self.nats -= nats;
            self.against.push(why.into());
        }
        self
    }

    /// Something that contradicts it, if it holds: said before whatever else speaks against it.
    pub(super) fn unless(mut self, holds: bool, why: impl Into<String>) -> Self {
        if holds {
            self.ruled_out = true;
            self.nats -= EXCLUDES;
            self.against.insert(0, why.into());
        }
        self
    }

    /// What would tell, and could not be seen.
    pub(super) fn unseen(mut self, holds: bool, what: impl Into<String>) -> Self {
        if holds {
            self.not_observable.push(what.into());
        }
        self
    }

    pub(super) const fn kind(&self) -> CauseKind {
        self.kind
    }

    pub(super) fn finish(self, check: String) -> Cause {
        let Self { kind, nats, supporting, against, mut not_observable, ruled_out } = self;
        not_observable.extend(super::kernel::unread(kind));
        Cause { kind, nats, supporting, against, not_observable, ruled_out, check }
    }
}

/// Most probable first, what is ruled out last; equal ones stay in the order in which they were thought of.
pub(super) fn rank(causes: &mut [Cause]) {
    causes.sort_by(|a, b| a.ruled_out.cmp(&b.ruled_out).then(b.nats.total_cmp(&a.nats)));
}
