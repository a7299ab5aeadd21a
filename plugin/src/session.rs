//! The state of the open capture file.

mod connection;
mod event;
mod frame_index;

use std::collections::HashMap;

use syncookie_engine::{
    Analyzer, Finding, FindingParts, Frame, HandshakeId, Limits, Observation, Packet, Pushed, Role, Timestamp,
};

pub use event::{Event, HandshakeState};

use crate::present::{self, Subtree};
use crate::settings::Settings;
use event::Events;
use frame_index::{Entry, FrameIndex};

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
    /// By handshake: the latest state that a frame showed or an event recorded.
    latest: HashMap<HandshakeId, HandshakeState>,
    events: Events,
    /// Findings that the analyzer released to stay within its limits, and that a frame may show.
    settled: HashMap<HandshakeId, Finding>,
}

/// What is requested of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Its subtrees, with fields and expert items.
    pub subtrees: bool,
    /// Text for its Info column.
    pub info_text: bool,
    /// Its events, to be counted now or later.
    pub events: bool,
}

impl Request {
    const fn is_empty(self) -> bool {
        !(self.subtrees || self.info_text || self.events)
    }
}

/// What to show for a frame; only what was requested.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameReport {
    /// One subtree per handshake.
    pub subtrees: Vec<Subtree>,
    /// Text for the Info column.
    pub info_text: Option<String>,
    /// Events at the first visit to the frame.
    pub events: Vec<Event>,
}

impl FrameReport {
    /// Returns whether there is nothing to show, as for almost every frame.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.subtrees.is_empty() && self.info_text.is_none() && self.events.is_empty()
    }

    fn add(&mut self, request: Request, info_text: Option<String>, subtree: impl FnOnce() -> Subtree) {
        if request.subtrees {
            self.subtrees.push(subtree());
        }
        if request.info_text && self.info_text.is_none() {
            self.info_text = info_text;
        }
    }
}

impl Session {
    /// Creates the state for a file before its first frame is read.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            analyzer: Analyzer::new(Limits { handshakes: settings.max_handshakes, ..Limits::default() })
                .with_parts(FindingParts { measured: false, syn_fields: false, ..FindingParts::default() }),
            index: FrameIndex::default(),
            latest: HashMap::new(),
            events: Events::default(),
            settled: HashMap::new(),
        }
    }

    /// Passes the packets with TCP in a frame to the engine, at the first visit, and returns what
    /// to show so far.
    ///
    /// A frame without packets passes its time: SYNs that are still without an answer by then are
    /// unanswered.
    pub fn first_visit<'a>(
        &mut self,
        frame: Frame,
        time: Timestamp,
        packets: impl Iterator<Item = Packet<'a>>,
        request: Request,
    ) -> FrameReport {
        let mut report = FrameReport::default();
        self.analyzer.advance_time(time);
        for packet in packets {
            if let Some(pushed) = self.analyzer.push(&Observation { frame, time, packet }) {
                self.on_packet(frame, pushed, request, &mut report);
                self.keep_settled();
            }
        }
        if request.events {
            report.events = self.events.in_frame(frame.number).to_vec();
        }
        report
    }

    /// Returns what to show for a frame after its first visit, according to all frames read so far.
    pub fn revisit(&mut self, frame: Frame, request: Request) -> FrameReport {
        let mut report = FrameReport::default();
        if request.events {
            report.events = self.events.in_frame(frame.number).to_vec();
        }
        if !request.subtrees && !request.info_text {
            return report;
        }
        for entry in self.index.entries(frame.number) {
            let judged = self.analyzer.finding(entry.handshake);
            let Some(finding) = judged.as_ref().or_else(|| self.settled.get(&entry.handshake)) else { continue };
            let settings = &self.settings;
            if finding.frames.syn_ack == Some(frame) {
                report.add(request, present::info_text(finding, frame, settings), || {
                    present::verdict_subtree(finding, frame, settings)
                });
            } else if finding.frames.reset == Some(frame) {
                report.add(request, present::info_text(finding, frame, settings), || {
                    present::reset_subtree(finding, frame, settings)
                });
            } else if finding.assessment.evidence.iter().any(|evidence| evidence.frames.contains(&frame)) {
                report.add(request, None, || present::reference_subtree(finding));
            }
        }
        report
    }

    /// Returns a display filter for the connection of the handshake that a frame shows something
    /// of.
    #[must_use]
    pub fn connection(&mut self, frame: u32) -> Option<String> {
        let handshake = self.index.entries(frame).first()?.handshake;
        let endpoints = self.analyzer.endpoints(handshake)?;
        let later = self.index.iter().map(|entry| entry.handshake).filter(|id| *id > handshake);
        let next = later.filter(|id| self.analyzer.endpoints(*id) == Some(endpoints)).min();
        let begin = self.first_frame(handshake);
        let end = next.and_then(|next| self.first_frame(next));
        Some(connection::filter(endpoints, begin, end))
    }

    fn first_frame(&mut self, handshake: HandshakeId) -> Option<Frame> {
        let frames = self.analyzer.finding(handshake)?.frames;
        frames.syn.or(frames.syn_ack)
    }

    /// Indexes a frame that may show something of a packet's handshake, and reports what is
    /// requested.
    fn on_packet(
        &mut self,
        frame: Frame,
        Pushed { handshake, role }: Pushed,
        request: Request,
        report: &mut FrameReport,
    ) {
        if matches!(role, Role::SynAck | Role::Reset | Role::Server) {
            self.index.insert(Entry { frame: frame.number, handshake });
        }
        if request.is_empty() {
            return;
        }
        let previous = self.latest.get(&handshake).copied();
        let (is_answer, is_reset) = (role == Role::SynAck, role == Role::Reset);
        let tracks_state = request.subtrees || request.events;
        // A preview is computed where a judgement may have changed, and for the Info column where
        // it may have a mark.
        let may_change = tracks_state && (is_answer || is_reset || (previous.is_some() && role == Role::Server));
        let may_mark = request.info_text && (is_reset || (is_answer && self.analyzer.needs_preview(handshake)));
        if !may_change && !may_mark {
            if request.events {
                self.add_event_without_judgement(frame, handshake, role, previous);
            }
            return;
        }
        let Some(finding) = self.analyzer.preview(handshake) else { return };
        let state = HandshakeState::of(&finding);
        let is_notable = previous.is_some_and(|previous| state.is_notable_after(previous));
        if request.events && previous != Some(state) {
            self.events.add(frame, &finding, previous);
        }
        if tracks_state && (is_answer || previous.is_some()) {
            self.latest.insert(handshake, state);
        }
        let settings = &self.settings;
        let info_text = if may_mark { present::info_text(&finding, frame, settings) } else { None };
        if is_answer || is_notable {
            report.add(request, info_text, || present::verdict_subtree(&finding, frame, settings));
        } else if is_reset {
            report.add(request, info_text, || present::reset_subtree(&finding, frame, settings));
        }
    }

    /// Adds the event of a packet that cannot change a judgement, if there is one.
    fn add_event_without_judgement(
        &mut self,
        frame: Frame,
        handshake: HandshakeId,
        role: Role,
        previous: Option<HandshakeState>,
    ) {
        let state = match (role, previous) {
            (Role::Syn, None) => Some(HandshakeState::SYN_SENT),
            (Role::Ack, Some(previous)) => previous.acknowledged(),
            _ => None,
        };
        if let Some(state) = state
            && let Some((client, server)) = self.analyzer.endpoints(handshake)
        {
            self.events.push(Event { frame: frame.number, handshake, client, server, state, previous });
            self.latest.insert(handshake, state);
        }
    }

    fn keep_settled(&mut self) {
        for finding in self.analyzer.take_evicted() {
            self.latest.remove(&finding.id);
            // Only a handshake with an answer or a reset has a frame that shows it.
            if finding.frames.syn_ack.is_some() || finding.frames.reset.is_some() {
                self.settled.insert(finding.id, finding);
            }
        }
    }
}

#[cfg(test)]
mod tests;
