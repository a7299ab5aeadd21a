//! Chooses the handshake that is explained: the wanted one, or the most informative of those that
//! match.

use syncookie_engine::{Confidence, Finding, Outcome, SegmentDescription};

use crate::filter::EndpointPattern;
use crate::totals::CaptureTotals;

/// Maximum number of other handshakes that are listed.
const OTHERS: usize = 10;

/// Handshakes that the arguments ask for.
#[derive(Debug)]
pub enum Wanted {
    /// Handshakes between these ends.
    Ends {
        /// Pattern for the client; `None` for any.
        client: Option<EndpointPattern>,
        /// Pattern for the server; `None` for any.
        server: Option<EndpointPattern>,
    },
    /// Handshake to which this segment belongs.
    Frame(Box<SegmentDescription>),
}

/// Handshake that matches.
#[derive(Clone, Debug)]
pub struct Match {
    /// Finding about the handshake.
    pub finding: Finding,
    /// Name of its capture.
    pub capture: String,
}

/// Most informative of the matching handshakes.
#[derive(Debug)]
pub struct Choice {
    wanted: Wanted,
    /// Matching handshakes, the most informative first.
    pub best: Vec<Match>,
    /// Number of handshakes that match.
    pub matching: u64,
    /// Number of all handshakes.
    pub handshakes: u64,
}

impl Choice {
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, best: Vec::new(), matching: 0, handshakes: 0 }
    }

    /// Considers a handshake of one of these captures.
    pub fn add(&mut self, captures: &[CaptureTotals], finding: &Finding) {
        self.handshakes += 1;
        if !self.wanted.fits(finding) {
            return;
        }
        self.matching += 1;
        let weight = self.wanted.weight(finding);
        let at = self.best.partition_point(|other| self.wanted.weight(&other.finding) >= weight);
        if at <= OTHERS {
            let capture = captures.get(finding.capture() as usize).map_or("", |capture| &capture.name).to_owned();
            self.best.insert(at, Match { finding: finding.clone(), capture });
            self.best.truncate(OTHERS + 1);
        }
    }
}

impl Wanted {
    fn fits(&self, finding: &Finding) -> bool {
        match self {
            Self::Ends { client, server } => {
                client.is_none_or(|client| client.matches(finding.client))
                    && server.is_none_or(|server| server.matches(finding.server))
            }
            Self::Frame(segment) => {
                segment.is_between(finding.client, finding.server) && first_frame(finding) <= segment.frame.number
            }
        }
    }

    /// Returns the weight of a handshake: the greater, the more informative.
    fn weight(&self, finding: &Finding) -> (u32, u8, Option<Confidence>, u64) {
        // If several connections have the same ends, a frame belongs to the latest that began
        // before it.
        let Self::Ends { .. } = self else { return (first_frame(finding), 0, None, 0) };
        let cookie_style = finding.assessment.verdict.is_cookie_style();
        let has_cause = !finding.causes.is_empty();
        let is_flood = finding.is_part_of_flood();
        let pain = match finding.outcome {
            _ if !has_cause => 0,
            // Delayed.
            _ if !finding.completion.has_failed => 1,
            // All are alike, and their clients are nobody's: any other failure says more.
            _ if is_flood => 2,
            Outcome::Unacknowledged => 3,
            Outcome::Unanswered => 4,
            Outcome::ResetByServer => 6,
            _ => 5,
        };
        // A failure after a SYN cookie or proxy comes first; without a failure, the verdict counts.
        let class = match (cookie_style, has_cause) {
            (true, true) if !is_flood => pain + 7,
            (true, false) => 1,
            _ => pain,
        };
        let confidence = finding.assessment.confidence.filter(|_| cookie_style);
        // The log-odds in thousandths, because floats have no total order.
        (0, class, confidence, (finding.assessment.log_odds.unwrap_or(0.0).max(0.0) * 1e3) as u64)
    }
}

fn first_frame(finding: &Finding) -> u32 {
    let frames = finding.frames;
    [frames.syn, frames.syn_ack, frames.ack, frames.reset]
        .into_iter()
        .flatten()
        .map(|frame| frame.number)
        .min()
        .unwrap_or(0)
}
