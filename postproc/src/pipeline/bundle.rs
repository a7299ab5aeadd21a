//! Frames on their way from a capture to the engine, many at a time: in the buffer that they were read into, each at a
//! glance.

use syncookie_engine::{Analyzer, Sighting, Timestamp};

use crate::capture::{LinkType, Taken};

/// A frame that was found, and not looked at yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub time: Option<Timestamp>,
    pub number: u32,
    /// Where it stands in the bytes of its bundle.
    pub start: u32,
    pub length: u32,
    pub link: LinkType,
}

impl Found {
    /// The frame, given the bytes of its bundle.
    #[inline]
    pub(super) fn data<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let (start, length) = (self.start as usize, self.length as usize);
        bytes.get(start..).and_then(|bytes| bytes.get(..length)).unwrap_or_default()
    }
}

/// Consecutive frames of one capture.
#[derive(Debug, Default)]
pub struct Bundle {
    /// Those that nobody looked at yet: all of them, or none.
    pub(super) found: Vec<Found>,
    pub(super) sightings: Vec<Sighting>,
    pub(super) bytes: Taken,
}

impl Bundle {
    /// Hands the frames, those of this capture, to the engine.
    pub fn push(&self, capture: u32, analyzer: &mut Analyzer) {
        analyzer.push_all(capture, &self.sightings, self.bytes.bytes());
    }
}
