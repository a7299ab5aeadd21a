//! Judges a listener's handshakes, each by the evidence of all of them.

use crate::cause::causes;
use crate::common_factor::failed_or_delayed;
use crate::connection::handshake::Handshake;
use crate::connection::tracker::Tracker;
use crate::finding::is_notable;
use crate::listener::Listener;
use crate::listener::learnt::Learnt;
use crate::verdict::Judge;
use crate::verdict::cookie_cost::cookie_cost;
use crate::verdict::measured::{ServerMeasurements, completion, measured, syn_pair};
use crate::verdict::outcome::outcome;
use crate::verdict::prefetch::prefetch;
use crate::{
    Assessment, Cause, CauseKind, Compared, Completion, DetailLevel, Finding, FindingParts, HandshakeId,
    HandshakeSample, Outcome, Timestamp, Verdict,
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
    /// What is compared with other handshakes, if it is in the sample.
    pub compared: Option<Box<Compared>>,
    /// Whether the handshake never completed while its listener was flooded.
    pub of_flood: bool,
    /// See [`Finding::begins_flood`].
    begins_flood: bool,
    /// Whether the handshake is only counted, without a finding.
    pub only_counted: bool,
}

impl Judgement<'_> {
    /// Returns the same as [`Finding::is_notable`].
    pub(crate) fn is_notable(&self) -> bool {
        is_notable(&self.assessment, &self.causes)
    }

    /// Returns whether a flood is the most likely cause of the failure.
    fn is_caused_by_flood(&self) -> bool {
        self.causes.first().is_some_and(|cause| cause.kind == CauseKind::SynFlood)
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
        }
    }
}

/// The handshakes whose attributes are read, to be compared with others.
#[derive(Clone, Copy)]
pub(crate) enum ToCompare<'a> {
    None,
    All,
    /// Those that the sample keeps.
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
    pub measured: bool,
    pub compared: ToCompare<'a>,
    /// Whether the wanted handshakes are forgotten afterwards.
    pub forgets: bool,
    /// Maximum findings for handshakes of a flood that never completed; further ones are only
    /// counted.
    pub flood: u64,
    /// Time of the latest handshake of a flood on this listener that was judged before.
    pub last_flood: Option<Timestamp>,
}

/// Judges the wanted ones of a listener's handshakes by all that are given, by those of their
/// clients with other listeners in `tracker`, and by what was learnt before; returns them in order
/// of their ids. Adds to `learnt` what will be known of the wanted ones, if they are forgotten.
pub(crate) fn judge<'a>(
    mut handshakes: Vec<&'a Handshake>,
    tracker: &'a Tracker,
    options: JudgeOptions<'_>,
    learnt: &mut Learnt,
    wanted: impl Fn(HandshakeId) -> bool,
) -> Vec<Judgement<'a>> {
    prefetch(&handshakes);
    sort_by_time(&mut handshakes);
    let listener = Listener::new(handshakes, options.now, learnt).among(tracker);
    let judge = Judge::new(&listener);
    let mut flood = options.flood;
    let mut floods = FloodStarts { latest: options.last_flood };
    let mut all = Vec::with_capacity(listener.handshakes.iter().filter(|handshake| wanted(handshake.id)).count());
    for index in (0..listener.handshakes.len()).filter(|&index| wanted(listener.handshakes[index].id)) {
        let mut judgement = judge_one(&listener, &judge, index, options, flood == 0);
        judgement.begins_flood = judgement.is_caused_by_flood() && floods.begins_at(judgement.handshake.time);
        flood -= u64::from(judgement.of_flood && !judgement.only_counted);
        all.push(judgement);
    }
    if options.forgets {
        learnt.add(&listener, all.iter().map(|judgement| judgement.handshake));
    }
    all.sort_by_key(|judgement| judgement.handshake.id);
    all
}

/// Sorts by time, not by arrival: captures merged from several interfaces are out of order.
pub(super) fn sort_by_time(handshakes: &mut [&Handshake]) {
    let first_frame = |h: &Handshake| h.syn.as_ref().or(h.syn_ack.as_ref()).map(|header| header.frame);
    handshakes.sort_by_key(|h| (h.time, first_frame(h), h.id));
}

fn judge_one<'a>(
    listener: &Listener<'a>,
    judge: &Judge<'_, '_>,
    index: usize,
    options: JudgeOptions<'_>,
    counts_flood: bool,
) -> Judgement<'a> {
    let handshake = listener.handshakes[index];
    let outcome = outcome(handshake, listener.now);
    let of_flood = handshake.never_completed() && listener.floods.is_flood(handshake.time);
    let only_counted = of_flood && counts_flood;
    let mut assessment = judge.assess(index);
    let (causes, failed) =
        if only_counted { (Vec::new(), true) } else { causes(listener, index, &assessment, outcome) };
    if !only_counted && assessment.verdict == Verdict::Undetermined {
        assessment.missing = judge.missing(index);
    }
    if !only_counted && (options.detail == DetailLevel::All || is_notable(&assessment, &causes)) {
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

/// Minimum pause between the handshakes of two floods of a listener, in seconds.
const FLOOD_PAUSE: f64 = 60.0;

/// Finds the first handshake of each flood of a listener.
struct FloodStarts {
    /// Time of the latest handshake of a flood.
    latest: Option<Timestamp>,
}

impl FloodStarts {
    /// Returns whether a flood begins with its handshake at `time`; times are in ascending order.
    fn begins_at(&mut self, time: Timestamp) -> bool {
        self.latest.replace(time).is_none_or(|latest| time.seconds_since(latest) > FLOOD_PAUSE)
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
