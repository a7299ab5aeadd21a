//! Frames on their way from a capture to the engine, many at a time: in the buffer that they were read into, each at a
//! glance.

use syncookie_engine::{Analyzer, Sighting};

use crate::capture::Taken;

/// Consecutive frames of one capture.
#[derive(Debug, Default)]
pub struct Bundle {
    pub(super) sightings: Vec<Sighting>,
    pub(super) bytes: Taken,
}

impl Bundle {
    /// Hands the frames, those of this capture, to the engine.
    pub fn push(&self, capture: u32, analyzer: &mut Analyzer) {
        analyzer.push_all(capture, &self.sightings, self.bytes.bytes());
    }
}
