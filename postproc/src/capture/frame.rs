//! One frame of a capture.

use syncookie_engine::Timestamp;

use super::{LinkType, Record};

/// A frame, without what is only needed to write it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameView<'a> {
    /// 1-based, as Wireshark counts.
    pub number: u32,
    /// `None` in a simple packet block, which has none.
    pub time: Option<Timestamp>,
    /// What the bytes begin with.
    pub link: LinkType,
    /// The bytes, as many as were captured.
    pub data: &'a [u8],
    /// Where they begin in the buffer that [`super::Capture::swap_buffer`] will give.
    pub place: usize,
}

/// Takes the frames of a capture. A trait and no closure, so that its code becomes part of the loop over the records.
pub trait FrameSink {
    /// Takes the next frame.
    fn frame(&mut self, frame: FrameView<'_>);
}

/// One packet record of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawFrame<'a> {
    /// As in [`FrameView`].
    pub number: u32,
    /// As in [`FrameView`].
    pub time: Option<Timestamp>,
    /// As in [`FrameView`].
    pub link: LinkType,
    /// As in [`FrameView`].
    pub data: &'a [u8],
    /// As in [`FrameView`].
    pub place: usize,
    /// What else is needed to write it again.
    pub record: Record<'a>,
}

impl<'a> RawFrame<'a> {
    /// The frame without its record.
    pub fn view(&self) -> FrameView<'a> {
        let Self { number, time, link, data, place, .. } = *self;
        FrameView { number, time, link, data, place }
    }
}

impl<'a> FrameView<'a> {
    /// The frame with its record.
    pub(super) fn with(self, record: Record<'a>) -> RawFrame<'a> {
        let Self { number, time, link, data, place } = self;
        RawFrame { number, time, link, data, place, record }
    }
}
