//! Reduces a finding to what the packets so far show.

use syncookie_engine::{Finding, Outcome};

/// Returns a finding without the conclusions that later packets may still change. *Unanswered* and
/// *unacknowledged* become *incomplete*. Causes are removed unless a reset ended the handshake,
/// because all packets of a connection are needed to judge what delayed or stopped it.
pub fn so_far(mut finding: Finding) -> Finding {
    if matches!(finding.outcome, Outcome::Unanswered | Outcome::Unacknowledged) {
        finding.outcome = Outcome::Incomplete;
    }
    if !finding.outcome.is_failure() {
        finding.causes.clear();
        finding.completion.has_failed = false;
    }
    finding
}
