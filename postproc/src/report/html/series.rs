//! Handshakes over time, in buckets that widen with the time range: memory does not grow with it.

use std::collections::BTreeMap;

use syncookie_engine::{Endpoint, Finding, Outcome, Timestamp, Verdict};

use crate::totals::second_view::{Counted, SecondView};

/// Maximum number of buckets of a listener.
const BUCKETS: i64 = 240;

/// Number of listeners with buckets of their own. When there are twice as many, the less important
/// half is dropped.
const LISTENERS: usize = 512;

/// Widths of buckets in nanoseconds. Each divides the next, so that buckets can be merged.
const WIDTHS: [i64; 19] = {
    const MS: i64 = 1_000_000;
    const S: i64 = 1_000 * MS;
    const DAY: i64 = 86_400 * S;
    [
        MS,
        2 * MS,
        10 * MS,
        20 * MS,
        100 * MS,
        200 * MS,
        S,
        2 * S,
        10 * S,
        20 * S,
        60 * S,
        120 * S,
        600 * S,
        3_600 * S,
        21_600 * S,
        DAY,
        10 * DAY,
        100 * DAY,
        1_000 * DAY,
    ]
};

/// Places of the counts that follow those of verdicts: failures by how they ended, without those of
/// SYN floods; then handshakes that were delayed.
const UNFINISHED: usize = Verdict::ALL.len();
const RESET: usize = UNFINISHED + 1;
const FAILED_OTHERWISE: usize = UNFINISHED + 2;
const DELAYED: usize = UNFINISHED + 3;

/// Place of the longest time that a handshake took, in microseconds.
const LONGEST: usize = UNFINISHED + 4;

/// Number of values of a bucket.
pub const VALUES: usize = LONGEST + 1;

/// Values of a bucket.
type Bucket = [u32; VALUES];

/// Handshakes of one listener over time.
#[derive(Debug, Default)]
pub struct Series {
    /// Index into [`WIDTHS`].
    width: usize,
    buckets: BTreeMap<i64, Bucket>,
    cookie_style: u64,
    handshakes: u64,
}

impl Series {
    fn add(&mut self, finding: &Finding) {
        let counted = Counted::from(finding);
        self.handshakes += 1;
        self.cookie_style += u64::from(counted.verdict.is_cookie_style());
        let values = self.bucket(finding.time);
        for place in places(&counted) {
            values[place] = values[place].saturating_add(1);
        }
        let longest = finding.completion.seconds.map_or(0, |seconds| (seconds * 1e6) as u32);
        values[LONGEST] = values[LONGEST].max(longest);
    }

    /// Takes a handshake out of the counts. The longest time stays: the other capture shows it, too.
    fn remove(&mut self, view: &SecondView) {
        let index = self.index(view.time);
        let Some(values) = self.buckets.get_mut(&index) else { return };
        for place in places(&view.counted) {
            values[place] = values[place].saturating_sub(1);
        }
    }

    /// Returns the bucket of a time; widens the buckets if it is out of range.
    fn bucket(&mut self, time: Timestamp) -> &mut Bucket {
        while self.width + 1 < WIDTHS.len() && self.span_with(self.index(time)) >= BUCKETS {
            self.widen();
        }
        let index = self.index(time);
        self.buckets.entry(index).or_default()
    }

    fn index(&self, time: Timestamp) -> i64 {
        time.as_nanos().div_euclid(WIDTHS[self.width])
    }

    /// Returns the distance from the first to the last bucket, this one included.
    fn span_with(&self, index: i64) -> i64 {
        let first = self.buckets.first_key_value().map_or(index, |(&first, _)| first.min(index));
        let last = self.buckets.last_key_value().map_or(index, |(&last, _)| last.max(index));
        last.saturating_sub(first)
    }

    fn widen(&mut self) {
        let factor = WIDTHS[self.width + 1] / WIDTHS[self.width];
        self.width += 1;
        for (index, values) in std::mem::take(&mut self.buckets) {
            let sums = self.buckets.entry(index.div_euclid(factor)).or_default();
            let longest = sums[LONGEST].max(values[LONGEST]);
            sums.iter_mut().zip(values).for_each(|(sum, count)| *sum = sum.saturating_add(count));
            sums[LONGEST] = longest;
        }
    }

    /// Width of a bucket in microseconds.
    pub const fn width(&self) -> i64 {
        WIDTHS[self.width] / 1000
    }

    /// Returns the start in microseconds and the values of every bucket that is not empty.
    pub fn buckets(&self) -> impl Iterator<Item = (i64, Bucket)> {
        self.buckets.iter().map(|(&index, &values)| (index.saturating_mul(self.width()), values))
    }
}

/// Returns the places of the counts that a handshake belongs to.
fn places(handshake: &Counted) -> impl Iterator<Item = usize> {
    let failure = match handshake.outcome {
        // Clients that a flood only hindered are not of the flood.
        _ if handshake.is_part_of_flood || !handshake.has_failed => None,
        Outcome::Unanswered | Outcome::Unacknowledged => Some(UNFINISHED),
        Outcome::ResetByServer | Outcome::ResetByClient => Some(RESET),
        _ => Some(FAILED_OTHERWISE),
    };
    [Some(handshake.verdict as usize), failure, handshake.is_delayed.then_some(DELAYED)].into_iter().flatten()
}

/// Handshakes of all listeners over time.
#[derive(Debug, Default)]
pub struct Timelines {
    /// Handshakes of all listeners together.
    pub all: Series,
    listeners: BTreeMap<Endpoint, Series>,
    /// Number of listeners that were dropped; one that returns and is dropped again counts twice.
    pub dropped: u64,
}

impl Timelines {
    pub fn add(&mut self, finding: &Finding) {
        self.all.add(finding);
        if self.listeners.len() >= 2 * LISTENERS && !self.listeners.contains_key(&finding.server) {
            self.let_go();
        }
        self.listeners.entry(finding.server).or_default().add(finding);
    }

    pub fn remove(&mut self, view: &SecondView) {
        self.all.remove(view);
        if let Some(series) = self.listeners.get_mut(&view.server) {
            series.remove(view);
        }
    }

    pub fn get(&self, server: &Endpoint) -> Option<&Series> {
        self.listeners.get(server)
    }

    /// Drops the less important half of the listeners: those without cookies, with few handshakes.
    fn let_go(&mut self) {
        let mut weights: Vec<_> = self.listeners.values().map(|one| (one.cookie_style, one.handshakes)).collect();
        weights.sort_unstable();
        let least = weights[LISTENERS];
        let before = self.listeners.len();
        self.listeners.retain(|_, one| (one.cookie_style, one.handshakes) > least);
        self.dropped += (before - self.listeners.len()) as u64;
    }
}

#[cfg(test)]
mod tests {
    use syncookie_engine::{CauseKind, Completion};

    use super::super::super::tests::leaked;
    use super::*;

    fn at(nanos: i64) -> Finding {
        Finding { time: Timestamp::from_nanos(nanos), ..leaked(0) }
    }

    #[test]
    fn buckets_widen_with_the_time_and_lose_no_handshake() {
        let mut series = Series::default();
        let times = [0, 1, 5_000_000, 1_000_000_000, -3, 3_600_000_000_000, i64::MAX, i64::MIN];
        for (number, time) in times.into_iter().enumerate() {
            series.add(&at(time));
            let sum: u32 = series.buckets().map(|(_, counts)| counts[Verdict::SynProxy as usize]).sum();
            assert_eq!(sum as usize, number + 1);
            assert!(series.buckets.len() as i64 <= BUCKETS);
        }
    }

    #[test]
    fn failures_are_counted_by_how_they_ended_without_those_of_floods_and_the_longest_time_is_kept() {
        let mut series = Series::default();
        let mut add = |outcome, syns_in_flood: u32, has_failed, seconds| {
            let completion = Completion { has_failed, seconds, syns: syns_in_flood };
            let mut finding = Finding { outcome, completion, ..at(0) };
            if syns_in_flood > 0 {
                finding.causes[0].kind = CauseKind::SynFlood;
            }
            series.add(&finding);
            series.buckets().next().unwrap().1[UNFINISHED..].to_vec()
        };
        assert_eq!(add(Outcome::Unacknowledged, 1, true, None), [0, 0, 0, 0, 0], "of a flood");
        assert_eq!(add(Outcome::Unacknowledged, 0, true, None), [1, 0, 0, 0, 0]);
        assert_eq!(add(Outcome::ResetByClient, 0, false, None), [1, 0, 0, 0, 0], "a health check");
        assert_eq!(add(Outcome::ResetByServer, 0, true, None), [1, 1, 0, 0, 0]);
        assert_eq!(add(Outcome::Refused, 0, true, None), [1, 1, 1, 0, 0]);
        assert_eq!(add(Outcome::Established, 0, false, Some(3.0)), [1, 1, 1, 1, 3_000_000], "delayed");
        assert_eq!(add(Outcome::Unanswered, 3, true, None)[0], 2, "a client that a flood hindered");
        series.add(&at(3_600_000_000_000));
        assert_eq!(series.buckets().next().unwrap().1[LONGEST], 3_000_000, "in a wider bucket, too");
    }

    #[test]
    fn every_width_divides_the_next() {
        assert!(WIDTHS.windows(2).all(|pair| pair[1] % pair[0] == 0));
    }

    #[test]
    fn listeners_with_cookies_are_kept_if_there_are_too_many() {
        let mut timelines = Timelines::default();
        let mut plain = at(0);
        plain.assessment.verdict = Verdict::Ordinary;
        for number in 0..20_000_u32 {
            plain.server.ip = std::net::IpAddr::V4(number.into());
            timelines.add(&plain);
            if number == 7 {
                timelines.add(&at(0));
            }
        }
        assert!(timelines.listeners.len() <= 2 * LISTENERS);
        assert!(timelines.get(&at(0).server).is_some() && timelines.dropped > 0);
    }
}
