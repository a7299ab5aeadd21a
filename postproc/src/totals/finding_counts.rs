//! Number of findings by listener, verdict and most likely cause, for metrics.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use syncookie_engine::{Cause, CauseKind, Endpoint, Finding, Verdict};

/// Maximum number of listeners that are counted individually. A metrics server keeps a time series
/// for each of them and each of its verdicts and causes, and whoever scans ports chooses how many
/// listeners there are.
pub const LISTENERS: usize = 100;

/// Number of findings by verdict and most likely cause.
pub type ByCause = BTreeMap<(Verdict, Option<CauseKind>), u64>;

/// Numbers of findings.
#[derive(Clone, Debug, Default)]
pub struct FindingCounts {
    /// The first listeners with a finding.
    listeners: BTreeMap<Endpoint, ByCause>,
    /// All other listeners.
    others: ByCause,
}

impl FindingCounts {
    /// Counts a handshake if it is notable.
    pub fn add(&mut self, finding: &Finding) {
        if !finding.is_notable() {
            return;
        }
        let is_full = self.listeners.len() >= LISTENERS;
        let counts = match self.listeners.entry(finding.server) {
            Entry::Vacant(_) if is_full => &mut self.others,
            entry => entry.or_default(),
        };
        let cause = Cause::most_likely(&finding.causes).map(|cause| cause.kind);
        *counts.entry((finding.assessment.verdict, cause)).or_default() += 1;
    }

    /// Returns the counts of each listener, and those of all others last, without a listener.
    pub fn iter(&self) -> impl Iterator<Item = (Option<Endpoint>, &ByCause)> {
        let listeners = self.listeners.iter().map(|(listener, counts)| (Some(*listener), counts));
        listeners.chain([(None, &self.others)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totals::cross_capture::tests::unanswered;

    #[test]
    fn listeners_beyond_the_limit_are_counted_together() {
        let mut counts = FindingCounts::default();
        let mut finding = unanswered(0);
        for port in 1..=LISTENERS as u16 + 7 {
            finding.server.port = port;
            counts.add(&finding);
        }
        finding.server.port = 1;
        counts.add(&finding);
        let sums: Vec<u64> = counts.iter().map(|(_, by_cause)| by_cause.values().sum()).collect();
        assert_eq!((sums.len(), sums[0], sums[LISTENERS]), (LISTENERS + 1, 2, 7));
        assert_eq!(counts.iter().last().and_then(|(listener, _)| listener), None);
    }

    #[test]
    fn a_cause_that_is_ruled_out_and_an_ordinary_handshake_are_not_counted_as_such() {
        let mut counts = FindingCounts::default();
        let mut finding = unanswered(0);
        finding.causes.iter_mut().for_each(|cause| cause.ruled_out = true);
        counts.add(&finding);
        finding.causes.clear();
        counts.add(&finding);
        let [(listener, by_cause), _] = &counts.iter().collect::<Vec<_>>()[..] else { panic!("one listener") };
        assert_eq!(*listener, Some(finding.server));
        assert_eq!(by_cause.iter().collect::<Vec<_>>(), [(&(finding.assessment.verdict, None), &1)]);
    }
}
