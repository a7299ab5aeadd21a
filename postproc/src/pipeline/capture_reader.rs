//! One capture: its frames in batches, their IP packets, what was counted, and what was wrong.

use std::collections::BTreeMap;
use std::io::Read;

use syncookie_engine::{Analyzer, Timestamp};

use super::frame_batch::{FrameBatch, FrameRef};
use crate::capture::{Capture, Fault, FaultKind, FrameSink, LinkType};
use crate::interrupt;
use crate::link::{self, Content};
use crate::problem::Problem;
use crate::totals::CaptureTotals;

/// Maximum number of faults of a capture that are reported one by one.
pub const FAULTS_REPORTED: u64 = 8;

/// What was read of a capture so far, and what was wrong with it.
#[derive(Debug, Default)]
pub struct CaptureReader {
    pub totals: CaptureTotals,
    pub(super) frames: FrameReader,
    /// Frames of unknown link types: how many, and the first.
    unknown_links: BTreeMap<LinkType, (u64, u64)>,
}

/// Reads the frames of a capture. It knows nothing of what is in them, so that it can work in another thread.
#[derive(Debug, Default)]
pub(super) struct FrameReader {
    name: String,
    faults: Vec<Problem>,
    further_faults: u64,
}

/// Finds the IP packets in the frames of a capture.
pub(super) struct PacketFinder<'a> {
    totals: &'a mut CaptureTotals,
    unknown_links: &'a mut BTreeMap<LinkType, (u64, u64)>,
}

impl CaptureReader {
    pub fn new(name: &str) -> Self {
        let frames = FrameReader { name: name.to_owned(), ..FrameReader::default() };
        Self { totals: CaptureTotals { name: name.to_owned(), ..CaptureTotals::default() }, frames, ..Self::default() }
    }

    /// Returns what reads frames and what looks into them, which may work in two threads.
    pub(super) const fn split(&mut self) -> (&mut FrameReader, PacketFinder<'_>) {
        (&mut self.frames, PacketFinder { totals: &mut self.totals, unknown_links: &mut self.unknown_links })
    }

    /// Takes what was wrong with the capture.
    pub fn problems(&mut self) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.frames.faults);
        if self.frames.further_faults > 0 {
            problems.push(Problem::further_faults(&self.totals.name, self.frames.further_faults));
        }
        for (link, (frames, first)) in &self.unknown_links {
            problems.push(Problem::link_type(&self.totals.name, *link, *frames, *first));
        }
        problems
    }
}

impl FrameReader {
    /// Fills a batch with the frames that are read from the file together; returns `false` after the last.
    pub(super) fn fill<R: Read>(&mut self, capture: &mut Capture<R>, batch: &mut FrameBatch) -> bool {
        batch.frames.clear();
        let more = self.read(capture, &mut batch.frames);
        capture.swap_buffer(&mut batch.buffer);
        more
    }

    fn read<R: Read>(&mut self, capture: &mut Capture<R>, frames: &mut Vec<FrameRef>) -> bool {
        if interrupt::is_requested() {
            self.faults.push(Problem::interrupted(&self.name, capture.frames()));
            return false;
        }
        loop {
            capture.take_buffered(frames);
            if !frames.is_empty() && !capture.has_frame() {
                return true;
            }
            match capture.next_frame() {
                Some(Ok(frame)) => frames.frame(frame.view()),
                // Reported with the next batch.
                Some(Err(Fault { kind: FaultKind::Interrupted, .. })) => return true,
                Some(Err(fault)) if (self.faults.len() as u64) < FAULTS_REPORTED => {
                    self.faults.push(Problem::fault(&self.name, &fault, capture.frames()));
                }
                Some(Err(_)) => self.further_faults += 1,
                None => return false,
            }
        }
    }
}

impl PacketFinder<'_> {
    /// Pushes the frames of a batch, which are those of that capture.
    pub(super) fn push(&mut self, batch: &FrameBatch, capture: u32, analyzer: &mut Analyzer) {
        batch.frames.iter().for_each(|frame| self.totals.time(frame.time));
        let bytes = batch.buffer.bytes();
        analyzer.push_all(capture, batch.frames.iter().filter_map(|frame| self.packet(frame, bytes)));
    }

    /// Returns a frame as the engine takes it: with its IP packet if it holds one; `None` where it shows nothing at all.
    #[inline(always)]
    fn packet<'a>(&mut self, frame: &FrameRef, bytes: &'a [u8]) -> Option<(u32, Timestamp, Option<&'a [u8]>)> {
        match link::ip_packet(frame.link, frame.data(bytes)) {
            Content::Ip(packet) => Some((frame.number, frame.time.unwrap_or_default(), Some(packet))),
            Content::Other | Content::Cut => {
                self.totals.not_ip += 1;
                frame.time.map(|time| (frame.number, time, None))
            }
            Content::UnknownLink => {
                self.unknown_links.entry(frame.link).or_insert((0, u64::from(frame.number))).0 += 1;
                None
            }
        }
    }
}
