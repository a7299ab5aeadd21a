//! The engine's one door: observations in, findings out.

use std::collections::{BTreeMap, HashMap};

use crate::decode::{self, NoSegment};
use crate::episode::episodes;
use crate::evidence::Words;
use crate::flow::Flow;
use crate::handshake::Handshake;
use crate::listener::Listener;
use crate::measured::measured;
use crate::outcome::outcome;
use crate::seeded::Map;
use crate::segment::Segment;
use crate::sighting::{GROUP, Kind, Lookout, Sighting};
use crate::tracker::Tracker;
use crate::verdict::Judge;
use crate::{
    Endpoint, Finding, Findings, Flood, HandshakeId, ListenerReport, Observation, Statistics, Tally, Timestamp, cause,
};

/// Bounds of what an [`Analyzer`] remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Handshakes kept at most, at about one kibibyte each. When it is reached, the older half is judged with
    /// what is known then, handed out by [`Analyzer::take_settled`] and forgotten; [`Statistics::settled_early`]
    /// counts them. At least 2.
    pub handshakes: usize,
    /// Handshakes that never completed while their listener was flooded, handed out one by one for each listener. More
    /// are counted in its [`ListenerReport::flood`], in the tallies, and nowhere else.
    pub flood: u64,
    /// Listeners that are reported one by one, at about 400 bytes each. The handshakes of others are in the tally only;
    /// [`Statistics::unlisted`] counts them.
    pub listeners: usize,
    /// Episodes that are kept; [`Statistics::episodes_lost`] counts the others.
    pub episodes: usize,
    /// Of which findings everything is told.
    pub detail: Detail,
}

/// Of which findings the evidence is told in words, and what would have been needed; making sentences costs more than
/// judging. Verdicts, confidences and outcomes are the same either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Of all.
    #[default]
    All,
    /// Of those that are cookie-style, or failed with a cause.
    Notable,
}

impl Limits {
    /// Handshakes that are kept unless something else is asked for.
    pub const HANDSHAKES: usize = 1 << 17;
}

impl Default for Limits {
    fn default() -> Self {
        Self { handshakes: Self::HANDSHAKES, flood: 10_000, listeners: 1 << 17, episodes: 1 << 14, detail: Detail::All }
    }
}

/// The part a frame plays in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// First SYN.
    Syn,
    /// First SYN-ACK.
    SynAck,
    /// The client's acknowledgment of it.
    Ack,
    /// The reset that decided the outcome.
    Reset,
    /// One of the server's first segments after its SYN-ACK, which tell most of who sent it.
    Server,
    /// Any other segment that was used: a repetition, the client's data.
    Other,
}

/// What became of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The handshake it belongs to.
    pub handshake: HandshakeId,
    /// Its part in it.
    pub role: Role,
}

/// How many of a listener's handshakes before the asked one [`Analyzer::preview`] looks at.
const PREVIEW: usize = 4;

/// Turns observations into findings.
#[derive(Debug)]
pub struct Analyzer {
    limits: Limits,
    statistics: Statistics,
    tracker: Tracker,
    /// Handshakes of every listener, oldest first.
    listeners: Map<Endpoint, Vec<HandshakeId>>,
    /// Findings of listeners nothing was pushed for since they were judged, and the time it was then.
    judged: HashMap<Endpoint, Vec<Finding>>,
    judged_at: Timestamp,
    settled: Vec<Finding>,
    report: Report,
    now: Timestamp,
}

impl Analyzer {
    /// An analyzer that has seen nothing.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            statistics: Statistics::default(),
            tracker: Tracker::new(limits.handshakes),
            listeners: Map::default(),
            judged: HashMap::new(),
            judged_at: Timestamp::from_nanos(i64::MIN),
            settled: Vec::new(),
            report: Report::default(),
            now: Timestamp::from_nanos(i64::MIN),
        }
    }

    /// Takes one packet. `None` when it belongs to no handshake being watched.
    pub fn push(&mut self, observation: &Observation<'_>) -> Option<Pushed> {
        self.now = self.now.max(observation.time);
        match decode::segment(observation) {
            Ok(segment) => {
                self.statistics.packets += 1;
                self.statistics.segments += 1;
                self.take(self.tracker.flow(&segment), &segment)
            }
            Err(reason) => {
                self.count(reason);
                None
            }
        }
    }

    /// What makes the sightings for [`Self::push_all`].
    #[must_use]
    pub const fn lookout(&self) -> Lookout {
        self.tracker.lookout()
    }

    /// Takes many frames of a capture, in order: the same as one by one, and quicker. `bytes` are those that the sightings
    /// were made from.
    pub fn push_all(&mut self, capture: u32, sightings: &[Sighting], bytes: &[u8]) {
        for group in sightings.chunks(GROUP) {
            let mut selected = self.tracker.select(group);
            self.tracker.fetch(group, selected);
            let mut next = 0;
            while selected != 0 {
                let index = selected.trailing_zeros() as usize;
                selected &= selected - 1;
                self.pass(&group[next..=index]);
                next = index + 1;
                let end = self.tracker.end();
                self.sighted(capture, &group[index], bytes);
                if self.tracker.end() != end {
                    // What was nobody's before now belongs to the connection that was opened.
                    selected |= self.tracker.select(&group[next..]) << index << 1;
                }
            }
            self.pass(&group[next..]);
        }
    }

    /// Counts what went by. What is unclear is counted when it is clear.
    #[inline]
    fn pass(&mut self, sightings: &[Sighting]) {
        let (mut now, mut segments, mut others) = (self.now, 0, 0);
        for sighting in sightings {
            now = now.max(sighting.time);
            segments += u64::from(matches!(sighting.kind, Kind::Plain | Kind::Turning));
            others += u64::from(sighting.kind == Kind::NotTcp);
        }
        self.now = now;
        self.statistics.packets += segments + others;
        self.statistics.segments += segments;
        self.statistics.not_tcp += others;
    }

    #[inline]
    fn sighted(&mut self, capture: u32, sighting: &Sighting, bytes: &[u8]) {
        if sighting.kind == Kind::Plain && !self.tracker.wants(sighting.flow) {
            return;
        }
        let observation = sighting.observation(capture, bytes);
        if sighting.kind == Kind::Unclear {
            self.push(&observation);
        } else if let Ok(segment) = decode::segment(&observation) {
            self.take(sighting.flow, &segment);
        }
    }

    fn take(&mut self, flow: Flow, segment: &Segment<'_>) -> Option<Pushed> {
        let before = self.tracker.end();
        let pushed = self.tracker.push(flow, segment)?;
        if pushed.handshake >= before || !self.judged.is_empty() {
            let server = self.tracker.get(pushed.handshake)?.server;
            if pushed.handshake >= before {
                self.listeners.entry(server).or_default().push(pushed.handshake);
            }
            self.judged.remove(&server);
        }
        if self.tracker.len() >= self.limits.handshakes.max(2) {
            self.settle();
        }
        Some(pushed)
    }

    /// Learns that time went by, from a frame that holds no IP packet: what nobody answered until then is unanswered.
    pub fn wait(&mut self, until: Timestamp) {
        self.now = self.now.max(until);
    }

    fn count(&mut self, reason: NoSegment) {
        self.statistics.packets += u64::from(reason != NoSegment::NoPacket);
        match reason {
            NoSegment::NoPacket => {}
            NoSegment::NotTcp => self.statistics.not_tcp += 1,
            NoSegment::Fragment => self.statistics.fragments += 1,
            NoSegment::Unreadable => self.statistics.unreadable += 1,
        }
    }

    /// One handshake, judged with all that was pushed so far; `None` once it was handed out by
    /// [`Self::take_settled`].
    pub fn finding(&mut self, id: HandshakeId) -> Option<Finding> {
        let server = self.tracker.get(id)?.server;
        if self.judged_at != self.now {
            self.judged.clear();
            self.judged_at = self.now;
        }
        if !self.judged.contains_key(&server) {
            let findings = self.judge(self.listeners.get(&server)?, u64::MAX, |_| true);
            let findings = findings.into_iter().map(|judged| judged.finding).collect();
            self.judged.insert(server, findings);
        }
        let findings = self.judged.get(&server)?;
        let at = findings.binary_search_by_key(&id, |f| f.id).ok()?;
        Some(findings[at].clone())
    }

    /// One handshake, judged cheaply: with what was pushed so far of it and of the listener's latest others. For
    /// showing something while packets are still coming in.
    #[must_use]
    pub fn preview(&self, id: HandshakeId) -> Option<Finding> {
        let ids = self.listeners.get(&self.tracker.get(id)?.server)?;
        let end = ids.partition_point(|&other| other <= id);
        let judged = self.judge(&ids[end.saturating_sub(PREVIEW)..end], u64::MAX, |other| other == id).pop()?;
        Some(judged.finding)
    }

    /// Whether its SYN-ACK by itself gives a reason to judge a handshake before more of it is known. Costs next to
    /// nothing, where [`Self::preview`] costs more than many packets.
    #[must_use]
    pub fn is_remarkable(&self, id: HandshakeId) -> bool {
        self.tracker.get(id).is_some_and(crate::glance::is_remarkable)
    }

    /// Client and server of a handshake; `None` once it was handed out by [`Self::take_settled`].
    #[must_use]
    pub fn endpoints(&self, id: HandshakeId) -> Option<(Endpoint, Endpoint)> {
        self.tracker.get(id).map(|handshake| (handshake.client, handshake.server))
    }

    /// What was read so far, and what was given up.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Handshakes that had to be judged before the end, to stay within [`Limits`]. Call it from time to time while
    /// pushing.
    pub fn take_settled(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.settled)
    }

    /// Judges everything that is left.
    #[must_use]
    pub fn finish(mut self) -> Findings {
        let mut handshakes = std::mem::take(&mut self.settled);
        let rest = self.judge_all(|_| true);
        handshakes.extend(self.report.take(rest, &self.limits, &mut self.statistics));
        Findings {
            handshakes,
            listeners: self.report.listeners.into_values().collect(),
            episodes: self.report.episodes,
            tally: self.report.tally,
            statistics: self.statistics,
        }
    }

    /// Judges and forgets the older half.
    fn settle(&mut self) {
        let count = self.tracker.len() / 2;
        let oldest = HandshakeId(self.tracker.start().0 + count as u64);
        let findings = self.judge_all(|id| id < oldest);
        self.tracker.forget_oldest(count);
        self.listeners.retain(|_, ids| {
            ids.drain(..ids.partition_point(|&id| id < oldest));
            !ids.is_empty()
        });
        self.statistics.settled_early += findings.len() as u64;
        let told = self.report.take(findings, &self.limits, &mut self.statistics);
        self.settled.extend(told);
    }

    /// The wanted handshakes of all listeners, in order of their ids.
    fn judge_all(&self, wanted: impl Fn(HandshakeId) -> bool) -> Vec<Judged> {
        let judge = |(server, ids): (&Endpoint, &Vec<HandshakeId>)| {
            self.judge(ids, self.limits.flood.saturating_sub(self.report.flood_told(server)), &wanted)
        };
        let mut findings: Vec<Judged> = self.listeners.iter().flat_map(judge).collect();
        findings.sort_by_key(|judged| judged.finding.id);
        findings
    }

    /// The wanted ones of a listener's handshakes, judged in the light of all that are given; in order of their ids. Of
    /// those that a flood left behind, `flood` are told, and the others counted.
    fn judge(&self, ids: &[HandshakeId], mut flood: u64, wanted: impl Fn(HandshakeId) -> bool) -> Vec<Judged> {
        let mut handshakes: Vec<&Handshake> = ids.iter().filter_map(|&id| self.tracker.get(id)).collect();
        // By time, not by arrival: captures merged from several interfaces are out of order.
        handshakes.sort_by_key(|h| (h.time, h.frames().syn.or(h.frames().syn_ack), h.id));
        if handshakes.is_empty() {
            return Vec::new();
        }
        let listener = Listener::new(handshakes, self.now);
        let mut judge = Judge::new(&listener);
        let wanted = (0..listener.handshakes.len()).filter(|&index| wanted(listener.handshakes[index].id));
        let mut findings: Vec<Judged> = wanted
            .map(|index| {
                let judged = self.find(&listener, &mut judge, index, flood == 0);
                flood -= u64::from(judged.of_flood && !judged.counted);
                judged
            })
            .collect();
        findings.sort_by_key(|judged| judged.finding.id);
        findings
    }

    fn find(&self, listener: &Listener<'_>, judge: &mut Judge<'_, '_>, index: usize, counts_flood: bool) -> Judged {
        let handshake = listener.handshakes[index];
        let outcome = outcome(handshake, self.now);
        let of_flood = handshake.never_completed() && listener.pressure.is_flood(handshake.time);
        let finding = |assessment, causes| Finding {
            id: handshake.id,
            client: handshake.client,
            server: handshake.server,
            time: handshake.time,
            frames: handshake.frames(),
            outcome,
            causes,
            measured: measured(listener, handshake),
            assessment,
        };
        if of_flood && counts_flood {
            let finding = finding(judge.assess(index, Words(false)), Vec::new());
            return Judged { finding, of_flood, counted: true };
        }
        let mut assessment = judge.assess(index, Words(self.limits.detail == Detail::All));
        let mut causes = cause::causes(listener, index, &assessment, outcome);
        let is_notable = assessment.verdict.is_cookie_style() || !causes.is_empty();
        if self.limits.detail == Detail::Notable && is_notable {
            assessment = judge.assess(index, Words(true));
            causes = cause::causes(listener, index, &assessment, outcome);
        }
        Judged { finding: finding(assessment, causes), of_flood, counted: false }
    }
}

/// A finding, and whether it is handed out.
struct Judged {
    finding: Finding,
    /// It never completed, and its listener was flooded then.
    of_flood: bool,
    /// It is counted, and not handed out.
    counted: bool,
}

/// What is kept of handshakes after they were handed out.
#[derive(Debug, Default)]
struct Report {
    listeners: BTreeMap<Endpoint, ListenerReport>,
    episodes: Vec<crate::Episode>,
    tally: Tally,
}

impl Report {
    /// How many of a listener's handshakes that a flood left behind were handed out.
    fn flood_told(&self, server: &Endpoint) -> u64 {
        let flood = self.listeners.get(server).and_then(|listener| listener.flood.as_ref());
        flood.map_or(0, |flood| flood.handshakes - flood.counted)
    }

    /// Takes in what was judged, and returns what is to be handed out.
    fn take(&mut self, judged: Vec<Judged>, limits: &Limits, statistics: &mut Statistics) -> Vec<Finding> {
        for one in &judged {
            self.tally.add(one.finding.assessment.verdict, one.finding.outcome);
            if self.listeners.len() >= limits.listeners && !self.listeners.contains_key(&one.finding.server) {
                statistics.unlisted += 1;
            } else {
                self.add(one);
            }
        }
        self.episodes.extend(episodes(judged.iter().map(|one| &one.finding)));
        statistics.episodes_lost += self.episodes.len().saturating_sub(limits.episodes) as u64;
        self.episodes.truncate(limits.episodes);
        judged.into_iter().filter(|one| !one.counted).map(|one| one.finding).collect()
    }

    fn add(&mut self, Judged { finding, of_flood, counted }: &Judged) {
        let listener = self.listeners.entry(finding.server).or_insert_with(|| ListenerReport {
            server: finding.server,
            first: finding.time,
            last: finding.time,
            tally: Tally::default(),
            strongest: None,
            flood: None,
        });
        listener.first = listener.first.min(finding.time);
        listener.last = listener.last.max(finding.time);
        listener.tally.add(finding.assessment.verdict, finding.outcome);
        if *of_flood {
            listener.flood.get_or_insert_with(|| Flood::new(finding.time)).add(finding.time, *counted);
        }
        if finding.assessment.verdict.is_cookie_style() {
            listener.strongest = listener.strongest.max(finding.assessment.confidence);
        }
    }
}
