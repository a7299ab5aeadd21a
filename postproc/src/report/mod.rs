//! Results, in the form that was asked for.

mod answer;
mod caveats;
mod columns;
mod comparison;
mod csv;
mod each_finding;
mod endpoint;
mod findings;
mod format;
mod html;
mod json;
mod listeners;
pub(crate) mod model;
#[cfg(feature = "parquet")]
mod parquet;
mod remedies;
mod story;
pub(crate) mod strength;
mod summary;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod words;

pub use each_finding::EachFinding;
pub use format::Format;

use std::io::{self, Write};

use syncookie_engine::{DetailLevel, Finding};
use syncookie_terminal::Terminal;

use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};

/// Receives results in the order in which they become known. Filters were applied before.
pub trait Report {
    /// Returns of which handshakes it shows the evidence. The others are counted, and it does not get them.
    fn detail(&self) -> DetailLevel;
    /// Whether it draws the numbers of handshakes.
    fn draws(&self) -> bool;
    /// Takes, first, the captures that will be read, as far as they are known.
    ///
    /// # Errors
    /// When the results cannot be written, as of every function here.
    fn begin(&mut self, sources: &[Source]) -> io::Result<()>;
    /// Takes a capture that came up later, before its handshakes.
    fn capture(&mut self, source: &Source) -> io::Result<()>;
    /// Takes a handshake, whose frames are in those captures.
    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()>;
    /// Lets readers see what was written so far.
    fn flush(&mut self) -> io::Result<()>;
    /// Takes, at last, what everything came to.
    fn end(&mut self, totals: &Totals) -> io::Result<()>;
}

/// Writes the captures as JSON Lines.
///
/// # Errors
/// When they cannot be written.
pub fn captures(output: impl Write, sources: &[Source]) -> io::Result<()> {
    json::Lines::new(output).captures(sources)
}

/// A report in this format, into this output. A table has the width and the colours of the terminal, and with `is_verbose`
/// everything that is known.
pub fn new<'a>(
    format: Format,
    terminal: Terminal,
    is_verbose: bool,
    output: impl Write + Send + 'a,
) -> Box<dyn Report + 'a> {
    match format {
        Format::Table => Box::new(table::Table::new(output, terminal, is_verbose)),
        Format::Html => Box::new(html::Page::new(output)),
        Format::Json => Box::new(json::Document::new(output)),
        Format::Jsonl => Box::new(json::Lines::new(output)),
        Format::Summary => Box::new(summary::Line::new(output)),
        Format::Csv => Box::new(csv::Rows::new(output)),
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(parquet::Table::new(output)),
    }
}
