//! Builds a hypothesis: its weight in nats, and the sentences behind it.
//!
//! A weight is the logarithm of a likelihood ratio against the other hypotheses. How often each
//! cause occurs is not published, so weights come in the few steps below. What a stack does is read
//! in its source, which is named where the weight is given.
//!
//! For orientation, the bands of Kass and Raftery ("Bayes Factors", JASA 90, 1995, section 3.2), as
//! natural logarithms of the ratio: up to 1 not worth more than a mention, 1 to 3 positive, 3 to 5
//! strong, above 5 very strong.

use super::info::Subject;
use crate::connection::handshake::Side;
use crate::{Cause, CauseKind, Finding};

/// Ratio of about three to two.
pub(crate) const WEAK: f64 = 0.5;
/// Ratio of about three to one.
pub(crate) const MODERATE: f64 = 1.0;
/// Ratio of about seven to one.
pub(crate) const STRONG: f64 = 2.0;
/// Ratio of about fifty to one: the form that a stack's source prescribes.
pub(crate) const VERY_STRONG: f64 = 4.0;
/// Ratio of a thousand to one against a cause that is ruled out. Not more, because captures can be
/// wrong and counters can be read on the wrong machine.
pub(crate) const CONTRADICTED: f64 = 7.0;

/// Cause under construction.
pub(super) struct Hypothesis {
    cause: Cause,
    stuck_sender: Side,
    /// Check that replaces that of its kind.
    own_check: Option<&'static str>,
    /// Step that the check of its kind lacks, because it confirms only this case of it.
    further_step: Option<&'static str>,
}

impl Hypothesis {
    /// Starts a hypothesis with its weight before anything else is considered, and the reason to
    /// consider it.
    pub(super) fn new(kind: CauseKind, nats: f64, why: impl Into<String>) -> Self {
        let cause = Cause::without_evidence(kind);
        Self { cause, stuck_sender: Side::Server, own_check: None, further_step: None }.supported_by(true, nats, why)
    }

    /// Adds `nats` and the reason if `holds`.
    pub(super) fn supported_by(mut self, holds: bool, nats: f64, why: impl Into<String>) -> Self {
        if holds {
            self.cause.add_support(nats, why.into());
        }
        self
    }

    /// Subtracts `nats` and adds the reason if `holds`.
    pub(super) fn opposed_by(mut self, holds: bool, nats: f64, why: impl Into<String>) -> Self {
        if holds {
            self.cause.add_opposition(nats, why.into());
        }
        self
    }

    /// Rules the cause out if `holds`; the reason goes before the other reasons against it.
    pub(super) fn ruled_out_by(mut self, holds: bool, why: impl Into<String>) -> Self {
        if holds {
            self.cause.rule_out(why.into());
        }
        self
    }

    /// Records, if `holds`, something that would decide and that the capture cannot show.
    pub(super) fn not_observable(mut self, holds: bool, what: impl Into<String>) -> Self {
        if holds {
            self.cause.not_observable.push(what.into());
        }
        self
    }

    /// Makes it about large segments of this end that do not arrive.
    pub(super) fn of_segments_from(self, stuck_sender: Side) -> Self {
        Self { stuck_sender, ..self }
    }

    /// Replaces the check of its kind, which does not fit this case of it.
    pub(super) fn checked_by(self, check: &'static str) -> Self {
        Self { own_check: Some(check), ..self }
    }

    /// Adds a step to the check of its kind if `holds`.
    pub(super) fn confirmed_by(self, holds: bool, step: &'static str) -> Self {
        Self { further_step: holds.then_some(step).or(self.further_step), ..self }
    }

    /// Returns the end whose large segments do not arrive, if the cause is about them.
    pub(super) const fn stuck_sender(&self) -> Side {
        self.stuck_sender
    }

    /// Returns the check, with words in braces as in [`super::info::CauseInfo::check`].
    pub(super) const fn check(&self) -> &'static str {
        match self.own_check {
            Some(check) => check,
            None => self.cause.kind.info().check,
        }
    }

    /// Returns the kind of the cause.
    pub(super) const fn kind(&self) -> CauseKind {
        self.cause.kind
    }

    /// Returns the cause without the command that confirms it.
    pub(super) fn unfinished(self) -> Cause {
        self.cause
    }

    /// Completes the cause with the command that confirms it and the counters that were not given.
    pub(super) fn finish(mut self, mut check: String, missing_counters: impl Iterator<Item = String>) -> Cause {
        self.cause.not_observable.extend(missing_counters);
        if let Some(step) = self.further_step {
            check.push_str("; ");
            check.push_str(step);
        }
        Cause { check, ..self.cause }
    }
}

impl Cause {
    /// Creates a cause without evidence, with the command that confirms it.
    fn unweighed(kind: CauseKind, subject: &Subject) -> Self {
        Self { check: subject.check(kind.info().check), ..Self::without_evidence(kind) }
    }

    /// Returns the cause of that kind among the causes of a finding; adds it without evidence where
    /// it was not considered.
    pub(super) fn of_kind(finding: &mut Finding, kind: CauseKind) -> &mut Self {
        let subject = Subject { client: finding.client, server: finding.server, stuck_sender: Side::Server };
        let causes = &mut finding.causes;
        let place = causes.iter().position(|cause| cause.kind == kind).unwrap_or_else(|| {
            causes.push(Self::unweighed(kind, &subject));
            causes.len() - 1
        });
        &mut causes[place]
    }

    /// Adds `nats` and the reason.
    pub(super) fn add_support(&mut self, nats: f64, why: String) {
        self.nats += nats;
        self.supporting.push(why);
    }

    /// Subtracts `nats` and adds the reason.
    pub(super) fn add_opposition(&mut self, nats: f64, why: String) {
        self.nats -= nats;
        self.against.push(why);
    }

    /// Rules the cause out; the reason goes before the other reasons against it.
    pub(super) fn rule_out(&mut self, why: String) {
        self.rule_out_at(0, why);
    }

    /// Rules the cause out; the reason goes to that place among the reasons against it.
    pub(super) fn rule_out_at(&mut self, place: usize, why: String) {
        self.ruled_out = true;
        self.nats -= CONTRADICTED;
        self.against.insert(place, why);
    }
}

/// Sorts causes by weight, ruled-out ones last; causes of equal weight keep their order.
pub(super) fn rank(causes: &mut [Cause]) {
    causes.sort_by(|a, b| a.ruled_out.cmp(&b.ruled_out).then(b.nats.total_cmp(&a.nats)));
}

/// Returns the plural ending of a noun that `number` counts.
pub(super) fn plural(number: usize) -> &'static str {
    if number == 1 { "" } else { "s" }
}
