//! Frames of link types that are not supported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::capture::LinkType;
use crate::problem::Problem;

/// Number of frames of each unsupported link type, and the number of the first of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
pub struct UnknownLinks(BTreeMap<LinkType, (u64, u64)>);

/// The same as a list.
type Listed = Vec<(LinkType, (u64, u64))>;

impl From<Listed> for UnknownLinks {
    fn from(listed: Listed) -> Self {
        Self(listed.into_iter().collect())
    }
}

impl From<UnknownLinks> for Listed {
    fn from(links: UnknownLinks) -> Self {
        links.0.into_iter().collect()
    }
}

impl UnknownLinks {
    /// Counts a frame of an unsupported link type.
    pub fn count(&mut self, link: LinkType, frame: u32) {
        self.0.entry(link).or_insert((0, u64::from(frame))).0 += 1;
    }

    /// Adds the frames of the next stretch, which were counted from `before` on, modulo 2^64.
    pub fn merge(&mut self, next: &Self, before: u64) {
        for (link, (frames, first)) in &next.0 {
            let known = &mut self.0.entry(*link).or_insert((0, first.wrapping_add(before))).0;
            *known = known.saturating_add(*frames);
        }
    }

    /// Returns one problem of the capture for each link type.
    pub fn problems(&self, capture: &str) -> impl Iterator<Item = Problem> {
        self.0.iter().map(move |(link, (frames, first))| Problem::link_type(capture, *link, *frames, *first))
    }
}
