//! Frames in groups: what most of a capture goes through.

use syncookie_engine::Timestamp;

use super::{LinkType, RawFrame, Record};

/// A frame, without what only writing it again takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BareFrame<'a> {
    /// As in [`RawFrame`].
    pub number: u32,
    /// All frames but those in simple packet blocks have one.
    pub time: Timestamp,
    /// As in [`RawFrame`].
    pub link: LinkType,
    /// As in [`RawFrame`].
    pub data: &'a [u8],
}

/// Frames of a group: enough that finding them in the file and looking into them are two loops, each with all it needs at
/// hand, and few enough to be in the processor's nearest cache for both.
const GROUP: usize = 32;

impl<'a> BareFrame<'a> {
    const NONE: Self = Self { number: 0, time: Timestamp::from_nanos(0), link: LinkType(0), data: &[] };

    /// With its place, and what it takes to write it again.
    pub(super) fn with(self, place: usize, record: Record<'a>) -> RawFrame<'a> {
        let Self { number, time, link, data } = self;
        RawFrame { number, time: Some(time), link, data, place, record }
    }
}

/// Shows what `next` gives, in order, in groups.
#[inline(always)]
pub fn in_groups<'a>(mut next: impl FnMut() -> Option<BareFrame<'a>>, mut show: impl FnMut(&[BareFrame<'a>])) {
    let mut group = [BareFrame::NONE; GROUP];
    loop {
        let mut count = 0;
        for place in &mut group {
            let Some(frame) = next() else { break };
            *place = frame;
            count += 1;
        }
        show(&group[..count]);
        if count < GROUP {
            return;
        }
    }
}
