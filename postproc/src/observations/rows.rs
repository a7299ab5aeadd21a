//! Collects rows of a file of observations.

use std::io;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::NullBufferBuilder;
use arrow_schema::{ArrowError, SchemaRef};

use super::columns::Columns;
use super::{RECORD, Record};

/// Collected rows.
pub(super) struct Rows {
    records: StringBuilder,
    handshakes: Columns,
    /// Which rows are handshakes.
    are_handshakes: NullBufferBuilder,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            records: StringBuilder::new(),
            handshakes: Columns::default(),
            are_handshakes: NullBufferBuilder::new(0),
        }
    }
}

impl Rows {
    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.handshakes.len()
    }

    /// Adds a row that is no handshake.
    pub fn push_record(&mut self, record: &Record) -> io::Result<()> {
        self.records.append_value(serde_json::to_string(record)?);
        self.handshakes.push_null();
        self.are_handshakes.append_null();
        Ok(())
    }

    /// Adds the rows of handshakes.
    pub fn append(&mut self, handshakes: &Columns) {
        self.records.append_nulls(handshakes.len());
        self.handshakes.append(handshakes);
        self.are_handshakes.append_n_non_nulls(handshakes.len());
    }

    /// Takes the collected rows.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let next = Columns::with_room_of(&self.handshakes);
        let handshakes = std::mem::replace(&mut self.handshakes, next);
        let records: (&str, ArrayRef) = (RECORD, Arc::new(self.records.finish()));
        let columns = handshakes.arrays(&self.are_handshakes.finish())?;
        let columns = std::iter::once(records).chain(columns);
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
    }
}

/// Returns the columns.
pub(super) fn schema() -> Result<SchemaRef, ArrowError> {
    Ok(Rows::default().take()?.schema())
}
