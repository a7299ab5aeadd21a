//! What is known of the open capture file.

use std::collections::HashMap;

use syncookie_engine::{
    Analyzer, Confidence, Finding, Frame, HandshakeId, Limits, Observation, Packet, Pushed, Role, Timestamp, Verdict,
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
    /// Learns from one TCP header of a frame that is visited for the first time.
    pub fn learn(&mut self, observation: &Observation<'_>) {
        if let Some(Pushed { handshake, role }) = self.analyzer.push(observation) {
            let part = match role {
                Role::SynAck => Some(Part::SynAck),
                Role::Reset => Some(Part::Reset),
                Role::Syn | Role::Ack | Role::Other => None,
            };
            if let Some(part) = part {
                self.marks.add(observation.frame.number, handshake, part);
            }
            if self.brings_news(handshake, role) {
                self.marks.add(observation.frame.number, handshake, Part::News);
            }
        }
        self.keep_settled();
    }

    /// Learns that time went by, from an IP packet without TCP: what nobody answered until then is unanswered.
    pub fn wait(&mut self, frame: Frame, time: Timestamp) {
        self.analyzer.push(&Observation { frame, time, packet: Packet::Ip(&[]) });
    }

    /// Whether a later packet than the SYN-ACK changed the verdict that was shown so far.
    fn brings_news(&mut self, handshake: HandshakeId, role: Role) -> bool {
        let before = self.told.get(&handshake).copied();
        if before.is_none() && role != Role::SynAck {
            return false;
        }
        let Some(now) = self.analyzer.preview(handshake).as_ref().map(Told::of) else { return false };
        let news = before.is_some_and(|before| now.is_news_after(before));
        if news || before.is_none() {
            self.told.insert(handshake, now);
        }
        news
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

    /// What to show below a frame: on its first visit what is known by then, later what the whole capture tells.
    pub fn show(&mut self, frame: Frame, first_visit: bool) -> Vec<Subtree> {
        let Self { analyzer, marks, settled, .. } = self;
        let show = |mark: &Mark| {
            let judged = if first_visit { analyzer.preview(mark.handshake) } else { analyzer.finding(mark.handshake) };
            let finding = judged.as_ref().or_else(|| settled.get(&mark.handshake))?;
            let is_syn_ack = finding.frames.syn_ack == Some(frame);
            let is_reset = finding.frames.reset == Some(frame);
            let news = mark.has(Part::News);
            if is_syn_ack || (news && first_visit) {
                Some(present::verdict(finding, frame))
            } else if is_reset {
                Some(present::reset(finding, frame))
            } else {
                news.then(|| present::link(finding))
            }
        };
        marks.of(frame.number).iter().filter_map(show).collect()
    }
}

/// What a frame is to a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    SynAck = 1,
    Reset = 2,
    /// It changed the verdict.
    News = 4,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    frame: u32,
    parts: u8,
    handshake: HandshakeId,
}

impl Mark {
    fn has(self, part: Part) -> bool {
        self.parts & part as u8 != 0
    }
}

/// Which frames have something to show, in order of frames: first visits come in that order.
#[derive(Debug, Default)]
struct Marks(Vec<Mark>);

impl Marks {
    fn add(&mut self, frame: u32, handshake: HandshakeId, part: Part) {
        let end = self.0.partition_point(|mark| mark.frame <= frame);
        let start = self.0.partition_point(|mark| mark.frame < frame);
        match self.0[start..end].iter_mut().find(|mark| mark.handshake == handshake) {
            Some(mark) => mark.parts |= part as u8,
            None => self.0.insert(end, Mark { frame, parts: part as u8, handshake }),
        }
    }

    fn of(&self, frame: u32) -> &[Mark] {
        let start = self.0.partition_point(|mark| mark.frame < frame);
        let marks = &self.0[start..];
        &marks[..marks.partition_point(|mark| mark.frame == frame)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_a_frame_are_found_whatever_the_order_they_came_in() {
        let mut marks = Marks::default();
        let id = HandshakeId;
        marks.add(2, id(1), Part::SynAck);
        marks.add(5, id(1), Part::Reset);
        marks.add(5, id(2), Part::SynAck);
        marks.add(5, id(1), Part::News);
        marks.add(3, id(3), Part::SynAck);
        let of = |frame| marks.of(frame).iter().map(|m| (m.handshake.0, m.parts)).collect::<Vec<_>>();
        assert_eq!(of(2), [(1, 1)]);
        assert_eq!(of(3), [(3, 1)]);
        assert_eq!(of(5), [(1, 6), (2, 1)]);
        assert!(of(4).is_empty() && of(6).is_empty());
    }

    #[test]
    fn news_is_another_verdict_or_another_confidence_in_a_cookie() {
        let told = |verdict, confidence| Told { verdict, confidence: Some(confidence) };
        let ordinary = told(Verdict::Ordinary, Confidence::Possible);
        let possible = told(Verdict::SynCookie, Confidence::Possible);
        let likely = told(Verdict::SynCookie, Confidence::Likely);
        assert!(possible.is_news_after(ordinary) && ordinary.is_news_after(possible));
        assert!(likely.is_news_after(possible) && possible.is_news_after(likely));
        assert!(!likely.is_news_after(likely));
        assert!(!told(Verdict::Ordinary, Confidence::Certain).is_news_after(ordinary));
    }
}
