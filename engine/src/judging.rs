//! The second of the engine's two steps: judges handshakes by the facts of all of them, and keeps
//! between two times what remains of those that were judged.

use std::collections::BTreeMap;
use std::convert::Infallible;

use arrayvec::ArrayVec;

use crate::connection::handshake::Handshake;
use crate::connection::handshakes::Handshakes;
use crate::evidence::PREVIEWED;
use crate::listener::examples::KnownExamples;
use crate::listener::learnt::Learnt;
use crate::observer::Consumer;
use crate::verdict::asked::{Asked, JudgedBy};
use crate::verdict::judgement::{JudgeOptions, ListenerJudge, ToCompare};
use crate::verdict::portions::{Portions, each_handshake};
use crate::verdict::quick_check::QuickCheck;
use crate::verdict::summary::Summary;
use crate::{
    DetailLevel, Endpoint, Finding, FindingParts, Findings, HandshakeId, Limits, Midstream, Statistics, Timestamp,
};

/// Minimum number of handshakes to judge in parallel: fewer are judged before a thread has started.
const PARALLEL: u64 = 4096;

/// Judges handshakes.
#[derive(Debug)]
pub(crate) struct Judging {
    pub limits: Limits,
    pub parts: FindingParts,
    pub threads: usize,
    /// Findings of listeners that got no packet since they were judged.
    asked: Asked,
    quick_check: QuickCheck,
    /// Facts that forgotten handshakes showed, by listener.
    learnt: BTreeMap<Endpoint, Learnt>,
    examples: KnownExamples,
    summary: Summary,
}

/// Judges handshakes, and passes the findings of those that are judged early on.
pub(crate) struct Passing<'a> {
    pub judging: &'a mut Judging,
    pub evicted: &'a mut dyn FnMut(Vec<Finding>),
}

impl Consumer for Passing<'_> {
    #[inline(always)]
    fn changed(&mut self, handshakes: &Handshakes, id: HandshakeId) {
        self.judging.reconsider(handshakes, id);
    }

    fn take_oldest(
        &mut self,
        handshakes: &mut Handshakes,
        end: HandshakeId,
        now: Timestamp,
        statistics: &mut Statistics,
    ) {
        self.judging.judge_oldest(handshakes, end, now, statistics, self.evicted);
    }
}

impl Judging {
    pub(crate) fn new(limits: Limits, parts: FindingParts) -> Self {
        Self {
            limits,
            parts,
            threads: 1,
            asked: Asked::default(),
            quick_check: QuickCheck::default(),
            learnt: BTreeMap::new(),
            examples: KnownExamples::default(),
            summary: Summary::default(),
        }
    }

    /// Discards what the handshake showed before a new packet, and cached findings of its listener:
    /// the packet may change all of them.
    #[inline(always)]
    fn reconsider(&mut self, handshakes: &Handshakes, id: HandshakeId) {
        self.quick_check.forget(id);
        if !self.asked.is_empty() {
            self.forget_judgement(handshakes, id);
        }
    }

    #[inline(never)]
    fn forget_judgement(&mut self, handshakes: &Handshakes, id: HandshakeId) {
        if let Some(handshake) = handshakes.get(id) {
            self.asked.forget(&handshake.server);
        }
    }

    /// Judges one handshake by all packets so far; `None` if it was forgotten. The handshakes must be
    /// indexed.
    pub(crate) fn finding(&mut self, all: &Handshakes, id: HandshakeId, now: Timestamp) -> Option<&Finding> {
        let server = all.get(id)?.server;
        let by = JudgedBy {
            all,
            ids: all.by_listener().get(server)?,
            options: self.summary.options(&server, self.options(now)),
            learnt: self.learnt(server),
            examples: &self.examples,
            parts: self.parts,
        };
        self.asked.finding(server, id, &by)
    }

    /// Judges one handshake by its packets so far and by the latest handshakes before it on its
    /// listener. The handshakes must be indexed.
    pub(crate) fn preview(
        &self,
        all: &Handshakes,
        id: HandshakeId,
        now: Timestamp,
        detail: DetailLevel,
    ) -> Option<Finding> {
        self.judge_recent(all, id, &recent(all, id)?, JudgeOptions { detail, ..self.options(now) })
    }

    /// Returns the preview of a handshake that was answered with a SYN cookie or by a SYN proxy,
    /// without evidence and causes; `None` for any other. The handshakes must be indexed.
    pub(crate) fn preview_if_cookie_style(
        &mut self,
        all: &Handshakes,
        id: HandshakeId,
        now: Timestamp,
    ) -> Option<Finding> {
        let recent = recent(all, id)?;
        if !self.quick_check.may_be_cookie_style(&recent) {
            return None;
        }
        let options = JudgeOptions { detail: DetailLevel::None, causes: false, ..self.options(now) };
        self.judge_recent(all, id, &recent, options).filter(|finding| finding.assessment.verdict.is_cookie_style())
    }

    /// Judges a handshake by recent ones of its listener, itself included.
    fn judge_recent(
        &self,
        all: &Handshakes,
        id: HandshakeId,
        recent: &[&Handshake],
        options: JudgeOptions<'_>,
    ) -> Option<Finding> {
        let server = all.get(id)?.server;
        let mut judge = ListenerJudge::new(recent.to_vec(), all, options, &self.learnt(server));
        judge.skip_until(id, None);
        judge.judge_next().map(|judgement| judgement.finding(self.parts))
    }

    /// Judges the oldest handshakes, which are forgotten then, and passes their findings to `take` in
    /// portions.
    pub(crate) fn judge_oldest(
        &mut self,
        handshakes: &mut Handshakes,
        end: HandshakeId,
        now: Timestamp,
        statistics: &mut Statistics,
        take: &mut dyn FnMut(Vec<Finding>),
    ) {
        let Ok(()) = self.judge_all(handshakes, end, now, statistics, |portion| {
            take(portion);
            Ok::<_, Infallible>(())
        });
        self.asked.forget_all();
    }

    /// Judges all handshakes with an id below `end`. Passes their findings to `take` in portions,
    /// in order of their ids.
    pub(crate) fn judge_all<E>(
        &mut self,
        all: &mut Handshakes,
        end: HandshakeId,
        now: Timestamp,
        statistics: &mut Statistics,
        take: impl FnMut(Vec<Finding>) -> Result<(), E>,
    ) -> Result<(), E> {
        let handshakes = end.0 - all.start().0;
        all.index();
        self.summary.sample.expect(handshakes as usize);
        let (all, summary) = (&*all, &self.summary);
        let compared = match self.parts {
            FindingParts { compared: true, .. } => ToCompare::All,
            FindingParts { sample: true, .. } => ToCompare::Sample(&summary.sample),
            _ => ToCompare::None,
        };
        // At the end of a capture, nobody asks for what was learnt.
        let forgets = end < all.end();
        let portions = Portions {
            all,
            learnt: &self.learnt,
            examples: &self.examples,
            summary,
            options: JudgeOptions { compared, ..self.options(now) },
            parts: self.parts,
            threads: if handshakes >= PARALLEL { self.threads } else { 1 },
            end,
            forgets,
        };
        // If there are more listeners than `limits.listeners`, the first ones are reported.
        let remains = portions.judge(all.by_listener().before(end), take)?;
        let (mut summaries, mut learnt, mut examples) = (Vec::with_capacity(remains.len()), Vec::new(), Vec::new());
        for remains in remains {
            summaries.push(remains.summary);
            learnt.push((remains.server, remains.learnt));
            examples.push((remains.server, remains.examples));
        }
        if forgets {
            self.examples = self.examples.updated(examples.into_iter(), self.limits.handshakes);
            for (server, learnt) in learnt {
                learn(&mut self.learnt, server, learnt, self.limits.listeners);
            }
        }
        self.summary.add(summaries.into_iter(), &self.limits, statistics);
        Ok(())
    }

    /// Returns the results about all handshakes that were judged, without their findings, and forgets
    /// them.
    pub(crate) fn finish(&mut self, statistics: Statistics, midstream: Midstream) -> Findings {
        let reset = Self::new(self.limits, self.parts);
        let Summary { listeners, episodes, tally, sample, missing } = std::mem::replace(self, reset).summary;
        let listeners = listeners.into_values().collect();
        Findings { handshakes: Vec::new(), listeners, episodes, tally, sample, missing, midstream, statistics }
    }

    /// Returns the facts that forgotten handshakes showed about a listener.
    fn learnt(&self, server: Endpoint) -> Learnt {
        self.learnt.get(&server).copied().unwrap_or_default()
    }

    fn options(&self, now: Timestamp) -> JudgeOptions<'static> {
        let FindingParts { detail, measured, .. } = self.parts;
        JudgeOptions {
            now,
            detail,
            causes: true,
            measured,
            compared: ToCompare::None,
            flood: self.limits.flood,
            last_flood: None,
        }
    }
}

/// Returns a handshake and the latest handshakes before it on its listener.
fn recent(all: &Handshakes, id: HandshakeId) -> Option<ArrayVec<&Handshake, PREVIEWED>> {
    let ids = all.by_listener().get(all.get(id)?.server)?;
    // Mostly, it is the latest one.
    let end = if ids.last() == Some(&id) { ids.len() } else { ids.partition_point(|&other| other <= id) };
    Some(each_handshake(all, &ids[end.saturating_sub(PREVIEWED)..end]).collect())
}

/// Keeps what was learnt about a listener, of at most `limit` listeners.
fn learn(known: &mut BTreeMap<Endpoint, Learnt>, server: Endpoint, learnt: Learnt, limit: usize) {
    if !learnt.is_empty() && (known.len() < limit || known.contains_key(&server)) {
        known.insert(server, learnt);
    }
}
