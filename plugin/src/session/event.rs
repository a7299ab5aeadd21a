//! Events of handshakes, for statistics.
//!
//! Statistics must not depend on when they are opened. A verdict does: it gets better with every
//! frame that is read. So statistics count events. An event is a change of a handshake's state at
//! the first visit to a frame, and never changes afterwards. A handshake's last event is the state
//! as of its own frames.

use syncookie_engine::{Confidence, Endpoint, Finding, Frame, HandshakeId, Implementation, Outcome, Verdict};

/// The state of a handshake as of some frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeState {
    /// Who answered.
    pub verdict: Verdict,
    /// Confidence of the verdict.
    pub confidence: Option<Confidence>,
    /// The best matching implementation.
    pub implementation: Option<Implementation>,
    /// Outcome of the handshake.
    pub outcome: Outcome,
}

impl HandshakeState {
    /// The state after a SYN without an answer yet.
    pub const SYN_SENT: Self =
        Self { verdict: Verdict::Undetermined, confidence: None, implementation: None, outcome: Outcome::Incomplete };

    /// Returns the state that a finding describes.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        let assessment = &finding.assessment;
        Self {
            verdict: assessment.verdict,
            confidence: assessment.confidence,
            implementation: assessment.implementations.first().copied(),
            outcome: match finding.outcome {
                // No frame shows that nothing happened.
                Outcome::Unanswered | Outcome::Unacknowledged => Outcome::Incomplete,
                outcome => outcome,
            },
        }
    }

    /// Returns the state after the client's acknowledgment, if that changes it.
    #[must_use]
    pub fn acknowledged(self) -> Option<Self> {
        (self.outcome == Outcome::Incomplete).then_some(Self { outcome: Outcome::Established, ..self })
    }

    /// Returns whether a later frame should show the change from a previous state. A higher
    /// confidence in an ordinary handshake is not worth showing.
    #[must_use]
    pub fn is_notable_after(self, previous: Self) -> bool {
        self.verdict != previous.verdict || (self.verdict.is_cookie_style() && self.confidence != previous.confidence)
    }
}

/// A change of a handshake's state at the first visit to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Number of the frame.
    pub frame: u32,
    /// The handshake.
    pub handshake: HandshakeId,
    /// The side that sent the SYN.
    pub client: Endpoint,
    /// The side that received the SYN.
    pub server: Endpoint,
    /// The new state.
    pub state: HandshakeState,
    /// The state before; `None` in the handshake's first event.
    pub previous: Option<HandshakeState>,
}

/// All events, sorted by frame.
#[derive(Debug, Default)]
pub struct Events(Vec<Event>);

impl Events {
    /// Adds an event with the state that the finding describes.
    pub fn add(&mut self, frame: Frame, finding: &Finding, previous: Option<HandshakeState>) {
        let (client, server) = (finding.client, finding.server);
        let state = HandshakeState::of(finding);
        self.push(Event { frame: frame.number, handshake: finding.id, client, server, state, previous });
    }

    /// Adds an event. Events of one frame keep the order in which they are added.
    pub fn push(&mut self, event: Event) {
        let at = self.0.partition_point(|other| other.frame <= event.frame);
        self.0.insert(at, event);
    }

    /// Returns the events of a frame.
    pub fn in_frame(&self, frame: u32) -> &[Event] {
        let start = self.0.partition_point(|event| event.frame < frame);
        let events = &self.0[start..];
        &events[..events.partition_point(|event| event.frame == frame)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(verdict: Verdict, confidence: Confidence) -> HandshakeState {
        HandshakeState { verdict, confidence: Some(confidence), ..HandshakeState::SYN_SENT }
    }

    #[test]
    fn another_verdict_is_notable_and_so_is_another_confidence_in_a_cookie() {
        let ordinary = state(Verdict::Ordinary, Confidence::Possible);
        let possible = state(Verdict::SynCookie, Confidence::Possible);
        let likely = state(Verdict::SynCookie, Confidence::Likely);
        assert!(possible.is_notable_after(ordinary) && ordinary.is_notable_after(possible));
        assert!(likely.is_notable_after(possible) && possible.is_notable_after(likely));
        assert!(!likely.is_notable_after(likely));
        assert!(!state(Verdict::Ordinary, Confidence::Certain).is_notable_after(ordinary));
    }

    #[test]
    fn an_acknowledgment_establishes_and_changes_nothing_after_a_reset() {
        let established = HandshakeState { outcome: Outcome::Established, ..HandshakeState::SYN_SENT };
        assert_eq!(HandshakeState::SYN_SENT.acknowledged(), Some(established));
        assert_eq!(established.acknowledged(), None);
        assert_eq!(HandshakeState { outcome: Outcome::ResetByServer, ..HandshakeState::SYN_SENT }.acknowledged(), None);
    }
}
