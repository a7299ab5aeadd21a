//! What happens in frames, for those who count.
//!
//! Statistics must not depend on when they are asked for. A verdict does: it gets better with every frame that is read.
//! So what is counted is events: that a frame, when it was read for the first time, told something new of a handshake.
//! An event never changes afterwards. Of a handshake's events the last one is what its frames told by themselves.

use syncookie_engine::{Confidence, Endpoint, Finding, Frame, HandshakeId, Implementation, Outcome, Verdict};

/// What is known of a handshake at some frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Who answered.
    pub verdict: Verdict,
    /// How sure that is.
    pub confidence: Option<Confidence>,
    /// The implementation that fits best.
    pub implementation: Option<Implementation>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Known {
    /// Of a SYN that nobody answered so far.
    pub const ASKED: Self =
        Self { verdict: Verdict::Undetermined, confidence: None, implementation: None, outcome: Outcome::Incomplete };

    /// What a finding says.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        let assessment = &finding.assessment;
        Self {
            verdict: assessment.verdict,
            confidence: assessment.confidence,
            implementation: assessment.implementations.first().copied(),
            outcome: match finding.outcome {
                // That nothing happened is told by no frame.
                Outcome::Unanswered | Outcome::Unacknowledged => Outcome::Incomplete,
                outcome => outcome,
            },
        }
    }

    /// The same after the client's acknowledgment, if that makes a difference.
    #[must_use]
    pub fn acknowledged(self) -> Option<Self> {
        (self.outcome == Outcome::Incomplete).then_some(Self { outcome: Outcome::Established, ..self })
    }

    /// Whether it is worth a word in a later frame. That an ordinary handshake is all the surer to be one is not.
    #[must_use]
    pub fn is_news_after(self, before: Self) -> bool {
        self.verdict != before.verdict || (self.verdict.is_cookie_style() && self.confidence != before.confidence)
    }
}

/// A frame told something new of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The frame.
    pub frame: u32,
    /// The handshake.
    pub handshake: HandshakeId,
    /// Who sent its SYN.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// What is known since.
    pub now: Known,
    /// What was known before; `None` in the handshake's first event.
    pub before: Option<Known>,
}

/// All events, in order of frames.
#[derive(Debug, Default)]
pub struct Events(Vec<Event>);

impl Events {
    /// Adds what the finding says.
    pub fn add(&mut self, frame: Frame, finding: &Finding, before: Option<Known>) {
        let (client, server) = (finding.client, finding.server);
        let now = Known::of(finding);
        self.push(Event { frame: frame.number, handshake: finding.id, client, server, now, before });
    }

    /// Adds an event of the frame that is being read, or of one before it.
    pub fn push(&mut self, event: Event) {
        let at = self.0.partition_point(|other| other.frame <= event.frame);
        self.0.insert(at, event);
    }

    /// The events of a frame.
    pub fn of(&self, frame: u32) -> &[Event] {
        let start = self.0.partition_point(|event| event.frame < frame);
        let events = &self.0[start..];
        &events[..events.partition_point(|event| event.frame == frame)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(verdict: Verdict, confidence: Confidence) -> Known {
        Known { verdict, confidence: Some(confidence), ..Known::ASKED }
    }

    #[test]
    fn news_is_another_verdict_or_another_confidence_in_a_cookie() {
        let ordinary = known(Verdict::Ordinary, Confidence::Possible);
        let possible = known(Verdict::SynCookie, Confidence::Possible);
        let likely = known(Verdict::SynCookie, Confidence::Likely);
        assert!(possible.is_news_after(ordinary) && ordinary.is_news_after(possible));
        assert!(likely.is_news_after(possible) && possible.is_news_after(likely));
        assert!(!likely.is_news_after(likely));
        assert!(!known(Verdict::Ordinary, Confidence::Certain).is_news_after(ordinary));
    }

    #[test]
    fn an_acknowledgment_establishes_and_changes_nothing_after_a_reset() {
        let established = Known { outcome: Outcome::Established, ..Known::ASKED };
        assert_eq!(Known::ASKED.acknowledged(), Some(established));
        assert_eq!(established.acknowledged(), None);
        assert_eq!(Known { outcome: Outcome::ResetByServer, ..Known::ASKED }.acknowledged(), None);
    }
}
