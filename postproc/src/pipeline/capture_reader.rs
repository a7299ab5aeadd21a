//! Reads one capture: its frames in batches, their IP packets, the counts and the problems.

use std::io::Read;
use std::ops::Range;

use syncookie_engine::Timestamp;

use super::defects::Defects;
use super::engine::Engine;
use super::frame_batch::{FrameBatch, FrameRef};
use super::unknown_links::UnknownLinks;
use crate::capture::{Capture, Fault, FaultKind, FrameSink};
use crate::interrupt;
use crate::link::{self, Content};
use crate::problem::Problem;
use crate::totals::CaptureTotals;

/// Reads a capture; keeps its counts and problems.
#[derive(Debug, Default)]
pub struct CaptureReader {
    pub totals: CaptureTotals,
    pub(super) frames: FrameReader,
    unknown_links: UnknownLinks,
}

/// Reads the frames of a capture. It does not look into them, so it can work in a thread of its
/// own.
#[derive(Debug, Default)]
pub(super) struct FrameReader {
    defects: Defects,
    /// Offsets of the faults that are reported; of all by default.
    own: Own,
}

/// Range of offsets of a capture.
#[derive(Clone, Debug)]
struct Own(Range<u64>);

impl Default for Own {
    fn default() -> Self {
        Self(0..u64::MAX)
    }
}

/// Finds the IP packets in the frames of a capture.
pub(super) struct PacketFinder<'a> {
    totals: &'a mut CaptureTotals,
    unknown_links: &'a mut UnknownLinks,
}

impl CaptureReader {
    pub fn new(name: &str) -> Self {
        Self { totals: CaptureTotals { name: name.to_owned(), ..CaptureTotals::default() }, ..Self::default() }
    }

    /// Reports only faults at these offsets.
    #[cfg(feature = "parquet")]
    pub(super) fn of_stretch(mut self, offsets: Range<u64>) -> Self {
        self.frames.own = Own(offsets);
        self
    }

    /// Returns the reader of frames and the finder of packets, which can work in two threads.
    pub(super) const fn split(&mut self) -> (&mut FrameReader, PacketFinder<'_>) {
        (&mut self.frames, PacketFinder { totals: &mut self.totals, unknown_links: &mut self.unknown_links })
    }

    /// Takes what is wrong with the capture.
    pub fn defects(&mut self) -> Defects {
        std::mem::take(&mut self.frames.defects).with_links(std::mem::take(&mut self.unknown_links))
    }

    /// Takes the problems of the capture.
    pub fn problems(&mut self) -> Vec<Problem> {
        self.defects().problems(&self.totals.name)
    }
}

impl FrameReader {
    /// Fills a batch with the frames of one buffer; returns `false` after the last.
    pub(super) fn fill<R: Read>(&mut self, capture: &mut Capture<R>, batch: &mut FrameBatch) -> bool {
        batch.frames.clear();
        let more = self.read(capture, &mut batch.frames);
        batch.offset = capture.kept_offset();
        capture.swap_buffer(&mut batch.buffer);
        more
    }

    fn read<R: Read>(&mut self, capture: &mut Capture<R>, frames: &mut Vec<FrameRef>) -> bool {
        if interrupt::is_requested() {
            self.defects.interrupt(capture.frames());
            return false;
        }
        loop {
            capture.take_buffered(frames);
            if !frames.is_empty() && !capture.has_frame() {
                return true;
            }
            match capture.next_frame() {
                Some(Ok(frame)) => frames.frame(frame.view()),
                // The interruption is reported with the next batch.
                Some(Err(Fault { kind: FaultKind::Interrupted, .. })) => return true,
                Some(Err(fault)) if self.own.0.contains(&fault.offset) => {
                    self.defects.add_fault(&fault, capture.frames());
                }
                Some(Err(_)) => {}
                None => return false,
            }
        }
    }
}

impl PacketFinder<'_> {
    /// Pushes the frames of a batch of that capture into the engine. Passes what is known of
    /// handshakes that it forgets to `taken`.
    pub(super) fn push<E: Engine>(
        &mut self,
        batch: &FrameBatch,
        capture: u32,
        engine: &mut E,
        taken: &mut dyn FnMut(Vec<E::Handshake>),
    ) {
        self.push_some(batch, 0..batch.frames.len(), capture, engine, taken);
    }

    /// Pushes some frames of the batch, as `push` pushes all.
    pub(super) fn push_some<E: Engine>(
        &mut self,
        batch: &FrameBatch,
        range: Range<usize>,
        capture: u32,
        engine: &mut E,
        taken: &mut dyn FnMut(Vec<E::Handshake>),
    ) {
        let frames = batch.frames.get(range).unwrap_or_default();
        self.totals.times(frames.iter().map(|frame| frame.time));
        self.totals.frame_times.push_all(frames.iter().filter_map(|frame| frame.time));
        let bytes = batch.buffer.bytes();
        let packets = frames.iter().filter_map(|frame| self.packet(frame, bytes));
        engine.push_all(capture, packets, |number| batch.path(number), taken);
    }

    /// Returns a frame as the engine takes it, with its IP packet if it holds one; `None` if the
    /// frame has neither a packet nor a time, or an unsupported link type.
    #[inline(always)]
    fn packet<'a>(&mut self, frame: &FrameRef, bytes: &'a [u8]) -> Option<(u32, Timestamp, Option<&'a [u8]>)> {
        let (time, packet) = match link::ip_packet(frame.link, frame.data(bytes)) {
            Content::Ip(packet) => (frame.time.unwrap_or_default(), Some(packet)),
            Content::Other | Content::Cut => {
                self.totals.not_ip += 1;
                (frame.time?, None)
            }
            Content::UnknownLink => {
                self.unknown_links.count(frame.link, frame.number);
                return None;
            }
        };
        Some((frame.number, time, packet))
    }
}
