//! The engine's one door.

use crate::{Finding, Findings, HandshakeId, Observation, Statistics, Tally};

/// Bounds of what an [`Analyzer`] remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Handshakes kept at most. When it is reached, the older half is judged with what is known then, handed out by
    /// [`Analyzer::take_settled`] and forgotten.
    pub handshakes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { handshakes: 1 << 20 }
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
    /// Any other segment that was used: a repetition, the first segments after the handshake.
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

/// Turns observations into findings.
#[derive(Debug)]
pub struct Analyzer {
    limits: Limits,
    statistics: Statistics,
}

impl Analyzer {
    /// An analyzer that has seen nothing.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, statistics: Statistics::default() }
    }

    /// Takes one packet. `None` when it belongs to no handshake being watched.
    pub fn push(&mut self, observation: &Observation<'_>) -> Option<Pushed> {
        let _ = (observation, self.limits);
        self.statistics.packets += 1;
        self.statistics.unreadable += 1;
        None
    }

    /// One handshake, judged with all that was pushed so far; `None` once it was handed out by
    /// [`Self::take_settled`].
    pub fn finding(&mut self, id: HandshakeId) -> Option<Finding> {
        let _ = id;
        None
    }

    /// One handshake, judged cheaply: with its own packets and what the listener's earlier handshakes said. For
    /// showing something while packets are still coming in.
    pub fn preview(&mut self, id: HandshakeId) -> Option<Finding> {
        self.finding(id)
    }

    /// Handshakes that had to be judged before the end, to stay within [`Limits`]. Call it from time to time while
    /// pushing.
    pub fn take_settled(&mut self) -> Vec<Finding> {
        Vec::new()
    }

    /// Judges everything that is left.
    #[must_use]
    pub fn finish(self) -> Findings {
        Findings {
            handshakes: Vec::new(),
            listeners: Vec::new(),
            episodes: Vec::new(),
            tally: Tally::default(),
            statistics: self.statistics,
        }
    }
}
