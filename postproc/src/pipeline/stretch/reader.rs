//! Reads a stretch of a series, and what comes before and after it.

use std::io;
use std::ops::Range;

use syncookie_engine::{Statistics, Timestamp};

use super::places::{first_times, open_at, warm_up};
use super::{Part, Stretch, parts};
use crate::interrupt;
use crate::pipeline::capture_reader::CaptureReader;
use crate::pipeline::defects::Defects;
use crate::pipeline::engine::Engine;
use crate::pipeline::frame_batch::FrameBatch;
use crate::pipeline::{Opened, Problem};
use crate::source::file_times::{Start, start_and_end};
use crate::source::frame_times::FrameTimes;
use crate::source::series::Member;
use crate::source::walk::{Plan, Source};
use crate::totals::CaptureTotals;

/// Engine that passes on the handshakes of a stretch alone.
pub trait StretchEngine: Engine {
    /// Begins the stretch: handshakes that began before are not passed on.
    fn begin_stretch(&mut self);

    /// Ends the stretch: handshakes that begin from now on are not passed on.
    fn end_stretch(&mut self);

    /// Returns the time until which packets may belong to handshakes of the stretch.
    fn lasts_until(&self) -> Option<Timestamp>;
}

/// Event of a stretch.
pub enum StretchEvent<E: Engine> {
    /// The stretch begins, in the last of the captures that were read so far, or in the next one.
    Begin {
        /// Number of frames read so far of each capture.
        frames: Vec<u64>,
        /// Whether the stretch begins within the last of them.
        is_within: bool,
    },
    /// A capture begins, with this name.
    Capture {
        /// Its name.
        name: String,
        /// Whether it continues the one before.
        continues: bool,
    },
    /// The next capture is read after the end of the stretch.
    Beyond,
    /// Handshakes were observed.
    Handshakes(Vec<E::Handshake>),
    /// A part of a capture was read.
    Read {
        /// Its counts, and its number of frames.
        totals: Box<CaptureTotals>,
        /// What is wrong with it.
        defects: Box<Defects>,
        /// Number of bytes that were read.
        bytes: u64,
        /// Its first frame, and the first frame after it, as far as they were read.
        edges: Edges,
    },
    /// A capture that begins in the stretch cannot be read.
    Problem(Problem),
    /// A capture that begins in the stretch was not read because the run ends.
    NotReached(usize),
    /// The captures so far are not continued, or the stretch ends.
    End(Box<E::End>),
}

/// First frame of a part of a capture, and first frame after it: its offset, and the number of
/// interfaces that were described before. `None` at the beginning and at the end of the capture.
pub type Edges = [Option<(u64, u32)>; 2];

/// Phase of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Before,
    Own,
    After,
}

/// Reads a stretch of a series.
pub struct Reader<'a, E: StretchEngine> {
    plan: &'a Plan,
    members: &'a [Member],
    parts: Vec<Option<Part>>,
    engine: E,
    phase: Phase,
    /// Number of frames of each capture that was read since the engine was empty.
    frames: Vec<u64>,
    /// Time at which the captures since then end.
    end: Option<Timestamp>,
    /// Time until which what follows the stretch is read.
    until: Option<Timestamp>,
    send: &'a mut dyn FnMut(StretchEvent<E>) -> io::Result<()>,
}

impl<'a, E: StretchEngine> Reader<'a, E> {
    /// Creates a reader that sends its events to `send`.
    pub fn new(
        plan: &'a Plan,
        members: &'a [Member],
        stretch: Stretch,
        engine: E,
        send: &'a mut dyn FnMut(StretchEvent<E>) -> io::Result<()>,
    ) -> Self {
        let parts = parts(&plan.sources, members, stretch);
        Self { plan, members, parts, engine, phase: Phase::Before, frames: Vec::new(), end: None, until: None, send }
    }

    /// Reads the stretch.
    ///
    /// # Errors
    /// Fails if an event cannot be sent.
    pub fn read(mut self) -> io::Result<()> {
        let Some(own) = self.parts.iter().position(Option::is_some) else { return Ok(()) };
        let (first, offset) = self.start(own);
        let mut more = true;
        for place in first..self.members.len() {
            if more {
                more = self.member(place, if place == first { offset } else { 0 })?;
            }
        }
        self.finish()
    }

    /// Returns the capture with which reading begins, and the offset there.
    fn start(&self, own: usize) -> (usize, u64) {
        let start = (own..self.members.len()).find_map(|place| {
            let part = self.parts[place].as_ref()?;
            first_times(self.source(place), part.offsets.clone()).start()
        });
        let mut from = self.parts[own].as_ref().map_or(0, |part| part.offsets.start);
        for place in (1..=own).rev() {
            if from > 0
                && let Some(offset) = warm_up(self.source(place), from, start)
            {
                return (place, offset);
            }
            if !self.may_continue(place) {
                return (place, 0);
            }
            from = self.source(place - 1).bytes.unwrap_or_default();
        }
        (0, warm_up(self.source(0), from, start).unwrap_or(0))
    }

    /// Returns whether a capture may continue one before it, as far as that is known without reading
    /// them.
    fn may_continue(&self, place: usize) -> bool {
        let end = (0..place).rev().find_map(|before| match start_and_end(self.source(before)) {
            (Start::NoFrame, _) => None,
            (_, end) => Some(end),
        });
        end.is_none_or(|end| end.is_none() || self.members[place].follows(end))
    }

    fn source(&self, place: usize) -> &'a Source {
        &self.plan.sources[self.members[place].source]
    }

    /// Reads what is needed of a capture, from this offset on. Returns whether more captures are
    /// needed.
    fn member(&mut self, place: usize, offset: u64) -> io::Result<bool> {
        let (member, source) = (&self.members[place], self.source(place));
        let begins = self.parts[place].as_ref().is_some_and(|part| part.begins);
        if interrupt::is_requested() {
            let event = begins.then_some(StretchEvent::NotReached(member.source));
            return event.map_or(Ok(()), &mut *self.send).map(|()| true);
        }
        let opened = match open_at(source, offset) {
            Ok(opened) => opened,
            Err(problem) => {
                let event = begins.then_some(StretchEvent::Problem(problem));
                return event.map_or(Ok(()), &mut *self.send).map(|()| true);
            }
        };
        let is_first = self.frames.is_empty();
        let continues = !is_first && member.follows(self.end);
        if !continues {
            if self.phase == Phase::After {
                return Ok(false);
            }
            self.finish()?;
        }
        if begins {
            self.begin(false)?;
            (self.send)(StretchEvent::Capture { name: source.name.clone(), continues })?;
        } else if self.phase == Phase::After {
            (self.send)(StretchEvent::Beyond)?;
        }
        self.capture(place, opened)
    }

    /// Begins the stretch.
    fn begin(&mut self, is_within: bool) -> io::Result<()> {
        if self.phase == Phase::Before {
            self.phase = Phase::Own;
            (self.send)(StretchEvent::Begin { frames: self.frames.clone(), is_within })?;
            self.engine.begin_stretch();
        }
        Ok(())
    }

    /// Passes on the handshakes that are kept: no capture continues them.
    fn finish(&mut self) -> io::Result<()> {
        if self.frames.is_empty() {
            return Ok(());
        }
        let (send, phase) = (&mut self.send, self.phase);
        let take = |taken| if phase == Phase::Before { Ok(()) } else { send(StretchEvent::Handshakes(taken)) };
        let end = self.engine.finish(take)?;
        if phase != Phase::Before {
            (self.send)(StretchEvent::End(Box::new(end)))?;
        }
        if phase == Phase::Own {
            self.engine.begin_stretch();
        }
        self.frames.clear();
        self.end = None;
        Ok(())
    }

    /// Reads what is needed of an open capture. Returns whether more captures are needed.
    fn capture(&mut self, place: usize, (mut capture, position): Opened) -> io::Result<bool> {
        let part = self.parts[place].clone();
        let mut counting = Counting::new(&self.source(place).name, part.as_ref());
        self.frames.push(0);
        if part.as_ref().is_some_and(|part| part.begins) {
            counting.begin(&self.engine, 0, None);
        }
        let (mut batch, mut times) = (FrameBatch::default(), FrameTimes::default());
        let (mut more, mut goes_on) = (true, true);
        while more && goes_on {
            more = counting.own.split().0.fill(&mut capture, &mut batch);
            times.push_all(batch.frames.iter().filter_map(|frame| frame.time));
            let bytes = position.as_ref().map_or_else(|| capture.offset(), |position| position.taken());
            self.batch(&batch, capture.interfaces(), &mut counting, bytes)?;
            goes_on = self.goes_on(batch.frames.iter().filter_map(|frame| frame.time));
        }
        let frames = capture.frames();
        let bytes = position.map_or_else(|| capture.offset(), |position| position.taken());
        self.begin_part(&mut counting, frames, None)?;
        self.end_part(&mut counting, frames, None, bytes)?;
        self.count(frames);
        self.end = times.end().or(self.end);
        if self.parts[place..].iter().skip(1).all(Option::is_none) && part.is_some() {
            self.end_stretch();
        }
        Ok(goes_on && self.goes_on(std::iter::empty()))
    }

    /// Sets the number of frames that were read of the current capture.
    fn count(&mut self, frames: u64) {
        if let Some(last) = self.frames.last_mut() {
            *last = frames;
        }
    }

    /// Takes the frames of a batch: before the stretch, of the stretch, and after it.
    fn batch(&mut self, batch: &FrameBatch, interfaces: u32, counting: &mut Counting, bytes: u64) -> io::Result<()> {
        let all = batch.frames.len();
        let [start, end] = counting.offsets.map(|offset| batch.count_before(offset));
        let edge = |at: usize| {
            let frame = batch.frames.get(at)?;
            Some((u64::from(frame.number) - 1, (batch.offset_of(frame), interfaces)))
        };
        self.push(batch, 0..start, &mut counting.others)?;
        if let Some((frames, offset)) = edge(start) {
            self.begin_part(counting, frames, Some(offset))?;
        }
        self.push(batch, start..end, &mut counting.own)?;
        if let Some((frames, offset)) = edge(end) {
            self.end_part(counting, frames, Some(offset), bytes)?;
            self.end_stretch();
        }
        self.push(batch, end..all, &mut counting.others)
    }

    fn push(&mut self, batch: &FrameBatch, range: Range<usize>, reader: &mut CaptureReader) -> io::Result<()> {
        let number = self.frames.len().saturating_sub(1) as u32;
        let (send, mut sent) = (&mut self.send, Ok(()));
        reader.split().1.push_some(batch, range, number, &mut self.engine, &mut |taken| {
            if sent.is_ok() {
                sent = send(StretchEvent::Handshakes(taken));
            }
        });
        sent
    }

    /// Begins the part of the capture that belongs to the stretch, unless it has begun or there is
    /// none; `frames` were read before.
    fn begin_part(&mut self, counting: &mut Counting, frames: u64, edge: Option<(u64, u32)>) -> io::Result<()> {
        if counting.is_waiting() {
            self.count(frames);
            self.begin(true)?;
            counting.begin(&self.engine, frames, edge);
        }
        Ok(())
    }

    /// Ends the part of the capture that belongs to the stretch, unless it has ended or there is
    /// none; `frames` were read of the capture before.
    fn end_part(
        &mut self,
        counting: &mut Counting,
        frames: u64,
        edge: Option<(u64, u32)>,
        bytes: u64,
    ) -> io::Result<()> {
        let Some((totals, edges)) = counting.end(&self.engine, frames, edge) else { return Ok(()) };
        let defects = Box::new(counting.own.defects());
        (self.send)(StretchEvent::Read { totals: Box::new(totals), defects, bytes, edges })
    }

    fn end_stretch(&mut self) {
        if self.phase == Phase::Own {
            self.phase = Phase::After;
            self.engine.end_stretch();
            self.until = self.engine.lasts_until();
        }
    }

    /// Returns whether what follows these times is needed.
    fn goes_on(&mut self, times: impl Iterator<Item = Timestamp>) -> bool {
        if self.phase != Phase::After {
            return true;
        }
        let earliest = times.min();
        if earliest.is_some_and(|earliest| Some(earliest) > self.until) {
            self.until = self.engine.lasts_until();
        }
        // A single frame with a wrong time does not end the reading.
        self.until.is_some_and(|until| earliest.is_none_or(|earliest| earliest <= until))
    }
}

/// Counts of a capture that is being read.
struct Counting {
    own: CaptureReader,
    others: CaptureReader,
    /// Offsets at which the part that belongs to the stretch begins and ends.
    offsets: [u64; 2],
    state: State,
}

/// State of the part that belongs to the stretch.
enum State {
    /// There is none, or it has ended.
    None,
    Waiting,
    /// It has begun: with the engine's statistics then, the number of frames before, and its
    /// first frame.
    Begun(Box<Statistics>, u64, Option<(u64, u32)>),
}

impl Counting {
    fn new(name: &str, part: Option<&Part>) -> Self {
        let offsets = part.map_or(u64::MAX..u64::MAX, |part| part.offsets.clone());
        Self {
            offsets: [offsets.start, offsets.end],
            own: CaptureReader::new(name).of_stretch(offsets),
            others: CaptureReader::new(name),
            state: if part.is_some() { State::Waiting } else { State::None },
        }
    }

    const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting)
    }

    fn begin<E: Engine>(&mut self, engine: &E, frames: u64, edge: Option<(u64, u32)>) {
        self.state = State::Begun(Box::new(engine.statistics().clone()), frames, edge);
    }

    /// Ends the part; returns its counts and its edges.
    fn end<E: Engine>(&mut self, engine: &E, frames: u64, edge: Option<(u64, u32)>) -> Option<(CaptureTotals, Edges)> {
        let State::Begun(statistics, before, first) = std::mem::replace(&mut self.state, State::None) else {
            return None;
        };
        let statistics = engine.statistics().since(&statistics);
        let totals = CaptureTotals { frames: frames - before, statistics, ..self.own.totals.clone() };
        Some((totals, [first, edge]))
    }
}
