//! Decides which capture of a series another one continues, for all captures at once and for
//! captures that arrive one after the other.
//!
//! The times of a series need not increase: a clock that is set back makes later files begin before
//! earlier ones. They do continue, however: a file begins where the one before it ends, whatever
//! the clock was set to in the meantime.

use std::collections::BTreeSet;

use syncookie_engine::Timestamp;

use super::series::PAUSE;

/// Ends of captures that no other continues yet.
#[derive(Debug, Default)]
pub struct OpenEnds(BTreeSet<(Timestamp, u64)>);

impl OpenEnds {
    /// Adds a capture under a number of its own.
    pub fn add(&mut self, end: Timestamp, capture: u64) {
        self.0.insert((end, capture));
    }

    /// Returns the capture that one with this start continues: of those that end before it, at most
    /// a pause ago, and that may be continued by it, the last. No other capture continues that one
    /// then.
    pub fn take(&mut self, start: Timestamp, may_continue: impl Fn(u64) -> bool) -> Option<u64> {
        let earliest = Timestamp::from_nanos(start.as_nanos().saturating_sub(PAUSE));
        let near = self.0.range((earliest, 0)..=(start, u64::MAX)).rev();
        let found = near.copied().find(|(_, capture)| may_continue(*capture))?;
        self.0.remove(&found);
        Some(found.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn a_capture_continues_the_one_that_ended_last_before_it_and_no_other_does() {
        let mut ends = OpenEnds::default();
        for (capture, end) in [(1, 1000), (2, 990), (3, 700), (4, 1001)] {
            ends.add(at(end), capture);
        }
        let mut next = || ends.take(at(1000), |_| true);
        assert_eq!([next(), next(), next(), next()], [Some(1), Some(2), Some(3), None], "4 ends too late");
        assert_eq!(ends.take(at(1302), |_| true), None, "a long pause");
        assert_eq!(ends.take(at(1301), |capture| capture != 4), None, "it may not");
        assert_eq!(ends.take(at(1301), |_| true), Some(4));
    }
}
