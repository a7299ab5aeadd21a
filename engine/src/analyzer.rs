//! The engine's entry point: takes observations and returns findings.

use std::collections::{BTreeMap, HashMap};

use crate::connection::by_listener::ByListener;
use crate::connection::handshake::Handshake;
use crate::connection::tracker::Tracker;
use crate::intake::batch::Group;
use crate::intake::flow::Flow;
use crate::intake::midstream::MidstreamConnections;
use crate::intake::summary::{PacketKind, PacketSummary};
use crate::listener::learnt::Learnt;
use crate::packet::icmp::{self, IcmpError};
use crate::packet::ip::{self, NoSegment};
use crate::packet::segment::{Flags, Segment};
use crate::verdict::judgement::{JudgeOptions, Judgement, ToCompare, judge};
use crate::verdict::quick_check::needs_preview;
use crate::verdict::summary::Summary;
use crate::{
    Endpoint, Finding, FindingParts, Findings, Frame, HandshakeId, Limits, Link, Observation, Packet, Pushed,
    Statistics, Timestamp, parallel,
};

/// Number of a listener's handshakes that [`Analyzer::preview`] judges by, the previewed one
/// included.
const PREVIEW: usize = 4;

/// Number of findings that are returned together. They stay in the processor's caches until the
/// caller reads them.
const PORTION: usize = 1024;

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
    judged: HashMap<Endpoint, Vec<Finding>>,
    /// Value of `now` when `judged` was filled.
    judged_at: Timestamp,
    evicted: Vec<Finding>,
    /// Number of handshakes at which some may have to be judged early.
    evict_at: usize,
    /// What forgotten handshakes showed, by listener.
    learnt: BTreeMap<Endpoint, Learnt>,
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
            judged: HashMap::new(),
            judged_at: Timestamp::from_nanos(i64::MIN),
            evicted: Vec::new(),
            evict_at: limits.handshakes.max(2),
            learnt: BTreeMap::new(),
            summary: Summary::default(),
            midstream: MidstreamConnections::default(),
            now: Timestamp::from_nanos(i64::MIN),
        }
    }

    /// Takes one packet. Returns `None` if the packet is not part of a handshake.
    pub fn push(&mut self, observation: &Observation<'_>) -> Option<Pushed> {
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
        let pushed = match packet {
            Packet::Ip(bytes) => self.take_ip(frame, time, bytes, summary),
            _ => self.take_parsed(ip::segment(observation)),
        };
        if self.is_full() {
            self.evict();
        }
        pushed
    }

    /// Takes consecutive frames of a capture: number, time, and the IP packet if the frame has one.
    /// The result is the same as from [`Self::push`] for each frame with [`Packet::Ip`] or
    /// [`Packet::None`], but faster.
    pub fn push_all<'a>(&mut self, capture: u32, frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>) {
        self.push_all_with_links(capture, frames, |_| None);
    }

    /// Takes the same as [`Self::push_all`]. Calls `link_of` with the numbers of frames whose SYN
    /// opens a handshake; it returns their link layer, if that is known.
    pub fn push_all_with_links<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        link_of: impl Fn(u32) -> Option<Link>,
    ) {
        let mut frames = frames.into_iter().fuse();
        let mut group = Group::default();
        loop {
            group.fill(self.tracker.keyed(), &mut frames);
            if group.frames().is_empty() {
                return;
            }
            self.push_group(capture, &group, &link_of);
        }
    }

    #[inline(never)]
    fn push_group(&mut self, capture: u32, group: &Group<'_>, link_of: &dyn Fn(u32) -> Option<Link>) {
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
                    self.now = self.now.max(group.latest_until(index));
                    self.evict();
                }
            }
        }
        self.now = self.now.max(group.latest());
    }

    /// Takes an IP packet that may show something of a handshake.
    #[inline(always)]
    fn take_ip(&mut self, frame: Frame, time: Timestamp, bytes: &[u8], summary: PacketSummary) -> Option<Pushed> {
        if summary.kind == PacketKind::NeedsFullParse {
            return self.take_unusual(frame, time, bytes);
        }
        self.take(summary.flow, &ip::quick_segment(frame, time, bytes)?)
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
        if pushed.handshake >= end {
            if end == HandshakeId(0) {
                self.midstream.forget();
            }
            let server = self.tracker.get(pushed.handshake)?.server;
            self.listeners.push(server, pushed.handshake);
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
        if !is_known && self.listeners.get(segment.source()).is_some() {
            self.midstream.push_reset_of_listener(flow, segment);
        }
    }

    fn is_full(&self) -> bool {
        self.tracker.len() >= self.evict_at
    }

    /// Discards cached findings of the handshake's listener: a new packet may change all of them.
    #[inline(always)]
    fn reconsider(&mut self, id: HandshakeId) {
        if !self.judged.is_empty() {
            self.forget_judgement(id);
        }
    }

    #[inline(never)]
    fn forget_judgement(&mut self, id: HandshakeId) {
        if let Some(handshake) = self.tracker.get(id) {
            self.judged.remove(&handshake.server);
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
        let server = self.tracker.get(id)?.server;
        if self.judged_at != self.now {
            self.judged.clear();
            self.judged_at = self.now;
        }
        if !self.judged.contains_key(&server) {
            let handshakes = handshakes(&self.tracker, self.listeners.get(server)?);
            let options = self.summary.options(&server, self.judge_options());
            let mut learnt = self.learnt(&handshakes);
            let judged = judge(handshakes, &self.tracker, options, &mut learnt, |_| true);
            self.judged.insert(server, judged.into_iter().map(|one| one.finding(self.parts)).collect());
        }
        let findings = self.judged.get(&server)?;
        let at = findings.binary_search_by_key(&id, |f| f.id).ok()?;
        findings.get(at)
    }

    /// Judges one handshake by its packets so far and by the latest handshakes before it on its
    /// listener. This is cheap enough to show results while packets still arrive.
    #[must_use]
    pub fn preview(&self, id: HandshakeId) -> Option<Finding> {
        let recent = self.recent(id)?;
        let mut learnt = self.learnt(&recent);
        let mut judged = judge(recent, &self.tracker, self.judge_options(), &mut learnt, |other| other == id);
        judged.pop().map(|judgement| judgement.finding(self.parts))
    }

    /// Returns whether [`Self::preview`] reports a SYN cookie or SYN proxy, at a fraction of its
    /// cost. Most SYN-ACKs rule out both without being judged.
    #[must_use]
    pub fn needs_preview(&self, id: HandshakeId) -> bool {
        self.recent(id).is_some_and(|recent| {
            let learnt = self.learnt(&recent);
            needs_preview(id, recent, self.now, &learnt)
        })
    }

    /// Returns a handshake and the latest handshakes before it on its listener.
    fn recent(&self, id: HandshakeId) -> Option<Vec<&Handshake>> {
        let ids = self.listeners.get(self.tracker.get(id)?.server)?;
        let end = ids.partition_point(|&other| other <= id);
        Some(handshakes(&self.tracker, &ids[end.saturating_sub(PREVIEW)..end]))
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
        self.judge_all(self.tracker.end()).for_each(|mut portion| handshakes.append(&mut portion));
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
        self.judge_all(self.tracker.end()).filter(|portion| !portion.is_empty()).try_for_each(take)?;
        let reset = Self::with_tracker(self.limits, self.parts, self.tracker.reset());
        Ok(std::mem::replace(self, reset).findings(Vec::new()))
    }

    fn findings(self, handshakes: Vec<Finding>) -> Findings {
        let Summary { listeners, episodes, tally, sample, missing } = self.summary;
        let listeners = listeners.into_values().collect();
        let midstream = self.midstream.into_found();
        Findings { handshakes, listeners, episodes, tally, sample, missing, midstream, statistics: self.statistics }
    }

    /// Judges and forgets the oldest handshakes.
    fn evict(&mut self) {
        let limit = self.limits.handshakes.max(2);
        let count;
        (count, self.evict_at) = self.tracker.evictable(limit, self.now);
        if count == 0 {
            return;
        }
        let oldest = HandshakeId(self.tracker.start().0 + count as u64);
        let mut evicted = std::mem::take(&mut self.evicted);
        evicted.reserve_exact(count);
        self.judge_all(oldest).for_each(|mut portion| evicted.append(&mut portion));
        self.evicted = evicted;
        self.tracker.forget_oldest(count);
        self.listeners.forget_before(oldest);
        self.statistics.evicted_early += count as u64;
    }

    /// Judges all handshakes with an id below `end`. Returns them in portions, in order of their
    /// ids.
    fn judge_all(&mut self, end: HandshakeId) -> impl Iterator<Item = Vec<Finding>> {
        self.summary.sample.expect((end.0 - self.tracker.start().0) as usize);
        let (tracker, learnt, summary) = (&self.tracker, &self.learnt, &self.summary);
        let compared = if self.parts.compared { ToCompare::All } else { ToCompare::Sample(&summary.sample) };
        // At the end of a capture, nobody asks for what was learnt.
        let forgets = end < tracker.end();
        let options = JudgeOptions { compared, forgets, ..self.judge_options() };
        let (limits, parts) = (self.limits, self.parts);
        // If there are more listeners than `limits.listeners`, the first ones are reported.
        let listeners = self.listeners.before(end);
        let is_worth_it = end.0 - tracker.start().0 >= PARALLEL;
        let judged = parallel::map(&listeners, if is_worth_it { self.threads } else { 1 }, |ids| {
            let handshakes = handshakes(tracker, ids);
            let server = handshakes.first().map(|first| first.server);
            let mut learnt = server.and_then(|server| learnt.get(&server).copied()).unwrap_or_default();
            let options = server.map_or(options, |server| summary.options(&server, options));
            let mut judged = judge(handshakes, tracker, options, &mut learnt, |id| id < end);
            let counted = summary.count(&judged);
            judged.retain(|one| {
                (parts.counted_in_floods || !one.only_counted) && (one.is_notable() || !parts.only_notable)
            });
            // Findings that are not reported free their memory for the next listener.
            judged.shrink_to_fit();
            ((counted, server.map(|server| (server, learnt))), judged)
        });
        let (known, judged): (Vec<_>, _) = judged.into_iter().unzip();
        let (counted, learnt): (Vec<_>, Vec<_>) = known.into_iter().unzip();
        if forgets {
            learn(&mut self.learnt, learnt.into_iter().flatten(), limits.listeners);
        }
        self.summary.add(counted.into_iter().flatten(), &limits, &mut self.statistics);
        in_order(judged, tracker.start(), end)
            .map(move |portion| portion.into_iter().map(|one| one.finding(parts)).collect())
    }

    /// Returns what forgotten handshakes showed of the listener of these.
    fn learnt(&self, handshakes: &[&Handshake]) -> Learnt {
        handshakes.first().and_then(|first| self.learnt.get(&first.server)).copied().unwrap_or_default()
    }

    fn judge_options(&self) -> JudgeOptions<'static> {
        let FindingParts { detail, measured, .. } = self.parts;
        JudgeOptions {
            now: self.now,
            detail,
            measured,
            compared: ToCompare::None,
            forgets: false,
            flood: self.limits.flood,
            last_flood: None,
        }
    }
}

fn handshakes<'a>(tracker: &'a Tracker, ids: &[HandshakeId]) -> Vec<&'a Handshake> {
    let mut handshakes = Vec::with_capacity(ids.len());
    handshakes.extend(ids.iter().filter_map(|&id| tracker.get(id)).filter(|handshake| !handshake.is_absorbed()));
    handshakes
}

/// Keeps what was learnt about listeners, of at most `limit` of them.
fn learn(known: &mut BTreeMap<Endpoint, Learnt>, learnt: impl Iterator<Item = (Endpoint, Learnt)>, limit: usize) {
    for (server, learnt) in learnt.filter(|(_, learnt)| !learnt.is_empty()) {
        if known.len() < limit || known.contains_key(&server) {
            known.insert(server, learnt);
        }
    }
}

/// Merges the judgements of all listeners into the order of ids, from `start` to `end`. They are
/// scattered over memory, and in portions several loads are in flight at once.
fn in_order(
    judged: Vec<Vec<Judgement<'_>>>,
    start: HandshakeId,
    end: HandshakeId,
) -> impl Iterator<Item = Vec<Judgement<'_>>> {
    // The judgements of each listener are in order, so only the listener of each id must be known.
    let mut turns = vec![u32::MAX; (end.0 - start.0) as usize];
    for (listener, judged) in (0..).zip(&judged) {
        for one in judged {
            turns[(one.handshake.id.0 - start.0) as usize] = listener;
        }
    }
    let mut listeners: Vec<_> = judged.into_iter().map(Vec::into_iter).collect();
    (0..turns.len()).step_by(PORTION).map(move |begin| {
        let turns = &turns[begin..turns.len().min(begin + PORTION)];
        let mut portion = Vec::with_capacity(turns.len());
        portion.extend(turns.iter().filter_map(|&listener| listeners.get_mut(listener as usize)?.next()));
        portion
    })
}
