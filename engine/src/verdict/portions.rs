//! Judges the handshakes of all listeners in portions, in order of their ids.
//!
//! A finding with its sentences takes some kilobytes, and a listener may have a hundred thousand
//! handshakes. So each listener's facts are gathered once, and its handshakes are judged when their
//! turn comes, or a few before that. What is not reported, most handshakes for a table, is only
//! counted and takes no memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::connection::handshake::Handshake;
use crate::connection::handshakes::Handshakes;
use crate::listener::examples::{Examples, KnownExamples};
use crate::listener::learnt::Learnt;
use crate::verdict::judgement::{JudgeOptions, Judgement, ListenerJudge};
use crate::verdict::prefetch::prefetch;
use crate::verdict::summary::{ListenerSummary, Summary};
use crate::{Endpoint, Finding, FindingParts, HandshakeId, parallel};

/// Number of handshakes that are judged before their findings are passed on. With several threads
/// there must be enough work for all of them. With one, few findings stay in the processor's caches,
/// and the next ones get the memory of those that were dropped.
const JUDGED_TOGETHER: usize = 1024;
const JUDGED_ALONE: usize = 64;

/// Number of findings that may be made before their turn, of all listeners together and of one: a
/// listener's facts are in the processor's caches when several of its handshakes are judged in a
/// row.
const JUDGED_AHEAD: usize = 8192;
const JUDGED_IN_A_ROW: usize = 64;

/// Number of findings that are passed on together. They stay in the processor's caches until the
/// caller reads them.
const PORTION: usize = 256;

/// Input for judging the handshakes of all listeners.
#[derive(Clone, Copy)]
pub(crate) struct Portions<'a> {
    pub all: &'a Handshakes,
    /// Facts that forgotten handshakes showed, by listener.
    pub learnt: &'a BTreeMap<Endpoint, Learnt>,
    pub examples: &'a KnownExamples,
    pub summary: &'a Summary,
    pub options: JudgeOptions<'a>,
    pub parts: FindingParts,
    pub threads: usize,
    /// Handshakes with an id below this one are judged.
    pub end: HandshakeId,
    /// Whether the judged handshakes are forgotten afterwards.
    pub forgets: bool,
}

/// What remains of the judged handshakes of a listener.
pub(crate) struct Remains<'a> {
    pub server: Endpoint,
    /// Counts of the listener's handshakes.
    pub summary: ListenerSummary,
    /// What was learnt, and examples of its handshakes.
    pub learnt: Learnt,
    pub examples: Examples<&'a Handshake>,
}

/// A listener, and how far its handshakes are judged.
struct Turn<'a> {
    ids: &'a [HandshakeId],
    /// Judge and results so far; `None` before the first handshake and after the last.
    open: Option<Box<(ListenerJudge<'a>, Remains<'a>)>>,
    /// Judgements that are not passed on yet.
    judged: VecDeque<Judgement<'a>>,
    remains: Option<Box<Remains<'a>>>,
}

impl<'a> Portions<'a> {
    /// Judges the handshakes of these listeners, and passes the findings to `take`. Returns what
    /// remains of each listener, in the same order.
    ///
    /// # Errors
    ///
    /// Returns the first error of `take` and stops.
    pub(crate) fn judge<E>(
        self,
        listeners: Vec<&'a [HandshakeId]>,
        mut take: impl FnMut(Vec<Finding>) -> Result<(), E>,
    ) -> Result<Vec<Remains<'a>>, E> {
        let start = self.all.start();
        let owners = self.owners(&listeners);
        let mut turns: Vec<Mutex<Turn<'a>>> = listeners.into_iter().map(|ids| Mutex::new(Turn::new(ids))).collect();
        let ahead = self.ahead(turns.len());
        let together = if self.threads > 1 { JUDGED_TOGETHER } else { JUDGED_ALONE };
        let mut end = start;
        for owners in owners.chunks(together) {
            let first = end.0;
            end.0 += owners.len() as u64;
            let ids = (first..end.0).map(HandshakeId);
            // Those of one listener follow each other only if some are judged ahead.
            if ahead == 0 {
                prefetch(&ids.clone().filter_map(|id| self.all.get(id)).collect::<Vec<_>>());
            }
            let mut some = owners.to_vec();
            some.sort_unstable();
            some.dedup();
            parallel::map(&some, self.threads, |&owner| {
                if let Some(turn) = turns.get(owner as usize) {
                    turn.lock().unwrap_or_else(PoisonError::into_inner).judge_until(end, ahead, &self);
                }
            });
            let mut judged = owners.iter().zip(ids).filter_map(|(&owner, id)| of(&mut turns, owner)?.take(id));
            loop {
                let mut portion = Vec::with_capacity(PORTION.min(together));
                portion.extend(judged.by_ref().take(PORTION).map(|one| one.finding(self.parts)));
                if portion.is_empty() {
                    break;
                }
                take(portion)?;
            }
        }
        let turns = turns.into_iter().map(|turn| turn.into_inner().unwrap_or_else(PoisonError::into_inner));
        Ok(turns.filter_map(|turn| turn.remains.map(|remains| *remains)).collect())
    }

    /// Returns how many findings of one listener may be made before their turn. Where every handshake
    /// has a finding, they would only leave the processor's caches.
    fn ahead(&self, listeners: usize) -> usize {
        if self.parts.only_notable { (JUDGED_AHEAD / listeners.max(1)).min(JUDGED_IN_A_ROW) } else { 0 }
    }

    /// Returns the index of the listener of each handshake.
    fn owners(&self, listeners: &[&[HandshakeId]]) -> Vec<u32> {
        let start = self.all.start();
        let mut owners = vec![u32::MAX; (self.end.0 - start.0) as usize];
        for (listener, ids) in (0..).zip(listeners) {
            for id in ids.iter().take_while(|&&id| id < self.end) {
                owners[(id.0 - start.0) as usize] = listener;
            }
        }
        owners
    }

    /// Gathers the facts of a listener.
    fn open(&self, ids: &[HandshakeId]) -> Option<Box<(ListenerJudge<'a>, Remains<'a>)>> {
        let mut handshakes = handshakes(self.all, ids);
        let first = *handshakes.first()?;
        handshakes.extend(self.examples.handshakes(first.server));
        let options = self.summary.options(&first.server, self.options);
        let mut learnt = self.learnt.get(&first.server).copied().unwrap_or_default();
        let judge = ListenerJudge::new(handshakes, self.all, options, &learnt);
        if self.forgets {
            judge.forget_before(self.end, &mut learnt);
        }
        let (server, summary) = (first.server, self.summary.of_listener(first));
        Some(Box::new((judge, Remains { server, summary, learnt, examples: self.examples.of(server) })))
    }

    /// Returns whether a handshake has a finding, and is not only counted.
    fn has_finding(&self, judgement: &Judgement<'_>) -> bool {
        (self.parts.counted_in_floods || !judgement.only_counted)
            && (judgement.is_notable() || !self.parts.only_notable)
    }
}

impl<'a> Turn<'a> {
    fn new(ids: &'a [HandshakeId]) -> Self {
        Self { ids, open: None, judged: VecDeque::new(), remains: None }
    }

    /// Judges the handshakes with an id below `end`, and further ones until `ahead` findings wait.
    fn judge_until(&mut self, end: HandshakeId, ahead: usize, by: &Portions<'a>) {
        if self.remains.is_some() {
            return;
        }
        let Some(mut open) = self.open.take().or_else(|| by.open(self.ids)) else { return };
        let (judge, remains) = &mut *open;
        while let Some(next) = judge.next_id().filter(|&next| next < by.end) {
            if next >= end && self.judged.len() >= ahead {
                self.open = Some(open);
                return;
            }
            let Some(judgement) = judge.judge_next() else { break };
            remains.summary.add(&judgement);
            if by.forgets {
                remains.examples.add(judgement.handshake, judgement.assessment.verdict);
            }
            if by.has_finding(&judgement) {
                self.judged.push_back(judgement);
            }
        }
        let (_, mut remains) = *open;
        remains.summary.close();
        self.remains = Some(Box::new(remains));
    }

    /// Takes the judgement of a handshake, if the next finding is about it.
    fn take(&mut self, id: HandshakeId) -> Option<Judgement<'a>> {
        let is_next = self.judged.front().is_some_and(|judgement| judgement.handshake.id == id);
        if is_next { self.judged.pop_front() } else { None }
    }
}

fn of<'t, 'a>(turns: &'t mut [Mutex<Turn<'a>>], owner: u32) -> Option<&'t mut Turn<'a>> {
    Some(turns.get_mut(owner as usize)?.get_mut().unwrap_or_else(PoisonError::into_inner))
}

/// Returns the handshakes with these ids, without those that were absorbed by others.
pub(crate) fn handshakes<'a>(all: &'a Handshakes, ids: &[HandshakeId]) -> Vec<&'a Handshake> {
    let mut handshakes = Vec::with_capacity(ids.len());
    handshakes.extend(each_handshake(all, ids));
    handshakes
}

/// Returns an iterator over the handshakes with these ids, without those that were absorbed by
/// others.
pub(crate) fn each_handshake<'a>(all: &'a Handshakes, ids: &[HandshakeId]) -> impl Iterator<Item = &'a Handshake> {
    ids.iter().filter_map(|&id| all.get(id)).filter(|handshake| !handshake.is_absorbed())
}
