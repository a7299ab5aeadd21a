//! The state of the open capture file.

mod connection;
mod event;
mod frame_index;
mod settled;
mod so_far;

use std::collections::HashMap;

use syncookie_engine::{
    Analyzer, DetailLevel, Endpoint, Finding, FindingParts, Frame, HandshakeId, Limits, Observation, Packet, Pushed,
    Role, Timestamp,
};

pub use event::{Event, HandshakeState};

use crate::fields::{Expert, Field};
use crate::present::{self, Needs, Subtree};
use crate::settings::Settings;
use frame_index::{Entry, FrameIndex, Shows};
use settled::Settled;
use so_far::so_far;

/// The state of a capture file from when it is opened or reloaded until it is closed.
///
/// Wireshark visits every frame once in order, and the engine reads the frame then. From then on
/// Wireshark may show any frame at any time. Only what is requested is computed: judging a
/// handshake costs more than reading many frames.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    analyzer: Analyzer,
    index: FrameIndex,
    /// Latest state of each handshake that a frame showed or an event recorded.
    latest: HashMap<HandshakeId, HandshakeState>,
    /// Findings that the analyzer released to stay within its limits.
    settled: Settled,
}

/// What is requested of a frame.
#[derive(Clone, Copy, Default)]
pub struct Request<'a> {
    /// Whether, and with which fields, subtrees with expert items are requested.
    pub subtrees: Option<Needs<'a>>,
    /// Whether expert items are requested, even without a subtree.
    pub experts: bool,
    /// Whether the text for the Info column is requested.
    pub info_text: bool,
    /// Whether the events are requested, to be counted.
    pub events: bool,
}

impl Request<'_> {
    const fn is_empty(self) -> bool {
        !(self.shows_something() || self.events)
    }

    const fn shows_something(self) -> bool {
        self.subtrees.is_some() || self.experts || self.info_text
    }

    /// Returns the detail of a judgement for these fields.
    fn detail(self) -> DetailLevel {
        let explains = |needs: Needs<'_>| Field::EXPLANATIONS.iter().any(|field| needs(*field));
        if self.subtrees.is_some_and(explains) { DetailLevel::All } else { DetailLevel::None }
    }
}

/// What to show for a frame; only what was requested.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameReport {
    /// One subtree per handshake.
    pub subtrees: Vec<Subtree>,
    /// Expert items where no subtree carries them.
    pub experts: Vec<(Expert, String)>,
    /// Text for the Info column.
    pub info_text: Option<String>,
    /// Events to be counted.
    pub events: Vec<Event>,
}

impl FrameReport {
    /// Returns the report if there is something to show.
    fn if_any(self) -> Option<Box<Self>> {
        let Self { subtrees, experts, info_text, events } = &self;
        let is_empty = subtrees.is_empty() && experts.is_empty() && info_text.is_none() && events.is_empty();
        (!is_empty).then(|| Box::new(self))
    }

    /// Adds the report of another packet of the frame.
    fn append(&mut self, mut other: Self) {
        self.subtrees.append(&mut other.subtrees);
        self.experts.append(&mut other.experts);
        self.info_text = self.info_text.take().or(other.info_text);
        self.events.append(&mut other.events);
    }

    fn add(
        &mut self,
        request: Request<'_>,
        subtree: impl FnOnce(Needs<'_>) -> Subtree,
        experts: impl FnOnce() -> Vec<(Expert, String)>,
    ) {
        if let Some(needs) = request.subtrees {
            self.subtrees.push(subtree(needs));
        } else if request.experts {
            self.experts.extend(experts());
        }
    }

    fn add_info_text(&mut self, request: Request<'_>, info_text: impl FnOnce() -> Option<String>) {
        if request.info_text && self.info_text.is_none() {
            self.info_text = info_text();
        }
    }
}

impl Session {
    /// Creates the state for a file before its first frame is read.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            analyzer: Analyzer::new(Limits { handshakes: settings.max_handshakes, ..Limits::default() }).with_parts(
                FindingParts {
                    counted_in_floods: true,
                    measured: false,
                    syn_fields: false,
                    signatures: false,
                    sample: false,
                    ..FindingParts::default()
                },
            ),
            index: FrameIndex::default(),
            latest: HashMap::new(),
            settled: Settled::new(settings.max_handshakes),
        }
    }

    /// Passes the packets with TCP in a frame to the engine, at the first visit, and returns what
    /// to show so far; `None` for almost every frame.
    ///
    /// A frame without packets passes its time: SYNs that are still without an answer by then are
    /// unanswered.
    pub fn first_visit<'a>(
        &mut self,
        frame: Frame,
        time: Timestamp,
        packets: impl Iterator<Item = Packet<'a>>,
        request: Request<'_>,
    ) -> Option<Box<FrameReport>> {
        let mut report: Option<Box<FrameReport>> = None;
        self.analyzer.advance_time(time);
        for packet in packets {
            let Self { analyzer, latest, settled, .. } = self;
            let pushed = analyzer.push_and_pass(&Observation { frame, time, packet }, &mut |findings| {
                for finding in findings {
                    latest.remove(&finding.id);
                    settled.insert(finding);
                }
            });
            let Some(shown) = pushed.and_then(|pushed| self.on_packet(frame, pushed, request)) else { continue };
            match &mut report {
                Some(report) => report.append(*shown),
                None => report = Some(shown),
            }
        }
        report
    }

    /// Returns what to show for a frame after its first visit, according to all frames read so far;
    /// `None` for almost every frame.
    pub fn revisit(&mut self, frame: Frame, request: Request<'_>) -> Option<Box<FrameReport>> {
        if request.is_empty() {
            return None;
        }
        let mut report = FrameReport::default();
        let Self { settings, analyzer, index, settled, .. } = self;
        let least = if request.subtrees.is_some() { Shows::Reference } else { Shows::Finding };
        for entry in index.entries(frame.number).filter(|entry| entry.shows >= least) {
            let id = entry.handshake;
            match analyzer.finding_ref(id) {
                Some(finding) => show(finding, frame, request, settings, &mut report),
                None => settled.with(id, |finding| show(finding, frame, request, settings, &mut report)),
            }
        }
        report.if_any()
    }

    /// Returns a display filter for the connection of the handshake that a frame belongs to.
    #[must_use]
    pub fn connection(&self, frame: u32) -> Option<String> {
        let handshake = self.handshake(frame)?;
        let endpoints = self.endpoints(handshake)?;
        let begin = self.index.first_frame(handshake);
        let next = self.index.iter().filter(|entry| entry.handshake > handshake);
        let end =
            next.filter(|entry| self.endpoints(entry.handshake) == Some(endpoints)).map(|entry| entry.frame).min();
        Some(connection::filter(endpoints, begin, end))
    }

    /// Returns the handshake that a frame belongs to; the first of several.
    #[must_use]
    pub fn handshake(&self, frame: u32) -> Option<HandshakeId> {
        self.index.entries(frame).next().map(|entry| entry.handshake)
    }

    fn endpoints(&self, handshake: HandshakeId) -> Option<(Endpoint, Endpoint)> {
        self.analyzer.endpoints(handshake).or_else(|| self.settled.endpoints(handshake))
    }

    /// Indexes a frame that may show something of a packet's handshake, and reports what is
    /// requested.
    fn on_packet(
        &mut self,
        frame: Frame,
        Pushed { handshake, role }: Pushed,
        request: Request<'_>,
    ) -> Option<Box<FrameReport>> {
        if role != Role::Other {
            self.index.insert(Entry { frame: frame.number, handshake, shows: shows(role) });
        }
        if request.is_empty() {
            return None;
        }
        let previous = self.latest.get(&handshake).copied();
        let (is_answer, is_reset) = (role == Role::SynAck, role == Role::Reset);
        let tracks_state = request.subtrees.is_some() || request.events;
        // A preview is computed where a judgement may have changed, and for expert items and the
        // Info column where they may have something.
        let may_change = tracks_state && (is_answer || is_reset || (previous.is_some() && role == Role::Server));
        let may_mark = request.shows_something() && (is_answer || is_reset);
        if !may_change && !may_mark {
            let event = request.events.then(|| self.event_without_judgement(frame, handshake, role, previous))??;
            return FrameReport { events: vec![event], ..FrameReport::default() }.if_any();
        }
        // The expert item of a failure has its cause, whoever answered the SYN.
        let is_judged = may_change || (is_reset && request.experts);
        let marked = if is_judged { None } else { self.analyzer.preview_if_cookie_style(handshake).map(so_far) };
        let has_failed = marked.as_ref().is_some_and(|finding| finding.outcome.is_failure());
        let preview = if is_judged || (has_failed && request.experts) {
            self.analyzer.preview(handshake, request.detail()).map(so_far)
        } else {
            marked
        };
        let finding = preview?;
        let mut report = FrameReport::default();
        let settings = &self.settings;
        let mut state = state(&finding, settings);
        let is_notable = previous.is_some_and(|previous| state.is_notable_after(previous));
        if let Some(previous) = previous.filter(|_| !(is_answer || is_reset || is_notable)) {
            // The frame shows nothing, so what a reset showed remains.
            state = state.keeping_reset(previous);
        }
        if request.events && previous != Some(state) {
            report.events.push(event(frame, &finding, state, previous));
        }
        if tracks_state && (is_answer || previous.is_some()) {
            self.latest.insert(handshake, state);
        }
        if may_mark {
            report.add_info_text(request, || present::info_text(&finding, frame, settings));
        }
        if is_answer || is_notable {
            report.add(
                request,
                |needs| present::finding_subtree(&finding, frame, settings, needs),
                || present::finding_experts(&finding, frame, settings),
            );
        } else if is_reset {
            report.add(
                request,
                |needs| present::outcome_subtree(&finding, frame, settings, needs),
                || present::reset_experts(&finding, frame, settings, true),
            );
        }
        report.if_any()
    }

    /// Returns the event of a packet that cannot change a judgement, if there is one.
    fn event_without_judgement(
        &mut self,
        frame: Frame,
        handshake: HandshakeId,
        role: Role,
        previous: Option<HandshakeState>,
    ) -> Option<Event> {
        let state = match (role, previous) {
            (Role::Syn, None) => HandshakeState::SYN_SENT,
            (Role::Ack, Some(previous)) => previous.acknowledged()?,
            _ => return None,
        };
        let (client, server) = self.analyzer.endpoints(handshake)?;
        self.latest.insert(handshake, state);
        Some(Event { frame: frame.number, handshake, client, server, state, previous })
    }
}

/// Returns what a frame with a packet in this role may show of the handshake.
const fn shows(role: Role) -> Shows {
    match role {
        Role::Syn | Role::SynAck | Role::Reset => Shows::Finding,
        Role::Server => Shows::Reference,
        Role::Ack | Role::Other => Shows::Nothing,
    }
}

/// Adds what a frame shows of a finding once the file was read.
fn show(finding: &Finding, frame: Frame, request: Request<'_>, settings: &Settings, report: &mut FrameReport) {
    if present::carrier(finding) == Some(frame) {
        if request.events {
            report.events.push(event(frame, finding, state(finding, settings), None));
        }
        report.add_info_text(request, || present::info_text(finding, frame, settings));
        report.add(
            request,
            |needs| present::finding_subtree(finding, frame, settings, needs),
            || present::finding_experts(finding, frame, settings),
        );
    } else if finding.frames.reset == Some(frame) {
        report.add_info_text(request, || present::info_text(finding, frame, settings));
        report.add(
            request,
            |needs| present::reset_subtree(finding, frame, settings, needs),
            || present::reset_experts(finding, frame, settings, false),
        );
    } else if finding.assessment.evidence.iter().any(|evidence| evidence.frames.contains(&frame)) {
        report.add(request, |needs| present::reference_subtree(finding, frame, needs), Vec::new);
    }
}

fn state(finding: &Finding, settings: &Settings) -> HandshakeState {
    HandshakeState::of(finding, present::most_likely_cause(finding, settings))
}

fn event(frame: Frame, finding: &Finding, state: HandshakeState, previous: Option<HandshakeState>) -> Event {
    let Finding { id, client, server, .. } = *finding;
    Event { frame: frame.number, handshake: id, client, server, state, previous }
}

#[cfg(test)]
mod tests;
