//! Decides which findings are reported, for every command.
//!
//! The rules apply in this order: `--filter`; whether an earlier run reported the finding
//! (`--follow --state`); whether another capture has the same packets (`--once`); whether an
//! earlier report has it (`--baseline`). Reports that do not show ordinary handshakes only count
//! them.

use std::collections::{HashMap, HashSet};

use syncookie_engine::{DetailLevel, Endpoint, Episode, Finding, Verdict};

use super::{Baseline, Filter, Unmatched};

/// Rules given on the command line.
#[derive(Debug, Default)]
pub struct Rules {
    /// `--filter`.
    pub filter: Filter,
    /// `--once`: whether a handshake is left out if another capture has the same packets.
    pub once: bool,
    /// `--baseline`: a report whose findings are left out.
    pub baseline: Option<Baseline>,
}

/// Decision about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Counted and reported.
    Report,
    /// Counted only: the report does not show ordinary handshakes.
    Count,
    /// Counted only: `--max-flood` handshakes of its listener's floods were reported.
    CountInFlood,
    /// Left out: it does not match `--filter`.
    FilteredOut,
    /// Left out: an earlier run reported it.
    ReportedBefore,
    /// Left out: another capture has the same packets.
    Duplicate,
    /// Left out: reports with a baseline contain only findings, and this handshake is ordinary and
    /// did not fail.
    Ordinary,
    /// Left out: the baseline has it.
    Known,
}

/// Decides finding by finding.
#[derive(Debug)]
pub struct Admission<'a> {
    rules: &'a Rules,
    detail: DetailLevel,
    /// Maximum number of flood handshakes that are reported per listener, and the number reported
    /// so far.
    max_flood: u64,
    flood: HashMap<Endpoint, u64>,
    /// Listeners and verdicts of the admitted findings, which decide about episodes. Kept only for
    /// a baseline.
    admitted: HashSet<(Endpoint, Verdict)>,
    /// Conditions on servers that no listener met so far.
    unmatched: Unmatched,
}

impl Rules {
    /// Returns whether every handshake, including ordinary ones, must be examined to know whether
    /// it is left out.
    #[must_use]
    pub fn select(&self) -> bool {
        self.once || self.filter.is_active()
    }
}

impl<'a> Admission<'a> {
    /// Creates an admission with these rules, for a report that shows ordinary handshakes with this
    /// detail.
    #[must_use]
    pub fn new(rules: &'a Rules, detail: DetailLevel) -> Self {
        let (flood, admitted) = (HashMap::new(), HashSet::new());
        let unmatched = Unmatched::new(&rules.filter.servers);
        Self { rules, detail, max_flood: u64::MAX, flood, admitted, unmatched }
    }

    /// Limits the number of flood handshakes that are reported per listener, if the engine does not
    /// limit it.
    pub fn set_max_flood(&mut self, max_flood: u64) {
        self.max_flood = max_flood;
    }

    /// Returns whether every ordinary handshake is left out or only counted, so that the engine
    /// need not create a finding of it. False if the rules must examine each one.
    #[must_use]
    pub fn needs_notable_only(&self) -> bool {
        !self.rules.select() && (self.rules.baseline.is_some() || self.detail == DetailLevel::Notable)
    }

    /// Decides about a finding that an earlier run may have reported. Calls `is_duplicate` at most
    /// once, and only for findings that match the filter, because it records them.
    pub fn decide(&mut self, finding: &Finding, was_reported: bool, is_duplicate: impl FnOnce() -> bool) -> Decision {
        let filter = &self.rules.filter;
        if !filter.servers.is_empty() {
            self.unmatched.add(finding.server, filter.admits_server(finding.server));
        }
        let is_wanted = filter.admits(finding);
        let is_duplicate = is_wanted && is_duplicate();
        if was_reported {
            return Decision::ReportedBefore;
        }
        if !is_wanted {
            return Decision::FilteredOut;
        }
        if is_duplicate {
            return Decision::Duplicate;
        }
        if let Some(baseline) = &self.rules.baseline {
            if !finding.is_notable() {
                return Decision::Ordinary;
            }
            if baseline.knows(finding) {
                return Decision::Known;
            }
            self.admitted.insert((finding.server, finding.assessment.verdict));
        }
        if finding.left_by_flood && self.max_flood != u64::MAX {
            let reported = self.flood.entry(finding.server).or_default();
            if *reported >= self.max_flood {
                return Decision::CountInFlood;
            }
            *reported += 1;
        }
        if self.detail == DetailLevel::Notable && !finding.is_notable() { Decision::Count } else { Decision::Report }
    }

    /// Returns the conditions on servers that no listener met.
    #[must_use]
    pub fn unmatched(&self) -> &Unmatched {
        &self.unmatched
    }

    /// Returns whether an episode is reported, once all findings were decided: it matches the
    /// filter, and with a baseline, a finding of its listener with its verdict was admitted.
    #[must_use]
    pub fn admits_episode(&self, episode: &Episode) -> bool {
        let is_new = self.rules.baseline.is_none() || self.admitted.contains(&(episode.server, episode.verdict));
        is_new && self.rules.filter.admits_episode(episode)
    }
}
