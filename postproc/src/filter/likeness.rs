//! What makes two findings alike.

use syncookie_engine::{CauseKind, Endpoint, Finding, Verdict};

/// What findings that are alike have in common. Addresses and ports of clients, frames and times are not part of it: they
/// are never the same twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Likeness {
    /// Address and port of the listener.
    pub server: Endpoint,
    /// Who answered.
    pub verdict: Verdict,
    /// The first of the hypotheses on a failure.
    pub cause: Option<CauseKind>,
}

impl From<&Finding> for Likeness {
    fn from(finding: &Finding) -> Self {
        let cause = finding.causes.first().map(|cause| cause.kind);
        Self { server: finding.server, verdict: finding.assessment.verdict, cause }
    }
}
