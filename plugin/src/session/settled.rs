//! Findings that the analyzer released to stay within its limits.

use std::collections::HashMap;

use syncookie_engine::{
    Assessment, Cause, CauseKind, Completion, Endpoint, Finding, Frame, Frames, HandshakeId, Outcome, Timestamp,
    Verdict,
};

/// The findings by handshake. Those without a SYN-ACK are kept without their texts, because a flood
/// leaves hundreds of thousands of them.
#[derive(Debug, Default)]
pub struct Settled {
    answered: HashMap<HandshakeId, Box<Finding>>,
    unanswered: HashMap<HandshakeId, Unanswered>,
}

/// A handshake without a SYN-ACK.
#[derive(Debug)]
struct Unanswered {
    client: Endpoint,
    server: Endpoint,
    time: Timestamp,
    syn: Option<Frame>,
    reset: Option<Frame>,
    outcome: Outcome,
    cause: Option<CauseKind>,
    left_by_flood: bool,
    begins_flood: bool,
}

impl Settled {
    /// Adds a finding.
    pub fn insert(&mut self, finding: Finding) {
        if finding.frames.syn_ack.is_some() {
            self.answered.insert(finding.id, Box::new(finding));
        } else {
            self.unanswered.insert(finding.id, Unanswered::of(&finding));
        }
    }

    /// Calls `show` with the finding of a handshake, if there is one.
    pub fn with(&self, id: HandshakeId, mut show: impl FnMut(&Finding)) {
        if let Some(finding) = self.answered.get(&id) {
            show(finding);
        } else if let Some(unanswered) = self.unanswered.get(&id) {
            show(&unanswered.finding(id));
        }
    }

    /// Returns client and server of a handshake.
    pub fn endpoints(&self, id: HandshakeId) -> Option<(Endpoint, Endpoint)> {
        let answered = self.answered.get(&id).map(|finding| (finding.client, finding.server));
        answered.or_else(|| self.unanswered.get(&id).map(|unanswered| (unanswered.client, unanswered.server)))
    }
}

impl Unanswered {
    fn of(finding: &Finding) -> Self {
        let cause = Cause::most_likely(&finding.causes).map(|cause| cause.kind);
        let Finding { client, server, time, outcome, left_by_flood, begins_flood, .. } = *finding;
        let Frames { syn, reset, .. } = finding.frames;
        Self { client, server, time, syn, reset, outcome, cause, left_by_flood, begins_flood }
    }

    fn finding(&self, id: HandshakeId) -> Finding {
        Finding {
            id,
            client: self.client,
            server: self.server,
            time: self.time,
            frames: Frames { syn: self.syn, reset: self.reset, ..Frames::default() },
            outcome: self.outcome,
            assessment: Assessment {
                verdict: Verdict::Undetermined,
                confidence: None,
                log_odds: None,
                implementations: Vec::new(),
                terms: None,
                evidence: Vec::new(),
                missing: Vec::new(),
            },
            causes: self.cause.map(Cause::without_evidence).into_iter().collect(),
            left_by_flood: self.left_by_flood,
            begins_flood: self.begins_flood,
            completion: Completion::default(),
            compared: None,
            cost: None,
            measured: None,
            syn_pair: None,
        }
    }
}
