//! Rows of handshakes in batches, for Parquet and for programs that take Arrow.

use std::io;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde::Serialize;
use syncookie_engine::{DetailLevel, Finding};

use super::arrow;
use super::builders::Rows;
use crate::report::Report;
use crate::report::json::{captures, episodes, listeners};
use crate::report::model::{Handshake, Object, Run};
use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};

/// Number of rows that are passed on together.
const BATCH: usize = 1 << 10;

/// Receives the rows of a report.
pub trait BatchSink {
    /// Receives the columns, before the first rows.
    ///
    /// # Errors
    /// Like every method here, fails if the rows cannot be passed on.
    fn begin(&mut self, schema: SchemaRef) -> io::Result<()>;
    /// Receives rows.
    fn rows(&mut self, rows: RecordBatch) -> io::Result<()>;
    /// Receives the objects about the whole run as JSON, each with its name.
    fn end(&mut self, objects: [(&'static str, String); 5]) -> io::Result<()>;
}

/// Report with one row per handshake.
pub struct Batches<S> {
    sink: S,
    rows: Rows,
    captures: String,
}

impl<S: BatchSink> Batches<S> {
    /// Creates a report that passes its rows to a sink.
    pub fn new(sink: S) -> Self {
        Self { sink, rows: Rows::default(), captures: String::new() }
    }
}

impl<S: BatchSink + Send> Report for Batches<S> {
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
        self.sink.begin(columns()?)
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        self.rows.push(&Handshake::new(captures, finding));
        if self.rows.count() < BATCH {
            return Ok(());
        }
        self.sink.rows(self.rows.take().map_err(arrow)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        if self.rows.count() > 0 {
            self.sink.rows(self.rows.take().map_err(arrow)?)?;
        }
        self.sink.end([
            ("run", json(&Object::Run(Run::default()))?),
            ("captures", std::mem::take(&mut self.captures)),
            ("listeners", json(&listeners(totals).collect::<Vec<_>>())?),
            ("episodes", json(&episodes(totals).collect::<Vec<_>>())?),
            ("summary", json(&Object::Summary(Box::new(totals.into())))?),
        ])
    }
}

/// Returns the columns of handshakes.
///
/// # Errors
/// Fails if Arrow does not accept them, which does not happen.
pub fn columns() -> io::Result<SchemaRef> {
    Ok(Rows::default().take().map_err(arrow)?.schema())
}

fn json(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)?)
}
