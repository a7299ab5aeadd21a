//! What was found, in the form that was asked for.

mod answer;
mod json;
mod prometheus;
mod rows;
mod table;
mod watch;

use std::io::{self, Write};

use syncookie_terminal::Terminal;

use super::view::View;
use crate::cli::KernelFormat;

/// How it is written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// For whom.
    pub format: KernelFormat,
    /// Whether a person is looking.
    pub is_terminal: bool,
    /// Whether further looks follow.
    pub is_watch: bool,
    /// Whether this is not the first look.
    pub is_again: bool,
    /// Everything, also what is calm.
    pub is_verbose: bool,
}

/// Writes it.
pub fn write(style: Style, views: &[View], output: &mut dyn Write) -> io::Result<()> {
    let terminal = Terminal::detect(style.is_terminal);
    match style.format {
        KernelFormat::Prometheus => prometheus::write(views, output),
        KernelFormat::Json if style.is_watch => json::line(views, output),
        KernelFormat::Json => json::document(views, output),
        // The last look's table is written over.
        KernelFormat::Table if style.is_watch && style.is_terminal => {
            write!(output, "\x1b[H\x1b[2J")?;
            table::write(terminal, style.is_verbose, views, output)
        }
        KernelFormat::Table if style.is_again => watch::write(terminal, views, output),
        KernelFormat::Table => table::write(terminal, style.is_verbose, views, output),
    }
}
