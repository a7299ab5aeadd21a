//! The engine's two halves as the pipeline sees them: it reads captures in the same way whether their
//! handshakes are judged at once or only observed.

use std::io;

use syncookie_engine::{Analyzer, Finding, Findings, HandshakeId, Link, Statistics, Timestamp};

/// Takes the packets of captures that continue each other.
pub trait Engine {
    /// What is passed on about a handshake, or about several together.
    type Handshake: Send;
    /// What is known after the last handshake.
    type End: Send;

    /// Returns the number of a handshake: of the last one, if there are several.
    fn id(handshake: &Self::Handshake) -> HandshakeId;

    /// Returns about how many bytes it takes.
    fn bytes(handshake: &Self::Handshake) -> usize;

    /// Returns the counts of the packets so far.
    fn statistics(&self) -> &Statistics;

    /// Returns the number of handshakes that are kept.
    fn handshakes(&self) -> usize;

    /// Sets the number of threads that may work.
    fn set_threads(&mut self, threads: usize);

    /// Takes consecutive frames of a capture. What is known of handshakes that are forgotten, because
    /// there are too many, is passed to `taken`.
    fn push_all<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        link_of: impl Fn(u32) -> Option<Link>,
        taken: &mut dyn FnMut(Vec<Self::Handshake>),
    );

    /// Passes on the remaining handshakes. The engine is then empty.
    ///
    /// # Errors
    /// Returns the first error of `take` and stops.
    fn finish(&mut self, take: impl FnMut(Vec<Self::Handshake>) -> io::Result<()>) -> io::Result<Self::End>;

    /// Frees memory that is reserved for more than `handshakes`, if fewer are kept.
    fn keep_memory_for(&mut self, handshakes: usize);
}

impl Engine for Analyzer {
    type Handshake = Finding;
    type End = Findings;

    fn id(finding: &Finding) -> HandshakeId {
        finding.id
    }

    fn bytes(finding: &Finding) -> usize {
        finding.bytes()
    }

    fn statistics(&self) -> &Statistics {
        self.statistics()
    }

    fn handshakes(&self) -> usize {
        self.handshakes()
    }

    fn set_threads(&mut self, threads: usize) {
        self.set_threads(threads);
    }

    #[inline]
    fn push_all<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        link_of: impl Fn(u32) -> Option<Link>,
        taken: &mut dyn FnMut(Vec<Finding>),
    ) {
        self.push_all_with_links(capture, frames, link_of, taken);
    }

    fn finish(&mut self, take: impl FnMut(Vec<Finding>) -> io::Result<()>) -> io::Result<Findings> {
        self.finish_in_portions(take)
    }

    fn keep_memory_for(&mut self, handshakes: usize) {
        self.keep_memory_for(handshakes);
    }
}
