//! Joins the stretches of captures: their rows, as a file of the whole captures has them. Each stretch
//! has a file, or the rows of all follow each other.

use std::collections::VecDeque;

use syncookie_engine::{EndOfPackets, Frame, Midstream, Timestamp};

use super::record::{Begin, End, Part};
use super::{ReadError, Reader, Record, Row};
use crate::pipeline::Defects;
use crate::source::walk::Source;
use crate::totals::CaptureTotals;

/// File that cannot be read, by its number, and the reason.
pub type Failure = (usize, ReadError);

/// Files that are read together: one of whole captures, or those of all stretches. Or the rows of
/// several runs.
pub struct Joined {
    /// Readers in the order of their stretches, each with the number of the file.
    readers: Vec<(usize, Reader)>,
    /// Reader whose rows are taken.
    current: usize,
    /// Number of series that have begun.
    series: usize,
    /// Number of stretches of the series, if it has any and the rows are those of several runs.
    divided: Option<u32>,
    /// Number of these stretches that have not begun.
    left: u32,
    /// What is known at the next ends of captures, as far as that is known before their rows.
    wholes: VecDeque<End>,
    /// Rows to be returned.
    out: VecDeque<Row>,
    state: State,
}

/// What was read of a series.
#[derive(Default)]
struct State {
    /// Number of frames of each capture before the last.
    frames: Vec<u64>,
    /// The last capture.
    open: Option<Open>,
    /// Captures that continue each other: the number of the first, and what is known at their end.
    chain: Option<(usize, EndOfPackets)>,
    counts: Counts,
}

/// Capture that was read in part.
#[derive(Default)]
struct Open {
    totals: CaptureTotals,
    defects: Defects,
    /// First frame of the next part: its offset, and the number of interfaces described before.
    edge: Option<(u64, u32)>,
}

/// How the worker of a stretch counts captures and frames, compared with the whole series.
#[derive(Default)]
struct Counts {
    /// What to add to the number of a capture.
    capture: u32,
    /// What to add to the frames of its first captures, modulo 2^64.
    frames: Vec<u64>,
    /// What to add to the frames of the part that is being read.
    part: u64,
}

impl Counts {
    fn frame(&self, frame: Frame) -> Frame {
        let before = self.frames.get(frame.capture as usize).copied().unwrap_or_default();
        let capture = frame.capture.wrapping_add(self.capture);
        Frame { capture, number: frame.number.wrapping_add(before as u32) }
    }
}

impl Joined {
    /// Groups files that belong together. The files of stretches come in any order.
    ///
    /// # Errors
    /// Fails if the file of a stretch is missing or given twice.
    pub fn group(readers: Vec<Reader>) -> Result<Vec<Self>, Failure> {
        let mut groups: Vec<Vec<(usize, Reader)>> = Vec::new();
        for (number, reader) in readers.into_iter().enumerate() {
            let of = |reader: &Reader| reader.stretch().map(|stretch| stretch.of);
            let is_same = |group: &&mut Vec<(usize, Reader)>| {
                let first = &group[0].1;
                of(&reader).is_some() && of(first) == of(&reader) && first.has_sources_of(&reader)
            };
            match groups.iter_mut().find(is_same) {
                Some(group) => group.push((number, reader)),
                None => groups.push(vec![(number, reader)]),
            }
        }
        groups.into_iter().map(Self::new).collect()
    }

    fn new(mut readers: Vec<(usize, Reader)>) -> Result<Self, Failure> {
        let number = |reader: &Reader| reader.stretch().map_or(1, |stretch| stretch.number);
        readers.sort_by_key(|(_, reader)| number(reader));
        let of = readers[0].1.stretch().map_or(1, |stretch| stretch.of);
        let missing = (1..=of).zip(readers.iter().map(|(_, reader)| number(reader)).chain([0])).find(|(a, b)| a != b);
        if let Some((missing, _)) = missing {
            return Err((readers[0].0, ReadError::Missing { missing, of }));
        }
        if let Some((file, _)) = readers.get(of as usize) {
            return Err((*file, ReadError::Twice));
        }
        Ok(Self {
            readers,
            current: 0,
            series: 0,
            divided: None,
            left: 0,
            wholes: VecDeque::new(),
            out: VecDeque::new(),
            state: State::default(),
        })
    }

    /// Returns the number of series.
    pub fn series(&self) -> usize {
        self.readers[0].1.series()
    }

    /// Takes the captures that were to be read.
    pub fn take_sources(&mut self) -> Vec<Source> {
        self.readers[0].1.take_sources()
    }

    /// Returns the next row; `None` after the last.
    ///
    /// # Errors
    /// Fails if a file is damaged, or the stretches do not fit to each other.
    pub fn next_row(&mut self) -> Result<Option<Row>, Failure> {
        if self.readers[0].1.is_of_runs() {
            return self.next_of_runs();
        }
        if self.readers[0].1.stretch().is_none() {
            let (file, reader) = &mut self.readers[0];
            return reader.next_row().map_err(|reason| (*file, reason));
        }
        while self.out.is_empty() && self.series <= self.series() {
            let (file, reader) = &mut self.readers[self.current];
            let row = reader.next_row().map_err(|reason| (*file, reason))?;
            match row {
                None | Some(Row::Record(Record::Series)) => self.next_part(),
                Some(row) => self.take(row)?,
            }
        }
        Ok(self.out.pop_front())
    }

    /// Returns the next row of several runs.
    fn next_of_runs(&mut self) -> Result<Option<Row>, Failure> {
        while self.out.is_empty() {
            let (file, reader) = &mut self.readers[0];
            match reader.next_row().map_err(|reason| (*file, reason))? {
                None => {
                    self.end_series()?;
                    break;
                }
                Some(Row::Record(Record::Series)) if self.left > 0 => self.left -= 1,
                Some(Row::Record(Record::Series)) => self.next_series()?,
                Some(Row::Record(Record::Whole(end))) => self.wholes.push_back(*end),
                Some(row) if self.divided.is_some() => self.take(row)?,
                Some(row) => return Ok(Some(row)),
            }
        }
        Ok(self.out.pop_front())
    }

    /// Begins the next series of several runs.
    fn next_series(&mut self) -> Result<(), Failure> {
        self.end_series()?;
        self.series += 1;
        self.divided = self.readers[0].1.take_divided().ok_or_else(|| self.failure(ReadError::Foreign))?;
        self.left = self.divided.map_or(0, |of| of.saturating_sub(1));
        self.out.push_back(Row::Record(Record::Series));
        Ok(())
    }

    /// Ends the series of several runs, if there is one.
    fn end_series(&mut self) -> Result<(), Failure> {
        if let Some(of) = self.divided.filter(|_| self.left > 0) {
            return Err(self.failure(ReadError::Missing { missing: of - self.left + 1, of }));
        }
        self.end_capture();
        self.end_chain();
        self.state = State::default();
        Ok(())
    }

    /// Continues with the next stretch of the series, or with the next series.
    fn next_part(&mut self) {
        self.current += 1;
        if self.current < self.readers.len() {
            return;
        }
        self.current = 0;
        if self.series > 0 {
            self.end_capture();
            self.end_chain();
        }
        self.series += 1;
        self.state = State::default();
        if self.series <= self.series() {
            self.out.push_back(Row::Record(Record::Series));
        }
    }

    fn take(&mut self, row: Row) -> Result<(), Failure> {
        let row = match row {
            Row::Handshake(mut observed) => {
                observed.renumber(|frame| self.state.counts.frame(frame));
                Row::Handshake(observed)
            }
            // All files have the problems from before the first series.
            Row::Record(Record::Problem(_)) if self.series == 0 && self.current > 0 => return Ok(()),
            Row::Record(Record::Problem(problem)) => {
                self.end_capture();
                Row::Record(Record::Problem(problem))
            }
            Row::Record(Record::Begin(begin)) => return self.begin(&begin),
            Row::Record(Record::Capture { capture, continues }) => {
                self.capture(&capture, continues == Some(true));
                Row::Record(Record::Capture { capture, continues: None })
            }
            Row::Record(Record::Part(part)) => return self.part(*part),
            Row::Record(Record::End(end)) => {
                self.end(*end);
                return Ok(());
            }
            Row::Record(Record::NotReached { source }) => Row::Record(Record::NotReached { source }),
            Row::Record(_) => return Ok(()),
        };
        self.out.push_back(row);
        Ok(())
    }

    /// Begins a stretch: compares how its worker counted with what was read before.
    fn begin(&mut self, begin: &Begin) -> Result<(), Failure> {
        if !begin.within {
            self.end_capture();
        }
        let state = &mut self.state;
        let open = state.open.as_ref().filter(|_| begin.within).map(|open| open.totals.frames);
        let known: Vec<u64> = state.frames.iter().copied().chain(open).collect();
        let first = known.len().checked_sub(begin.frames.len()).filter(|_| open.is_some() == begin.within);
        let Some(first) = first else { return Err(self.failure(ReadError::Apart)) };
        let frames = known[first..].iter().zip(&begin.frames).map(|(known, counted)| known.wrapping_sub(*counted));
        let frames: Vec<u64> = frames.collect();
        let part = frames.last().copied().filter(|_| begin.within).unwrap_or_default();
        state.counts = Counts { capture: first as u32, frames, part };
        Ok(())
    }

    /// Begins a capture.
    fn capture(&mut self, name: &str, continues: bool) {
        self.end_capture();
        let number = self.state.frames.len();
        if !continues {
            self.end_chain();
            self.state.counts = Counts { capture: number as u32, ..Counts::default() };
        }
        self.state.counts.part = 0;
        self.state.chain.get_or_insert_with(|| (number, nothing()));
        let totals = CaptureTotals { name: name.to_owned(), ..CaptureTotals::default() };
        self.state.open = Some(Open { totals, ..Open::default() });
    }

    /// Adds a part of the last capture.
    fn part(&mut self, Part { read, defects, edges: [first, next] }: Part) -> Result<(), Failure> {
        let before = self.state.counts.part;
        let Some(open) = &mut self.state.open else { return Err(self.failure(ReadError::Apart)) };
        if open.edge.zip(first).is_some_and(|(edge, first)| edge != first) {
            return Err(self.failure(ReadError::Apart));
        }
        open.totals.merge(&read.into());
        open.defects.merge(defects, before);
        open.edge = next;
        Ok(())
    }

    /// Adds what is known at the end of a stretch.
    fn end(&mut self, end: End) {
        let mut end = EndOfPackets::from(end);
        end.loose.iter_mut().for_each(|segment| segment.frame = self.state.counts.frame(segment.frame));
        end.midstream = Midstream::default();
        if let Some((_, known)) = &mut self.state.chain {
            known.merge(end);
        }
    }

    fn end_capture(&mut self) {
        let Some(Open { totals, defects, .. }) = self.state.open.take() else { return };
        self.state.frames.push(totals.frames);
        self.out.push_back(Row::Record(Record::Read(Box::new((&totals).into()))));
        self.out
            .extend(defects.problems(&totals.name).into_iter().map(|problem| Row::Record(Record::Problem(problem))));
    }

    fn end_chain(&mut self) {
        let Some((first, mut end)) = self.state.chain.take() else { return };
        let captures = self.state.frames.len();
        let last = captures.saturating_sub(1);
        if let Some(whole) = self.wholes.pop_front().filter(|whole| whole.is_within(captures as u32)) {
            end = whole.into();
        }
        self.out.push_back(Row::Record(Record::End(Box::new(End::new(first, last, &end)))));
    }

    fn failure(&self, reason: ReadError) -> Failure {
        (self.readers[self.current].0, reason)
    }
}

/// Returns what is known after no packet.
fn nothing() -> EndOfPackets {
    EndOfPackets {
        time: Timestamp::MIN,
        midstream: Midstream::default(),
        wrong_checksums_work: false,
        loose: Vec::new(),
    }
}
