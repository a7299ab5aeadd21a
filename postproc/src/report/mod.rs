//! Results, in the form that was asked for.

mod answer;
mod both_sides;
mod caveats;
mod columns;
mod csv;
mod findings;
mod html;
mod json;
mod listeners;
pub mod model;
#[cfg(feature = "parquet")]
mod parquet;
mod remedies;
mod story;
mod summary;
mod table;
#[cfg(test)]
mod tests;
pub mod words;

use std::io;

pub use model::SCHEMA;
use syncookie_engine::{DetailLevel, Finding};
use syncookie_terminal::Terminal;

use crate::cli::Format;
use crate::output::Output;
use crate::pipeline::totals::{CaptureTotals, Totals};
use crate::source::walk::Source;

/// Takes results in the order in which they come to be known.
pub trait Report {
    /// Of which handshakes it tells the evidence; of the others it needs nothing but their number.
    fn detail(&self) -> DetailLevel {
        DetailLevel::All
    }
    /// Whether it draws the numbers of handshakes.
    fn draws(&self) -> bool {
        false
    }
    /// First: which captures will be read.
    fn begin(&mut self, sources: &[Source]) -> io::Result<()>;
    /// Then each handshake, whose frames are in those captures.
    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()>;
    /// At last what it all amounts to.
    fn end(&mut self, totals: &Totals) -> io::Result<()>;
    /// Where captures come up one after another, each before its handshakes.
    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }
    /// Lets readers see what was written so far.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<R: Report + ?Sized> Report for &mut R {
    fn detail(&self) -> DetailLevel {
        (**self).detail()
    }

    fn draws(&self) -> bool {
        (**self).draws()
    }

    fn begin(&mut self, sources: &[Source]) -> io::Result<()> {
        (**self).begin(sources)
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        (**self).handshake(captures, finding)
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        (**self).end(totals)
    }

    fn capture(&mut self, source: &Source) -> io::Result<()> {
        (**self).capture(source)
    }

    fn flush(&mut self) -> io::Result<()> {
        (**self).flush()
    }
}

/// The captures as JSON Lines.
pub fn captures(output: &mut Output, sources: &[Source]) -> io::Result<()> {
    json::Lines::new(output).captures(sources)
}

/// A report in this format, into this output; `is_verbose`: the table with all that is known.
pub fn new(format: Format, is_verbose: bool, output: &mut Output) -> Box<dyn Report + '_> {
    match format {
        Format::Table => {
            let terminal = Terminal::detect(output.is_terminal());
            Box::new(table::Table::new(output, terminal, is_verbose))
        }
        Format::Html => Box::new(html::Page::new(output)),
        Format::Json => Box::new(json::Document::new(output)),
        Format::Jsonl => Box::new(json::Lines::new(output)),
        Format::Summary => Box::new(summary::Line::new(output)),
        Format::Csv => Box::new(csv::Rows::new(output)),
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(parquet::Table::new(output)),
    }
}
