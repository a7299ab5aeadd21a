//! Findings that belong together, with a few examples of each kind kept: what a table has room for.

use std::collections::BTreeMap;

use syncookie_engine::{CauseKind, Confidence, Endpoint, Finding, Outcome, Timestamp, Verdict};

use crate::filter::Likeness;

/// Examples kept of each group.
const EXAMPLES: usize = 3;

/// Groups kept; a report on more is for programs, not for people.
const GROUPS: usize = 2_000;

/// The order of groups: by listener, verdict, outcome and first cause.
type Place = (Endpoint, Verdict, Outcome, Option<CauseKind>);

/// Findings that are alike, and ended alike.
#[derive(Debug)]
pub struct Group {
    pub likeness: Likeness,
    pub outcome: Outcome,
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub strongest: Option<Confidence>,
    /// The strongest, with the captures they are in.
    pub examples: Vec<(String, Finding)>,
}

/// All groups.
#[derive(Debug, Default)]
pub struct Groups {
    groups: BTreeMap<Place, Group>,
    /// Findings of which nothing is kept.
    pub beyond: u64,
}

impl Groups {
    /// Takes in a notable finding.
    pub fn add(&mut self, capture: &str, finding: &Finding) {
        let likeness = Likeness::from(finding);
        let place = (likeness.server, likeness.verdict, finding.outcome, likeness.cause);
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&place) {
            self.beyond += 1;
            return;
        }
        self.groups.entry(place).or_insert_with(|| Group::new(likeness, finding)).add(capture, finding);
    }

    /// The groups with a cookie-style verdict: those that can be relied on first, of these the resets.
    pub fn cookie_style(&self) -> Vec<&Group> {
        self.sorted(|group| group.likeness.verdict.is_cookie_style())
    }

    /// The groups of handshakes that failed and are not cookie-style: the largest first.
    pub fn failed(&self) -> Vec<&Group> {
        self.sorted(|group| !group.likeness.verdict.is_cookie_style())
    }

    /// All groups, by listener.
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
        Self { likeness, outcome, count: 0, first: time, last: time, strongest: None, examples: Vec::new() }
    }

    /// What puts a group before another: is it sure, does it hurt, how sure is it, how many are there.
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
        self.first = self.first.min(finding.time);
        self.last = self.last.max(finding.time);
        self.strongest = self.strongest.max(finding.assessment.confidence);
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
