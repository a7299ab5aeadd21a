//! Columns whose cells are lists: the lengths of the lists, and all their values in sequence.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ListArray, StructArray, UInt32Array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, Field, Fields};

use super::Array;

/// Lengths of the lists of a column.
#[derive(Default)]
pub struct Lengths(Vec<usize>);

impl Lengths {
    pub fn push(&mut self, length: usize) {
        self.0.push(length);
    }

    /// Returns the column of lists of these values; `nulls` are the cells without a list.
    pub fn list(&mut self, values: Array, nulls: Option<NullBuffer>) -> Result<Array, ArrowError> {
        // The Parquet format defines the name "element".
        let field = Arc::new(Field::new("element", values.data_type().clone(), false));
        let offsets = OffsetBuffer::from_lengths(std::mem::take(&mut self.0));
        Ok(Arc::new(ListArray::try_new(field, offsets, values, nulls)?))
    }
}

/// Column of lists of texts.
#[derive(Default)]
pub struct Texts {
    lengths: Lengths,
    values: StringBuilder,
}

impl Texts {
    pub fn push<T: AsRef<str>>(&mut self, texts: impl IntoIterator<Item = T>) {
        let mut length = 0;
        for text in texts {
            self.values.append_value(text);
            length += 1;
        }
        self.lengths.push(length);
    }

    pub fn take(&mut self) -> Result<Array, ArrowError> {
        self.lengths.list(Arc::new(self.values.finish()), None)
    }
}

/// Column of lists of numbers.
#[derive(Default)]
pub struct Numbers {
    lengths: Lengths,
    values: Vec<u32>,
}

impl Numbers {
    pub fn push(&mut self, numbers: impl ExactSizeIterator<Item = u32>) {
        self.lengths.push(numbers.len());
        self.values.extend(numbers);
    }

    pub fn take(&mut self) -> Result<Array, ArrowError> {
        self.lengths.list(Arc::new(UInt32Array::from(std::mem::take(&mut self.values))), None)
    }
}

/// Column of objects with these keys. No key is ever missing.
pub fn objects<const N: usize>(columns: [(&str, Array); N]) -> Result<Array, ArrowError> {
    let field = |(name, values): &(&str, Array)| Field::new(*name, values.data_type().clone(), false);
    let fields: Fields = columns.iter().map(field).collect();
    let values = columns.into_iter().map(|(_, values)| values).collect();
    Ok(Arc::new(StructArray::try_new(fields, values, None)?))
}
