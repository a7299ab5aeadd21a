//! What is known of the open capture file.

mod connection;
mod event;
mod marks;

use std::collections::HashMap;

use syncookie_engine::{Analyzer, Finding, Frame, HandshakeId, Limits, Observation, Packet, Pushed, Role, Timestamp};

pub use event::{Event, Known};

use crate::present::{self, Subtree};
use crate::settings::Settings;
use event::Events;
use marks::{Mark, Marks};

/// State from opening a capture file, or reading it anew, to closing it.
///
/// Wireshark visits every frame once in order, which is when it is learned from; from then on it may show any frame at
/// any time. What nobody asks for is not worked out: a judgement costs more than reading many frames.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    analyzer: Analyzer,
    marks: Marks,
    /// What the frames read so far told about a handshake, where somebody asked.
    told: HashMap<HandshakeId, Known>,
    events: Events,
    /// What the analyzer gave up to stay within its limits, and can be shown.
    settled: HashMap<HandshakeId, Finding>,
}

/// What somebody wants to know of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Its subtrees, with fields and expert items.
    pub subtrees: bool,
    /// A word for its line in the packet list.
    pub word: bool,
    /// What happened in it, to be counted now or later.
    pub events: bool,
}

impl Asked {
    const fn anything(self) -> bool {
        self.subtrees || self.word || self.events
    }
}

/// What there is to show of a frame; only what was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// One for each handshake.
    pub subtrees: Vec<Subtree>,
    /// For its line in the packet list.
    pub word: Option<String>,
    /// What happened in it.
    pub events: Vec<Event>,
}

impl Shown {
    /// As of almost every frame.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.subtrees.is_empty() && self.word.is_none() && self.events.is_empty()
    }

    fn add(&mut self, asked: Asked, word: Option<String>, subtree: impl FnOnce() -> Subtree) {
        if asked.subtrees {
            self.subtrees.push(subtree());
        }
        if asked.word && self.word.is_none() {
            self.word = word;
        }
    }
}

impl Session {
    /// One that knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            analyzer: Analyzer::new(Limits {
                handshakes: settings.handshakes,
                measured: false,
                openings: false,
                ..Limits::default()
            }),
            marks: Marks::default(),
            told: HashMap::new(),
            events: Events::default(),
            settled: HashMap::new(),
        }
    }

    /// Learns from the packets with TCP in a frame that is visited for the first time, and says what is known by now.
    ///
    /// From a frame without, it learns that time went by: what nobody answered until then is unanswered.
    pub fn learn<'a>(
        &mut self,
        frame: Frame,
        time: Timestamp,
        packets: impl Iterator<Item = Packet<'a>>,
        asked: Asked,
    ) -> Shown {
        let mut shown = Shown::default();
        self.analyzer.wait(time);
        for packet in packets {
            if let Some(pushed) = self.analyzer.push(&Observation { frame, time, packet }) {
                self.note(frame, pushed, asked, &mut shown);
                self.keep_settled();
            }
        }
        if asked.events {
            shown.events = self.events.of(frame.number).to_vec();
        }
        shown
    }

    /// What to show of a frame that was learned from: what all frames read so far tell.
    pub fn recall(&mut self, frame: Frame, asked: Asked) -> Shown {
        let mut shown = Shown::default();
        if asked.events {
            shown.events = self.events.of(frame.number).to_vec();
        }
        if !asked.subtrees && !asked.word {
            return shown;
        }
        for mark in self.marks.of(frame.number) {
            let judged = self.analyzer.finding(mark.handshake);
            let Some(finding) = judged.as_ref().or_else(|| self.settled.get(&mark.handshake)) else { continue };
            let settings = &self.settings;
            if finding.frames.syn_ack == Some(frame) {
                shown
                    .add(asked, present::word(finding, frame, settings), || present::verdict(finding, frame, settings));
            } else if finding.frames.reset == Some(frame) {
                shown.add(asked, present::word(finding, frame, settings), || present::reset(finding, frame, settings));
            } else if finding.assessment.evidence.iter().any(|evidence| evidence.frames.contains(&frame)) {
                shown.add(asked, None, || present::link(finding));
            }
        }
        shown
    }

    /// A display filter for the connection of the handshake that a frame shows something of.
    #[must_use]
    pub fn connection(&mut self, frame: u32) -> Option<String> {
        let handshake = self.marks.of(frame).first()?.handshake;
        let ends = self.analyzer.endpoints(handshake)?;
        let later = self.marks.all().filter(|mark| mark.handshake > handshake).map(|mark| mark.handshake);
        let next = later.filter(|id| self.analyzer.endpoints(*id) == Some(ends)).min();
        let begin = self.first_frame(handshake);
        let end = next.and_then(|next| self.first_frame(next));
        Some(connection::filter(ends, begin, end))
    }

    fn first_frame(&mut self, handshake: HandshakeId) -> Option<Frame> {
        let frames = self.analyzer.finding(handshake)?.frames;
        frames.syn.or(frames.syn_ack)
    }

    /// Marks a frame that may have something to show of the handshake it belongs to, and says what, if asked.
    fn note(&mut self, frame: Frame, Pushed { handshake, role }: Pushed, asked: Asked, shown: &mut Shown) {
        if matches!(role, Role::SynAck | Role::Reset | Role::Server) {
            self.marks.add(Mark { frame: frame.number, handshake });
        }
        if !asked.anything() {
            return;
        }
        let before = self.told.get(&handshake).copied();
        let (answers, resets) = (role == Role::SynAck, role == Role::Reset);
        let watched = asked.subtrees || asked.events;
        // Asked for where a judgement may have changed; for a word alone, where there may be one.
        let telling = watched && (answers || resets || (before.is_some() && role == Role::Server));
        let word = asked.word && (resets || (answers && self.analyzer.is_remarkable(handshake)));
        if !telling && !word {
            if asked.events {
                self.note_event(frame, handshake, role, before);
            }
            return;
        }
        let Some(finding) = self.analyzer.preview(handshake) else { return };
        let now = Known::of(&finding);
        let news = before.is_some_and(|before| now.is_news_after(before));
        if asked.events && before != Some(now) {
            self.events.add(frame, &finding, before);
        }
        if watched && (answers || before.is_some()) {
            self.told.insert(handshake, now);
        }
        let settings = &self.settings;
        let word = if word { present::word(&finding, frame, settings) } else { None };
        if answers || news {
            shown.add(asked, word, || present::verdict(&finding, frame, settings));
        } else if resets {
            shown.add(asked, word, || present::reset(&finding, frame, settings));
        }
    }

    /// What happens in a frame that cannot change a judgement.
    fn note_event(&mut self, frame: Frame, handshake: HandshakeId, role: Role, before: Option<Known>) {
        let now = match (role, before) {
            (Role::Syn, None) => Some(Known::ASKED),
            (Role::Ack, Some(before)) => before.acknowledged(),
            _ => None,
        };
        if let Some(now) = now
            && let Some((client, server)) = self.analyzer.endpoints(handshake)
        {
            self.events.push(Event { frame: frame.number, handshake, client, server, now, before });
            self.told.insert(handshake, now);
        }
    }

    fn keep_settled(&mut self) {
        for finding in self.analyzer.take_settled() {
            self.told.remove(&finding.id);
            // Only a handshake with an answer has a frame to be shown below.
            if finding.frames.syn_ack.is_some() || finding.frames.reset.is_some() {
                self.settled.insert(finding.id, finding);
            }
        }
    }
}

#[cfg(test)]
mod tests;
