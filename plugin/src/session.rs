//! What is known of the open capture file.

use std::collections::HashMap;

use syncookie_engine::{
    Analyzer, Confidence, Finding, Frame, HandshakeId, Limits, Observation, Pushed, Role, Timestamp, Verdict,
};

use crate::present::{self, Subtree};

/// State from opening a capture file, or reading it anew, to closing it.
///
/// Wireshark visits every frame once in order, which is when it is learned from; from then on it may show any frame at
/// any time.
#[derive(Debug)]
pub struct Session {
    analyzer: Analyzer,
    marks: Marks,
    told: HashMap<HandshakeId, Told>,
    /// What the analyzer gave up to stay within its limits, and can be shown.
    settled: HashMap<HandshakeId, Finding>,
}

/// What the frames read so far told about a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    verdict: Verdict,
    confidence: Option<Confidence>,
}

impl Told {
    fn of(finding: &Finding) -> Self {
        Self { verdict: finding.assessment.verdict, confidence: finding.assessment.confidence }
    }

    /// That an ordinary handshake is all the surer to be one is not worth a word.
    fn is_news_after(self, before: Self) -> bool {
        self.verdict != before.verdict || (self.verdict.is_cookie_style() && self.confidence != before.confidence)
    }
}

impl Default for Session {
    fn default() -> Self {
        Self {
            analyzer: Analyzer::new(Limits::default()),
            marks: Marks::default(),
            told: HashMap::new(),
            settled: HashMap::new(),
        }
    }
}

impl Session {
    /// Learns from the TCP headers of a frame that is visited for the first time, and says what to show below it: what
    /// is known by now.
    pub fn learn<'a>(&mut self, frame: Frame, observations: impl Iterator<Item = Observation<'a>>) -> Vec<Subtree> {
        let mut subtrees = Vec::new();
        for observation in observations {
            if let Some(pushed) = self.analyzer.push(&observation) {
                subtrees.extend(self.note(frame, pushed));
            }
            self.keep_settled();
        }
        subtrees
    }

    /// Learns that time went by, from a frame without TCP: what nobody answered until then is unanswered.
    pub fn wait(&mut self, time: Timestamp) {
        self.analyzer.wait(time);
    }

    /// What to show below a frame that was learned from: what all frames read so far tell.
    pub fn recall(&mut self, frame: Frame) -> Vec<Subtree> {
        let Self { analyzer, marks, settled, .. } = self;
        let show = |mark: &Mark| {
            let judged = analyzer.finding(mark.handshake);
            let finding = judged.as_ref().or_else(|| settled.get(&mark.handshake))?;
            if finding.frames.syn_ack == Some(frame) {
                Some(present::verdict(finding, frame))
            } else if finding.frames.reset == Some(frame) {
                Some(present::reset(finding, frame))
            } else {
                mark.news.then(|| present::link(finding))
            }
        };
        marks.of(frame.number).iter().filter_map(show).collect()
    }

    /// Marks a frame that has something to show of the handshake it belongs to, and says what.
    fn note(&mut self, frame: Frame, Pushed { handshake, role }: Pushed) -> Option<Subtree> {
        let before = self.told.get(&handshake).copied();
        let answers = role == Role::SynAck;
        let resets = role == Role::Reset;
        // A judgement costs more than all else: it is asked for where it may have changed.
        if !answers && !resets && (before.is_none() || role != Role::Server) {
            return None;
        }
        let finding = self.analyzer.preview(handshake)?;
        let now = Told::of(&finding);
        let news = before.is_some_and(|before| now.is_news_after(before));
        if answers || news {
            self.told.insert(handshake, now);
        }
        if answers || resets || news {
            self.marks.add(Mark { frame: frame.number, news, handshake });
        }
        if answers || news {
            Some(present::verdict(&finding, frame))
        } else {
            resets.then(|| present::reset(&finding, frame))
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

/// A frame that has something to show of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    frame: u32,
    /// It changed the verdict.
    news: bool,
    handshake: HandshakeId,
}

/// Which frames have something to show, in order of frames: first visits come in that order.
#[derive(Debug, Default)]
struct Marks(Vec<Mark>);

impl Marks {
    fn add(&mut self, mark: Mark) {
        let end = self.0.partition_point(|other| other.frame <= mark.frame);
        let start = self.0.partition_point(|other| other.frame < mark.frame);
        match self.0[start..end].iter_mut().find(|other| other.handshake == mark.handshake) {
            Some(other) => other.news |= mark.news,
            None => self.0.insert(end, mark),
        }
    }

    fn of(&self, frame: u32) -> &[Mark] {
        let start = self.0.partition_point(|mark| mark.frame < frame);
        let marks = &self.0[start..];
        &marks[..marks.partition_point(|mark| mark.frame == frame)]
    }
}

#[cfg(test)]
mod tests;
