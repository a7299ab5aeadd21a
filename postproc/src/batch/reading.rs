//! One capture on its way into the engine.

use std::collections::BTreeMap;
use std::io::Read;

use syncookie_engine::{Analyzer, Frame, Limits, Observation, Packet, Timestamp};

use crate::capture::{Capture, Fault, FaultKind, LinkType, RawFrame};
use crate::interrupt;
use crate::link::{self, Content};
use crate::problem::Problem;
use crate::totals::CaptureTotals;
use crate::walk::Source;

/// Faults of a capture that are told one by one.
pub const FAULTS_TOLD: u64 = 8;

/// Frames between two looks at what the engine has settled, and at the progress.
const ROUND: u64 = 1 << 14;

/// One capture on its way into the engine.
pub(super) struct Reading {
    /// Index of the capture that the analyzer began with.
    pub(super) first: u32,
    pub(super) index: u32,
    pub(super) analyzer: Analyzer,
    pub(super) totals: CaptureTotals,
    faults: Vec<Problem>,
    further_faults: u64,
    /// Frames of unknown link types: how many, and the first.
    unknown_links: BTreeMap<LinkType, (u64, u64)>,
}

impl Reading {
    /// A new capture, or one that goes on where another ended.
    pub(super) fn new(source: &Source, index: usize, before: Option<Self>) -> Self {
        let index = index as u32;
        let (first, analyzer) =
            before.map_or_else(|| (index, Analyzer::new(Limits::default())), |before| (before.first, before.analyzer));
        Self {
            first,
            index,
            analyzer,
            totals: CaptureTotals { name: source.name.clone(), ..CaptureTotals::default() },
            faults: Vec::new(),
            further_faults: 0,
            unknown_links: BTreeMap::new(),
        }
    }

    /// Takes in a stretch of frames; `false` after the last.
    pub(super) fn round<R: Read>(&mut self, capture: &mut Capture<R>) -> bool {
        if interrupt::is_requested() {
            self.faults.push(Problem::interrupted(&self.totals.name, capture.frames()));
            return false;
        }
        for _ in 0..ROUND {
            match capture.next_frame() {
                Some(Ok(frame)) => self.frame(&frame),
                // Said with the next round.
                Some(Err(Fault { kind: FaultKind::Interrupted, .. })) => return true,
                Some(Err(fault)) if (self.faults.len() as u64) < FAULTS_TOLD => {
                    self.faults.push(Problem::fault(&self.totals.name, &fault, capture.frames()));
                }
                Some(Err(_)) => self.further_faults += 1,
                None => return false,
            }
        }
        true
    }

    #[inline]
    fn frame(&mut self, frame: &RawFrame<'_>) {
        self.totals.time(frame.time);
        match link::ip_packet(frame.link, frame.data) {
            Content::Ip(packet) => {
                self.analyzer.push(&Observation {
                    frame: Frame { capture: self.index, number: frame.number },
                    time: frame.time.unwrap_or(Timestamp::from_nanos(0)),
                    packet: Packet::Ip(packet),
                });
            }
            Content::Other | Content::Cut => {
                self.totals.not_ip += 1;
                frame.time.into_iter().for_each(|time| self.analyzer.wait(time));
            }
            Content::UnknownLink => {
                self.unknown_links.entry(frame.link).or_insert((0, u64::from(frame.number))).0 += 1;
            }
        }
    }

    /// What was wrong with the capture.
    pub(super) fn problems(&mut self) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.faults);
        if self.further_faults > 0 {
            problems.push(Problem::further_faults(&self.totals.name, self.further_faults));
        }
        for (link, (frames, first)) in &self.unknown_links {
            problems.push(Problem::link_type(&self.totals.name, *link, *frames, *first));
        }
        problems
    }
}
