//! Groups of similar findings, with a few examples of each, as a table shows them.

use std::collections::BTreeMap;

use syncookie_engine::{CauseKind, Confidence, Endpoint, Finding, Outcome, Timestamp, Verdict};

use crate::filter::Likeness;
use crate::totals::affected::is_hindered_by_flood;
use crate::totals::second_view::SecondView;

/// Maximum number of examples of each group.
const EXAMPLES: usize = 3;

/// Maximum number of groups; a longer report is for programs, not for people.
const GROUPS: usize = 2_000;

/// Order of groups: by listener, verdict, outcome and first cause.
type Place = (Endpoint, Verdict, Outcome, Option<CauseKind>);

/// Findings with the same listener, verdict, outcome and first cause.
#[derive(Debug)]
pub struct Group {
    pub likeness: Likeness,
    pub outcome: Outcome,
    pub count: u64,
    /// Number of handshakes that failed, and were not only delayed.
    pub failed: u64,
    /// Number of SYN cookies and SYN proxies at `likely` or above.
    pub reliable: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub strongest: Option<Confidence>,
    /// Number of handshakes that a SYN flood hindered, and that are not part of it.
    pub hindered: u64,
    /// First of them, with the name of its capture.
    pub first_hindered: Option<(String, Finding)>,
    /// Strongest findings, with the names of their captures.
    pub examples: Vec<(String, Finding)>,
}

/// Groups of all findings.
#[derive(Debug, Default)]
pub struct Groups {
    groups: BTreeMap<Place, Group>,
    /// Number of findings that belong to no group that is kept.
    pub beyond: u64,
}

impl Groups {
    /// Adds a notable finding.
    pub fn add(&mut self, capture: &str, finding: &Finding) {
        let likeness = Likeness::from(finding);
        let place = (likeness.server, likeness.verdict, finding.outcome, likeness.cause);
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&place) {
            self.beyond += 1;
            return;
        }
        self.groups.entry(place).or_insert_with(|| Group::new(likeness, finding)).add(capture, finding);
    }

    /// Takes a finding out of the counts. Its group keeps its examples, unless it was the only
    /// finding.
    pub fn remove(&mut self, view: &SecondView) {
        let counted = &view.counted;
        let place = (view.server, counted.verdict, counted.outcome, counted.first_cause);
        let Some(group) = self.groups.get_mut(&place).filter(|_| counted.is_notable()) else { return };
        group.count = group.count.saturating_sub(1);
        group.failed = group.failed.saturating_sub(u64::from(counted.has_failed));
        group.reliable = group.reliable.saturating_sub(u64::from(counted.is_reliable));
        group.hindered = group.hindered.saturating_sub(u64::from(counted.is_hindered_by_flood()));
        if group.count == 0 {
            self.groups.remove(&place);
        }
    }

    /// Returns the groups with a SYN cookie or SYN proxy verdict: those at `likely` or above first,
    /// and resets first among them.
    pub fn cookie_style(&self) -> Vec<&Group> {
        self.sorted(|group| group.likeness.verdict.is_cookie_style())
    }

    /// Returns the groups of failed handshakes with other verdicts, the largest first.
    pub fn failed(&self) -> Vec<&Group> {
        self.sorted(|group| !group.likeness.verdict.is_cookie_style())
    }

    /// Returns all groups, by listener.
    pub fn all(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    fn sorted(&self, wanted: impl Fn(&Group) -> bool) -> Vec<&Group> {
        let mut groups: Vec<_> = self.groups.values().filter(|group| wanted(group)).collect();
        // Stable, so that groups of equal weight keep the order of their listeners.
        groups.sort_by_key(|group| std::cmp::Reverse(group.weight()));
        groups
    }
}

impl Group {
    fn new(likeness: Likeness, finding: &Finding) -> Self {
        let Finding { outcome, time, .. } = *finding;
        Self {
            likeness,
            outcome,
            count: 0,
            failed: 0,
            reliable: 0,
            first: time,
            last: time,
            strongest: None,
            hindered: 0,
            first_hindered: None,
            examples: Vec::new(),
        }
    }

    /// Returns whether all findings of the group are examples, and all are of this kind. A scan tries
    /// each listener once or twice.
    pub fn has_only(&self, is_of_kind: impl Fn(&Finding) -> bool) -> bool {
        self.count as usize <= self.examples.len() && self.examples.iter().all(|(_, finding)| is_of_kind(finding))
    }

    /// Returns how many of its handshakes completed, and their connections made no progress afterwards.
    pub fn stuck(&self) -> u64 {
        if self.outcome.is_failure() { 0 } else { self.failed }
    }

    /// Returns the weight of a group: confident findings, then failures, then confidence, then the
    /// number of findings.
    fn weight(&self) -> (bool, u8, Option<Confidence>, u64) {
        let confidence = self.strongest.filter(|_| self.likeness.verdict.is_cookie_style());
        let pain = match self.outcome {
            Outcome::ResetByServer => 3,
            Outcome::ResetByClient | Outcome::Refused | Outcome::Unanswered => 2,
            Outcome::Established => 1,
            Outcome::Unacknowledged | Outcome::Incomplete => 0,
        };
        (confidence >= Some(Confidence::Likely), pain, confidence, self.count)
    }

    fn add(&mut self, capture: &str, finding: &Finding) {
        self.count += 1;
        self.failed += u64::from(finding.completion.has_failed);
        self.reliable += u64::from(finding.is_reliable());
        self.first = self.first.min(finding.time);
        self.last = self.last.max(finding.time);
        self.strongest = self.strongest.max(finding.assessment.confidence);
        if is_hindered_by_flood(finding) {
            self.hindered += 1;
            self.first_hindered.get_or_insert_with(|| (capture.into(), finding.clone()));
        }
        if self.examples.len() < EXAMPLES {
            self.examples.push((capture.into(), finding.clone()));
        } else if let Some(weakest) = self.examples.last_mut()
            && strength(finding) > strength(&weakest.1)
        {
            *weakest = (capture.into(), finding.clone());
        }
        self.examples.sort_by(|(_, a), (_, b)| strength(b).total_cmp(&strength(a)));
    }
}

fn strength(finding: &Finding) -> f64 {
    finding.assessment.log_odds.unwrap_or(0.0)
}
