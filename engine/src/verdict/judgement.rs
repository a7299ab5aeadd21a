//! Judges a listener's handshakes, each by the evidence of all of them.

use std::cell::OnceCell;

use crate::cause::causes;
use crate::common_factor::failed_or_delayed;
use crate::connection::handshake::Handshake;
use crate::connection::handshakes::Handshakes;
use crate::finding::{is_notable, is_part_of_flood};
use crate::listener::learnt::Learnt;
use crate::listener::{Listener, ListenerFacts};
use crate::verdict::cookie_cost::cookie_cost;
use crate::verdict::measured::{ServerMeasurements, completion, measured, signatures, syn_pair};
use crate::verdict::outcome::outcome;
use crate::verdict::prefetch::prefetch;
use crate::verdict::{Judge, Total};
use crate::{
    Assessment, Cause, Compared, Completion, DetailLevel, Finding, FindingParts, HandshakeId, HandshakeSample, Outcome,
    Timestamp, Verdict,
};

/// The judgement of one handshake. What a finding copies from the packets, most of it, is added by
/// [`Self::finding`].
#[derive(Debug)]
pub(crate) struct Judgement<'a> {
    pub handshake: &'a Handshake,
    pub outcome: Outcome,
    pub assessment: Assessment,
    causes: Vec<Cause>,
    failed: bool,
    server: Option<ServerMeasurements>,
    /// Attributes to compare with other handshakes, if the handshake is in the sample.
    pub compared: Option<Box<Compared>>,
    /// Whether the handshake never completed while its listener was flooded.
    pub of_flood: bool,
    /// Whether the handshake begins a flood, as in [`Finding::begins_flood`].
    begins_flood: bool,
    /// Whether the handshake is only counted, without a finding.
    pub only_counted: bool,
}

impl Judgement<'_> {
    /// Returns the same as [`Finding::is_notable`].
    pub(crate) fn is_notable(&self) -> bool {
        is_notable(&self.assessment, &self.causes)
    }

    /// Returns the same as [`Finding::is_part_of_flood`].
    fn is_part_of_flood(&self) -> bool {
        is_part_of_flood(&self.causes, self.completion().syns)
    }

    /// Returns the same as [`Finding::completion`].
    pub(crate) fn completion(&self) -> Completion {
        completion(self.handshake, self.failed)
    }

    /// Makes the finding.
    pub(crate) fn finding(self, parts: FindingParts) -> Finding {
        let (handshake, completion) = (self.handshake, self.completion());
        let cost = cookie_cost(handshake, &self.assessment, self.outcome, &completion).map(Box::new);
        Finding {
            id: handshake.id,
            client: handshake.client,
            server: handshake.server,
            time: handshake.time,
            frames: handshake.frames(),
            outcome: self.outcome,
            assessment: self.assessment,
            causes: self.causes,
            left_by_flood: self.of_flood,
            completion,
            compared: self.compared.filter(|_| parts.compared),
            begins_flood: self.begins_flood,
            cost,
            measured: self.server.map(|server| measured(handshake, server).into()),
            syn_pair: parts.syn_fields.then(|| syn_pair(handshake)),
            signatures: parts.signatures.then(|| signatures(handshake).into()),
        }
    }
}

/// The handshakes whose attributes are read, to be compared with others.
#[derive(Clone, Copy)]
pub(crate) enum ToCompare<'a> {
    None,
    All,
    /// Handshakes that the sample keeps.
    Sample(&'a HandshakeSample),
}

impl ToCompare<'_> {
    const fn includes(self, failed: bool, key: u64) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Sample(sample) => sample.keeps(failed, key),
        }
    }
}

/// Options for judging a listener's handshakes.
#[derive(Clone, Copy)]
pub(crate) struct JudgeOptions<'a> {
    /// Time of the last packet seen.
    pub now: Timestamp,
    pub detail: DetailLevel,
    /// Whether the causes of a failure are judged.
    pub causes: bool,
    pub measured: bool,
    pub compared: ToCompare<'a>,
    /// Maximum findings for handshakes of a flood that never completed; further ones are only
    /// counted.
    pub flood: u64,
    /// Time of the latest handshake of a flood on this listener that was judged before.
    pub last_flood: Option<Timestamp>,
}

/// Facts that a [`ListenerJudge`] gathered, without the handshakes.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The handshakes in order of time.
    ids: Vec<HandshakeId>,
    facts: Box<ListenerFacts>,
    totals: Vec<Total>,
    priors: Vec<(f64, f64)>,
    order: Vec<(HandshakeId, u32)>,
    in_flood: OnceCell<Vec<u32>>,
}

/// Judges a listener's handshakes one after the other, in order of their ids, each by all of them.
/// It keeps what all of them show, and nothing of those that were judged.
pub(crate) struct ListenerJudge<'a> {
    judge: Judge<'a>,
    options: JudgeOptions<'a>,
    /// Ids and indexes of the handshakes, in order of their ids. Reading the id of the next one here
    /// does not fetch the handshake.
    order: Vec<(HandshakeId, u32)>,
    /// Number of handshakes that were judged or skipped.
    next: usize,
    floods: FloodStarts,
    /// Places in `order` of the handshakes that a flood left incomplete, read when some are skipped.
    in_flood: OnceCell<Vec<u32>>,
}

impl<'a> ListenerJudge<'a> {
    /// Weighs a listener's handshakes by all that are given, by those of their clients with other
    /// listeners in `all`, and by what was learnt before. Those that `all` has forgotten
    /// are not judged again.
    pub(crate) fn new(
        mut handshakes: Vec<&'a Handshake>,
        all: &'a Handshakes,
        options: JudgeOptions<'a>,
        learnt: &Learnt,
    ) -> Self {
        prefetch(&handshakes);
        sort_by_time(&mut handshakes);
        let mut order = Vec::with_capacity(handshakes.len());
        let ids = handshakes.iter().map(|handshake| handshake.id);
        order.extend(ids.zip(0..).filter(|&(id, _)| id >= all.start()));
        order.sort_unstable();
        let judge = Judge::new(Listener::new(handshakes, options.now, learnt).among(all));
        Self::at_start(judge, options, order, OnceCell::new())
    }

    const fn at_start(
        judge: Judge<'a>,
        options: JudgeOptions<'a>,
        order: Vec<(HandshakeId, u32)>,
        in_flood: OnceCell<Vec<u32>>,
    ) -> Self {
        Self { judge, options, order, next: 0, floods: FloodStarts { latest: options.last_flood }, in_flood }
    }

    /// Starts again with what was gathered of the same handshakes, which are in `all` or
    /// `examples`.
    pub(crate) fn resume(
        gathered: Gathered,
        all: &'a Handshakes,
        examples: impl Fn(HandshakeId) -> Option<&'a Handshake>,
        options: JudgeOptions<'a>,
    ) -> Self {
        let Gathered { ids, facts, totals, priors, order, in_flood } = gathered;
        let handshakes = ids.into_iter().filter_map(|id| all.get(id).or_else(|| examples(id))).collect();
        let listener = Listener::with_facts(handshakes, facts).among(all);
        Self::at_start(Judge { listener, totals, priors }, options, order, in_flood)
    }

    /// Returns the gathered facts.
    pub(crate) fn into_gathered(self) -> Gathered {
        let Self { judge: Judge { listener, totals, priors }, order, in_flood, .. } = self;
        let ids = listener.handshakes.iter().map(|handshake| handshake.id).collect();
        Gathered { ids, facts: listener.into_facts(), totals, priors, order, in_flood }
    }

    /// Adds to `learnt` what will be known of the handshakes with an id below `end` after they are
    /// forgotten.
    pub(crate) fn forget_before(&self, end: HandshakeId, learnt: &mut Learnt) {
        let listener = &self.judge.listener;
        let judged = self.order.iter().map(|&(_, index)| self.handshake(index));
        learnt.add(listener, judged.filter(|handshake| handshake.id < end));
    }

    /// Returns the id of the next handshake, unless all were judged or skipped.
    pub(crate) fn next_id(&self) -> Option<HandshakeId> {
        self.order.get(self.next).map(|&(id, _)| id)
    }

    /// Skips the handshakes with an id below `start`, and counts those of a flood among them. `floods`
    /// are the floods before `start`, where they are known.
    pub(crate) fn skip_until(&mut self, start: HandshakeId, floods: Option<FloodStarts>) {
        self.next = self.order.partition_point(|&(id, _)| id < start);
        let in_flood = self.in_flood.get_or_init(|| self.places_in_flood());
        let skipped = &in_flood[..in_flood.partition_point(|&place| (place as usize) < self.next)];
        let reported = &skipped[..skipped.len().min(self.options.flood as usize)];
        self.floods = floods.unwrap_or_else(|| self.floods_among(reported));
        self.options.flood -= reported.len() as u64;
    }

    /// Returns the places in `order` of the handshakes that a flood left incomplete.
    fn places_in_flood(&self) -> Vec<u32> {
        (0..)
            .zip(&self.order)
            .filter(|&(_, &(_, index))| self.is_of_flood(self.handshake(index)))
            .map(|(at, _)| at)
            .collect()
    }

    /// Returns the floods among the handshakes at these places.
    fn floods_among(&self, places: &[u32]) -> FloodStarts {
        let mut floods = self.floods;
        // Only handshakes shortly before the next one show whether its flood began with it.
        let Some(next) = self.order.get(self.next).map(|&(_, index)| self.handshake(index).time) else { return floods };
        let begun = places
            .iter()
            .rev()
            .map(|&place| self.order[place as usize].1)
            .take_while(|&index| next.seconds_since(self.handshake(index).time) <= FLOOD_PAUSE)
            .map(|index| self.judge_one(index as usize, false))
            .find(Judgement::is_part_of_flood);
        begun.into_iter().for_each(|judgement| _ = floods.begins_at(judgement.handshake.time));
        floods
    }

    /// Returns the floods among the handshakes that were judged or skipped.
    pub(crate) const fn floods(&self) -> FloodStarts {
        self.floods
    }

    fn handshake(&self, index: u32) -> &'a Handshake {
        self.judge.listener.handshakes[index as usize]
    }

    fn is_of_flood(&self, handshake: &Handshake) -> bool {
        handshake.never_completed() && self.judge.listener.floods.is_flood(handshake.time)
    }

    /// Judges the next handshake.
    pub(crate) fn judge_next(&mut self) -> Option<Judgement<'a>> {
        let &(_, index) = self.order.get(self.next)?;
        self.next += 1;
        let mut judgement = self.judge_one(index as usize, self.options.flood == 0);
        judgement.begins_flood = judgement.is_part_of_flood() && self.floods.begins_at(judgement.handshake.time);
        self.options.flood -= u64::from(judgement.of_flood && !judgement.only_counted);
        Some(judgement)
    }

    fn judge_one(&self, index: usize, counts_flood: bool) -> Judgement<'a> {
        let Self { judge, options, .. } = self;
        let listener = &judge.listener;
        let handshake = listener.handshakes[index];
        let outcome = outcome(handshake, listener.now);
        let of_flood = self.is_of_flood(handshake);
        let only_counted = of_flood && counts_flood;
        let mut assessment = judge.assess(index);
        let (causes, failed) = if options.causes && !only_counted {
            causes(listener, index, &assessment, outcome, options.detail)
        } else {
            (Vec::new(), outcome.is_failure())
        };
        if !only_counted && assessment.verdict == Verdict::Undetermined {
            assessment.missing = judge.missing(index);
        }
        let is_explained = match options.detail {
            DetailLevel::All => true,
            DetailLevel::Notable => is_notable(&assessment, &causes),
            DetailLevel::None => false,
        };
        if !only_counted && is_explained {
            judge.explain(index, &mut assessment);
        }
        let server = options.measured.then(|| ServerMeasurements::of(listener, handshake));
        let compared = failed_or_delayed(outcome, &causes, of_flood)
            .and_then(|failed| Compared::of(listener, index, failed, |key| options.compared.includes(failed, key)));
        let compared = compared.map(Box::new);
        Judgement {
            handshake,
            outcome,
            assessment,
            causes,
            failed,
            server,
            compared,
            of_flood,
            begins_flood: false,
            only_counted,
        }
    }
}

/// Sorts by time, not by arrival: captures merged from several interfaces are out of order.
fn sort_by_time(handshakes: &mut [&Handshake]) {
    let first_frame = |h: &Handshake| h.syn.as_ref().or(h.syn_ack.as_ref()).map(|header| header.frame);
    handshakes.sort_by_key(|h| (h.time, first_frame(h), h.id));
}

/// Minimum pause between the handshakes of two floods of a listener, in seconds.
const FLOOD_PAUSE: f64 = 60.0;

/// Finds the first handshake of each flood of a listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FloodStarts {
    /// Time of the latest handshake of a flood.
    latest: Option<Timestamp>,
}

impl FloodStarts {
    /// Returns whether a flood begins with its handshake at `time`; times are roughly in ascending
    /// order.
    fn begins_at(&mut self, time: Timestamp) -> bool {
        let before = self.latest;
        self.latest = before.max(Some(time));
        before.is_none_or(|latest| time.seconds_since(latest) > FLOOD_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_begins_once_and_another_one_begins_after_a_pause() {
        let mut floods = FloodStarts { latest: None };
        let begins = [0, 1, 50, 100, 161].map(|second| floods.begins_at(Timestamp::from_nanos(second * 1_000_000_000)));
        assert_eq!(begins, [true, false, false, false, true]);
    }
}
