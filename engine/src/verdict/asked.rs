//! Judges the handshakes that a caller asks for, one at a time and in any order.
//!
//! A finding with its sentences takes some kilobytes, and a listener may have a hundred thousand
//! handshakes. So what a listener's handshakes show together is gathered once and kept, and
//! findings are made for a block of consecutive handshakes and kept while there is room.

use std::collections::HashMap;

use crate::connection::handshakes::Handshakes;
use crate::listener::examples::KnownExamples;
use crate::listener::learnt::Learnt;
use crate::verdict::judgement::{FloodStarts, Gathered, JudgeOptions, ListenerJudge};
use crate::verdict::portions::handshakes;
use crate::{Endpoint, Finding, FindingParts, HandshakeId, Timestamp};

/// Maximum number of findings that are kept, of all listeners together.
const KEPT: usize = 1 << 10;

/// Maximum number of handshakes in a block: few enough to be judged while somebody waits for one.
const BLOCK: usize = 256;

/// Input for judging the handshakes of a listener.
#[derive(Clone, Copy)]
pub(crate) struct JudgedBy<'a> {
    pub all: &'a Handshakes,
    /// Handshakes of the listener, oldest first.
    pub ids: &'a [HandshakeId],
    pub options: JudgeOptions<'a>,
    /// Facts that forgotten handshakes of the listener showed.
    pub learnt: Learnt,
    pub examples: &'a KnownExamples,
    pub parts: FindingParts,
}

/// Findings by listener, all of them judged at the same time.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    at: Option<Timestamp>,
    listeners: HashMap<Endpoint, AskedListener>,
    /// Number of findings in `listeners`, or more.
    kept: usize,
}

#[derive(Debug)]
struct AskedListener {
    /// Facts of the listener; `None` where one block has all handshakes.
    gathered: Option<Gathered>,
    /// Number of handshakes in a block.
    size: usize,
    /// Findings of the judged blocks, by the number of the block.
    blocks: HashMap<usize, Vec<Finding>>,
    /// The floods before each block that follows a judged one.
    floods: HashMap<usize, FloodStarts>,
}

impl Asked {
    /// Returns the finding of a handshake of `server`, unless another one has absorbed it.
    pub(crate) fn finding(&mut self, server: Endpoint, id: HandshakeId, by: &JudgedBy<'_>) -> Option<&Finding> {
        if self.at != Some(by.options.now) {
            self.forget_all();
            self.at = Some(by.options.now);
        }
        let position = by.ids.binary_search(&id).ok()?;
        let known = self.listeners.get(&server);
        let is_judged = known.is_some_and(|listener| listener.blocks.contains_key(&(position / listener.size)));
        if !is_judged && self.kept > KEPT {
            self.listeners.values_mut().for_each(|listener| listener.blocks.clear());
            self.listeners.retain(|_, listener| listener.gathered.is_some());
            self.kept = 0;
        }
        let listener = self.listeners.entry(server).or_insert_with(|| AskedListener::new(by));
        let number = position / listener.size;
        if !is_judged {
            self.kept += listener.judge(number, server, by);
        }
        let findings = listener.blocks.get(&number)?;
        findings.get(findings.binary_search_by_key(&id, |finding| finding.id).ok()?)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }

    /// Forgets the findings of a listener.
    pub(crate) fn forget(&mut self, server: &Endpoint) {
        self.listeners.remove(server);
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&mut self) {
        *self = Self::default();
    }
}

impl AskedListener {
    fn new(by: &JudgedBy<'_>) -> Self {
        // Its share of the room: blocks of several listeners are asked for in turn.
        let share = KEPT * by.ids.len() / by.all.len().max(1);
        Self { gathered: None, size: share.clamp(1, BLOCK), blocks: HashMap::new(), floods: HashMap::new() }
    }

    /// Judges the handshakes of a block, and returns their number.
    fn judge(&mut self, number: usize, server: Endpoint, by: &JudgedBy<'_>) -> usize {
        let JudgedBy { all, ids, options, ref learnt, examples, parts } = *by;
        let mut judge = match self.gathered.take() {
            Some(gathered) => ListenerJudge::resume(gathered, all, |id| examples.get(server, id), options),
            None => {
                let mut handshakes = handshakes(all, ids);
                handshakes.extend(examples.handshakes(server));
                ListenerJudge::new(handshakes, all, options, learnt)
            }
        };
        let id_at = |position: usize| ids.get(position).copied().unwrap_or_else(|| all.end());
        let (start, end) = (number * self.size, (number + 1) * self.size);
        judge.skip_until(id_at(start), self.floods.get(&number).copied());
        let mut findings = Vec::with_capacity(self.size.min(ids.len()));
        while judge.next_id().is_some_and(|next| next < id_at(end)) {
            findings.extend(judge.judge_next().map(|judgement| judgement.finding(parts)));
        }
        self.floods.insert(number + 1, judge.floods());
        if self.size < ids.len() {
            self.gathered = Some(judge.into_gathered());
        }
        let count = findings.len();
        self.blocks.insert(number, findings);
        count
    }
}
