//! Handshakes that failed, and handshakes that were delayed: how many, since when, where, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::second_view::Counted;
use syncookie_engine::{Cause, CauseKind, Endpoint, Finding, Outcome, Timestamp};

/// Handshakes that failed, or handshakes that were delayed.
#[derive(Clone, Debug, Default)]
pub struct Affected {
    /// Number of handshakes.
    pub handshakes: u64,
    /// Number by outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; Outcome::ALL.len()],
    /// Times of the first frames of the first and the last affected handshake.
    pub range: Option<(Timestamp, Timestamp)>,
    /// Listeners of the affected handshakes.
    pub listeners: BTreeSet<Endpoint>,
    /// Most likely causes of these handshakes.
    pub causes: BTreeMap<CauseKind, CauseCount>,
}

/// Handshakes with the same most likely cause.
#[derive(Clone, Debug, Default)]
pub struct CauseCount {
    /// Number of handshakes.
    pub handshakes: u64,
    /// Number of these handshakes that a SYN flood hindered, and that are not part of it.
    pub hindered: u64,
    /// Check that confirms the cause, for the first affected handshake.
    pub check: String,
    /// Rival of the cause of that handshake.
    pub rival: Option<(CauseKind, f64)>,
}

/// Returns the cause that is the next most likely one, unless it is ruled out, and how much less
/// probable it is than the first, in nats.
#[must_use]
pub fn rival(causes: &[Cause]) -> Option<(CauseKind, f64)> {
    let [first, second, ..] = causes else { return None };
    (!second.ruled_out).then_some((second.kind, first.nats - second.nats))
}

impl Affected {
    /// Counts a handshake. A cause that is ruled out is not counted.
    pub fn add(&mut self, finding: &Finding) {
        let time = finding.time;
        self.handshakes += 1;
        self.outcomes[finding.outcome as usize] += 1;
        self.range = Some(self.range.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
        self.listeners.insert(finding.server);
        if let Some(cause) = Cause::most_likely(&finding.causes) {
            let count = self.causes.entry(cause.kind).or_default();
            count.handshakes += 1;
            count.hindered += u64::from(is_hindered_by_flood(finding));
            if count.check.is_empty() {
                count.check.clone_from(&cause.check);
                count.rival = rival(&finding.causes);
            }
        }
    }

    /// Takes a handshake out of the counts.
    pub fn remove(&mut self, counted: &Counted) {
        self.handshakes = self.handshakes.saturating_sub(1);
        let outcome = &mut self.outcomes[counted.outcome as usize];
        *outcome = outcome.saturating_sub(1);
        let Some(cause) = counted.likely_cause else { return };
        if let Some(count) = self.causes.get_mut(&cause) {
            count.handshakes = count.handshakes.saturating_sub(1);
            count.hindered = count.hindered.saturating_sub(u64::from(counted.is_hindered_by_flood()));
        }
        self.causes.retain(|_, count| count.handshakes > 0);
    }

    /// Adds the counts of others.
    pub fn merge(&mut self, others: &Self) {
        self.handshakes += others.handshakes;
        for (sum, number) in self.outcomes.iter_mut().zip(others.outcomes) {
            *sum += number;
        }
        let ranges = [self.range, others.range].into_iter().flatten();
        self.range = ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        self.listeners.extend(&others.listeners);
        for (kind, count) in &others.causes {
            let sum = self.causes.entry(*kind).or_default();
            sum.handshakes += count.handshakes;
            sum.hindered += count.hindered;
            if sum.check.is_empty() {
                sum.check.clone_from(&count.check);
                sum.rival = count.rival;
            }
        }
    }

    /// Returns the most frequent of the most likely causes.
    #[must_use]
    pub fn most_frequent(&self) -> Option<(CauseKind, &CauseCount)> {
        // The first of equally frequent ones.
        self.causes.iter().rev().max_by_key(|(_, count)| count.handshakes).map(|(kind, count)| (*kind, count))
    }
}

/// Returns whether a SYN flood is the most likely cause of a handshake that is not part of the flood.
#[must_use]
pub fn is_hindered_by_flood(finding: &Finding) -> bool {
    let cause = Cause::most_likely(&finding.causes).map(|cause| cause.kind);
    cause == Some(CauseKind::SynFlood) && !finding.is_part_of_flood()
}

/// Returns whether a handshake was delayed and did not fail.
#[must_use]
pub fn is_delayed(finding: &Finding) -> bool {
    let is_late = Cause::most_likely(&finding.causes).is_some_and(|cause| cause.kind != CauseKind::HealthCheck);
    finding.outcome == Outcome::Established && !finding.completion.has_failed && is_late
}
