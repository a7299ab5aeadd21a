//! What all captures together amount to.

pub mod cross_capture;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::RangeInclusive;

use syncookie_engine::{
    CauseKind, Confidence, Endpoint, Episode, Finding, Findings, Flood, ListenerReport, Outcome, Statistics, Tally,
    Timestamp,
};

use crate::problem::Problem;
use cross_capture::{Comparison, CrossCapture};

/// Counts and findings over all captures.
#[derive(Debug, Default)]
pub struct Totals {
    /// The captures that were opened, in the order in which they were read.
    pub captures: Vec<CaptureTotals>,
    /// All handshakes.
    pub tally: Tally,
    /// By address and port, over all captures.
    pub listeners: BTreeMap<Endpoint, ListenerTotals>,
    /// With the index of their capture.
    pub episodes: Vec<(usize, Episode)>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The strongest cookie-style finding's confidence.
    pub strongest: Option<Confidence>,
    /// Cookie-style handshakes that can be relied on: `likely` or above.
    pub reliable: Tally,
    /// Cookie-style handshakes below that.
    pub possible: Tally,
    /// Whether handshakes are counted as they are reported, and not by the engine.
    pub is_counted_one_by_one: bool,
    /// Listeners that are reported one by one at most, where handshakes are counted as they are reported.
    pub max_listeners: usize,
    /// What captures of the same traffic are compared by, where there are several captures.
    pub cross_capture: Option<CrossCapture>,
    /// Handshakes that were left out because of `--filter`.
    pub filtered_out: u64,
    /// Handshakes of floods that were counted and not reported, where handshakes are counted as they are reported.
    pub flood_not_reported: u64,
    /// Handshakes of listeners beyond those that are reported one by one.
    pub listeners_overflow: u64,
    /// Episodes beyond those that are kept.
    pub episodes_lost: u64,
    /// Whether the run was ended before all was read.
    pub is_interrupted: bool,
    /// Why connections were most likely reset by the server's side: those of `reliable`.
    pub reliable_resets: BTreeMap<CauseKind, u64>,
    /// The same of all others.
    pub other_resets: BTreeMap<CauseKind, u64>,
    /// What was left out because of `--baseline`; then all of the above is of the rest.
    pub known: Option<Known>,
}

/// What an earlier report already had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Name of that report.
    pub report: String,
    /// Findings that were left out.
    pub findings: u64,
}

/// What was read of one capture.
#[derive(Clone, Debug, Default)]
pub struct CaptureTotals {
    /// Its name.
    pub name: String,
    /// Frames, as Wireshark counts them.
    pub frames: u64,
    /// Time of the earliest frame.
    pub first: Option<Timestamp>,
    /// Time of the latest frame.
    pub last: Option<Timestamp>,
    /// Frames that hold no IP packet, or too little of one to know.
    pub not_ip: u64,
    /// Frames that a simple packet block brought without a time.
    pub without_time: u64,
    /// Its handshakes that were counted; where the report shows only notable ones, those.
    pub handshakes: u64,
    /// What the engine made of its IP packets.
    pub statistics: Statistics,
}

/// One listener over all captures.
#[derive(Debug, Default)]
pub struct ListenerTotals {
    /// Time of the first frame of its first handshake.
    pub first: Option<Timestamp>,
    /// Time of the first frame of its last handshake.
    pub last: Option<Timestamp>,
    /// Its handshakes.
    pub tally: Tally,
    /// The strongest cookie-style confidence among them.
    pub strongest: Option<Confidence>,
    /// First and last cookie-style handshake.
    pub cookie_style: Option<(Timestamp, Timestamp)>,
    /// What a flood left behind.
    pub flood: Option<Flood>,
}

impl Totals {
    /// Returns the handshakes that a flood left behind and that are counted, and not reported one by one.
    #[must_use]
    pub fn flood_counted(&self) -> u64 {
        let floods = self.listeners.values().filter_map(|listener| listener.flood.as_ref());
        self.flood_not_reported + floods.map(|flood| flood.counted).sum::<u64>()
    }

    /// Counts a handshake that is reported.
    pub fn count(&mut self, finding: &Finding) {
        if self.is_counted_one_by_one {
            self.tally.add(finding.assessment.verdict, finding.outcome);
            match self.listener(finding.server) {
                Some(listener) => listener.add(finding),
                None => self.listeners_overflow += 1,
            }
        }
        if let Some(capture) = self.captures.get_mut(finding.capture() as usize) {
            capture.handshakes += 1;
        }
        let is_reliable = finding.is_reliable();
        let cause = finding.causes.first().filter(|cause| !cause.ruled_out);
        if let (Outcome::ResetByServer, Some(cause)) = (finding.outcome, cause) {
            let resets = if is_reliable { &mut self.reliable_resets } else { &mut self.other_resets };
            *resets.entry(cause.kind).or_insert(0) += 1;
        }
        if !finding.assessment.verdict.is_cookie_style() {
            return;
        }
        self.strongest = self.strongest.max(finding.assessment.confidence);
        let tally = if is_reliable { &mut self.reliable } else { &mut self.possible };
        tally.add(finding.assessment.verdict, finding.outcome);
        if let Some(listener) = self.listener(finding.server) {
            let (first, last) = listener.cookie_style.unwrap_or((finding.time, finding.time));
            listener.cookie_style = Some((first.min(finding.time), last.max(finding.time)));
        }
    }

    /// The listener's entry; `None` where there are too many to report each.
    fn listener(&mut self, server: Endpoint) -> Option<&mut ListenerTotals> {
        let is_full = self.is_counted_one_by_one && self.listeners.len() >= self.max_listeners;
        match self.listeners.entry(server) {
            Entry::Vacant(_) if is_full => None,
            entry => Some(entry.or_default()),
        }
    }

    /// Returns what the captures that have the same traffic say of each other; `None` where there is only one, and where
    /// findings are compared with a baseline.
    #[must_use]
    pub fn compared(&self) -> Option<Comparison> {
        let captures = self.cross_capture.as_ref().filter(|_| self.known.is_none())?;
        let names: Vec<&str> = self.captures.iter().map(|capture| capture.name.as_str()).collect();
        Some(captures.compare(&names))
    }

    /// Adds what the captures of a series came to, once their handshakes were reported.
    pub fn finish(&mut self, captures: RangeInclusive<usize>, findings: Findings) {
        if !self.is_counted_one_by_one {
            self.tally.merge(&findings.tally);
            self.listeners_overflow += findings.statistics.listeners_overflow;
            for report in &findings.listeners {
                self.strongest = self.strongest.max(report.strongest);
                self.listeners.entry(report.server).or_default().merge(report);
            }
        }
        self.episodes_lost += findings.statistics.episodes_lost;
        for episode in findings.episodes {
            // The one in which it begins: the earliest that had not ended by then.
            let begins = |index: &usize| self.captures[*index].last >= Some(episode.start);
            let index = captures.clone().find(begins).unwrap_or(*captures.end());
            self.episodes.push((index, episode));
        }
    }
}

impl CaptureTotals {
    /// Sets what was read of the capture; its handshakes may come to be known later.
    pub fn read(&mut self, read: &Self) {
        let handshakes = self.handshakes;
        self.clone_from(read);
        self.handshakes = handshakes;
    }

    /// Counts a frame with this time.
    #[inline]
    pub fn time(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else {
            self.without_time += 1;
            return;
        };
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = self.last.max(Some(time));
    }
}

impl ListenerTotals {
    /// Counts a handshake.
    pub fn add(&mut self, finding: &Finding) {
        let mut tally = Tally::default();
        tally.add(finding.assessment.verdict, finding.outcome);
        let is_cookie_style = finding.assessment.verdict.is_cookie_style();
        self.merge(&ListenerReport {
            server: finding.server,
            first: finding.time,
            last: finding.time,
            tally,
            strongest: finding.assessment.confidence.filter(|_| is_cookie_style),
            flood: None,
        });
    }

    fn merge(&mut self, report: &ListenerReport) {
        self.first = Some(self.first.map_or(report.first, |first| first.min(report.first)));
        self.last = self.last.max(Some(report.last));
        self.tally.merge(&report.tally);
        self.strongest = self.strongest.max(report.strongest);
        if let Some(flood) = &report.flood {
            match &mut self.flood {
                Some(known) => known.merge(flood),
                None => self.flood = Some(flood.clone()),
            }
        }
    }
}
