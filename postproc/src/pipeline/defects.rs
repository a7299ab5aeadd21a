//! What is wrong with a capture, or with a stretch of it.

use serde::{Deserialize, Serialize};

use super::unknown_links::UnknownLinks;
use crate::capture::Fault;
use crate::problem::{Defect, Problem};

/// Maximum number of faults of a capture that are reported individually.
pub const FAULTS_REPORTED: u64 = 8;

/// What is wrong with a capture, or with a stretch of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Defects {
    faults: Vec<Defect>,
    further_faults: u64,
    /// Number of bytes that were skipped at these faults.
    further_skipped: u64,
    /// Number of frames that were read before the run was interrupted.
    interrupted: Option<u64>,
    pub(super) unknown_links: UnknownLinks,
}

impl Defects {
    /// Adds damage that was found after this number of frames.
    pub fn add_fault(&mut self, fault: &Fault, frames: u64) {
        self.add(Defect::new(fault, frames));
    }

    fn add(&mut self, defect: Defect) {
        if (self.faults.len() as u64) < FAULTS_REPORTED {
            self.faults.push(defect);
        } else {
            self.further_faults = self.further_faults.saturating_add(1);
            self.further_skipped = self.further_skipped.saturating_add(defect.skipped_bytes.unwrap_or_default());
        }
    }

    /// Records that the run was interrupted after this number of frames.
    pub const fn interrupt(&mut self, frames: u64) {
        self.interrupted = Some(frames);
    }

    /// Adds the defects of the next stretch, which counted its frames from `before` on, modulo 2^64.
    pub fn merge(&mut self, next: Self, before: u64) {
        next.faults.into_iter().for_each(|defect| self.add(defect.after(before)));
        self.further_faults = self.further_faults.saturating_add(next.further_faults);
        self.further_skipped = self.further_skipped.saturating_add(next.further_skipped);
        self.interrupted = self.interrupted.or(next.interrupted.map(|frames| frames.wrapping_add(before)));
        self.unknown_links.merge(&next.unknown_links, before);
    }

    /// Adds link types.
    pub(super) fn with_links(mut self, unknown_links: UnknownLinks) -> Self {
        self.unknown_links = unknown_links;
        self
    }

    /// Returns the problems of the capture with this name.
    pub fn problems(&self, capture: &str) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.faults.iter().map(|fault| fault.problem(capture)).collect();
        problems.extend(self.interrupted.map(|frames| Problem::interrupted(capture, frames)));
        if self.further_faults > 0 {
            problems.push(Problem::further_faults(capture, self.further_faults, self.further_skipped));
        }
        problems.extend(self.unknown_links.problems(capture));
        problems
    }
}
