//! A flood of SYNs, reported by number, time and rate instead of one by one.

use crate::Timestamp;

/// Maximum number of time steps; if more are needed, each step becomes twice as long.
pub const BINS: usize = 64;

/// Handshakes of a listener that never completed while it was flooded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flood {
    /// All such handshakes.
    pub handshakes: u64,
    /// Handshakes that were only counted, without a finding.
    pub counted: u64,
    /// Handshakes among them that failed. The capture cuts off the others.
    pub counted_failed: u64,
    /// Time of the first one's first frame.
    pub first: Timestamp,
    /// Time of the last one's first frame.
    pub last: Timestamp,
    /// Start of the first step, in seconds since the Unix epoch.
    pub start: i64,
    /// Seconds per step.
    pub step: i64,
    /// Handshakes in each step from [`Self::start`] on; at most 64 steps.
    pub counts: Vec<u64>,
}

impl Flood {
    /// Makes a flood without handshakes that starts at `time`.
    pub(crate) fn new(time: Timestamp) -> Self {
        let start = time.second();
        Self {
            handshakes: 0,
            counted: 0,
            counted_failed: 0,
            first: time,
            last: time,
            start,
            step: 1,
            counts: Vec::new(),
        }
    }

    /// Adds a handshake that has a finding.
    pub(crate) fn add(&mut self, time: Timestamp) {
        self.handshakes += 1;
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.add_at(time.second(), 1);
    }

    /// Adds a handshake that is only counted.
    pub(crate) fn count(&mut self, time: Timestamp, has_failed: bool) {
        self.add(time);
        self.counted += 1;
        self.counted_failed += u64::from(has_failed);
    }

    /// Removes a handshake that has a finding, because another capture shows it, too.
    pub fn remove(&mut self, time: Timestamp) {
        self.handshakes = self.handshakes.saturating_sub(1);
        let place = time.second().saturating_sub(self.start) / self.step.max(1);
        if let Some(count) = usize::try_from(place).ok().and_then(|place| self.counts.get_mut(place)) {
            *count = count.saturating_sub(1);
        }
    }

    /// Adds the same flood as seen in another part of the captures.
    pub fn merge(&mut self, other: &Self) {
        self.handshakes += other.handshakes;
        self.counted += other.counted;
        self.counted_failed += other.counted_failed;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (place, &count) in (0..).zip(&other.counts) {
            self.add_at(other.start.saturating_add(other.step.saturating_mul(place)), count);
        }
    }

    /// Returns the most handshakes in a second; where steps are longer, the mean of the busiest
    /// step.
    #[must_use]
    pub fn peak_rate(&self) -> u64 {
        self.counts.iter().max().map_or(0, |most| most / self.step.max(1) as u64)
    }

    fn add_at(&mut self, second: i64, count: u64) {
        if second < self.start {
            self.begin_at(second);
        }
        let place = |flood: &Self| second.saturating_sub(flood.start) / flood.step;
        while place(self) >= BINS as i64 {
            self.coarsen();
        }
        let place = place(self) as usize;
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += count;
    }

    /// Moves the start back, in whole steps.
    fn begin_at(&mut self, second: i64) {
        let steps = |flood: &Self| {
            let earlier = flood.start.saturating_sub(second);
            earlier / flood.step + i64::from(earlier % flood.step != 0)
        };
        while steps(self) + self.counts.len() as i64 > BINS as i64 {
            self.coarsen();
        }
        let steps = steps(self);
        self.counts.splice(0..0, (0..steps).map(|_| 0));
        self.start = self.start.saturating_sub(steps * self.step);
    }

    fn coarsen(&mut self) {
        self.counts = self.counts.chunks(2).map(|pair| pair.iter().sum()).collect();
        self.step = self.step.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_nanos(second * 1_000_000_000)
    }

    #[test]
    fn counts_stay_within_the_maximum_in_any_order_of_times() {
        let mut flood = Flood::new(at(5_000));
        for second in (0..10_000).rev().chain(10_000..20_000) {
            if second % 2 == 0 { flood.count(at(second), second % 4 == 0) } else { flood.add(at(second)) }
        }
        assert!(flood.counts.len() <= BINS && flood.step >= 256, "{flood:?}");
        assert_eq!((flood.counts.iter().sum(), flood.handshakes, flood.counted), (20_000_u64, 20_000, 10_000));
        assert_eq!(flood.counted_failed, 5_000);
        assert_eq!((flood.first, flood.last, flood.peak_rate()), (at(0), at(19_999), 1));
    }

    #[test]
    fn merging_two_parts_gives_the_whole() {
        let (mut whole, mut a, mut b) = (Flood::new(at(0)), Flood::new(at(0)), Flood::new(at(60)));
        for second in 0..120 {
            whole.add(at(second));
            if second < 60 { &mut a } else { &mut b }.add(at(second));
        }
        a.merge(&b);
        assert_eq!(a, whole);
    }

    #[test]
    fn extreme_times_do_not_overflow() {
        let mut flood = Flood::new(Timestamp::from_nanos(i64::MAX));
        flood.add(Timestamp::from_nanos(i64::MAX));
        flood.add(Timestamp::MIN);
        assert_eq!(flood.counts.iter().sum::<u64>(), 2);
    }

    #[test]
    fn a_removed_handshake_is_missing_in_its_second_alone() {
        let mut flood = Flood::new(at(10));
        [10, 10, 11].into_iter().for_each(|second| flood.add(at(second)));
        flood.remove(at(10));
        flood.remove(at(99));
        assert_eq!((flood.handshakes, flood.counts), (1, vec![1, 1]));
    }
}
