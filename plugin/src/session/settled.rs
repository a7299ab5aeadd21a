//! Findings that the analyzer released to stay within its limits.

use std::collections::HashMap;

use syncookie_engine::{
    Assessment, Cause, CauseKind, Completion, Confidence, CookieCost, Endpoint, Finding, Frame, Frames, HandshakeId,
    Implementation, Outcome, Timestamp, Verdict,
};

/// Memory for findings with texts, in bytes: for each handshake of the analyzer's limit, and the
/// minimum.
const BYTES_PER_HANDSHAKE: usize = 1 << 10;
const LEAST_BYTES: usize = 4 << 20;

/// Bytes that a finding's place in the table takes: half of the slots may be free.
const SLOT: usize = 2 * size_of::<(HandshakeId, Box<Finding>)>() + 16;

/// Shown instead of the evidence.
const NOT_KEPT: &str = "the evidence is not kept: the capture has more handshakes than the preference allows";

/// The findings, in order of their handshakes. All are kept without texts, in about 80 bytes. Those
/// with a SYN-ACK are also kept as they are while there is room.
#[derive(Debug)]
pub struct Settled {
    records: Vec<Record>,
    /// What the records refer to.
    shared: Vec<Shared>,
    places: HashMap<Shared, u32>,
    whole: HashMap<HandshakeId, Box<Finding>>,
    /// Bytes that `whole` may still take.
    room: usize,
}

/// What a handshake has of its own.
#[derive(Debug)]
struct Record {
    /// A capture has fewer than 2^32 frames, and so fewer handshakes.
    id: u32,
    shared: u32,
    time: Timestamp,
    client: Endpoint,
    /// The frames of [`Frames`]; 0 for none.
    frames: [u32; 4],
    log_odds: f64,
    delay: f32,
    /// Few handshakes have it.
    cost: Option<Box<CookieCost>>,
}

/// What handshakes have in common with others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shared {
    server: Endpoint,
    outcome: Outcome,
    verdict: Verdict,
    confidence: Option<Confidence>,
    implementations: Vec<Implementation>,
    /// The causes, most probable first, and whether each is ruled out.
    causes: Vec<(CauseKind, bool)>,
    has_log_odds: bool,
    has_delay: bool,
    has_failed: bool,
    left_by_flood: bool,
    begins_flood: bool,
}

impl Settled {
    /// Creates a place for the findings of an analyzer that keeps this number of handshakes.
    pub fn new(max_handshakes: usize) -> Self {
        Self {
            records: Vec::new(),
            shared: Vec::new(),
            places: HashMap::new(),
            whole: HashMap::new(),
            room: max_handshakes.saturating_mul(BYTES_PER_HANDSHAKE).max(LEAST_BYTES),
        }
    }

    /// Adds a finding. They come in order of their handshakes.
    pub fn insert(&mut self, mut finding: Finding) {
        let shared = Shared::of(&finding);
        let place = self.places.get(&shared).copied().unwrap_or_else(|| {
            let place = self.shared.len() as u32;
            self.shared.push(shared.clone());
            self.places.insert(shared, place);
            place
        });
        self.records.push(Record::of(&finding, place));
        if finding.frames.syn_ack.is_none() {
            return;
        }
        finding.shrink_to_fit();
        match self.room.checked_sub(finding.bytes() + SLOT) {
            Some(room) => {
                self.room = room;
                self.whole.insert(finding.id, Box::new(finding));
            }
            // Those that were kept are the first ones.
            None => self.room = 0,
        }
    }

    /// Calls `show` with the finding of a handshake, if there is one.
    pub fn with(&self, id: HandshakeId, mut show: impl FnMut(&Finding)) {
        if let Some(finding) = self.whole.get(&id) {
            show(finding);
        } else if let Some((record, shared)) = self.record(id) {
            show(&record.finding(shared));
        }
    }

    /// Returns client and server of a handshake.
    pub fn endpoints(&self, id: HandshakeId) -> Option<(Endpoint, Endpoint)> {
        self.record(id).map(|(record, shared)| (record.client, shared.server))
    }

    /// Returns the number of findings.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    fn record(&self, id: HandshakeId) -> Option<(&Record, &Shared)> {
        let at = self.records.binary_search_by_key(&id.0, |record| record.id.into()).ok()?;
        let record = self.records.get(at)?;
        Some((record, self.shared.get(record.shared as usize)?))
    }
}

impl Shared {
    fn of(finding: &Finding) -> Self {
        let Assessment { verdict, confidence, log_odds, implementations, .. } = &finding.assessment;
        Self {
            server: finding.server,
            outcome: finding.outcome,
            verdict: *verdict,
            confidence: *confidence,
            implementations: implementations.clone(),
            causes: finding.causes.iter().map(|cause| (cause.kind, cause.ruled_out)).collect(),
            has_log_odds: log_odds.is_some(),
            has_delay: finding.completion.seconds.is_some(),
            has_failed: finding.completion.has_failed,
            left_by_flood: finding.left_by_flood,
            begins_flood: finding.begins_flood,
        }
    }
}

impl Record {
    fn of(finding: &Finding, shared: u32) -> Self {
        let Finding { id, time, client, .. } = *finding;
        let Frames { syn, syn_ack, ack, reset } = finding.frames;
        Self {
            id: id.0 as u32,
            shared,
            time,
            client,
            frames: [syn, syn_ack, ack, reset].map(|frame| frame.map_or(0, |frame| frame.number)),
            log_odds: finding.assessment.log_odds.unwrap_or_default(),
            delay: finding.completion.seconds.unwrap_or_default() as f32,
            cost: finding.cost.clone(),
        }
    }

    fn finding(&self, shared: &Shared) -> Finding {
        let [syn, syn_ack, ack, reset] = self.frames.map(|number| (number > 0).then_some(Frame { capture: 0, number }));
        Finding {
            id: HandshakeId(self.id.into()),
            client: self.client,
            server: shared.server,
            time: self.time,
            frames: Frames { syn, syn_ack, ack, reset },
            outcome: shared.outcome,
            assessment: Assessment {
                verdict: shared.verdict,
                confidence: shared.confidence,
                log_odds: shared.has_log_odds.then_some(self.log_odds),
                implementations: shared.implementations.clone(),
                terms: None,
                undecided: None,
                evidence: Vec::new(),
                missing: syn_ack.map(|_| NOT_KEPT).into_iter().collect(),
            },
            causes: shared
                .causes
                .iter()
                .map(|&(kind, ruled_out)| Cause { ruled_out, ..Cause::without_evidence(kind) })
                .collect(),
            left_by_flood: shared.left_by_flood,
            begins_flood: shared.begins_flood,
            completion: Completion {
                syns: 0,
                seconds: shared.has_delay.then_some(self.delay.into()),
                has_failed: shared.has_failed,
            },
            compared: None,
            cost: self.cost.clone(),
            measured: None,
            syn_pair: None,
            signatures: None,
        }
    }
}
