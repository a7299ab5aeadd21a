//! Captures of a series that continue each other, in one engine.

use std::io;
use std::path::Path;
use std::time::Instant;

use syncookie_engine::Timestamp;

use super::Session;
use super::records::Order;
use super::watched_series::Reading;
use crate::pipeline::{NotRead, Problem, SeriesReader};
use crate::source::file_times::Start;
use crate::source::frame_times::FrameTimes;
use crate::source::series::PAUSE;

/// Time in nanoseconds after which a handshake is reported. All its packets arrive within two
/// minutes, because no cookie lives longer (Linux: `MAX_SYNCOOKIE_AGE`).
const PATIENCE: i64 = 120_000_000_000;

pub(super) struct Chain<'a> {
    reader: SeriesReader<'a>,
    /// Numbers of the captures in its engine.
    captures: Vec<u32>,
    /// Record of the last capture that has a time.
    last: Option<Order>,
    /// Time at which a file was last read.
    read_at: Option<Instant>,
}

/// What was found when a capture was read.
pub(super) struct Read {
    pub problems: Vec<Problem>,
    pub order: Order,
    /// Time at which the capture ends; `None` if no frame has a time.
    pub end: Option<Timestamp>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(session: &Session<'a>) -> Self {
        let reader = SeriesReader::for_run(&session.run, session.idle_threads);
        Self { reader, captures: Vec::new(), last: None, read_at: None }
    }

    /// Returns the number of the engine.
    fn engine(&self) -> u32 {
        self.captures.first().copied().unwrap_or_default()
    }

    /// Returns whether this is the last capture.
    pub(super) fn ends_with(&self, order: Order) -> bool {
        self.last == Some(order)
    }

    /// Returns whether any capture that begins at this time, or later, begins too long after the
    /// last one.
    pub(super) fn ends_long_before(&self, start: Option<Timestamp>) -> bool {
        let nanos = |time: Timestamp| time.as_nanos();
        match (self.reader.end().map(nanos), start.map(nanos)) {
            (None, _) => true,
            (Some(end), Some(start)) => start.saturating_sub(end) > PAUSE,
            (Some(_), None) => false,
        }
    }

    /// Reads a capture. Returns `None` if a signal ended the run before.
    pub(super) fn read(&mut self, reading: &Reading<'_>, session: &mut Session<'a>) -> io::Result<Option<Read>> {
        let Reading { file, source, member, order, .. } = reading;
        let Session { run, journal, shares, .. } = session;
        let order = order.unwrap_or_else(|| journal.change(|records| records.begin(file, member.start.time())));
        let number = run.next_capture() as u32;
        journal.open(number, order);
        self.captures.push(number);
        let most = shares.of_growing(self.engine());
        run.set_max_handshakes(&mut self.reader, most)?;
        let (problems, frames, times) = match run.read(&mut self.reader, source, member)? {
            Ok(problems) => {
                let read = run.last_capture();
                (problems, read.map_or(0, |read| read.frames as u32), read.map(|read| read.frame_times))
            }
            Err(NotRead::Problem(problem)) => (vec![problem], 0, None),
            Err(NotRead::Interrupted) => return Ok(None),
        };
        if problems.iter().any(Problem::is_interruption) {
            return Ok(None);
        }
        shares.keep(self.engine(), self.reader.handshakes());
        let times: FrameTimes = times.unwrap_or_default();
        journal.change(|records| records.finish(order, file, frames, times));
        if member.start != Start::NoFrame {
            self.last = Some(order);
        }
        self.read_at = Some(Instant::now());
        Ok(Some(Read { problems, order, end: times.end() }))
    }

    /// Reports handshakes early if other engines need their memory.
    pub(super) fn share(&mut self, session: &mut Session<'a>) -> io::Result<()> {
        let most = session.shares.of_each();
        if self.reader.handshakes() > most {
            session.run.set_max_handshakes(&mut self.reader, most)?;
            session.shares.keep(self.engine(), self.reader.handshakes());
        }
        Ok(())
    }

    /// Reports handshakes that are old enough.
    pub(super) fn report_old(&mut self, session: &mut Session<'a>) -> io::Result<()> {
        let until = self.reader.end().map(|end| Timestamp::from_nanos(end.as_nanos().saturating_sub(PATIENCE)));
        self.report_until(until, session)
    }

    /// Reports all handshakes if nothing arrived for two minutes: no more packets of them will.
    pub(super) fn report_if_quiet(&mut self, session: &mut Session<'a>) -> io::Result<()> {
        if self.read_at.is_some_and(|at| at.elapsed().as_nanos() >= PATIENCE as u128) {
            self.read_at = None;
            self.report_until(None, session)?;
        }
        Ok(())
    }

    /// Reports handshakes that began before `until`, or all handshakes.
    fn report_until(&mut self, until: Option<Timestamp>, session: &mut Session<'a>) -> io::Result<()> {
        let next = session.run.report_until(&mut self.reader, until)?;
        session.journal.reported(&self.captures, next);
        Ok(())
    }

    /// Reports the remaining handshakes, because no file continues these.
    pub(super) fn finish(mut self, session: &mut Session<'a>) -> io::Result<()> {
        session.run.finish(&mut self.reader)?;
        session.journal.reported(&self.captures, None);
        self.abandon(session);
        Ok(())
    }

    /// Reports the handshakes of files that a later run cannot read again: a ring has reused or
    /// deleted them.
    pub(super) fn leave(&mut self, folder: &Path, session: &mut Session<'a>) -> io::Result<()> {
        let is_gone = |capture: &&u32| !session.journal.can_be_read_again(**capture, folder);
        let Some(&last) = self.captures.iter().rev().find(is_gone) else { return Ok(()) };
        let next = session.run.report_up_to(&mut self.reader, last)?;
        session.journal.reported(&self.captures, next);
        Ok(())
    }

    /// Leaves the captures of the engine without reporting their handshakes.
    pub(super) fn abandon(self, session: &mut Session<'a>) {
        session.shares.forget(self.engine());
        session.journal.close(self.captures);
    }
}
