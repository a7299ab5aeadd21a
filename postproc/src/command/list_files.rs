//! `--list-files`: lists the captures that would be read.

use std::io::Write;

use syncookie_terminal::escape_controls;

use super::failure::Failure;
use crate::console::Console;
use crate::exit::Exit;
use crate::output::Output;
use crate::report::{self, Format};
use crate::source::walk::{Plan, Source};

/// Writes a line or a JSON object for each capture, and reports the files that cannot be read.
pub(super) fn list(plan: Plan, format: Format, mut output: Output, console: &mut Console) -> Result<Exit, Failure> {
    plan.problems.iter().for_each(|problem| console.error(problem));
    if plan.sources.is_empty() && plan.problems.is_empty() {
        return Err(Failure::no_capture(plan));
    }
    let written = match format {
        Format::Table => plan.sources.iter().try_for_each(|source| writeln!(output, "{}", line(source))),
        _ => report::captures(&mut output, &plan.sources),
    };
    written.and_then(|()| output.finish()).map_err(Failure::Output)?;
    Ok(if plan.problems.is_empty() { Exit::Analysed } else { Exit::Partly })
}

/// Returns format, size in bytes and name, tab-separated; `-` for what is unknown of a stream
/// before it is read.
fn line(source: &Source) -> String {
    let format = match (source.format, source.compression) {
        (Some(format), Some(compression)) => format!("{}+{compression}", format.as_str()),
        (Some(format), None) => format.as_str().into(),
        (None, _) => "-".into(),
    };
    let bytes = source.bytes.map_or_else(|| "-".into(), |bytes| bytes.to_string());
    format!("{format}\t{bytes}\t{}", escape_controls(&source.name))
}
