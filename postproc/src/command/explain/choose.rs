//! Which handshake is explained: the one that was asked for, or the most informative of those that match.

use syncookie_engine::{Confidence, Finding, Outcome, SegmentDescription};

use crate::filter::EndpointPattern;
use crate::totals::CaptureTotals;

/// Others that are listed.
const OTHERS: usize = 10;

/// What was asked for.
#[derive(Debug)]
pub enum Wanted {
    /// Anything that fits.
    Ends {
        /// Whose.
        client: Option<EndpointPattern>,
        /// With whom.
        server: Option<EndpointPattern>,
    },
    /// The one this segment belongs to.
    Frame(Box<SegmentDescription>),
}

/// A handshake that matches.
#[derive(Clone, Debug)]
pub struct Match {
    /// What was found out.
    pub finding: Finding,
    /// The capture it is in.
    pub capture: String,
}

/// All that match, as far as they are of interest.
#[derive(Debug)]
pub struct Choice {
    wanted: Wanted,
    /// The most informative first.
    pub best: Vec<Match>,
    /// How many match.
    pub matching: u64,
    /// How many there were at all.
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

    /// The greater, the more informative.
    fn weight(&self, finding: &Finding) -> (u32, u8, Option<Confidence>, u64) {
        // Of several connections with the same ends a frame belongs to the latest that had begun.
        let Self::Ends { .. } = self else { return (first_frame(finding), 0, None, 0) };
        let cookie_style = finding.assessment.verdict.is_cookie_style();
        let failed = !finding.causes.is_empty();
        let pain = match finding.outcome {
            _ if !failed => 0,
            Outcome::Unacknowledged => 1,
            Outcome::Unanswered => 2,
            Outcome::ResetByServer => 4,
            _ => 3,
        };
        // A failure after a cookie-style answer goes before any other; without a failure the answer counts.
        let class = match (cookie_style, failed) {
            (true, true) => pain + 5,
            (true, false) => 1,
            (false, _) => pain,
        };
        let confidence = finding.assessment.confidence.filter(|_| cookie_style);
        // The log-odds in thousandths: the weights are compared, and a float is no order.
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
