//! What changed between two looks at one kernel.

use std::time::Duration;

use super::Facts;

/// How a counter changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It rose by so much.
    Rose(u64),
    /// It stayed as it was.
    Flat,
    /// One of the two does not tell, or it went down: another machine, another namespace, or a restart between them.
    Unknown,
}

/// Two looks at one kernel, the earlier one first.
#[derive(Clone, Copy, Debug)]
pub struct Difference<'a> {
    earlier: &'a Facts,
    later: &'a Facts,
}

impl<'a> Difference<'a> {
    /// Between two looks.
    pub fn between(earlier: &'a Facts, later: &'a Facts) -> Self {
        Self { earlier, later }
    }

    /// How a counter changed.
    pub fn of(&self, counter: &str) -> Change {
        if self.is_restart() {
            return Change::Unknown;
        }
        match (self.earlier.counter(counter), self.later.counter(counter)) {
            (Some(before), Some(after)) if before == after => Change::Flat,
            (Some(before), Some(after)) if before < after => Change::Rose(after - before),
            _ => Change::Unknown,
        }
    }

    /// The same as a number, where it is known.
    pub fn rise(&self, counter: &str) -> Option<u64> {
        match self.of(counter) {
            Change::Rose(by) => Some(by),
            Change::Flat => Some(0),
            Change::Unknown => None,
        }
    }

    /// Whether the machine was restarted between the two.
    pub fn is_restart(&self) -> bool {
        matches!((self.earlier.uptime, self.later.uptime), (Some(before), Some(after)) if after < before)
    }

    /// How long it was between the two, where both say when they were taken.
    pub fn time(&self) -> Option<Duration> {
        let nanos = self.later.taken_at?.as_nanos().checked_sub(self.earlier.taken_at?.as_nanos())?;
        u64::try_from(nanos).ok().map(Duration::from_nanos)
    }
}
