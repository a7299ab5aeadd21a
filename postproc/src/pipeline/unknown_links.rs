//! Frames of link types that are not supported.

use std::collections::BTreeMap;

use crate::capture::LinkType;
use crate::problem::Problem;

/// Number of frames of each unsupported link type, and the number of the first of them.
#[derive(Debug, Default)]
pub struct UnknownLinks(BTreeMap<LinkType, (u64, u64)>);

impl UnknownLinks {
    /// Counts a frame of an unsupported link type.
    pub fn count(&mut self, link: LinkType, frame: u32) {
        self.0.entry(link).or_insert((0, u64::from(frame))).0 += 1;
    }

    /// Returns one problem of the capture for each link type.
    pub fn problems(&self, capture: &str) -> impl Iterator<Item = Problem> {
        self.0.iter().map(move |(link, (frames, first))| Problem::link_type(capture, *link, *frames, *first))
    }
}
