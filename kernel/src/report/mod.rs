//! Writes a [`View`] for people or for programs.

mod answer;
mod healthy;
mod help;
mod json;
pub mod metrics;
mod prometheus;
mod rows;
mod table;
mod watch;

use std::io::{self, Write};

use syncookie_terminal::{Screen, Terminal};

use crate::view::View;

/// Format of times in reports for people, in UTC.
const SECOND: &str = "%Y-%m-%d %H:%M:%S";

/// Format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Table for people.
    #[default]
    Table,
    /// JSON: one document, or with [`Options::is_watch`] one object on each line.
    Json,
    /// Metrics in the text format of Prometheus.
    Prometheus,
}

/// Options of a report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Format.
    pub format: Format,
    /// Whether the output is a terminal.
    pub is_terminal: bool,
    /// Whether this is one of several reports, of successive samples.
    pub is_watch: bool,
    /// Whether a report was written before, to the same output. A pipe then gets only the changes,
    /// see [`has_changed`].
    pub is_again: bool,
    /// Whether healthy resources are written, too.
    pub is_verbose: bool,
}

/// Returns whether there are changes to report: a counter increased since the previous samples, or
/// the findings differ.
#[must_use]
pub fn has_changed(before: &[View], views: &[View]) -> bool {
    watch::has_changed(before, views)
}

/// Writes a report of one or more network namespaces.
///
/// # Errors
///
/// Returns the error of the output.
pub fn write(options: Options, views: &[View], output: &mut dyn Write) -> io::Result<()> {
    let terminal = Terminal::detect(options.is_terminal);
    match options.format {
        Format::Prometheus => prometheus::write(views, output),
        Format::Json if options.is_watch => json::line(views, output),
        Format::Json => json::document(views, output),
        Format::Table if options.is_again => watch::write(terminal, views, output),
        Format::Table => table::write(terminal, options.is_verbose, views, output),
    }
}

/// Draws the table of one or more network namespaces on a terminal of this size, in place of the
/// one before. Lines that changed are marked.
///
/// # Errors
///
/// Returns the error of the output.
pub fn redraw(
    screen: &mut Screen,
    size: (usize, usize),
    options: Options,
    views: &[View],
    output: &mut dyn Write,
) -> io::Result<()> {
    let terminal = Screen::within(size);
    let mut text = Vec::new();
    table::write(terminal, options.is_verbose, views, &mut text)?;
    output.write_all(screen.draw(&String::from_utf8_lossy(&text), terminal, size).as_bytes())?;
    output.flush()
}
