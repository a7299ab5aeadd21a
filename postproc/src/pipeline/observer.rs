//! Who waits for a run: what may be shown while captures are read.

use crate::problem::Problem;

/// Is shown how far a run is, and what could not be read.
pub trait Observer {
    /// Learns how many captures will be read, and their bytes as far as they are known.
    fn expect(&mut self, captures: usize, bytes: u64);
    /// Learns what could not be read.
    fn problem(&mut self, problem: &Problem);
    /// Learns something worth knowing.
    fn remark(&mut self, text: &str);
    /// Learns how many bytes of the capture being read were read.
    fn progress(&mut self, capture: &str, bytes: u64);
    /// Learns that a capture was read, and how many bytes of it.
    fn capture_read(&mut self, bytes: u64);
    /// Learns that everything was read.
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
