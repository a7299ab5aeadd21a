//! Writes observations as rows.

use std::io;

use syncookie_engine::EndOfPackets;

use super::file::RowSink;
use super::observing::{Observing, Packed};
use super::record::{Begin, End, Part};
use super::rows::Rows;
use super::{Head, Record, VERSION};
use crate::pipeline::stretch::{Edges, Stretch, StretchEvent};
use crate::pipeline::{Defects, Event, EventSink, Observer, SeriesSink};
use crate::problem::Problem;
use crate::report::parquet::arrow;
use crate::source::walk::{Plan, Source};
use crate::totals::CaptureTotals;

/// Number of rows that are passed on together.
const BATCH: usize = 1 << 10;

/// What was read while the rows were written.
pub struct Observed {
    /// Number of captures that were opened.
    pub captures: usize,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Observed {
    /// Returns whether no capture was opened, and every problem is a missing file.
    #[must_use]
    pub fn is_of_nothing(&self) -> bool {
        self.captures == 0 && self.problems.iter().all(Problem::is_missing)
    }
}

/// Writes the events of a run as rows.
pub struct Writer<'a, S> {
    plan: &'a Plan,
    observer: &'a mut dyn Observer,
    rows: Rows,
    sink: S,
    /// Problems so far.
    problems: Vec<Problem>,
    /// Captures that were not reached because the run ends.
    not_reached: Vec<usize>,
    /// Name of the capture that is being read.
    capture: String,
    /// Number of captures that were opened.
    captures: usize,
    /// The stretch of each series that is written, if it is not all of them.
    stretch: Option<Stretch>,
}

impl<'a, S: RowSink> Writer<'a, S> {
    /// Creates a writer to a sink.
    pub fn new(plan: &'a Plan, observer: &'a mut dyn Observer, sink: S) -> Self {
        Self {
            plan,
            observer,
            rows: Rows::default(),
            sink,
            problems: Vec::new(),
            not_reached: Vec::new(),
            capture: String::new(),
            captures: 0,
            stretch: None,
        }
    }

    /// Sets which stretch of each series is written.
    pub(super) const fn set_stretch(&mut self, stretch: Stretch) {
        self.stretch = Some(stretch);
    }

    /// Passes on the last rows, and returns what was read.
    ///
    /// # Errors
    /// Like every method here, fails if the rows cannot be passed on.
    pub fn finish(mut self) -> io::Result<Observed> {
        self.observer.done();
        if let Some(&first) = self.not_reached.iter().min() {
            let problem = Problem::not_reached(&self.plan.sources[first].name, self.not_reached.len() as u64 - 1);
            self.observer.problem(&problem);
            self.problems.push(problem);
        }
        self.batch()?;
        self.sink.end()?;
        Ok(Observed { captures: self.captures, problems: self.problems })
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.rows.push_record(record)?;
        self.batch_if_full()
    }

    fn problem(&mut self, problem: Problem) -> io::Result<()> {
        self.observer.problem(&problem);
        self.record(&Record::Problem(problem.clone()))?;
        self.problems.push(problem);
        Ok(())
    }

    fn handshakes(&mut self, packed: &Packed) -> io::Result<()> {
        self.rows.append(packed.columns());
        self.batch_if_full()
    }

    fn batch_if_full(&mut self) -> io::Result<()> {
        if self.rows.len() >= BATCH { self.batch() } else { Ok(()) }
    }

    /// Passes on the collected rows.
    fn batch(&mut self) -> io::Result<()> {
        self.sink.rows(self.rows.take().map_err(arrow)?)
    }
}

impl<S: RowSink> SeriesSink<Observing> for Writer<'_, S> {
    fn expect_series(&mut self, series: usize) -> io::Result<()> {
        let plan = self.plan;
        self.record(&Record::Head(Head {
            version: VERSION,
            sources: plan.sources.len(),
            series,
            stretch: self.stretch,
        }))?;
        plan.sources.iter().try_for_each(|source: &Source| self.record(&Record::Source(source.into())))?;
        plan.problems.iter().try_for_each(|problem| self.problem(problem.clone()))
    }

    fn next_series(&mut self) -> io::Result<()> {
        self.record(&Record::Series)
    }
}

impl<S: RowSink> EventSink<Observing> for Writer<'_, S> {
    fn send(&mut self, event: Event<Observing>) -> io::Result<()> {
        match event {
            Event::NotReached(source) => {
                self.not_reached.push(source);
                self.record(&Record::NotReached { source })
            }
            Event::Problem(problem) => self.problem(problem),
            Event::Capture(capture) => {
                self.captures += 1;
                self.capture.clone_from(&capture);
                self.record(&Record::Capture { capture, continues: None })
            }
            Event::Progress(offset) => {
                self.observer.progress(&self.capture, offset);
                Ok(())
            }
            Event::Handshakes(packed) => packed.iter().try_for_each(|packed| self.handshakes(packed)),
            Event::Read(totals, bytes) => {
                self.observer.capture_read(bytes);
                self.record(&Record::Read(Box::new((&*totals).into())))
            }
            Event::Finished(captures, end) => self.finished(*captures.start(), *captures.end(), &end),
        }
    }
}

impl<S: RowSink> Writer<'_, S> {
    /// Writes an event of a stretch.
    pub(super) fn stretch(&mut self, event: StretchEvent<Observing>) -> io::Result<()> {
        match event {
            StretchEvent::Begin { frames, is_within } => {
                self.captures += usize::from(is_within);
                self.record(&Record::Begin(Begin { frames, within: is_within }))
            }
            StretchEvent::Capture { name, continues } => {
                self.captures += 1;
                self.record(&Record::Capture { capture: name, continues: Some(continues) })
            }
            StretchEvent::Beyond => self.record(&Record::Beyond),
            StretchEvent::Handshakes(packed) => packed.iter().try_for_each(|packed| self.handshakes(packed)),
            StretchEvent::Read { totals, defects, bytes, edges } => self.part(&totals, *defects, bytes, edges),
            StretchEvent::Problem(problem) => self.problem(problem),
            StretchEvent::NotReached(source) => self.send(Event::NotReached(source)),
            StretchEvent::End(end) => self.finished(0, 0, &end),
        }
    }

    fn part(&mut self, totals: &CaptureTotals, defects: Defects, bytes: u64, edges: Edges) -> io::Result<()> {
        self.observer.capture_read(bytes);
        // Frames are counted from where reading began: where that is in the capture is not known.
        for problem in defects.problems(&totals.name) {
            self.observer.problem(&problem);
            self.problems.push(problem);
        }
        self.record(&Record::Part(Box::new(Part { read: totals.into(), defects, edges })))
    }

    fn finished(&mut self, first: usize, last: usize, end: &EndOfPackets) -> io::Result<()> {
        self.record(&Record::End(Box::new(End::new(first, last, end))))
    }
}
