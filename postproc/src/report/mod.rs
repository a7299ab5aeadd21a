//! Reports, in the requested format.

mod answer;
mod caveats;
pub(crate) mod check;
mod columns;
mod common_factors;
mod comparison;
mod connection_id;
mod csv;
mod each_finding;
mod ecs;
mod endpoint;
mod findings;
mod format;
pub(crate) mod html;
mod json;
mod json_serializer;
mod listeners;
pub(crate) mod model;
mod no_handshake;
#[cfg(feature = "parquet")]
pub(crate) mod parquet;
mod remedies;
mod story;
pub(crate) mod strength;
mod summary;
mod table;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod words;
mod zeek;

#[cfg(not(target_os = "wasi"))]
pub(crate) use answer::headline;
pub use each_finding::EachFinding;
pub use format::Format;

use std::io::{self, Write};

use syncookie_engine::{DetailLevel, Finding};
use syncookie_terminal::Terminal;

use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};

/// Receives results in the order in which they become known. Filters have already been applied.
pub trait Report {
    /// Returns for which handshakes the report shows the evidence. Other handshakes are counted and
    /// not passed to it.
    fn detail(&self) -> DetailLevel;
    /// Returns whether the report draws or names measured values of handshakes.
    fn draws(&self) -> bool;
    /// Returns whether the report has the raw signatures of SYN and SYN-ACK.
    fn has_signatures(&self) -> bool {
        false
    }
    /// Begins the report; `sources` are the captures that will be read, as far as known.
    ///
    /// # Errors
    /// Like every method here, fails if the results cannot be written.
    fn begin(&mut self, sources: &[Source]) -> io::Result<()>;
    /// Adds a capture that appeared later, before its handshakes.
    fn capture(&mut self, source: &Source) -> io::Result<()>;
    /// Adds a handshake, whose frames are in these captures.
    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()>;
    /// Flushes the results.
    fn flush(&mut self) -> io::Result<()>;
    /// Ends the report with the totals.
    fn end(&mut self, totals: &Totals) -> io::Result<()>;
}

/// Writes the captures as JSON Lines.
///
/// # Errors
/// Fails if they cannot be written.
pub fn captures(output: impl Write, sources: &[Source]) -> io::Result<()> {
    json::Lines::new(output).captures(sources)
}

/// Options of single formats.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Terminal whose width and colours a table has.
    pub terminal: Terminal,
    /// Whether a table has all details.
    pub is_verbose: bool,
    /// Whether CSV begins with a byte order mark.
    pub has_byte_order_mark: bool,
}

/// Creates a report in this format and style that writes to this output.
pub fn new<'a>(format: Format, style: Style, output: impl Write + Send + 'a) -> Box<dyn Report + 'a> {
    match format {
        Format::Table => Box::new(table::Table::new(output, style.terminal, style.is_verbose)),
        Format::Html => Box::new(html::Page::new(output)),
        Format::Json => Box::new(json::Document::new(output)),
        Format::Jsonl => Box::new(json::Lines::new(output)),
        Format::Summary => Box::new(summary::Line::new(output)),
        Format::Ecs => Box::new(ecs::Events::new(output)),
        Format::Zeek => Box::new(zeek::Log::new(output)),
        Format::Csv => Box::new(csv::Rows::new(output, style.has_byte_order_mark)),
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(parquet::Batches::new(parquet::File::new(output))),
    }
}
