//! What the packets so far show of a handshake.

use syncookie_engine::{Finding, Outcome};

/// Returns a finding without what later packets may still change: no packet shows that nothing
/// followed it, and what delayed a connection, or stopped it, is judged by all of its packets. A
/// reset ends it.
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
