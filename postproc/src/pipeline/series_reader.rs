//! Reads the captures of a series, one after the other, into one engine.

use std::io;

use syncookie_engine::{Analyzer, Finding, Frame, HandshakeId, Timestamp};

use super::capture_reader::CaptureReader;
use super::engine::Engine;
use super::events::{Event, EventSink};
use super::idle_threads::IdleThreads;
use super::producer::read_capture;
use super::{Opened, Run, open};
use crate::problem::Problem;
use crate::source::series::Member;
use crate::source::walk::{Plan, Source};
use crate::{interrupt, memory};

/// Number of bytes between two progress reports, because each wakes a thread.
const PROGRESS: u64 = 1 << 22;

/// Reads series. Captures that continue each other are analysed together. After the
/// last of them, the engine judges their handshakes and starts again. After an error, the reader
/// cannot be used again.
#[derive(Debug)]
pub struct SeriesReader<'a, E = Analyzer> {
    /// Threads that may help.
    idle_threads: &'a IdleThreads,
    engine: E,
    /// Number of handshakes that a series may keep before it is being reported, if others are
    /// reported before it.
    ahead: Option<usize>,
    /// Captures in the engine whose handshakes were not all passed on.
    stretch: Option<Stretch>,
    /// Number of the first handshake that was not reported.
    next: u64,
}

/// Captures that each continue the previous one.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// Numbers of the first and the last capture.
    first: usize,
    last: usize,
    /// Time at which the last capture with frames ends.
    end: Option<Timestamp>,
}

/// Reason why a capture was not read.
#[derive(Debug)]
pub enum NotRead {
    /// The run ends.
    Interrupted,
    /// The capture cannot be opened, or the file is not a capture.
    Problem(Problem),
}

impl<'a, E: Engine> SeriesReader<'a, E> {
    pub(super) const fn new(engine: E, idle_threads: &'a IdleThreads) -> Self {
        Self { idle_threads, engine, ahead: None, stretch: None, next: 0 }
    }

    /// Lets a series keep at most `handshakes` before it is being reported, and the engine keep
    /// memory for no more between two series.
    #[must_use]
    pub(super) const fn ahead_of_report(mut self, handshakes: usize) -> Self {
        self.ahead = Some(handshakes);
        self
    }

    /// Reads a whole series.
    pub(super) fn read_all(
        &mut self,
        plan: &Plan,
        members: &[Member],
        events: &mut dyn EventSink<E>,
    ) -> io::Result<()> {
        let mut number = 0;
        for member in members {
            match self.read(&plan.sources[member.source], member, number, events)? {
                Ok(problems) => {
                    number += 1;
                    problems.into_iter().try_for_each(|problem| events.send(Event::Problem(problem)))?;
                }
                Err(NotRead::Interrupted) => events.send(Event::NotReached(member.source))?,
                Err(NotRead::Problem(problem)) => events.send(Event::Problem(problem))?,
            }
        }
        self.finish(events)
    }

    /// Reads the next capture of the series, under this number; returns its problems.
    ///
    /// # Errors
    /// Fails if the results cannot be written.
    pub(super) fn read(
        &mut self,
        source: &Source,
        member: &Member,
        number: usize,
        events: &mut dyn EventSink<E>,
    ) -> io::Result<Result<Vec<Problem>, NotRead>> {
        let opened = match open_unless_interrupted(source) {
            Ok(opened) => opened,
            Err(not_read) => return Ok(Err(not_read)),
        };
        if self.stretch.is_some_and(|before| !member.follows(before.end)) {
            self.finish(events)?;
        }
        events.send(Event::Capture(source.name.clone()))?;
        let mut reader = self.read_capture(&source.name, opened, number, events)?;
        let before = self.stretch;
        let first = before.map_or(number, |before| before.first);
        let end = reader.totals.frame_times.end().or(before.and_then(|before| before.end));
        self.stretch = Some(Stretch { first, last: number, end });
        Ok(Ok(reader.problems()))
    }

    fn read_capture(
        &mut self,
        name: &str,
        opened: Opened,
        number: usize,
        events: &mut dyn EventSink<E>,
    ) -> io::Result<CaptureReader> {
        let mut reader = CaptureReader::new(name);
        let (mut read, mut shown) = (0, None);
        let (idle_threads, next, ahead) = (self.idle_threads, &mut self.next, self.ahead);
        read_capture(opened, &mut reader, &mut self.engine, idle_threads, |engine, packets, batch, offset| {
            read = offset;
            if ahead.is_some_and(|ahead| engine.handshakes() > ahead) {
                events.wait_for_turn();
            }
            engine.set_threads(1 + idle_threads.count());
            let mut sent = Ok(());
            packets.push(batch, number as u32, engine, &mut |taken| {
                if sent.is_ok() {
                    sent = events.send(Event::Handshakes(unreported::<E>(taken, next)));
                }
            });
            sent?;
            if shown.is_some_and(|shown| offset < shown + PROGRESS) {
                return Ok(());
            }
            shown = Some(offset);
            events.send(Event::Progress(offset))
        })?;
        events.send(Event::Read(Box::new(reader.totals.clone()), read))?;
        Ok(reader)
    }

    /// Returns the time at which the captures end, if the next one can continue from there.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        self.stretch.and_then(|stretch| stretch.end)
    }

    /// Judges and reports the remaining handshakes: no capture continues them.
    pub(super) fn finish(&mut self, events: &mut dyn EventSink<E>) -> io::Result<()> {
        let Some(stretch) = self.stretch.take() else { return Ok(()) };
        self.engine.set_threads(1 + self.idle_threads.count());
        let mut next = std::mem::take(&mut self.next);
        let report = |portion| events.send(Event::Handshakes(unreported::<E>(portion, &mut next)));
        let kept = self.engine.handshakes();
        let end = self.engine.finish(report)?;
        // Other readers need the memory before this one does again.
        if let Some(ahead) = self.ahead.filter(|&ahead| kept > ahead) {
            self.engine.keep_memory_for(ahead);
            memory::release();
        }
        events.send(Event::Finished(stretch.first..=stretch.last, Box::new(end)))
    }
}

impl<'a> SeriesReader<'a> {
    /// Creates a reader for captures that are reported to this run as they appear.
    #[must_use]
    pub fn for_run(run: &Run<'_>, idle_threads: &'a IdleThreads) -> Self {
        Self::new(run.engine().analyzer(), idle_threads)
    }

    /// Returns the number of handshakes that the engine keeps.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.engine.handshakes()
    }

    /// Changes the maximum number of handshakes that the engine keeps, and reports those that it
    /// judges early because there are more. Returns their number, and the number of the last
    /// capture.
    pub(super) fn set_max_handshakes(
        &mut self,
        handshakes: usize,
        events: &mut dyn EventSink<Analyzer>,
    ) -> io::Result<(u64, Option<usize>)> {
        let before = self.engine.statistics().evicted_early;
        let (next, mut sent) = (&mut self.next, Ok(()));
        self.engine.set_max_handshakes(handshakes, &mut |evicted| {
            if sent.is_ok() {
                sent = events.send(Event::Handshakes(unreported::<Analyzer>(evicted, next)));
            }
        });
        sent?;
        let early = self.engine.statistics().evicted_early - before;
        Ok((early, self.stretch.map(|stretch| stretch.last)))
    }

    /// Reports the handshakes that began before this time and were not reported, as they are judged
    /// now. The engine keeps them, because they affect the judgement of later ones. Returns the
    /// first frame of the first handshake that was not reported.
    pub(super) fn report_until(
        &mut self,
        until: Option<Timestamp>,
        events: &mut dyn EventSink<Analyzer>,
    ) -> io::Result<Option<Frame>> {
        // A handshake that began after the end has a wrong time. It waits for none.
        let end = self.end();
        let is_recent = |time| until.is_some_and(|until| time >= until) && end.is_none_or(|end| time <= end);
        self.report_while(|finding| !is_recent(finding.time), events)
    }

    /// Reports the next handshakes, as they are judged now, up to the first for which `is_due`
    /// returns `false`. Returns the first frame of that one.
    pub(super) fn report_while(
        &mut self,
        is_due: impl Fn(&Finding) -> bool,
        events: &mut dyn EventSink<Analyzer>,
    ) -> io::Result<Option<Frame>> {
        while let Some(finding) = self.engine.finding(HandshakeId(self.next)) {
            if !is_due(&finding) {
                return Ok(Some(finding.first_frame()));
            }
            self.next += 1;
            events.send(Event::Handshakes(vec![finding]))?;
        }
        Ok(None)
    }
}

/// Returns the handshakes from this number on, and moves the number past them. They arrive in order.
fn unreported<E: Engine>(mut handshakes: Vec<E::Handshake>, next: &mut u64) -> Vec<E::Handshake> {
    handshakes.retain(|handshake| E::id(handshake).0 >= *next);
    if let Some(last) = handshakes.last() {
        *next = E::id(last).0 + 1;
    }
    handshakes
}

fn open_unless_interrupted(source: &Source) -> Result<Opened, NotRead> {
    if interrupt::is_requested() {
        return Err(NotRead::Interrupted);
    }
    // The channel is closed only if the results are no longer wanted.
    open(source).map_err(|problem| match interrupt::is_requested() {
        true => NotRead::Interrupted,
        false => NotRead::Problem(problem),
    })
}
