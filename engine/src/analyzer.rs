//! The engine's entry point: takes observations and returns findings.

use std::collections::BTreeMap;
use std::convert::Infallible;

use arrayvec::ArrayVec;

use crate::connection::by_listener::ByListener;
use crate::connection::handshake::Handshake;
use crate::connection::tracker::Tracker;
use crate::evidence::PREVIEWED;
use crate::intake::batch::{GROUP, Group};
use crate::intake::flow::Flow;
use crate::intake::midstream::MidstreamConnections;
use crate::intake::summary::{PacketKind, PacketSummary};
use crate::listener::examples::KnownExamples;
use crate::listener::learnt::Learnt;
use crate::packet::icmp::{self, IcmpError};
use crate::packet::ip::{self, NoSegment};
use crate::packet::segment::{Flags, Segment};
use crate::verdict::asked::{Asked, JudgedBy};
use crate::verdict::judgement::{JudgeOptions, ListenerJudge, ToCompare};
use crate::verdict::portions::{Portions, each_handshake};
use crate::verdict::quick_check::QuickCheck;
use crate::verdict::summary::Summary;
use crate::{
    DetailLevel, Endpoint, Finding, FindingParts, Findings, Frame, HandshakeId, Limits, Link, Observation, Packet,
    Pushed, Statistics, Timestamp,
};

/// Minimum number of handshakes to judge in parallel: fewer are judged before a thread has started.
const PARALLEL: u64 = 4096;

/// Turns observations into findings.
#[derive(Debug)]
pub struct Analyzer {
    limits: Limits,
    parts: FindingParts,
    threads: usize,
    statistics: Statistics,
    tracker: Tracker,
    /// Handshakes of every listener, oldest first.
    listeners: ByListener,
    /// Findings of listeners that got no packet since they were judged.
    asked: Asked,
    quick_check: QuickCheck,
    evicted: Vec<Finding>,
    /// Number of handshakes at which some may have to be judged early.
    evict_at: usize,
    /// Facts that forgotten handshakes showed, by listener.
    learnt: BTreeMap<Endpoint, Learnt>,
    examples: KnownExamples,
    summary: Summary,
    midstream: MidstreamConnections,
    now: Timestamp,
}

impl Analyzer {
    /// Creates an analyzer that has seen nothing and returns all findings with all their parts.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::with_tracker(limits, FindingParts::default(), Tracker::new(limits.handshakes))
    }

    /// Sets which findings are returned, and which parts they have.
    #[must_use]
    pub const fn with_parts(mut self, parts: FindingParts) -> Self {
        self.parts = parts;
        self
    }

    /// Sets the number of threads that judge listeners when [`Limits::handshakes`] is reached and
    /// at the end. It includes the caller's thread and is 1 by default. No thread is started for 0
    /// or 1, or for fewer than 4096 handshakes. Each listener is judged on one thread. The findings
    /// do not depend on the number.
    pub const fn set_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    fn with_tracker(limits: Limits, parts: FindingParts, tracker: Tracker) -> Self {
        Self {
            limits,
            parts,
            threads: 1,
            statistics: Statistics::default(),
            tracker,
            listeners: ByListener::default(),
            asked: Asked::default(),
            quick_check: QuickCheck::default(),
            evicted: Vec::new(),
            evict_at: limits.handshakes.max(2),
            learnt: BTreeMap::new(),
            examples: KnownExamples::default(),
            summary: Summary::default(),
            midstream: MidstreamConnections::default(),
            now: Timestamp::MIN,
        }
    }

    /// Takes one packet. Returns `None` if the packet is not part of a handshake. The findings of
    /// handshakes that are judged early are kept for [`Self::take_evicted`].
    pub fn push(&mut self, observation: &Observation<'_>) -> Option<Pushed> {
        let pushed = self.push_unlimited(observation);
        if self.is_full() {
            self.evict_and_keep();
        }
        pushed
    }

    /// Adds an observation as [`Self::push`] does, but passes the findings of handshakes that are
    /// judged early to `evicted`, in portions. This needs less memory than to keep them.
    pub fn push_and_pass(
        &mut self,
        observation: &Observation<'_>,
        evicted: &mut dyn FnMut(Vec<Finding>),
    ) -> Option<Pushed> {
        let pushed = self.push_unlimited(observation);
        if self.is_full() {
            self.evict(evicted);
        }
        pushed
    }

    fn push_unlimited(&mut self, observation: &Observation<'_>) -> Option<Pushed> {
        self.now = self.now.max(observation.time);
        let summary = match observation.packet {
            Packet::None => PacketSummary::default(),
            Packet::Ip(bytes) => ip::summary(self.tracker.keyed(), bytes),
            Packet::Tcp { .. } => PacketSummary::without_flow(PacketKind::NeedsFullParse),
        };
        self.statistics.count(summary.kind, 1);
        let is_read =
            summary.may_matter(self.tracker.connections()) || self.reads_all_segments() && summary.may_be_segment();
        if !is_read {
            return None;
        }
        let Observation { frame, time, ref packet } = *observation;
        match packet {
            Packet::Ip(bytes) => self.take_ip(frame, time, bytes, summary),
            _ => self.take_parsed(ip::segment(observation)),
        }
    }

    /// Takes consecutive frames of a capture: number, time, and the IP packet if the frame has one.
    /// The result is the same as from [`Self::push`] for each frame with [`Packet::Ip`] or
    /// [`Packet::None`], but faster. The findings of handshakes that are judged early are passed to
    /// `evicted`, in portions.
    pub fn push_all<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        evicted: &mut dyn FnMut(Vec<Finding>),
    ) {
        self.push_all_with_links(capture, frames, |_| None, evicted);
    }

    /// Takes consecutive frames like [`Self::push_all`], and calls `link_of` with the numbers of
    /// frames whose SYN opens a handshake; it returns their link layer, if that is known.
    pub fn push_all_with_links<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        link_of: impl Fn(u32) -> Option<Link>,
        evicted: &mut dyn FnMut(Vec<Finding>),
    ) {
        let mut frames = frames.into_iter().fuse();
        let mut group = Group::default();
        loop {
            group.fill(self.tracker.keyed(), &mut frames);
            if group.frames().is_empty() {
                return;
            }
            self.push_group(capture, &group, &link_of, evicted);
        }
    }

    #[inline(never)]
    fn push_group(
        &mut self,
        capture: u32,
        group: &Group<'_>,
        link_of: &dyn Fn(u32) -> Option<Link>,
        evicted: &mut dyn FnMut(Vec<Finding>),
    ) {
        group.count(&mut self.statistics);
        let mut selection = if self.reads_all_segments() { group.select_all() } else { group.select(&self.tracker) };
        while let Some(index) = selection.next() {
            let (number, time, packet) = group.frames()[index];
            let end = self.tracker.end();
            self.take_ip(Frame { capture, number }, time, packet.unwrap_or_default(), group.summaries()[index]);
            if self.tracker.end() != end {
                self.tracker.add_link(|| link_of(number));
                // Later frames of the group may belong to the new connection.
                selection.add(group.select_of_connection(index, self.tracker.last_opened()));
                if self.is_full() {
                    self.now = self.now.max(group.latest(index + 1));
                    self.evict(evicted);
                }
            }
        }
        self.now = self.now.max(group.latest(GROUP));
    }

    /// Takes an IP packet that may show something of a handshake.
    #[inline(always)]
    fn take_ip(&mut self, frame: Frame, time: Timestamp, bytes: &[u8], summary: PacketSummary) -> Option<Pushed> {
        if summary.kind == PacketKind::NeedsFullParse {
            return self.take_unusual(frame, time, bytes);
        }
        self.take(summary.flow(), &ip::quick_segment(frame, time, bytes)?)
    }

    /// Takes and counts an IP packet that only the full parser can read.
    #[inline(never)]
    fn take_unusual(&mut self, frame: Frame, time: Timestamp, bytes: &[u8]) -> Option<Pushed> {
        let segment = ip::full_parse(frame, time, bytes);
        let may_be_error = matches!(segment, Err(NoSegment::NotTcp));
        let pushed = self.take_parsed(segment);
        if may_be_error { self.take_error(icmp::error(frame, time, bytes)?) } else { pushed }
    }

    /// Takes an ICMP error about a TCP segment.
    fn take_error(&mut self, error: IcmpError) -> Option<Pushed> {
        let pushed = self.tracker.push_error(error)?;
        self.reconsider(pushed.handshake);
        Some(pushed)
    }

    /// Takes and counts a packet in which the full parser looked for a segment.
    fn take_parsed(&mut self, segment: Result<Segment<'_>, NoSegment>) -> Option<Pushed> {
        match segment {
            Ok(segment) => {
                self.statistics.count(PacketKind::Control, 1);
                self.take(self.tracker.flow(&segment), &segment)
            }
            Err(reason) => {
                self.statistics.count_unread(reason);
                None
            }
        }
    }

    #[inline(always)]
    fn take(&mut self, flow: Flow, segment: &Segment<'_>) -> Option<Pushed> {
        let end = self.tracker.end();
        if !segment.flags().is_plain() {
            self.statistics.count_flags(segment.flags());
        }
        let Some(pushed) = self.tracker.push(flow, segment) else {
            self.take_midstream(flow, segment);
            return None;
        };
        if end == HandshakeId(0) {
            self.midstream.forget();
        }
        self.reconsider(pushed.handshake);
        Some(pushed)
    }

    /// Returns whether all segments are read, which is so until the first SYN or SYN-ACK: without
    /// one, the connections of the other segments are what there is to report.
    #[inline]
    fn reads_all_segments(&self) -> bool {
        self.tracker.end() == HandshakeId(0) && self.midstream.has_room()
    }

    /// Takes a segment that belongs to no handshake, or shows nothing of its handshake.
    #[inline(always)]
    fn take_midstream(&mut self, flow: Flow, segment: &Segment<'_>) {
        if self.tracker.end() == HandshakeId(0) {
            self.midstream.push(flow, segment);
        } else if segment.flags().has(Flags::RST) {
            self.take_reset(flow, segment);
        }
    }

    /// Takes a reset. The connections of forgotten handshakes are not known any more.
    #[inline(never)]
    fn take_reset(&mut self, flow: Flow, segment: &Segment<'_>) {
        let is_known = self.statistics.evicted_early > 0 || self.tracker.connections().find(flow.hash).is_some();
        if is_known {
            return;
        }
        self.listeners.update(&self.tracker);
        if self.listeners.get(segment.source()).is_some() {
            self.midstream.push_reset_of_listener(flow, segment);
        }
    }

    /// Returns the number of handshakes that are kept.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.tracker.len()
    }

    fn is_full(&self) -> bool {
        self.tracker.len() >= self.evict_at
    }

    /// Discards what the handshake showed before a new packet, and cached findings of its listener:
    /// the packet may change all of them.
    #[inline(always)]
    fn reconsider(&mut self, id: HandshakeId) {
        self.quick_check.forget(id);
        if !self.asked.is_empty() {
            self.forget_judgement(id);
        }
    }

    #[inline(never)]
    fn forget_judgement(&mut self, id: HandshakeId) {
        if let Some(handshake) = self.tracker.get(id) {
            self.asked.forget(&handshake.server);
        }
    }

    /// Advances the clock to the time of a frame that contains no IP packet. A SYN without an
    /// answer until then counts as unanswered.
    pub fn advance_time(&mut self, until: Timestamp) {
        self.now = self.now.max(until);
    }

    /// Judges one handshake by all packets so far. Returns `None` if the handshake was already
    /// returned by [`Self::take_evicted`].
    pub fn finding(&mut self, id: HandshakeId) -> Option<Finding> {
        self.finding_ref(id).cloned()
    }

    /// Returns the same as [`Self::finding`] without copying it.
    pub fn finding_ref(&mut self, id: HandshakeId) -> Option<&Finding> {
        self.listeners.update(&self.tracker);
        let server = self.tracker.get(id)?.server;
        let by = JudgedBy {
            tracker: &self.tracker,
            ids: self.listeners.get(server)?,
            options: self.summary.options(&server, self.judge_options()),
            learnt: self.learnt(server),
            examples: &self.examples,
            parts: self.parts,
        };
        self.asked.finding(server, id, &by)
    }

    /// Judges one handshake by its packets so far and by the latest handshakes before it on its
    /// listener. This is cheap enough to show results while packets still arrive. `detail` replaces
    /// [`FindingParts::detail`].
    #[must_use]
    pub fn preview(&mut self, id: HandshakeId, detail: DetailLevel) -> Option<Finding> {
        self.listeners.update(&self.tracker);
        let options = JudgeOptions { detail, ..self.judge_options() };
        self.judge_recent(id, &recent(&self.tracker, &self.listeners, id)?, options)
    }

    /// Returns the preview of a handshake that was answered with a SYN cookie or by a SYN proxy,
    /// without evidence and causes, and without whether the connection got stuck; `None` for any
    /// other. Most SYN-ACKs rule out both without being judged.
    #[must_use]
    pub fn preview_if_cookie_style(&mut self, id: HandshakeId) -> Option<Finding> {
        self.listeners.update(&self.tracker);
        let recent = recent(&self.tracker, &self.listeners, id)?;
        if !self.quick_check.may_be_cookie_style(&recent) {
            return None;
        }
        let options = JudgeOptions { detail: DetailLevel::None, causes: false, ..self.judge_options() };
        self.judge_recent(id, &recent, options).filter(|finding| finding.assessment.verdict.is_cookie_style())
    }

    /// Judges a handshake by recent ones of its listener, itself included.
    fn judge_recent(&self, id: HandshakeId, recent: &[&Handshake], options: JudgeOptions<'_>) -> Option<Finding> {
        let server = self.tracker.get(id)?.server;
        let mut judge = ListenerJudge::new(recent.to_vec(), &self.tracker, options, &self.learnt(server));
        judge.skip_until(id, None);
        judge.judge_next().map(|judgement| judgement.finding(self.parts))
    }

    /// Returns client and server of a handshake, or `None` if [`Self::take_evicted`] already
    /// returned the handshake.
    #[must_use]
    pub fn endpoints(&self, id: HandshakeId) -> Option<(Endpoint, Endpoint)> {
        self.tracker.get(id).map(|handshake| (handshake.client, handshake.server))
    }

    /// Returns counts of the packets read so far, and of what was dropped to stay within
    /// [`Limits`].
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Returns the findings of handshakes that were judged early to stay within [`Limits`]. Call it
    /// from time to time while pushing.
    pub fn take_evicted(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.evicted)
    }

    /// Judges the remaining handshakes and returns all findings that [`Self::take_evicted`] has not
    /// returned.
    #[must_use]
    pub fn finish(mut self) -> Findings {
        let mut handshakes = std::mem::take(&mut self.evicted);
        self.tracker.end_of_packets();
        let Ok(()) = self.judge_all(self.tracker.end(), |mut portion| {
            handshakes.append(&mut portion);
            Ok::<_, Infallible>(())
        });
        self.findings(handshakes)
    }

    /// Judges the remaining handshakes and passes the findings to `take` in portions, in order of
    /// their ids. This needs less memory than [`Self::finish`]. A portion may be empty. The
    /// returned [`Findings`] contain no handshakes. The analyzer is then empty, keeps its memory
    /// for other captures, and judges on one thread.
    ///
    /// # Errors
    ///
    /// Returns the first error of `take` and stops.
    pub fn finish_in_portions<E>(
        &mut self,
        mut take: impl FnMut(Vec<Finding>) -> Result<(), E>,
    ) -> Result<Findings, E> {
        take(std::mem::take(&mut self.evicted))?;
        self.tracker.end_of_packets();
        self.judge_all(self.tracker.end(), take)?;
        let reset = Self::with_tracker(self.limits, self.parts, self.tracker.reset());
        Ok(std::mem::replace(self, reset).findings(Vec::new()))
    }

    /// Changes [`Limits::handshakes`]. The findings of handshakes that are judged early because
    /// there are more are passed to `evicted`, in portions.
    pub fn set_max_handshakes(&mut self, handshakes: usize, evicted: &mut dyn FnMut(Vec<Finding>)) {
        self.limits.handshakes = handshakes;
        self.evict_at = handshakes.max(2);
        // A flood may be too young to be judged.
        let mut before = usize::MAX;
        while self.tracker.len() >= handshakes.max(2) && self.tracker.len() < before {
            before = self.tracker.len();
            self.evict(evicted);
        }
        self.tracker.set_room(handshakes);
    }

    /// Frees memory that is reserved for more than `handshakes`, if fewer are kept.
    pub fn keep_memory_for(&mut self, handshakes: usize) {
        self.tracker.keep_memory_for(handshakes);
    }

    fn findings(self, handshakes: Vec<Finding>) -> Findings {
        let Summary { listeners, episodes, tally, sample, missing } = self.summary;
        let listeners = listeners.into_values().collect();
        let midstream = self.midstream.into_found();
        Findings { handshakes, listeners, episodes, tally, sample, missing, midstream, statistics: self.statistics }
    }

    /// Judges and forgets the oldest handshakes; keeps their findings.
    #[cold]
    fn evict_and_keep(&mut self) {
        let mut kept = std::mem::take(&mut self.evicted);
        self.evict(&mut |mut portion| kept.append(&mut portion));
        self.evicted = kept;
    }

    /// Judges and forgets the oldest handshakes, and passes their findings to `take` in portions.
    fn evict(&mut self, take: &mut dyn FnMut(Vec<Finding>)) {
        let limit = self.limits.handshakes.max(2);
        let count;
        (count, self.evict_at) = self.tracker.evictable(limit, self.now);
        if count == 0 {
            return;
        }
        let oldest = HandshakeId(self.tracker.start().0 + count as u64);
        let Ok(()) = self.judge_all(oldest, |portion| {
            take(portion);
            Ok::<_, Infallible>(())
        });
        self.tracker.forget_oldest(count);
        self.listeners.forget_before(oldest);
        self.asked.forget_all();
        self.statistics.evicted_early += count as u64;
    }

    /// Judges all handshakes with an id below `end`. Passes their findings to `take` in portions,
    /// in order of their ids.
    fn judge_all<E>(&mut self, end: HandshakeId, take: impl FnMut(Vec<Finding>) -> Result<(), E>) -> Result<(), E> {
        let handshakes = end.0 - self.tracker.start().0;
        self.listeners.update(&self.tracker);
        self.summary.sample.expect(handshakes as usize);
        let (tracker, summary) = (&self.tracker, &self.summary);
        let compared = match self.parts {
            FindingParts { compared: true, .. } => ToCompare::All,
            FindingParts { sample: true, .. } => ToCompare::Sample(&summary.sample),
            _ => ToCompare::None,
        };
        // At the end of a capture, nobody asks for what was learnt.
        let forgets = end < tracker.end();
        let portions = Portions {
            tracker,
            learnt: &self.learnt,
            examples: &self.examples,
            summary,
            options: JudgeOptions { compared, ..self.judge_options() },
            parts: self.parts,
            threads: if handshakes >= PARALLEL { self.threads } else { 1 },
            end,
            forgets,
        };
        // If there are more listeners than `limits.listeners`, the first ones are reported.
        let remains = portions.judge(self.listeners.before(end), take)?;
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
        self.summary.add(summaries.into_iter(), &self.limits, &mut self.statistics);
        Ok(())
    }

    /// Returns the facts that forgotten handshakes showed about a listener.
    fn learnt(&self, server: Endpoint) -> Learnt {
        self.learnt.get(&server).copied().unwrap_or_default()
    }

    fn judge_options(&self) -> JudgeOptions<'static> {
        let FindingParts { detail, measured, .. } = self.parts;
        JudgeOptions {
            now: self.now,
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
fn recent<'a>(
    tracker: &'a Tracker,
    listeners: &ByListener,
    id: HandshakeId,
) -> Option<ArrayVec<&'a Handshake, PREVIEWED>> {
    let ids = listeners.get(tracker.get(id)?.server)?;
    // Mostly, it is the latest one.
    let end = if ids.last() == Some(&id) { ids.len() } else { ids.partition_point(|&other| other <= id) };
    Some(each_handshake(tracker, &ids[end.saturating_sub(PREVIEWED)..end]).collect())
}

/// Keeps what was learnt about a listener, of at most `limit` listeners.
fn learn(known: &mut BTreeMap<Endpoint, Learnt>, server: Endpoint, learnt: Learnt, limit: usize) {
    if !learnt.is_empty() && (known.len() < limit || known.contains_key(&server)) {
        known.insert(server, learnt);
    }
}
