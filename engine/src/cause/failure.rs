//! Distinguishes handshakes that failed from those that were only delayed or that ended as intended.

use super::case::Case;
use super::stall::Stall;
use crate::{Cause, CauseKind, Outcome};

/// Returns whether a handshake with these causes failed: it did not complete, or its connection made
/// no progress afterwards. A health check that ended as intended did not fail.
pub(super) fn has_failed(case: &Case<'_, '_>, outcome: Outcome, causes: &[Cause]) -> bool {
    let first = Cause::most_likely(causes).map(|cause| cause.kind);
    match outcome {
        Outcome::ResetByServer | Outcome::Refused | Outcome::Unanswered | Outcome::Unacknowledged => true,
        Outcome::ResetByClient => first != Some(CauseKind::HealthCheck),
        Outcome::Established | Outcome::Incomplete => match first {
            None | Some(CauseKind::HealthCheck | CauseKind::DeferredAccept) => false,
            Some(CauseKind::PathMtu | CauseKind::ServedNothing | CauseKind::InjectedReset) => true,
            // Other causes of a connection that is not stuck explain a delay.
            Some(_) => Stall::at(case, case.listener.now).is_some(),
        },
    }
}
