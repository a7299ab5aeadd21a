//! Parquet: one row per handshake, written in row groups, so that memory does not grow with the
//! findings.
//!
//! Names and values are those of JSON. Objects that every query would have to unpack (endpoints,
//! frames) are columns. The objects about the whole run are in the file's metadata, as JSON.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

pub use batches::{BatchSink, Batches, columns};

mod batches;
mod builders;
pub(crate) mod lists;

/// Maximum number of rows of a row group, and of bytes: whichever is reached first.
const GROUP_ROWS: usize = 1 << 17;
const GROUP_BYTES: usize = 8 << 20;

/// Size of a page, in bytes. Each of the columns has two in memory.
const PAGE_BYTES: usize = 128 << 10;

/// Writer of the rows to a file.
pub struct File<W: Write + Send> {
    /// `None` after it was moved into the writer, which writes as soon as it is created.
    output: Option<W>,
    writer: Option<ArrowWriter<W>>,
}

impl<W: Write + Send> File<W> {
    /// Creates a writer to an output.
    pub fn new(output: W) -> Self {
        Self { output: Some(output), writer: None }
    }

    fn writer(&mut self) -> io::Result<&mut ArrowWriter<W>> {
        self.writer.as_mut().ok_or_else(|| io::Error::other("the report was not begun"))
    }
}

impl<W: Write + Send> BatchSink for File<W> {
    fn begin(&mut self, schema: SchemaRef) -> io::Result<()> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_dictionary_page_size_limit(PAGE_BYTES)
            .set_data_page_size_limit(PAGE_BYTES)
            .set_created_by(format!("{} version {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")));
        if let Some(output) = self.output.take() {
            self.writer = Some(ArrowWriter::try_new(output, schema, Some(properties.build())).map_err(into_io)?);
        }
        Ok(())
    }

    fn rows(&mut self, rows: RecordBatch) -> io::Result<()> {
        let writer = self.writer()?;
        writer.write(&rows).map_err(into_io)?;
        if writer.in_progress_size() >= GROUP_BYTES {
            writer.flush().map_err(into_io)?;
        }
        Ok(())
    }

    fn end(&mut self, objects: [(&'static str, String); 5]) -> io::Result<()> {
        let writer = self.writer()?;
        for (name, object) in objects {
            writer.append_key_value_metadata(KeyValue::new(format!("syncookie.{name}"), object));
        }
        writer.finish().map_err(into_io)?;
        writer.inner_mut().flush()
    }
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
