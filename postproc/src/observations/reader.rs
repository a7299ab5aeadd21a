//! Reads a file of observations.

use std::fs::File;
use std::io;
use std::path::Path;

use arrow_array::{
    Array, BinaryArray, BooleanArray, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    UInt32Array,
};
use arrow_schema::ArrowError;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use syncookie_engine::{Field, Fields, ObservedHandshake};
use thiserror::Error;

use super::columns::{Column, ColumnKind, columns};
use super::guard::guarded;
use super::{HANDSHAKE, Head, KIND, RECORD, Record, VERSION};
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
    /// The file is so damaged that the Parquet crate panicked.
    #[error("cannot be read as Parquet: it is damaged")]
    Damaged,
    /// The file is Parquet, but was not written by `syncookie observe`.
    #[error("is not a file of observations; write one with syncookie observe")]
    Foreign,
    /// The file has another version of the columns.
    #[error("has observations of version {0}; this program reads version {VERSION}")]
    Version(u32),
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

/// Reads the rows of a file, one after the other.
pub struct Reader {
    batches: ParquetRecordBatchReader,
    columns: Vec<Column>,
    batch: Option<Batch>,
    /// Number of rows that were read.
    rows: u64,
    head: Head,
    sources: Vec<Source>,
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
        let open = || ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(BATCH).build();
        let batches = guarded(open).ok_or(ReadError::Damaged)??;
        let head = Head { version: VERSION, sources: 0, series: 0 };
        let (columns, sources) = (columns(), Vec::new());
        let mut reader = Self { batches, columns, batch: None, rows: 0, head, sources, waiting: None, captures: 0 };
        match reader.next_row()? {
            Some(Row::Record(Record::Head(head))) if head.version == VERSION => reader.head = head,
            Some(Row::Record(Record::Head(head))) => return Err(ReadError::Version(head.version)),
            _ => return Err(ReadError::Foreign),
        }
        loop {
            match reader.next_row()? {
                Some(Row::Record(Record::Source(planned))) => reader.sources.push(planned.into()),
                other if reader.sources.len() == reader.head.sources => {
                    reader.waiting = other;
                    return Ok(reader);
                }
                _ => return Err(ReadError::Invalid { row: reader.rows, column: RECORD }),
            }
        }
    }

    /// Returns the number of series.
    pub const fn series(&self) -> usize {
        self.head.series
    }

    /// Returns the number of captures that were to be read.
    pub fn sources(&self) -> usize {
        self.sources.len()
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
            let next = guarded(|| self.batches.next()).ok_or(ReadError::Damaged)?;
            let Some(batch) = next else { return Ok(None) };
            self.batch = Some(Batch::new(&batch?, &self.columns)?);
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
            Row::Record(Record::Capture { .. }) => {
                self.captures = self.captures.saturating_add(1);
                true
            }
            Row::Record(Record::End(end)) => end.is_within(self.captures),
            Row::Record(Record::NotReached { source }) => *source < self.head.sources,
            Row::Record(_) | Row::Handshake(_) => true,
        };
        if is_valid { Ok(row) } else { Err(ReadError::Invalid { row: self.rows, column: RECORD }) }
    }
}

/// Rows that were read together.
struct Batch {
    kinds: StringArray,
    records: StringArray,
    values: Vec<(&'static Field, Values)>,
    /// Number of the next row.
    row: usize,
}

impl Batch {
    fn new(batch: &RecordBatch, columns: &[Column]) -> Result<Self, ReadError> {
        let values = columns.iter().map(|column| Values::of(column, batch.column_by_name(column.field.name)));
        Ok(Self {
            kinds: cast(batch.column_by_name(KIND))?,
            records: cast(batch.column_by_name(RECORD))?,
            values: values.collect::<Result<_, _>>()?,
            row: 0,
        })
    }

    /// Reads the next row, which has this number in the file, after this number of captures of the
    /// series; `None` after the last row of the batch.
    fn next_row(&mut self, number: u64, captures: u32) -> Result<Option<Row>, ReadError> {
        let row = self.row;
        if row >= self.kinds.len() {
            return Ok(None);
        }
        self.row += 1;
        let invalid = |column| ReadError::Invalid { row: number, column };
        if self.kinds.is_valid(row) && self.kinds.value(row) == HANDSHAKE {
            let mut cursor = Cursor { values: &self.values, row, captures, next: 0, list: None };
            let observed = ObservedHandshake::read(&mut cursor).map_err(|field| invalid(field.name))?;
            return Ok(Some(Row::Handshake(Box::new(observed))));
        }
        let record = self.records.is_valid(row).then(|| self.records.value(row));
        let record = record.and_then(|record| serde_json::from_str(record).ok());
        record.map(|record| Some(Row::Record(record))).ok_or_else(|| invalid(RECORD))
    }
}

/// Values of a column; `Missing` if the file was written before the column was added.
enum Values {
    Missing,
    Number(UInt32Array),
    Difference(Int32Array),
    Long(Int64Array),
    Flag(BooleanArray),
    Word(StringArray),
    Bytes(BinaryArray),
    List(ListArray, Vec<(&'static Field, Self)>),
}

impl Values {
    /// Returns the values of a column.
    fn of(column: &Column, array: Option<&std::sync::Arc<dyn Array>>) -> Result<(&'static Field, Self), ReadError> {
        if array.is_none() {
            return Ok((column.field, Self::Missing));
        }
        let values = match &column.kind {
            ColumnKind::Number => Self::Number(cast(array)?),
            ColumnKind::Difference => Self::Difference(cast(array)?),
            ColumnKind::Long => Self::Long(cast(array)?),
            ColumnKind::Flag => Self::Flag(cast(array)?),
            ColumnKind::Word => Self::Word(cast(array)?),
            ColumnKind::Bytes => Self::Bytes(cast(array)?),
            ColumnKind::List(columns) => {
                let lists: ListArray = cast(array)?;
                let objects: StructArray = cast(Some(lists.values()))?;
                let inner = columns.iter().map(|column| Self::of(column, objects.column_by_name(column.field.name)));
                let inner = inner.collect::<Result<_, _>>()?;
                Self::List(lists, inner)
            }
        };
        Ok((column.field, values))
    }
}

/// Returns a column with values of this type.
fn cast<T: Clone + 'static>(array: Option<&std::sync::Arc<dyn Array>>) -> Result<T, ReadError> {
    array.and_then(|array| array.as_any().downcast_ref()).cloned().ok_or(ReadError::Foreign)
}

/// Reads the values of a row in the order of the columns.
struct Cursor<'a> {
    values: &'a [(&'static Field, Values)],
    row: usize,
    captures: u32,
    /// Place of the column that is read next.
    next: usize,
    list: Option<ListCursor<'a>>,
}

/// Reads the objects of a list.
struct ListCursor<'a> {
    values: &'a [(&'static Field, Values)],
    /// Number of the next object among those of all lists.
    following: usize,
    /// Place of the column that is read next.
    next: usize,
}

impl<'a> Cursor<'a> {
    /// Returns the values of the next column, and the number of the row in it.
    fn next(&mut self) -> Option<(&'a Values, usize)> {
        let (values, row, next) = match &mut self.list {
            Some(list) => (list.values, list.following.checked_sub(1)?, &mut list.next),
            None => (self.values, self.row, &mut self.next),
        };
        *next += 1;
        values.get(*next - 1).map(|(_, values)| (values, row))
    }
}

/// Returns the value in a row, if there is one.
macro_rules! value {
    ($cursor:ident, $field:ident, $kind:ident) => {
        match $cursor.next() {
            Some((Values::Missing, _)) => Ok(None),
            Some((Values::$kind(values), row)) if row < values.len() => {
                Ok(values.is_valid(row).then(|| values.value(row)))
            }
            _ => Err($field),
        }
    };
}

impl Fields for Cursor<'_> {
    type Error = &'static Field;

    fn number(&mut self, field: &'static Field, _: Option<u32>) -> Result<Option<u32>, Self::Error> {
        value!(self, field, Number)
    }

    fn difference(&mut self, field: &'static Field, _: Option<i32>) -> Result<Option<i32>, Self::Error> {
        value!(self, field, Difference)
    }

    fn long(&mut self, field: &'static Field, _: Option<i64>) -> Result<Option<i64>, Self::Error> {
        value!(self, field, Long)
    }

    fn flag(&mut self, field: &'static Field, _: bool) -> Result<bool, Self::Error> {
        Ok(value!(self, field, Flag)?.unwrap_or_default())
    }

    fn word(
        &mut self,
        field: &'static Field,
        _: Option<usize>,
        words: &'static [&'static str],
    ) -> Result<Option<usize>, Self::Error> {
        let word = value!(self, field, Word)?;
        word.map(|word| words.iter().position(|one| *one == word).ok_or(field)).transpose()
    }

    fn bytes(
        &mut self,
        field: &'static Field,
        value: &mut [u8],
        _: Option<usize>,
    ) -> Result<Option<usize>, Self::Error> {
        let Some(bytes) = value!(self, field, Bytes)? else { return Ok(None) };
        value.get_mut(..bytes.len()).ok_or(field)?.copy_from_slice(bytes);
        Ok(Some(bytes.len()))
    }

    fn list(&mut self, field: &'static Field, _: usize, most: usize) -> Result<usize, Self::Error> {
        let (lists, values, row) = match self.next() {
            Some((Values::List(lists, values), row)) => (lists, values, row),
            Some((Values::Missing, _)) => return Ok(0),
            _ => return Err(field),
        };
        let ends = lists.value_offsets();
        let (start, end) = (ends.get(row).ok_or(field)?, ends.get(row + 1).ok_or(field)?);
        let length = usize::try_from(end - start).map_err(|_| field)?;
        let following = usize::try_from(*start).map_err(|_| field)?;
        self.list = Some(ListCursor { values, following, next: 0 });
        if length <= most { Ok(length) } else { Err(field) }
    }

    fn captures(&self) -> u32 {
        self.captures
    }

    fn item(&mut self) {
        if let Some(list) = &mut self.list {
            list.following += 1;
            list.next = 0;
        }
    }

    fn end_list(&mut self) {
        self.list = None;
    }

    fn invalid(&self, field: &'static Field) -> Self::Error {
        field
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::observations::Writer;
    use crate::pipeline::{self, Options, Silent};
    use crate::source::walk;

    fn sample() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures/linux-6.18/cookie_ts/client.pcap")
    }

    /// Writes the observations of a sample capture.
    fn observed(path: &Path) {
        let (plan, mut silent) = (walk::plan(&[sample()]), Silent);
        let mut writer = Writer::new(&plan, &mut silent, File::create(path).unwrap()).unwrap();
        pipeline::observe(&plan, &Options::default(), &mut writer).unwrap();
        assert_eq!(writer.finish().unwrap().captures, 1);
    }

    /// Copies a file of observations without one of its columns.
    fn copy_without(column: &str, from: &Path, to: &Path) {
        let batches = ParquetRecordBatchReaderBuilder::try_new(File::open(from).unwrap()).unwrap().build().unwrap();
        let batches: Vec<RecordBatch> = batches.map(Result::unwrap).collect();
        let schema = batches[0].schema();
        let kept: Vec<usize> =
            (0..schema.fields().len()).filter(|&place| schema.field(place).name() != column).collect();
        assert_eq!(kept.len() + 1, schema.fields().len(), "there is such a column");
        let schema = std::sync::Arc::new(schema.project(&kept).unwrap());
        let mut writer = ArrowWriter::try_new(File::create(to).unwrap(), schema, None).unwrap();
        batches.iter().for_each(|batch| writer.write(&batch.project(&kept).unwrap()).unwrap());
        writer.close().unwrap();
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
    fn a_file_without_a_column_is_read_unless_each_handshake_has_its_fact() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, other] = ["whole", "other"].map(|name| folder.path().join(name));
        observed(&whole);
        let all = handshakes(&whole).unwrap();
        assert!(all > 0);
        for column in ["vlan", "simultaneous", "icmp_errors", "segments"] {
            copy_without(column, &whole, &other);
            assert_eq!(handshakes(&other).unwrap(), all, "{column}");
        }
        for column in ["server_port", "headers"] {
            copy_without(column, &whole, &other);
            assert!(
                matches!(handshakes(&other), Err(ReadError::Invalid { column: of, .. }) if of != RECORD),
                "{column}"
            );
        }
        copy_without(KIND, &whole, &other);
        assert!(matches!(handshakes(&other), Err(ReadError::Foreign)));
    }
}
