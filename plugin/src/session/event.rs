//! Events of handshakes, for statistics.
//!
//! At the first visit to a frame, an event is a change of what is known of a handshake. Once the
//! file was read, each handshake has one event with the final finding, in the frame that carries
//! it. The statistics then count what the packet list shows.

use syncookie_engine::{CauseKind, Confidence, Endpoint, Finding, HandshakeId, Implementation, Outcome, Verdict};

/// The state of a handshake as of some frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HandshakeState {
    /// Who answered.
    pub verdict: Verdict,
    /// Confidence of the verdict.
    pub confidence: Option<Confidence>,
    /// The best matching implementation.
    pub implementation: Option<Implementation>,
    /// Outcome of the handshake.
    pub outcome: Outcome,
    /// The most likely cause of a failure or delay.
    pub cause: Option<CauseKind>,
    /// Seconds from the first SYN to the ACK that completes the handshake.
    pub delay: Option<f64>,
}

impl HandshakeState {
    /// The state after a SYN without an answer yet.
    pub const SYN_SENT: Self = Self {
        verdict: Verdict::Undetermined,
        confidence: None,
        implementation: None,
        outcome: Outcome::Incomplete,
        cause: None,
        delay: None,
    };

    /// Returns the state that a finding describes, with its causes weighed by the capture point.
    #[must_use]
    pub fn of(finding: &Finding, cause: Option<CauseKind>) -> Self {
        let assessment = &finding.assessment;
        Self {
            verdict: assessment.verdict,
            confidence: assessment.confidence,
            implementation: assessment.implementations.first().copied(),
            outcome: finding.outcome,
            cause,
            delay: finding.completion.seconds,
        }
    }

    /// Returns the state after the client's acknowledgment, if that changes it.
    #[must_use]
    pub fn acknowledged(self) -> Option<Self> {
        (self.outcome == Outcome::Incomplete).then_some(Self { outcome: Outcome::Established, ..self })
    }

    /// Returns the state with the outcome and the cause of a previous one, if a reset had ended the
    /// handshake.
    #[must_use]
    pub const fn keeping_reset(self, previous: Self) -> Self {
        match previous.outcome {
            Outcome::ResetByServer | Outcome::ResetByClient | Outcome::Refused => {
                Self { outcome: previous.outcome, cause: previous.cause, ..self }
            }
            _ => self,
        }
    }

    /// Returns whether a later frame should show the change from a previous state. A higher
    /// confidence in an ordinary handshake is not worth showing.
    #[must_use]
    pub fn is_notable_after(self, previous: Self) -> bool {
        self.verdict != previous.verdict || (self.verdict.is_cookie_style() && self.confidence != previous.confidence)
    }
}

/// What is known of a handshake in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Number of the frame.
    pub frame: u32,
    /// The handshake.
    pub handshake: HandshakeId,
    /// The side that sent the SYN.
    pub client: Endpoint,
    /// The side that received the SYN.
    pub server: Endpoint,
    /// The state.
    pub state: HandshakeState,
    /// The state of the handshake's event before; `None` in its first event, and once the file was
    /// read.
    pub previous: Option<HandshakeState>,
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
