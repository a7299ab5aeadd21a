//! Judges observations of handshakes, which an [`crate::Observer`] made, here or elsewhere.

use crate::connection::handshakes::Handshakes;
use crate::connection::previous::{LatestHandshakes, first_frame};
use crate::connection::unknown;
use crate::judging::Judging;
use crate::observer::EndOfPackets;
use crate::{Finding, FindingParts, Findings, Frame, HandshakeId, Limits, ObservedHandshake, Statistics, Timestamp};

/// Turns observations of handshakes into findings, as an [`crate::Analyzer`] does with those that it
/// made itself.
///
/// Each observation says what it needs of other listeners. A judge therefore gives the same findings
/// for a listener whether or not it also gets the observations of others.
#[derive(Debug)]
pub struct Judge {
    handshakes: Handshakes,
    latest: LatestHandshakes,
    /// Number of handshakes at which some have to be judged early.
    evict_at: usize,
    /// First frame of the first handshake.
    first: Option<Frame>,
    /// Time of the latest handshake.
    now: Timestamp,
    statistics: Statistics,
    judging: Judging,
}

impl Judge {
    /// Creates a judge that has seen nothing. It returns the findings with these parts.
    #[must_use]
    pub fn new(limits: Limits, parts: FindingParts) -> Self {
        Self {
            handshakes: Handshakes::of_observations(limits.handshakes),
            latest: LatestHandshakes::default(),
            evict_at: limits.handshakes.max(2),
            first: None,
            now: Timestamp::MIN,
            statistics: Statistics::default(),
            judging: Judging::new(limits, parts),
        }
    }

    /// Sets the number of threads that judge listeners, as [`crate::Analyzer::set_threads`] does.
    pub const fn set_threads(&mut self, threads: usize) {
        self.judging.threads = threads;
    }

    /// Returns counts of what was dropped to stay within [`Limits`].
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Takes the next observation, in the order in which the observer returned them. The findings of
    /// handshakes that are judged early, because there are more than [`Limits::handshakes`], are
    /// passed to `evicted`, in portions.
    pub fn push(&mut self, observed: ObservedHandshake, evicted: &mut dyn FnMut(Vec<Finding>)) {
        let ObservedHandshake { mut handshake, link } = observed;
        self.now = self.now.max(handshake.time);
        self.first.get_or_insert_with(|| first_frame(&handshake));
        self.latest.add(&self.handshakes, &mut handshake);
        self.handshakes.add(handshake, link);
        if self.handshakes.len() >= self.evict_at {
            self.evict(evicted);
        }
    }

    /// Judges and forgets the oldest handshakes.
    #[cold]
    fn evict(&mut self, evicted: &mut dyn FnMut(Vec<Finding>)) {
        let limit = self.judging.limits.handshakes.max(2);
        let count;
        (count, self.evict_at) = self.handshakes.evictable(limit, self.now);
        let end = HandshakeId(self.handshakes.start().0 + count as u64);
        self.judging.judge_oldest(&mut self.handshakes, end, self.now, &mut self.statistics, evicted);
        self.handshakes.forget_oldest(count);
        self.latest.forget_before(end);
        self.statistics.evicted_early += count as u64;
    }

    /// Judges the remaining handshakes and passes the findings to `take` in portions, in order of
    /// the observations. `end` is what the observer returned at its end. The returned [`Findings`]
    /// contain no handshakes. The judge is then empty, and judges on one thread.
    ///
    /// # Errors
    ///
    /// Returns the first error of `take` and stops.
    pub fn finish_in_portions<E>(
        &mut self,
        end: EndOfPackets,
        take: impl FnMut(Vec<Finding>) -> Result<(), E>,
    ) -> Result<Findings, E> {
        let EndOfPackets { time, mut midstream, wrong_checksums_work, loose } = end;
        let all = &mut self.handshakes;
        if !loose.is_empty() {
            midstream = unknown::midstream(&loose, all, self.first);
        }
        all.set_wrong_checksums_work(wrong_checksums_work);
        let statistics = &mut self.statistics;
        self.judging.judge_all(all, all.end(), self.now.max(time), statistics, take)?;
        let findings = self.judging.finish(std::mem::take(statistics), midstream);
        *self = Self { handshakes: self.handshakes.reset(), ..Self::new(self.judging.limits, self.judging.parts) };
        Ok(findings)
    }
}
