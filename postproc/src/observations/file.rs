//! The rows of observations, and the Parquet file that they are written to.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::TIME;
use super::rows::schema;
use crate::report::parquet::into_io;

/// Maximum number of bytes of a row group.
const GROUP_BYTES: usize = 32 << 20;

/// Receives the rows of observations.
pub trait RowSink {
    /// Receives rows.
    ///
    /// # Errors
    /// Like every method here, fails if the rows cannot be passed on.
    fn rows(&mut self, rows: RecordBatch) -> io::Result<()>;

    /// Receives the end: no row follows.
    fn end(&mut self) -> io::Result<()>;
}

/// File of observations.
pub struct ObservationFile<W: Write + Send> {
    writer: ArrowWriter<W>,
}

impl<W: Write + Send> ObservationFile<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn new(output: W) -> io::Result<Self> {
        Ok(Self { writer: ArrowWriter::try_new_with_options(output, columns()?, options()).map_err(into_io)? })
    }
}

impl<W: Write + Send> RowSink for ObservationFile<W> {
    fn rows(&mut self, rows: RecordBatch) -> io::Result<()> {
        self.writer.write(&rows).map_err(into_io)?;
        if self.writer.in_progress_size() >= GROUP_BYTES {
            self.writer.flush().map_err(into_io)?;
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.writer.finish().map_err(into_io)?;
        self.writer.inner_mut().flush()
    }
}

/// Returns the columns of observations.
///
/// # Errors
/// Fails if Arrow does not accept them, which does not happen.
pub fn columns() -> io::Result<SchemaRef> {
    schema().map_err(io::Error::other)
}

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
