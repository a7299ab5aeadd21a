//! Writes a file of observations.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, BooleanBuilder, Int32Builder, Int64Builder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, Field as ArrowField, Fields as ArrowFields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use syncookie_engine::{EndOfPackets, Field, Fields, ObservedHandshake, Observer as Engine};

use super::columns::{Column, ColumnKind, columns, pack};
use super::record::End;
use super::{HANDSHAKE, Head, KIND, RECORD, Record, VERSION};
use crate::pipeline::{Event, EventSink, Observer, SeriesSink};
use crate::problem::Problem;
use crate::report::parquet::lists::Lengths;
use crate::report::parquet::{arrow, into_io};
use crate::source::walk::{Plan, Source};

/// Number of rows that are passed on together.
const BATCH: usize = 1 << 10;

/// Maximum number of bytes of a row group.
const GROUP_BYTES: usize = 32 << 20;

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
        let mut rows = Rows::new(&columns());
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            // Per row group: a query by time or server skips whole groups, and pages cost more.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_created_by(format!("{} version {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")));
        let properties = pack(properties, &columns()).build();
        let schema = rows.take().map_err(arrow)?.schema();
        let writer = ArrowWriter::try_new(output, schema, Some(properties)).map_err(into_io)?;
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

    fn handshake(&mut self, observed: &ObservedHandshake) -> io::Result<()> {
        self.rows.push(observed)?;
        self.batch_if_full()
    }

    fn batch_if_full(&mut self) -> io::Result<()> {
        if self.rows.count >= BATCH { self.batch() } else { Ok(()) }
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

impl<W: Write + Send> SeriesSink<Engine> for Writer<'_, W> {
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

impl<W: Write + Send> EventSink<Engine> for Writer<'_, W> {
    fn send(&mut self, event: Event<Engine>) -> io::Result<()> {
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
            Event::Handshakes(observed) => observed.iter().try_for_each(|observed| self.handshake(observed)),
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

/// Collected rows, as columns.
struct Rows {
    count: usize,
    kinds: StringBuilder,
    records: StringBuilder,
    cells: Vec<(&'static Field, Cells)>,
    /// Place of the column that is visited next, and in it of the column of a list.
    next: usize,
    inner: Option<usize>,
}

impl Rows {
    fn new(columns: &[Column]) -> Self {
        Self {
            count: 0,
            kinds: StringBuilder::new(),
            records: StringBuilder::new(),
            cells: columns.iter().map(Cells::named).collect(),
            next: 0,
            inner: None,
        }
    }

    /// Adds a row that is no handshake.
    fn push_record(&mut self, record: &Record) -> io::Result<()> {
        self.count += 1;
        self.kinds.append_value(record.kind());
        self.records.append_value(serde_json::to_string(record)?);
        self.cells.iter_mut().for_each(|(_, cells)| cells.push_null());
        Ok(())
    }

    /// Adds the row of a handshake.
    fn push(&mut self, observed: &ObservedHandshake) -> io::Result<()> {
        self.count += 1;
        self.kinds.append_value(HANDSHAKE);
        self.records.append_null();
        (self.next, self.inner) = (0, None);
        observed.write(self).map_err(|field| io::Error::other(format!("no valid value of {}", field.name)))
    }

    /// Takes the collected rows.
    fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.count = 0;
        let kinds: ArrayRef = Arc::new(self.kinds.finish());
        let mut fields = vec![
            ArrowField::new(KIND, kinds.data_type().clone(), false),
            ArrowField::new(RECORD, arrow_schema::DataType::Utf8, true),
        ];
        let mut arrays: Vec<ArrayRef> = vec![kinds, Arc::new(self.records.finish())];
        for (field, cells) in &mut self.cells {
            let array = cells.take()?;
            fields.push(ArrowField::new(field.name, array.data_type().clone(), true));
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
    }

    /// Returns the cells of the field that is visited.
    fn cells(&mut self) -> Option<&mut Cells> {
        let outer = &mut self.cells.get_mut(self.next)?.1;
        match (&mut self.inner, outer) {
            (Some(inner), Cells::List { cells, .. }) => {
                *inner += 1;
                cells.get_mut(*inner - 1).map(|(_, cells)| cells)
            }
            (_, outer) => {
                self.next += 1;
                Some(outer)
            }
        }
    }
}

/// Cells of a column.
enum Cells {
    Number(UInt32Builder),
    Difference(Int32Builder),
    Long(Int64Builder),
    Flag(BooleanBuilder),
    Word(StringBuilder),
    Bytes(BinaryBuilder),
    List { lengths: Lengths, is_there: Vec<bool>, cells: Vec<(&'static Field, Self)> },
}

impl Cells {
    fn named(column: &Column) -> (&'static Field, Self) {
        let cells = match &column.kind {
            ColumnKind::Number => Self::Number(UInt32Builder::new()),
            ColumnKind::Difference => Self::Difference(Int32Builder::new()),
            ColumnKind::Long => Self::Long(Int64Builder::new()),
            ColumnKind::Flag => Self::Flag(BooleanBuilder::new()),
            ColumnKind::Word => Self::Word(StringBuilder::new()),
            ColumnKind::Bytes => Self::Bytes(BinaryBuilder::new()),
            ColumnKind::List(columns) => Self::List {
                lengths: Lengths::default(),
                is_there: Vec::new(),
                cells: columns.iter().map(Self::named).collect(),
            },
        };
        (column.field, cells)
    }

    fn push_null(&mut self) {
        match self {
            Self::Number(cells) => cells.append_null(),
            Self::Difference(cells) => cells.append_null(),
            Self::Long(cells) => cells.append_null(),
            Self::Flag(cells) => cells.append_null(),
            Self::Word(cells) => cells.append_null(),
            Self::Bytes(cells) => cells.append_null(),
            Self::List { lengths, is_there, .. } => {
                lengths.push(0);
                is_there.push(false);
            }
        }
    }

    fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Number(cells) => Arc::new(cells.finish()),
            Self::Difference(cells) => Arc::new(cells.finish()),
            Self::Long(cells) => Arc::new(cells.finish()),
            Self::Flag(cells) => Arc::new(cells.finish()),
            Self::Word(cells) => Arc::new(cells.finish()),
            Self::Bytes(cells) => Arc::new(cells.finish()),
            Self::List { lengths, is_there, cells } => {
                let objects = take_objects(cells)?;
                lengths.list(objects, Some(NullBuffer::from(std::mem::take(is_there))))?
            }
        })
    }
}

/// Takes the objects of a list.
fn take_objects(cells: &mut [(&'static Field, Cells)]) -> Result<ArrayRef, ArrowError> {
    let mut arrays = Vec::with_capacity(cells.len());
    for (field, cells) in cells {
        let array = cells.take()?;
        arrays.push((ArrowField::new(field.name, array.data_type().clone(), true), array));
    }
    let (fields, arrays): (Vec<ArrowField>, Vec<ArrayRef>) = arrays.into_iter().unzip();
    Ok(Arc::new(StructArray::try_new(ArrowFields::from(fields), arrays, None)?))
}

/// A row is written as its fields are visited: in the order of the columns.
impl Fields for Rows {
    type Error = &'static Field;

    #[inline]
    fn number(&mut self, _: &'static Field, value: Option<u32>) -> Result<Option<u32>, Self::Error> {
        if let Some(Cells::Number(cells)) = self.cells() {
            cells.append_option(value);
        }
        Ok(value)
    }

    #[inline]
    fn difference(&mut self, _: &'static Field, value: Option<i32>) -> Result<Option<i32>, Self::Error> {
        if let Some(Cells::Difference(cells)) = self.cells() {
            cells.append_option(value);
        }
        Ok(value)
    }

    #[inline]
    fn long(&mut self, _: &'static Field, value: Option<i64>) -> Result<Option<i64>, Self::Error> {
        if let Some(Cells::Long(cells)) = self.cells() {
            cells.append_option(value);
        }
        Ok(value)
    }

    #[inline]
    fn flag(&mut self, _: &'static Field, value: bool) -> Result<bool, Self::Error> {
        if let Some(Cells::Flag(cells)) = self.cells() {
            cells.append_value(value);
        }
        Ok(value)
    }

    #[inline]
    fn word(
        &mut self,
        _: &'static Field,
        value: Option<usize>,
        words: &'static [&'static str],
    ) -> Result<Option<usize>, Self::Error> {
        if let Some(Cells::Word(cells)) = self.cells() {
            cells.append_option(value.and_then(|place| words.get(place)));
        }
        Ok(value)
    }

    #[inline]
    fn bytes(
        &mut self,
        _: &'static Field,
        value: &mut [u8],
        length: Option<usize>,
    ) -> Result<Option<usize>, Self::Error> {
        if let Some(Cells::Bytes(cells)) = self.cells() {
            cells.append_option(length.and_then(|length| value.get(..length)));
        }
        Ok(length)
    }

    fn list(&mut self, _: &'static Field, length: usize, _: usize) -> Result<usize, Self::Error> {
        if let Some((_, Cells::List { lengths, is_there, .. })) = self.cells.get_mut(self.next) {
            lengths.push(length);
            is_there.push(true);
        }
        self.inner = Some(0);
        Ok(length)
    }

    fn item(&mut self) {
        self.inner = Some(0);
    }

    fn end_list(&mut self) {
        self.next += 1;
        self.inner = None;
    }

    fn invalid(&self, field: &'static Field) -> Self::Error {
        field
    }
}
