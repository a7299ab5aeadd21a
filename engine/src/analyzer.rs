//! The engine's entry point: takes observations and returns findings.

use std::convert::Infallible;

use crate::judging::{Judging, Passing};
use crate::observer::Observer;
use crate::{
    DetailLevel, Endpoint, Finding, FindingParts, Findings, HandshakeId, Limits, Link, Observation, Pushed, Statistics,
    Timestamp,
};

/// Turns packets into findings: an [`Observer`] of the packets, and the judge of the handshakes
/// that it keeps.
#[derive(Debug)]
pub struct Analyzer {
    observer: Observer,
    judging: Judging,
    /// Findings of handshakes that were judged early and that nobody took yet.
    evicted: Vec<Finding>,
}

impl Analyzer {
    /// Creates an analyzer that has seen nothing and returns all findings with all their parts.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let judging = Judging::new(limits, FindingParts::default());
        Self { observer: Observer::new(limits), judging, evicted: Vec::new() }
    }

    /// Sets which findings are returned, and which parts they have.
    #[must_use]
    pub const fn with_parts(mut self, parts: FindingParts) -> Self {
        self.judging.parts = parts;
        self
    }

    /// Sets the number of threads that judge listeners when [`Limits::handshakes`] is reached and
    /// at the end. It includes the caller's thread and is 1 by default. No thread is started for 0
    /// or 1, or for fewer than 4096 handshakes. Each listener is judged on one thread. The findings
    /// do not depend on the number.
    pub const fn set_threads(&mut self, threads: usize) {
        self.judging.threads = threads;
    }

    /// Takes one packet. Returns `None` if the packet is not part of a handshake. The findings of
    /// handshakes that are judged early are kept for [`Self::take_evicted`].
    pub fn push(&mut self, observation: &Observation<'_>) -> Option<Pushed> {
        let Self { observer, judging, evicted } = self;
        observer.push(observation, &mut Passing { judging, evicted: &mut |mut portion| evicted.append(&mut portion) })
    }

    /// Adds an observation as [`Self::push`] does, but passes the findings of handshakes that are
    /// judged early to `evicted`, in portions. This needs less memory than to keep them.
    pub fn push_and_pass(
        &mut self,
        observation: &Observation<'_>,
        evicted: &mut dyn FnMut(Vec<Finding>),
    ) -> Option<Pushed> {
        self.observer.push(observation, &mut Passing { judging: &mut self.judging, evicted })
    }

    /// Takes consecutive frames of a capture: number, time, and the IP packet if the frame has one.
    /// The result is the same as from [`Self::push`] for each frame with [`crate::Packet::Ip`] or
    /// [`crate::Packet::None`], but faster. The findings of handshakes that are judged early are
    /// passed to `evicted`, in portions.
    pub fn push_all<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        evicted: &mut dyn FnMut(Vec<Finding>),
    ) {
        self.push_all_with_links(capture, frames, |_| None, evicted);
    }

    /// Takes consecutive frames like [`Self::push_all`], and calls `link_of` with the numbers of
    /// frames whose SYN opens a handshake; it returns their link layer, if that is known.
    pub fn push_all_with_links<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        link_of: impl Fn(u32) -> Option<Link>,
        evicted: &mut dyn FnMut(Vec<Finding>),
    ) {
        let mut passing = Passing { judging: &mut self.judging, evicted };
        self.observer.push_all(capture, frames, link_of, &mut passing);
    }

    /// Returns the number of handshakes that are kept.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.observer.handshakes()
    }

    /// Advances the clock to the time of a frame that contains no IP packet. A SYN without an
    /// answer until then counts as unanswered.
    pub fn advance_time(&mut self, until: Timestamp) {
        self.observer.now = self.observer.now.max(until);
    }

    /// Judges one handshake by all packets so far. Returns `None` if the handshake was already
    /// returned by [`Self::take_evicted`].
    pub fn finding(&mut self, id: HandshakeId) -> Option<Finding> {
        self.finding_ref(id).cloned()
    }

    /// Returns the same as [`Self::finding`] without copying it.
    pub fn finding_ref(&mut self, id: HandshakeId) -> Option<&Finding> {
        self.observer.index();
        self.judging.finding(self.observer.all(), id, self.observer.now)
    }

    /// Judges one handshake by its packets so far and by the latest handshakes before it on its
    /// listener. This is cheap enough to show results while packets still arrive. `detail` replaces
    /// [`FindingParts::detail`].
    #[must_use]
    pub fn preview(&mut self, id: HandshakeId, detail: DetailLevel) -> Option<Finding> {
        self.observer.index();
        self.judging.preview(self.observer.all(), id, self.observer.now, detail)
    }

    /// Returns the preview of a handshake that was answered with a SYN cookie or by a SYN proxy,
    /// without evidence and causes, and without whether the connection got stuck; `None` for any
    /// other. Most SYN-ACKs rule out both without being judged.
    #[must_use]
    pub fn preview_if_cookie_style(&mut self, id: HandshakeId) -> Option<Finding> {
        self.observer.index();
        self.judging.preview_if_cookie_style(self.observer.all(), id, self.observer.now)
    }

    /// Returns client and server of a handshake, or `None` if [`Self::take_evicted`] already
    /// returned the handshake.
    #[must_use]
    pub fn endpoints(&self, id: HandshakeId) -> Option<(Endpoint, Endpoint)> {
        self.observer.all().get(id).map(|handshake| (handshake.client, handshake.server))
    }

    /// Returns counts of the packets read so far, and of what was dropped to stay within
    /// [`Limits`].
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.observer.statistics
    }

    /// Returns the findings of handshakes that were judged early to stay within [`Limits`]. Call it
    /// from time to time while pushing.
    pub fn take_evicted(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.evicted)
    }

    /// Judges the remaining handshakes and returns all findings that [`Self::take_evicted`] has not
    /// returned.
    #[must_use]
    pub fn finish(mut self) -> Findings {
        let mut handshakes = Vec::new();
        let Ok(findings) = self.finish_in_portions(|mut portion| {
            handshakes.append(&mut portion);
            Ok::<_, Infallible>(())
        });
        Findings { handshakes, ..findings }
    }

    /// Judges the remaining handshakes and passes the findings to `take` in portions, in order of
    /// their ids. This needs less memory than [`Self::finish`]. A portion may be empty. The
    /// returned [`Findings`] contain no handshakes. The analyzer is then empty, keeps its memory
    /// for other captures, and judges on one thread.
    ///
    /// # Errors
    ///
    /// Returns the first error of `take` and stops.
    pub fn finish_in_portions<E>(
        &mut self,
        mut take: impl FnMut(Vec<Finding>) -> Result<(), E>,
    ) -> Result<Findings, E> {
        take(std::mem::take(&mut self.evicted))?;
        let now = self.observer.now;
        let (handshakes, statistics) = self.observer.end_of_packets();
        self.judging.judge_all(handshakes, handshakes.end(), now, statistics, take)?;
        let (statistics, midstream) = self.observer.reset();
        Ok(self.judging.finish(statistics, midstream))
    }

    /// Changes [`Limits::handshakes`]. The findings of handshakes that are judged early because
    /// there are more are passed to `evicted`, in portions.
    pub fn set_max_handshakes(&mut self, handshakes: usize, evicted: &mut dyn FnMut(Vec<Finding>)) {
        self.judging.limits.handshakes = handshakes;
        self.observer.set_limit(handshakes, &mut Passing { judging: &mut self.judging, evicted });
    }

    /// Frees memory that is reserved for more than `handshakes`, if fewer are kept.
    pub fn keep_memory_for(&mut self, handshakes: usize) {
        self.observer.keep_memory_for(handshakes);
    }
}
