//! Handshakes by which a connection would be counted twice, because another capture shows it, too.

use syncookie_engine::{Cause, CauseKind, Endpoint, Finding, Frame, Outcome, Timestamp, Verdict};

use super::affected::is_delayed;
use super::scans::is_probe;

/// Handshake of a connection that is counted by its handshake in another capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondView {
    /// Endpoint that sent the SYN.
    pub client: Endpoint,
    /// Endpoint that the SYN was sent to.
    pub server: Endpoint,
    /// Time of its first frame.
    pub time: Timestamp,
    /// Frame of the SYN-ACK, otherwise of the SYN.
    pub frame: Frame,
    /// How it was counted.
    pub counted: Counted,
}

#[cfg(test)]
impl SecondView {
    /// Returns the view of a finding.
    pub(crate) fn of(finding: &Finding) -> Self {
        let Finding { client, server, time, frames, .. } = *finding;
        Self { client, server, time, frame: frames.syn_ack.unwrap_or_default(), counted: finding.into() }
    }
}

/// Properties by which a handshake was counted, to take it out of the counts again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Who answered the SYN.
    pub verdict: Verdict,
    /// Whether a SYN cookie or SYN proxy is `likely` or above.
    pub is_reliable: bool,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether it failed.
    pub has_failed: bool,
    /// Whether it was delayed and did not fail.
    pub is_delayed: bool,
    /// Whether a SYN flood left it incomplete.
    pub left_by_flood: bool,
    /// Whether it is one of those that make a SYN flood.
    pub is_part_of_flood: bool,
    /// Whether it failed as those of scans do.
    pub is_probe: bool,
    /// First cause, even if it is ruled out.
    pub first_cause: Option<CauseKind>,
    /// Most likely cause.
    pub likely_cause: Option<CauseKind>,
    /// What the capture lacks, for `undetermined`.
    pub missing: Vec<&'static str>,
}

impl Counted {
    /// Returns the same as [`super::affected::is_hindered_by_flood`].
    #[must_use]
    pub fn is_hindered_by_flood(&self) -> bool {
        self.likely_cause == Some(CauseKind::SynFlood) && !self.is_part_of_flood
    }

    /// Returns whether there is something to report.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        self.verdict.is_cookie_style() || self.first_cause.is_some()
    }
}

impl From<&Finding> for Counted {
    fn from(finding: &Finding) -> Self {
        Self {
            verdict: finding.assessment.verdict,
            is_reliable: finding.is_reliable(),
            outcome: finding.outcome,
            has_failed: finding.completion.has_failed,
            is_delayed: is_delayed(finding),
            left_by_flood: finding.left_by_flood,
            is_part_of_flood: finding.is_part_of_flood(),
            is_probe: is_probe(finding),
            first_cause: finding.causes.first().map(|cause| cause.kind),
            likely_cause: Cause::most_likely(&finding.causes).map(|cause| cause.kind),
            missing: finding.assessment.missing.clone(),
        }
    }
}
