//! Files that may be one capture, from the first to the last, through one engine after another.

use std::io;

use syncookie_engine::{Analyzer, FindingParts, Limits};

use super::events::{Event, Listening};
use super::reading::Intake;
use super::spare::Spare;
use super::supply::take_in;
use super::{Opened, open};
use crate::interrupt;
use crate::source::series::Member;
use crate::source::walk::Plan;

/// Bytes after which it is told how far a capture was read. Whoever is told must be woken for it.
const PROGRESS: u64 = 1 << 22;

/// Reads series, one after the other.
pub(super) struct Reader<'a> {
    plan: &'a Plan,
    /// Threads that may help.
    spare: &'a Spare,
    analyzer: Analyzer,
}

/// What the engine is reading.
struct Reading {
    /// The capture that it began with.
    first: usize,
    /// What was met in the last one.
    intake: Intake,
}

impl<'a> Reader<'a> {
    pub(super) fn new(plan: &'a Plan, limits: Limits, parts: FindingParts, spare: &'a Spare) -> Self {
        Self { plan, spare, analyzer: Analyzer::new(limits).with_parts(parts) }
    }

    /// Reads the files; as long as each goes on where the one before it ended, they are one capture. After an error it is not
    /// to be used again.
    pub(super) fn read(&mut self, members: &[Member], events: &mut dyn Listening) -> io::Result<()> {
        let mut reading: Option<Reading> = None;
        let mut captures = 0;
        for member in members {
            let opened = match self.open(member) {
                Ok(opened) => opened,
                Err(event) => {
                    events.tell(event)?;
                    continue;
                }
            };
            if reading.as_ref().is_some_and(|before| !member.follows(before.intake.totals.last)) {
                self.finish(reading.take(), events)?;
            }
            let name = &self.plan.sources[member.source].name;
            events.tell(Event::Capture(name.clone()))?;
            let first = reading.map_or(captures, |before| before.first);
            reading = Some(Reading { first, intake: self.capture(name, opened, captures, events)? });
            captures += 1;
        }
        self.finish(reading, events)
    }

    fn open(&self, member: &Member) -> Result<Opened, Event> {
        if interrupt::is_requested() {
            return Err(Event::NotReached(member.source));
        }
        open(&self.plan.sources[member.source]).map_err(|problem| {
            // Nothing need be wrong with it: nobody waits for it any more.
            if interrupt::is_requested() { Event::NotReached(member.source) } else { Event::Problem(problem) }
        })
    }

    /// Reads a new capture, or one that goes on where another ended.
    fn capture(&mut self, name: &str, opened: Opened, index: usize, events: &mut dyn Listening) -> io::Result<Intake> {
        let mut intake = Intake::new(name);
        let (mut read, mut told) = (0, None);
        take_in(opened, &mut intake, &mut self.analyzer, index as u32, self.spare, |analyzer, offset| {
            read = offset;
            analyzer.set_threads(1 + self.spare.count());
            let settled = analyzer.take_evicted();
            if !settled.is_empty() {
                events.tell(Event::Handshakes(settled))?;
            }
            if told.is_some_and(|told| offset < told + PROGRESS) {
                return Ok(());
            }
            told = Some(offset);
            events.tell(Event::Progress(offset))
        })?;
        for problem in intake.problems() {
            events.tell(Event::Problem(problem))?;
        }
        events.tell(Event::Read(Box::new(intake.totals.clone()), read))?;
        Ok(intake)
    }

    /// Judges what is left once nothing more comes.
    fn finish(&mut self, reading: Option<Reading>, events: &mut dyn Listening) -> io::Result<()> {
        let Some(reading) = reading else { return Ok(()) };
        self.analyzer.set_threads(1 + self.spare.count());
        let findings = self.analyzer.finish_in_portions(|portion| events.tell(Event::Handshakes(portion)))?;
        events.tell(Event::Finished(reading.first, Box::new(findings)))
    }
}
