//! Properties by which findings of two reports are compared.

use syncookie_engine::{CauseKind, Endpoint, Finding, Verdict};

/// Properties that equal findings share. Clients, frames and times are not among them, because they
/// never repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Likeness {
    /// Address and port of the listener.
    pub server: Endpoint,
    /// Verdict: SYN cookie or SYN proxy, or another.
    pub verdict: Verdict,
    /// First cause of a failure.
    pub cause: Option<CauseKind>,
}

impl From<&Finding> for Likeness {
    fn from(finding: &Finding) -> Self {
        let cause = finding.causes.first().map(|cause| cause.kind);
        Self { server: finding.server, verdict: finding.assessment.verdict, cause }
    }
}
