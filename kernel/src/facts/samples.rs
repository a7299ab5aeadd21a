//! One sample of a kernel, or two to compare.

use super::{Difference, Facts};

/// Facts of one time, and of an earlier time to compare them with.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Earlier sample, if there is one.
    pub earlier: Option<Facts>,
    /// Later sample, or the only one.
    pub later: Facts,
    /// Remark on the order of the samples, if the order differs from that of the files or cannot be
    /// determined.
    pub remark: Option<String>,
}

impl Samples {
    /// Returns the two samples for comparison; `None` if there is only one.
    pub fn difference(&self) -> Option<Difference<'_>> {
        Some(Difference::between(self.earlier.as_ref()?, &self.later))
    }
}
