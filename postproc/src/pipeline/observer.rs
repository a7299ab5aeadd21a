//! Observers of a run: progress and problems while captures are read.

use crate::problem::Problem;

/// Receives the progress and the problems of a run.
pub trait Observer {
    /// Receives the number of captures that will be read, and their bytes as far as known.
    fn expect(&mut self, captures: usize, bytes: u64);
    /// Receives a problem of a capture.
    fn problem(&mut self, problem: &Problem);
    /// Receives a remark.
    fn remark(&mut self, text: &str);
    /// Receives the number of bytes that were read of the current capture.
    fn progress(&mut self, capture: &str, bytes: u64);
    /// Receives the size in bytes of a capture that was read.
    fn capture_read(&mut self, bytes: u64);
    /// Receives the end of the reading.
    fn done(&mut self);
}

/// Ignores everything.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Observer for Silent {
    fn expect(&mut self, _: usize, _: u64) {}
    fn problem(&mut self, _: &Problem) {}
    fn remark(&mut self, _: &str) {}
    fn progress(&mut self, _: &str, _: u64) {}
    fn capture_read(&mut self, _: u64) {}
    fn done(&mut self) {}
}
