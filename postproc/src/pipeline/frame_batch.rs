//! Batches of frames, from a capture to the engine.

use syncookie_engine::{Link, Timestamp};

use crate::capture::{Buffer, FrameSink, FrameView, LinkType};
use crate::link;

/// Consecutive frames of one capture, in the buffer that they were read into.
#[derive(Debug, Default)]
pub struct FrameBatch {
    pub(super) frames: Vec<FrameRef>,
    pub(super) buffer: Buffer,
    /// Offset of the buffer in the capture.
    pub(super) offset: u64,
}

/// Frame, and its place in the buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameRef {
    pub time: Option<Timestamp>,
    pub number: u32,
    start: u32,
    length: u32,
    pub link: LinkType,
}

impl FrameBatch {
    /// Returns the number of the first frames whose bytes begin before this offset in the capture.
    #[cfg(feature = "parquet")]
    pub(super) fn count_before(&self, offset: u64) -> usize {
        let within = offset.saturating_sub(self.offset);
        self.frames.partition_point(|frame| u64::from(frame.start) < within)
    }

    /// Returns the offset of a frame's bytes in the capture.
    #[cfg(feature = "parquet")]
    pub(super) fn offset_of(&self, frame: &FrameRef) -> u64 {
        self.offset + u64::from(frame.start)
    }

    /// Returns the link layer of the frame with this number.
    pub(super) fn path(&self, number: u32) -> Option<Link> {
        // Numbers ascend, and most frames have the number after that of the previous one.
        let index = number.checked_sub(self.frames.first()?.number)?;
        let frame = self.frames.get(index as usize).filter(|frame| frame.number == number).or_else(|| {
            let index = self.frames.binary_search_by_key(&number, |frame| frame.number).ok()?;
            self.frames.get(index)
        })?;
        Some(link::path(frame.link, frame.data(self.buffer.bytes())))
    }
}

impl FrameRef {
    /// Returns the bytes of the frame, given the bytes of its buffer.
    #[inline]
    pub(super) fn data<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let (start, length) = (self.start as usize, self.length as usize);
        bytes.get(start..start + length).unwrap_or_default()
    }
}

impl FrameSink for Vec<FrameRef> {
    #[inline(always)]
    fn frame(&mut self, FrameView { number, time, link, data, place }: FrameView<'_>) {
        self.push(FrameRef { time, number, start: place as u32, length: data.len() as u32, link });
    }
}
