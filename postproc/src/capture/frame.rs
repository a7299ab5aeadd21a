//! Frames of a capture.

use syncookie_engine::Timestamp;

use super::{LinkType, Record};

/// Frame, without the properties that are needed only to write it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameView<'a> {
    /// Number of the frame; the first is 1, as in Wireshark.
    pub number: u32,
    /// Time of capture; `None` in a simple packet block, which has no time.
    pub time: Option<Timestamp>,
    /// Type of the first layer.
    pub link: LinkType,
    /// Captured bytes.
    pub data: &'a [u8],
    /// Offset of the bytes in the buffer that [`super::Capture::swap_buffer`] will return.
    pub place: usize,
}

/// Takes the frames of a capture. This is a trait, not a closure, so that its code is inlined into
/// the loop over the records.
pub trait FrameSink {
    /// Takes the next frame.
    fn frame(&mut self, frame: FrameView<'_>);
}

/// One packet record of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawFrame<'a> {
    /// Number of the frame; the first is 1, as in Wireshark.
    pub number: u32,
    /// Time of capture; `None` in a simple packet block, which has no time.
    pub time: Option<Timestamp>,
    /// Type of the first layer.
    pub link: LinkType,
    /// Captured bytes.
    pub data: &'a [u8],
    /// Offset of the bytes in the buffer that [`super::Capture::swap_buffer`] will return.
    pub place: usize,
    /// Other properties of the packet, needed to write it again.
    pub record: Record<'a>,
}

impl<'a> RawFrame<'a> {
    /// Returns the frame without its record.
    pub fn view(&self) -> FrameView<'a> {
        let Self { number, time, link, data, place, .. } = *self;
        FrameView { number, time, link, data, place }
    }
}

impl<'a> FrameView<'a> {
    /// Creates a frame with its record.
    pub(super) fn with(self, record: Record<'a>) -> RawFrame<'a> {
        let Self { number, time, link, data, place } = self;
        RawFrame { number, time, link, data, place, record }
    }
}
