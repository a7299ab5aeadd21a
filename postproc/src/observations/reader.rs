//! Reads observations.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;

use arrow_array::{Array, BinaryArray, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::ArrowError;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use syncookie_engine::{Endpoint, ObservedHandshake, Opening, Timestamp};
use thiserror::Error;

use super::guard::guarded;
use super::packed::Unpacker;
use super::{CLIENT_IP, CLIENT_PORT, FACTS, Head, RECORD, Record, SERVER_IP, SERVER_PORT, TIME, VERSION, bounds};
use crate::pipeline::stretch::Stretch;
use crate::source::walk::Source;

/// Number of rows that are read together.
const BATCH: usize = 1 << 10;

/// Reason why a file of observations cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be opened.
    #[error("cannot be opened: {0}")]
    Open(#[source] io::Error),
    /// The file is not Parquet, or damaged.
    #[error("cannot be read as Parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// A part of the file is damaged.
    #[error("cannot be read as Parquet: {0}")]
    Arrow(#[from] ArrowError),
    /// Batches of observations cannot be read.
    #[error("cannot be read: {0}")]
    Batches(#[source] ArrowError),
    /// The file is so damaged that the Parquet crate panicked.
    #[error("cannot be read as Parquet: it is damaged")]
    Damaged,
    /// The file has sizes that do not fit each other, or was written again by another program.
    #[error("has sizes or encodings that syncookie observe does not write: it is damaged, or from another program")]
    Unlike,
    /// The file is Parquet, but was not written by `syncookie observe`.
    #[error("is not a file of observations; write one with syncookie observe")]
    Foreign,
    /// The file has another version of the columns.
    #[error("has observations of version {0}; this program reads version {VERSION}")]
    Version(u32),
    /// The file of another stretch is not there.
    #[error("is one of {of} stretches, and stretch {missing} is missing; judge the files of all stretches together")]
    Missing {
        /// Number of the missing stretch.
        missing: u32,
        /// Number of all stretches.
        of: u32,
    },
    /// The file of the same stretch was given before.
    #[error("has a stretch that another file has, too")]
    Twice,
    /// The frames of this stretch do not follow those of the one before.
    #[error("does not begin where the stretch before ends; observe these captures without --stretch")]
    Apart,
    /// A value is missing or out of range.
    #[error("is damaged: row {row} has no valid value of {column}")]
    Invalid {
        /// Number of the row, from 1.
        row: u64,
        /// Name of the column.
        column: &'static str,
    },
}

/// Row of a file.
#[derive(Debug)]
pub enum Row {
    /// Observation of a handshake.
    Handshake(Box<ObservedHandshake>),
    /// Any other row.
    Record(Record),
}

/// Batches of rows.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ReadError>>>;

/// Reads rows, one after the other.
pub struct Reader {
    batches: Batches,
    batch: Option<Batch>,
    /// Number of rows that were read.
    rows: u64,
    /// Number of series.
    series: usize,
    /// Captures that were to be read, until they are taken, and their number.
    sources: Vec<Source>,
    planned: usize,
    /// The stretch that the rows have, if they have not all.
    stretch: Option<Stretch>,
    /// Whether the rows are those of several runs, one after the other.
    of_runs: bool,
    /// Numbers of series of these runs, and of the stretches of each; `None` if they are not divided.
    divided: VecDeque<(usize, Option<u32>)>,
    /// Row after the sources.
    waiting: Option<Row>,
    /// Number of captures of the series so far: a frame cannot be in another one.
    captures: u32,
}

impl Reader {
    /// Opens a file and reads its head.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has no observations of this version.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(ReadError::Open)?;
        let metadata = bounds::metadata(&file)?;
        let open = || ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).with_batch_size(BATCH).build();
        let mut batches = guarded(open).ok_or(ReadError::Damaged)??;
        let next = move || match guarded(|| batches.next()) {
            Some(batch) => batch.map(|batch| Ok(batch?)),
            None => Some(Err(ReadError::Damaged)),
        };
        Self::of(Box::new(std::iter::from_fn(next)), false)
    }

    /// Reads batches with the columns of a file, and reads the head. They may have the rows of
    /// several runs: first the heads and the sources of all, and then the other rows of each. If a
    /// series was observed in stretches, their rows follow each other, and only the first has a head.
    ///
    /// # Errors
    /// As for a file.
    pub fn of_batches(
        batches: impl Iterator<Item = Result<RecordBatch, ArrowError>> + 'static,
    ) -> Result<Self, ReadError> {
        Self::of(Box::new(batches.map(|batch| batch.map_err(ReadError::Batches))), true)
    }

    /// Reads the head: what was planned, by one run or by several.
    fn of(batches: Batches, of_runs: bool) -> Result<Self, ReadError> {
        let mut reader = Self {
            batches,
            batch: None,
            rows: 0,
            series: 0,
            sources: Vec::new(),
            planned: 0,
            stretch: None,
            of_runs,
            divided: VecDeque::new(),
            waiting: None,
            captures: 0,
        };
        let mut row = reader.next_row()?;
        if !matches!(row, Some(Row::Record(Record::Head(_)))) {
            return Err(ReadError::Foreign);
        }
        while let Some(Row::Record(Record::Head(head))) = row {
            row = reader.read_plan(head)?;
        }
        reader.waiting = row;
        Ok(reader)
    }

    /// Reads the sources after this head, and returns the row after them.
    fn read_plan(&mut self, head: Head) -> Result<Option<Row>, ReadError> {
        if head.version != VERSION {
            return Err(ReadError::Version(head.version));
        }
        let is_expected = match head.stretch {
            // A file has one head, and the stretches of a run are those of one series.
            Some(stretch) if self.of_runs => stretch.number == 1 && head.series <= 1,
            stretch => self.of_runs || self.stretch.or(stretch).is_none() || self.rows == 1,
        };
        if !is_expected || !head.is_valid() {
            return Err(ReadError::Invalid { row: self.rows, column: RECORD });
        }
        if self.of_runs {
            self.divided.push_back((head.series, head.stretch.map(|stretch| stretch.of)));
        } else {
            self.stretch = head.stretch;
        }
        self.series = self.series.saturating_add(head.series);
        self.planned = self.planned.saturating_add(head.sources);
        loop {
            match self.next_row()? {
                Some(Row::Record(Record::Source(planned))) => self.sources.push(planned.into()),
                other if self.sources.len() == self.planned => return Ok(other),
                _ => return Err(ReadError::Invalid { row: self.rows, column: RECORD }),
            }
        }
    }

    /// Returns the number of series.
    pub const fn series(&self) -> usize {
        self.series
    }

    /// Returns the stretch that the file has, if it has not all.
    pub const fn stretch(&self) -> Option<Stretch> {
        self.stretch
    }

    /// Returns whether the rows are those of several runs, one after the other.
    pub const fn is_of_runs(&self) -> bool {
        self.of_runs
    }

    /// Takes the number of stretches of the next series of several runs: `Some(None)` if it is not
    /// divided, `None` if there is no other series.
    pub fn take_divided(&mut self) -> Option<Option<u32>> {
        while let Some((series, stretches)) = self.divided.front_mut() {
            if *series > 0 {
                *series -= 1;
                return Some(*stretches);
            }
            self.divided.pop_front();
        }
        None
    }

    /// Returns whether another file is about the same captures.
    pub fn has_sources_of(&self, other: &Self) -> bool {
        let names = |reader: &Self| reader.sources.iter().map(|source| source.name.clone()).collect::<Vec<_>>();
        self.series == other.series && names(self) == names(other)
    }

    /// Takes the captures that were to be read.
    pub fn take_sources(&mut self) -> Vec<Source> {
        std::mem::take(&mut self.sources)
    }

    /// Reads the next row; `None` after the last.
    ///
    /// # Errors
    /// Fails if the file is damaged.
    pub fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        if let Some(waiting) = self.waiting.take() {
            return Ok(Some(waiting));
        }
        loop {
            if let Some(batch) = &mut self.batch
                && let Some(row) = batch.next_row(self.rows + 1, self.captures)?
            {
                self.rows += 1;
                return self.check(row).map(Some);
            }
            let Some(batch) = self.batches.next() else { return Ok(None) };
            self.batch = Some(Batch::new(&batch?)?);
        }
    }
}

impl Reader {
    /// Counts the captures of a series, and checks the numbers of captures in a record.
    fn check(&mut self, row: Row) -> Result<Row, ReadError> {
        let is_valid = match &row {
            Row::Record(Record::Series) => {
                self.captures = 0;
                true
            }
            Row::Record(Record::Begin(begin)) => {
                self.captures = u32::try_from(begin.frames.len()).unwrap_or(u32::MAX);
                true
            }
            Row::Record(Record::Capture { continues: Some(false), .. }) => {
                self.captures = 1;
                true
            }
            Row::Record(Record::Capture { .. } | Record::Beyond) => {
                self.captures = self.captures.saturating_add(1);
                true
            }
            Row::Record(Record::End(end)) => end.is_within(self.captures),
            Row::Record(Record::NotReached { source }) => *source < self.planned,
            Row::Record(_) | Row::Handshake(_) => true,
        };
        if is_valid { Ok(row) } else { Err(ReadError::Invalid { row: self.rows, column: RECORD }) }
    }
}

/// Rows that were read together.
struct Batch {
    records: StringArray,
    /// `None` if the file has not all columns of a handshake.
    handshakes: Option<Handshakes>,
    /// Number of the next row.
    row: usize,
}

impl Batch {
    fn new(batch: &RecordBatch) -> Result<Self, ReadError> {
        let records = column(batch, RECORD).ok_or(ReadError::Foreign)?;
        Ok(Self { records, handshakes: Handshakes::new(batch), row: 0 })
    }

    /// Reads the next row, which has this number in the file, after this number of captures of the
    /// series; `None` after the last row of the batch.
    fn next_row(&mut self, number: u64, captures: u32) -> Result<Option<Row>, ReadError> {
        let row = self.row;
        if row >= self.records.len() {
            return Ok(None);
        }
        self.row += 1;
        let invalid = |column| ReadError::Invalid { row: number, column };
        if self.records.is_null(row) {
            let handshakes = self.handshakes.as_ref().ok_or(ReadError::Foreign)?;
            let observed = handshakes.read(row, captures).map_err(invalid)?;
            return Ok(Some(Row::Handshake(Box::new(observed))));
        }
        let record = serde_json::from_str(self.records.value(row)).map_err(|_| invalid(RECORD))?;
        Ok(Some(Row::Record(record)))
    }
}

/// Columns of handshakes.
struct Handshakes {
    client: Ends,
    server: Ends,
    times: Int64Array,
    facts: BinaryArray,
}

impl Handshakes {
    fn new(batch: &RecordBatch) -> Option<Self> {
        Some(Self {
            client: Ends::new(batch, [CLIENT_IP, CLIENT_PORT])?,
            server: Ends::new(batch, [SERVER_IP, SERVER_PORT])?,
            times: column(batch, TIME)?,
            facts: column(batch, FACTS)?,
        })
    }

    /// Reads the handshake of a row. Fails with the name of a column or field without a valid value.
    fn read(&self, row: usize, captures: u32) -> Result<ObservedHandshake, &'static str> {
        if self.times.is_null(row) {
            return Err(TIME);
        }
        if self.facts.is_null(row) {
            return Err(FACTS);
        }
        let time = Timestamp::from_nanos(self.times.value(row));
        let opening = Opening { client: self.client.read(row)?, server: self.server.read(row)?, time };
        let mut facts = Unpacker { bytes: self.facts.value(row), captures };
        let observed = ObservedHandshake::read(opening, &mut facts).map_err(|field| field.name)?;
        if facts.bytes.is_empty() { Ok(observed) } else { Err(FACTS) }
    }
}

/// Columns of one end of each handshake.
struct Ends {
    names: [&'static str; 2],
    ips: BinaryArray,
    ports: UInt32Array,
}

impl Ends {
    fn new(batch: &RecordBatch, names: [&'static str; 2]) -> Option<Self> {
        Some(Self { names, ips: column(batch, names[0])?, ports: column(batch, names[1])? })
    }

    fn read(&self, row: usize) -> Result<Endpoint, &'static str> {
        let [ip_name, port_name] = self.names;
        let bytes = if self.ips.is_valid(row) { self.ips.value(row) } else { &[] };
        let ip = match (<[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
            (Ok(bytes), _) => bytes.into(),
            (_, Ok(bytes)) => bytes.into(),
            _ => return Err(ip_name),
        };
        let port = self.ports.is_valid(row).then(|| self.ports.value(row)).and_then(|port| port.try_into().ok());
        Ok(Endpoint { ip, port: port.ok_or(port_name)? })
    }
}

/// Returns the column with this name, if it has values of this type.
fn column<T: Clone + 'static>(batch: &RecordBatch, name: &str) -> Option<T> {
    batch.column_by_name(name)?.as_any().downcast_ref().cloned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::ops::Range;
    use std::path::PathBuf;

    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::observations::file::options;
    use crate::observations::{self, ObservationFile, Writer};
    use crate::pipeline::{Options, Silent};
    use crate::source::walk;

    fn sample() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures/linux-6.18/cookie_ts/client.pcap")
    }

    /// Writes the observations of a sample capture.
    fn observed(path: &Path) {
        let (plan, mut silent) = (walk::plan(&[sample()]), Silent);
        let file = ObservationFile::new(File::create(path).unwrap()).unwrap();
        let mut writer = Writer::new(&plan, &mut silent, file);
        observations::observe(&plan, &Options::default(), &mut writer).unwrap();
        assert_eq!(writer.finish().unwrap().captures, 1);
    }

    /// Writes these rows as the writer does.
    fn write(batches: &[RecordBatch], path: &Path) {
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new_with_options(file, batches[0].schema(), options()).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.close().unwrap();
    }

    /// Copies a file of observations without one of its columns.
    fn copy_without(column: &str, from: &Path, to: &Path) {
        let batches = ParquetRecordBatchReaderBuilder::try_new(File::open(from).unwrap()).unwrap().build().unwrap();
        let batches: Vec<RecordBatch> = batches.map(Result::unwrap).collect();
        let schema = batches[0].schema();
        let kept: Vec<usize> =
            (0..schema.fields().len()).filter(|&place| schema.field(place).name() != column).collect();
        assert_eq!(kept.len() + 1, schema.fields().len(), "there is such a column");
        write(&batches.iter().map(|batch| batch.project(&kept).unwrap()).collect::<Vec<_>>(), to);
    }

    fn handshakes(path: &Path) -> Result<usize, ReadError> {
        let mut reader = Reader::open(path)?;
        let mut handshakes = 0;
        while let Some(row) = reader.next_row()? {
            handshakes += usize::from(matches!(row, Row::Handshake(_)));
        }
        Ok(handshakes)
    }

    #[test]
    fn a_file_without_one_of_the_columns_is_foreign() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, other] = ["whole", "other"].map(|name| folder.path().join(name));
        observed(&whole);
        assert!(handshakes(&whole).unwrap() > 0);
        for column in [RECORD, CLIENT_IP, CLIENT_PORT, SERVER_IP, SERVER_PORT, TIME, FACTS] {
            copy_without(column, &whole, &other);
            assert!(matches!(handshakes(&other), Err(ReadError::Foreign)), "{column}");
        }
    }

    #[test]
    fn a_file_of_another_version_is_refused_whatever_its_columns_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old");
        let head = Record::Head(Head { version: 1, sources: 0, series: 0, stretch: None });
        let records: arrow_array::ArrayRef =
            std::sync::Arc::new(StringArray::from(vec![serde_json::to_string(&head).unwrap()]));
        let batch = RecordBatch::try_from_iter([(RECORD, records)]).unwrap();
        write(&[batch], &path);
        assert!(matches!(Reader::open(&path), Err(ReadError::Version(1))));
    }

    #[test]
    fn a_page_that_promises_gigabytes_is_refused_before_memory_is_reserved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("forged");
        observed(&path);
        let mut bytes = fs::read(&path).unwrap();
        // The header of the first page begins after four letters, with its kind and its size.
        const SIZE: Range<usize> = 7..9;
        assert_eq!(bytes[4..7], [0x15, 0, 0x15], "the kind of page and the field of its size");
        assert!(bytes[SIZE.start] >= 0x80 && bytes[SIZE.end - 1] < 0x80, "the size has two bytes");
        bytes.splice(SIZE, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
        fs::write(&path, bytes).unwrap();
        assert!(matches!(Reader::open(&path), Err(ReadError::Unlike)));
    }

    #[test]
    fn metadata_that_is_longer_than_what_it_describes_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("forged");
        let mut bytes = vec![0; 100_000];
        bytes.extend(99_000_u32.to_le_bytes());
        bytes.extend(b"PAR1");
        fs::write(&path, bytes).unwrap();
        assert!(matches!(Reader::open(&path), Err(ReadError::Unlike)));
    }
}
