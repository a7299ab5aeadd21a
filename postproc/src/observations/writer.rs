//! Writes a file of observations.

use std::io::{self, Write};

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use syncookie_engine::EndOfPackets;

use super::observing::{Observing, Packed};
use super::record::End;
use super::rows::Rows;
use super::{Head, Record, TIME, VERSION};
use crate::pipeline::{Event, EventSink, Observer, SeriesSink};
use crate::problem::Problem;
use crate::report::parquet::{arrow, into_io};
use crate::source::walk::{Plan, Source};

/// Number of rows that are passed on together.
const BATCH: usize = 1 << 10;

/// Maximum number of bytes of a row group.
const GROUP_BYTES: usize = 32 << 20;

/// Returns the options with which a file is written. [`super::bounds`] refuses other encodings.
pub(super) fn options() -> ArrowWriterOptions {
    let properties = WriterProperties::builder()
        // To compress values, or to look them up, takes longer than to pack them.
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false)
        // Of the time alone: a query skips row groups by it. A row group has most servers anyway.
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_statistics_enabled(ColumnPath::from(TIME), EnabledStatistics::Chunk)
        .set_created_by(format!("{} version {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")));
    ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true)
}

/// What was read while a file was written.
pub struct Observed {
    /// Number of captures that were opened.
    pub captures: usize,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Writes the events of a run to a file, as rows.
pub struct Writer<'a, W: Write + Send> {
    plan: &'a Plan,
    observer: &'a mut dyn Observer,
    rows: Rows,
    writer: ArrowWriter<W>,
    /// Problems so far.
    problems: Vec<Problem>,
    /// Captures that were not reached because the run ends.
    not_reached: Vec<usize>,
    /// Name of the capture that is being read.
    capture: String,
    /// Number of captures that were opened.
    captures: usize,
}

impl<'a, W: Write + Send> Writer<'a, W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Like every method here, fails if the file cannot be written.
    pub fn new(plan: &'a Plan, observer: &'a mut dyn Observer, output: W) -> io::Result<Self> {
        let mut rows = Rows::default();
        let schema = rows.take().map_err(arrow)?.schema();
        let writer = ArrowWriter::try_new_with_options(output, schema, options()).map_err(into_io)?;
        let (problems, not_reached) = (Vec::new(), Vec::new());
        Ok(Self { plan, observer, rows, writer, problems, not_reached, capture: String::new(), captures: 0 })
    }

    /// Ends the file, and returns what was read.
    pub fn finish(mut self) -> io::Result<Observed> {
        self.observer.done();
        if let Some(&first) = self.not_reached.iter().min() {
            let problem = Problem::not_reached(&self.plan.sources[first].name, self.not_reached.len() as u64 - 1);
            self.observer.problem(&problem);
            self.problems.push(problem);
        }
        self.batch()?;
        self.writer.finish().map_err(into_io)?;
        self.writer.inner_mut().flush()?;
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
        let batch = self.rows.take().map_err(arrow)?;
        self.writer.write(&batch).map_err(into_io)?;
        if self.writer.in_progress_size() >= GROUP_BYTES {
            self.writer.flush().map_err(into_io)?;
        }
        Ok(())
    }
}

impl<W: Write + Send> SeriesSink<Observing> for Writer<'_, W> {
    fn expect_series(&mut self, series: usize) -> io::Result<()> {
        let plan = self.plan;
        self.record(&Record::Head(Head { version: VERSION, sources: plan.sources.len(), series }))?;
        plan.sources.iter().try_for_each(|source: &Source| self.record(&Record::Source(source.into())))?;
        plan.problems.iter().try_for_each(|problem| self.problem(problem.clone()))
    }

    fn next_series(&mut self) -> io::Result<()> {
        self.record(&Record::Series)
    }
}

impl<W: Write + Send> EventSink<Observing> for Writer<'_, W> {
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
                self.record(&Record::Capture { capture })
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

impl<W: Write + Send> Writer<'_, W> {
    fn finished(&mut self, first: usize, last: usize, end: &EndOfPackets) -> io::Result<()> {
        self.record(&Record::End(Box::new(End::new(first, last, end))))
    }
}
