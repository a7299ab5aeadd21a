//! Parquet: one row per handshake, written in row groups, so that memory does not grow with the
//! findings.
//!
//! Names and values are those of JSON. Objects that every query would have to unpack (endpoints,
//! frames) are columns.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde::Serialize;
use syncookie_engine::{DetailLevel, Finding};

use super::Report;
use super::json::{captures, episodes};
use super::model::{Handshake, Object, Run};
use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};
use builders::Rows;

mod builders;
pub(crate) mod lists;

/// Number of rows that are passed on together.
const BATCH: usize = 1 << 10;

/// Maximum number of rows of a row group, and of bytes: whichever is reached first.
const GROUP_ROWS: usize = 1 << 17;
const GROUP_BYTES: usize = 8 << 20;

/// Size of a page, in bytes. Each of the columns has two in memory.
const PAGE_BYTES: usize = 128 << 10;

/// Report with one row per handshake. The objects about the whole run are in the file's metadata,
/// as JSON.
pub struct Table<W: Write + Send> {
    /// `None` after it was moved into the writer, which writes as soon as it is created.
    output: Option<W>,
    writer: Option<ArrowWriter<W>>,
    rows: Rows,
    captures: String,
}

impl<W: Write + Send> Table<W> {
    pub fn new(output: W) -> Self {
        Self { output: Some(output), writer: None, rows: Rows::default(), captures: String::new() }
    }

    fn writer(&mut self) -> io::Result<&mut ArrowWriter<W>> {
        self.writer.as_mut().ok_or_else(|| io::Error::other("the report was not begun"))
    }

    /// Passes on the collected rows.
    fn batch(&mut self) -> io::Result<()> {
        let batch = self.rows.take().map_err(arrow)?;
        let writer = self.writer()?;
        writer.write(&batch).map_err(into_io)?;
        if writer.in_progress_size() >= GROUP_BYTES {
            writer.flush().map_err(into_io)?;
        }
        Ok(())
    }
}

impl<W: Write + Send> Report for Table<W> {
    fn detail(&self) -> DetailLevel {
        DetailLevel::All
    }

    fn draws(&self) -> bool {
        false
    }

    fn has_signatures(&self) -> bool {
        true
    }

    fn begin(&mut self, sources: &[Source]) -> io::Result<()> {
        self.captures = json(&captures(sources).collect::<Vec<_>>())?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_dictionary_page_size_limit(PAGE_BYTES)
            .set_data_page_size_limit(PAGE_BYTES)
            .set_created_by(format!("{} version {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")));
        let empty: RecordBatch = Rows::default().take().map_err(arrow)?;
        if let Some(output) = self.output.take() {
            let writer = ArrowWriter::try_new(output, empty.schema(), Some(properties.build()));
            self.writer = Some(writer.map_err(into_io)?);
        }
        Ok(())
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        self.rows.push(&Handshake::new(captures, finding));
        if self.rows.count() >= BATCH { self.batch() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        self.batch()?;
        let metadata = [
            ("syncookie.run", json(&Object::Run(Run::default()))?),
            ("syncookie.captures", std::mem::take(&mut self.captures)),
            ("syncookie.episodes", json(&episodes(totals).collect::<Vec<_>>())?),
            ("syncookie.summary", json(&Object::Summary(Box::new(totals.into())))?),
        ];
        let writer = self.writer()?;
        for (key, value) in metadata {
            writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        writer.finish().map_err(into_io)?;
        writer.inner_mut().flush()
    }
}

fn json(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// Returns the I/O error inside, so that a closed pipe is recognised as one.
pub(crate) fn into_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

pub(crate) fn arrow(error: ArrowError) -> io::Error {
    io::Error::other(error)
}

/// Values of a column, which several owners share.
type Array = Arc<dyn arrow_array::Array>;
