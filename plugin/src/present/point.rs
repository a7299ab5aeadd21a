//! Weighs the causes of a finding with where the capture was taken.

use std::borrow::Cow;

use syncookie_engine::{Cause, Finding};

use crate::settings::CapturePoint;

/// Returns the causes of a finding, weighed with the capture point.
pub fn causes(finding: &Finding, point: CapturePoint) -> Cow<'_, [Cause]> {
    if point == CapturePoint::Unknown || finding.causes.is_empty() {
        return Cow::Borrowed(&finding.causes);
    }
    let mut weighed = finding.clone();
    point.weigh(&mut weighed);
    Cow::Owned(weighed.causes)
}
