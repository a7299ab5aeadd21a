//! A listener's handshakes, judged in the light of each other.

use crate::cause::causes;
use crate::connection::handshake::{self, Handshake, SynHeader};
use crate::finding::is_notable;
use crate::finding::measured::{Later, measured};
use crate::listener::Listener;
use crate::verdict::Judge;
use crate::verdict::outcome::outcome;
use crate::{Assessment, Cause, DetailLevel, Finding, FindingParts, HandshakeId, Openings, Outcome, Timestamp};

/// One handshake, judged. What a finding takes from the packets alone is added when it is handed out: most of it.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    pub handshake: &'a Handshake,
    pub outcome: Outcome,
    pub assessment: Assessment,
    causes: Vec<Cause>,
    later: Option<Later>,
    /// It never completed, and its listener was flooded then.
    pub of_flood: bool,
    /// It is counted, and not handed out.
    pub counted: bool,
}

impl Judged<'_> {
    /// As [`Finding::is_notable`].
    pub(crate) fn is_notable(&self) -> bool {
        is_notable(&self.assessment, &self.causes)
    }

    /// As it is handed out.
    pub(crate) fn finding(self, parts: FindingParts) -> Finding {
        let handshake = self.handshake;
        Finding {
            id: handshake.id,
            client: handshake.client,
            server: handshake.server,
            time: handshake.time,
            frames: handshake.frames(),
            outcome: self.outcome,
            assessment: self.assessment,
            causes: self.causes,
            measured: self.later.map(|later| measured(handshake, later).into()),
            openings: parts.syn_fields.then(|| Openings::of(handshake)),
        }
    }
}

/// How a listener's handshakes are to be judged.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    /// The time of the last packet seen.
    pub now: Timestamp,
    pub detail: DetailLevel,
    pub measured: bool,
    /// Of those that a flood left behind, so many are handed out, and the others counted.
    pub flood: u64,
}

/// The wanted ones of a listener's handshakes, judged in the light of all that are given; in order of their ids.
pub(crate) fn judge<'a>(
    mut handshakes: Vec<&'a Handshake>,
    manner: Manner,
    wanted: impl Fn(HandshakeId) -> bool,
) -> Vec<Judged<'a>> {
    if handshakes.len() <= NEAR {
        fetch(&handshakes);
    }
    // By time, not by arrival: captures merged from several interfaces are out of order.
    let first_frame = |h: &Handshake| h.syn.as_ref().or(h.syn_ack.as_ref()).map(|opening| opening.frame);
    handshakes.sort_by_key(|h| (h.time, first_frame(h), h.id));
    let listener = Listener::new(handshakes, manner.now);
    let judge = Judge::new(&listener);
    let mut flood = manner.flood;
    let mut all = Vec::with_capacity(listener.handshakes.iter().filter(|handshake| wanted(handshake.id)).count());
    for index in (0..listener.handshakes.len()).filter(|&index| wanted(listener.handshakes[index].id)) {
        let judged = one(&listener, &judge, index, manner, flood == 0);
        flood -= u64::from(judged.of_flood && !judged.counted);
        all.push(judged);
    }
    all.sort_by_key(|judged| judged.handshake.id);
    all
}

/// Handshakes of which the processor's caches hold at least a little.
const NEAR: usize = 4096;

/// Reads a little of everything that is kept of them, all at once: they lie scattered over memory, and whoever follows one
/// after the other waits for each.
fn fetch(handshakes: &[&Handshake]) {
    let number = |later: Option<&handshake::SegmentFacts>| later.map_or(0, |later| later.frame.number);
    let isn = |opening: &Option<SynHeader>| opening.as_ref().map_or(0, |opening| opening.isn.0);
    let mut seen = 0;
    for handshake in handshakes {
        seen ^= handshake.server_segments.iter().fold(0, |seen, later| seen ^ later.frame.number);
        seen ^= isn(&handshake.syn) ^ isn(&handshake.syn_ack);
        seen ^= number(handshake.ack.as_ref()) ^ number(handshake.wrong_ack.as_deref());
        seen ^= number(handshake.client_data.as_ref()) ^ number(handshake.reset.as_deref().map(|(_, reset)| reset));
        seen ^= handshake.previous.as_ref().map_or(0, |previous| previous.server_isn.0);
        seen ^=
            u32::from(handshake.rto_retransmission.is_some()) ^ u32::from(handshake.prompted_retransmission.is_some());
    }
    std::hint::black_box(seen);
}

fn one<'a>(
    listener: &Listener<'a>,
    judge: &Judge<'_, '_>,
    index: usize,
    manner: Manner,
    counts_flood: bool,
) -> Judged<'a> {
    let handshake = listener.handshakes[index];
    let outcome = outcome(handshake, listener.now);
    let of_flood = handshake.never_completed() && listener.pressure.is_flood(handshake.time);
    let counted = of_flood && counts_flood;
    let mut assessment = judge.assess(index);
    let causes = if counted { Vec::new() } else { causes(listener, index, &assessment, outcome) };
    if !counted && (manner.detail == DetailLevel::All || is_notable(&assessment, &causes)) {
        judge.explain(index, &mut assessment);
    }
    let later = manner.measured.then(|| Later::of(listener, handshake));
    Judged { handshake, outcome, assessment, causes, later, of_flood, counted }
}
