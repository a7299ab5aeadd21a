//! A capture on its way into the engine, together with what came before it in its series.

use std::collections::BTreeMap;
use std::io::{self, Read};

use syncookie_engine::{Analyzer, Frame, Limits, Observation, Packet, Timestamp};

use crate::batch::FAULTS_TOLD;
use crate::capture::{Capture, Fault, FaultKind, LinkType, RawFrame};
use crate::interrupt;
use crate::link::{self, Content};
use crate::problem::Problem;
use crate::totals::CaptureTotals;

/// Frames between two looks at what the engine has settled.
const ROUND: u64 = 1 << 14;

/// What the engine knows of a series, and what was read of its latest capture.
pub(super) struct Reading {
    /// Index of the capture that the analyzer began with.
    pub first: u32,
    /// Index of the latest.
    pub index: u32,
    pub analyzer: Analyzer,
    pub totals: CaptureTotals,
    pub problems: Vec<Problem>,
    faults: u64,
    /// Frames of unknown link types: how many, and the first.
    unknown_links: BTreeMap<LinkType, (u64, u64)>,
}

impl Reading {
    /// A new capture, or one that goes on where another ended.
    pub(super) fn new(name: &str, index: usize, before: Option<Self>) -> Self {
        let index = index as u32;
        let new = || (index, Analyzer::new(Limits { flood: u64::MAX, ..Limits::default() }));
        let (first, analyzer) = before.map_or_else(new, |before| (before.first, before.analyzer));
        let totals = CaptureTotals { name: name.into(), ..CaptureTotals::default() };
        Self { first, index, analyzer, totals, problems: Vec::new(), faults: 0, unknown_links: BTreeMap::new() }
    }

    /// Takes in all of a capture; `after_round` is called now and then.
    pub(super) fn read<R: Read>(
        &mut self,
        capture: &mut Capture<R>,
        mut after_round: impl FnMut(&mut Analyzer) -> io::Result<()>,
    ) -> io::Result<()> {
        let before = self.analyzer.statistics().clone();
        let mut round = 0;
        while let Some(next) = capture.next_frame() {
            match next {
                Ok(frame) => self.frame(&frame),
                Err(Fault { kind: FaultKind::Interrupted, .. }) => {
                    self.problems.push(Problem::interrupted(&self.totals.name, capture.frames()));
                    break;
                }
                Err(fault) => {
                    self.faults += 1;
                    if self.faults <= FAULTS_TOLD {
                        self.problems.push(Problem::fault(&self.totals.name, &fault, capture.frames()));
                    }
                }
            }
            round += 1;
            if round % ROUND == 0 {
                after_round(&mut self.analyzer)?;
                if interrupt::is_requested() {
                    self.problems.push(Problem::interrupted(&self.totals.name, capture.frames()));
                    break;
                }
            }
        }
        if self.faults > FAULTS_TOLD {
            self.problems.push(Problem::further_faults(&self.totals.name, self.faults - FAULTS_TOLD));
        }
        for (link, (frames, first)) in &self.unknown_links {
            self.problems.push(Problem::link_type(&self.totals.name, *link, *frames, *first));
        }
        self.totals.frames = capture.frames();
        self.totals.statistics = self.analyzer.statistics().since(&before);
        after_round(&mut self.analyzer)
    }

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
}
