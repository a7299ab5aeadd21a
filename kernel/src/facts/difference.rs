//! Changes between two samples of one kernel.

use std::time::Duration;

use super::Facts;

/// Change of a counter between two samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The counter increased by this much.
    Increased(u64),
    /// The counter has the same value in both samples.
    Unchanged,
    /// A sample lacks the counter, or the counter decreased: the samples are of different machines
    /// or namespaces, or the machine restarted between them.
    Unknown,
}

/// Two samples of one kernel, to be compared.
#[derive(Clone, Copy, Debug)]
pub struct Difference<'a> {
    earlier: &'a Facts,
    later: &'a Facts,
}

impl<'a> Difference<'a> {
    /// Compares two samples.
    pub fn between(earlier: &'a Facts, later: &'a Facts) -> Self {
        Self { earlier, later }
    }

    /// Returns the later sample.
    pub(super) fn later(&self) -> &'a Facts {
        self.later
    }

    /// Returns how a counter changed.
    pub fn change(&self, counter: &str) -> Change {
        if !self.is_comparable() {
            return Change::Unknown;
        }
        match (self.earlier.counter(counter), self.later.counter(counter)) {
            (Some(before), Some(after)) if before == after => Change::Unchanged,
            (Some(before), Some(after)) if before < after => Change::Increased(after - before),
            _ => Change::Unknown,
        }
    }

    /// Returns by how much a counter increased; `None` if that is unknown.
    pub fn increase(&self, counter: &str) -> Option<u64> {
        match self.change(counter) {
            Change::Increased(by) => Some(by),
            Change::Unchanged => Some(0),
            Change::Unknown => None,
        }
    }

    /// Returns whether both samples count from the same start: the machine did not restart between
    /// them, and they are of the same namespace, as far as the samples say.
    pub fn is_comparable(&self) -> bool {
        !self.is_restart() && !self.is_other_namespace() && !self.earlier.is_unrelated
    }

    /// Returns whether the machine restarted between the two samples, judged by its uptime.
    pub fn is_restart(&self) -> bool {
        matches!((self.earlier.uptime, self.later.uptime), (Some(before), Some(after)) if after < before)
    }

    /// Returns whether the two samples are of different network namespaces, which have their own
    /// counters.
    pub fn is_other_namespace(&self) -> bool {
        match (self.earlier.namespace_id, self.later.namespace_id) {
            (Some(before), Some(after)) => before != after,
            _ => matches!((&self.earlier.namespace, &self.later.namespace), (Some(a), Some(b)) if a != b),
        }
    }

    /// Returns the time between the two samples; `None` if one does not say when it was taken, or
    /// the later one was taken first.
    pub fn elapsed(&self) -> Option<Duration> {
        let elapsed = self.later.taken_at?.duration_since(self.earlier.taken_at?);
        Duration::try_from(elapsed).ok()
    }
}
