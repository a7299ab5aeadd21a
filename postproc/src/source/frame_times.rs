//! Times at which captures begin and end, by the frames there.
//!
//! A single frame may have a wrong time: damage, a card with a clock of its own, a format without
//! times. Such a time must not decide which file continues another.

use syncookie_engine::Timestamp;

/// Maximum difference in seconds to the times of the frames around it, beyond which a time is
/// wrong. No clock is set by more than a day while it is used, and no time zone is further away.
const NEAR: f64 = 86_400.0;

/// Number of frames that are compared: with two, it would not be known which is wrong.
const COMPARED: usize = 3;

/// Times of the first and of the last frames of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameTimes {
    /// Times of the first frames, in their order.
    first: [Option<Timestamp>; COMPARED],
    /// Times of the last frames, from the last frame backwards.
    last: [Option<Timestamp>; COMPARED],
}

impl FrameTimes {
    /// Creates the times of the first frames in their order, and of the last frames backwards.
    #[cfg(feature = "parquet")]
    pub fn new(first: impl IntoIterator<Item = Timestamp>, last: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut times = Self::default();
        times.first.iter_mut().zip(first).for_each(|(time, known)| *time = Some(known));
        times.last.iter_mut().zip(last).for_each(|(time, known)| *time = Some(known));
        times
    }

    /// Returns the times of the first frames in their order, and of the last frames backwards.
    #[cfg(feature = "parquet")]
    pub const fn both(&self) -> [[Option<Timestamp>; COMPARED]; 2] {
        [self.first, self.last]
    }

    /// Adds the times of the next frames.
    pub fn push_all(&mut self, times: impl DoubleEndedIterator<Item = Timestamp> + Clone) {
        let unknown = self.first.iter_mut().filter(|time| time.is_none());
        unknown.zip(times.clone()).for_each(|(first, time)| *first = Some(time));
        let mut latest = [None; COMPARED];
        let before = self.last.into_iter().flatten();
        latest.iter_mut().zip(times.rev().chain(before)).for_each(|(last, time)| *last = Some(time));
        self.last = latest;
    }

    /// Adds the times of what follows.
    #[cfg(feature = "parquet")]
    pub fn append(&mut self, next: &Self) {
        let all = |a: [Option<Timestamp>; COMPARED], b: [Option<Timestamp>; COMPARED]| a.into_iter().chain(b).flatten();
        *self = Self::new(all(self.first, next.first), all(next.last, self.last));
    }

    /// Returns whether the times of enough frames are known to judge the first of them.
    pub const fn has_start(&self) -> bool {
        self.first[COMPARED - 1].is_some()
    }

    /// Returns the time at which the capture begins; `None` without frames that have a time.
    pub fn start(&self) -> Option<Timestamp> {
        believable(self.first)
    }

    /// Returns the time at which the capture ends; `None` without frames that have a time.
    pub fn end(&self) -> Option<Timestamp> {
        believable(self.last)
    }

    /// Returns whether the earliest time of the capture is long before its start, or the latest one
    /// long after its end.
    pub fn is_exceeded_by(&self, earliest: Option<Timestamp>, latest: Option<Timestamp>) -> bool {
        let is_before = |(time, other): (Timestamp, Timestamp)| other.seconds_since(time) > NEAR;
        earliest.zip(self.start()).is_some_and(is_before) || self.end().zip(latest).is_some_and(is_before)
    }
}

/// Returns the first of the times, or the middle one if the first is far away from it.
fn believable(times: [Option<Timestamp>; COMPARED]) -> Option<Timestamp> {
    let [Some(first), Some(_), Some(_)] = times else { return times[0] };
    let mut sorted = times;
    sorted.sort_unstable();
    let middle = sorted[COMPARED / 2]?;
    Some(if first.seconds_since(middle).abs() <= NEAR { first } else { middle })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;
    const WRONG: i64 = u32::MAX as i64;

    /// Returns start and end in seconds, with the times added in groups of this size.
    fn range(seconds: &[i64], group: usize) -> (Option<i64>, Option<i64>) {
        let mut times = FrameTimes::default();
        for seconds in seconds.chunks(group) {
            times.push_all(seconds.iter().map(|second| Timestamp::from_nanos(second * 1_000_000_000)));
        }
        let second = |time: Timestamp| time.as_nanos() / 1_000_000_000;
        (times.start().map(second), times.end().map(second))
    }

    #[test]
    fn a_capture_lasts_from_its_first_frame_to_its_last_unless_their_times_are_wrong() {
        for group in 1..6 {
            for (seconds, start, end) in [
                (&[NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 4][..], NOW, NOW + 4),
                (&[NOW, NOW + 1], NOW, NOW + 1),
                (&[WRONG, NOW + 1, NOW + 2, NOW + 3], NOW + 2, NOW + 3),
                (&[NOW, WRONG, NOW + 2], NOW, NOW + 2),
                (&[NOW, NOW + 1, NOW + 2, WRONG], NOW, NOW + 2),
                (&[NOW, NOW + 1, 0], NOW, NOW),
                (&[NOW, NOW + 1, NOW - 3600], NOW, NOW - 3600),
            ] {
                assert_eq!(range(seconds, group), (Some(start), Some(end)), "{seconds:?} by {group}");
            }
        }
        assert_eq!(range(&[], 1), (None, None));
    }

    #[test]
    fn only_a_wrong_time_exceeds_the_range_of_a_capture() {
        let time = |second: i64| Some(Timestamp::from_nanos(second * 1_000_000_000));
        let mut times = FrameTimes::default();
        let seconds = [NOW, NOW + 1, NOW + 2, NOW + 899_999, NOW + 900_000];
        times.push_all(seconds.into_iter().filter_map(time));
        assert!(!times.is_exceeded_by(time(NOW), time(NOW + 900_000)), "a long capture");
        assert!(times.is_exceeded_by(time(0), time(NOW + 9)) && times.is_exceeded_by(time(NOW), time(WRONG)));
    }
}
