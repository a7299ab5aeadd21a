//! Report of a further sample where no terminal can redraw the table: the answer, and the changes.

use std::io::{self, Write};

use syncookie_terminal::{Terminal, escape_controls, grouped, paragraph};

use super::SECOND;
use super::answer::answer;
use crate::resource::Level;
use crate::view::View;

/// Writes the reports of all namespaces.
pub fn write(terminal: Terminal, views: &[View], output: &mut dyn Write) -> io::Result<()> {
    for view in views {
        let time = view.later.taken_at.map_or_else(String::new, |time| format!("{} UTC ", time.strftime(SECOND)));
        let name = match (&view.later.namespace, views.len()) {
            (Some(name), 2..) => format!("{}: ", escape_controls(name)),
            _ => String::new(),
        };
        paragraph(output, terminal.width, "", &format!("{time}{name}{}", answer(view)))?;
        for (_, finding) in view.findings().iter().filter(|(_, finding)| finding.level < Level::Overflowed) {
            paragraph(output, terminal.width, "  ", &finding.sentence)?;
        }
        let changes = changes(view);
        if !changes.is_empty() {
            paragraph(output, terminal.width, "  ", &changes.join(", "))?;
        }
    }
    output.flush()
}

/// Returns the increases of all counters: `OutRsts +5`.
fn changes(view: &View) -> Vec<String> {
    let mut changes = Vec::new();
    for resource in &view.resources {
        for counter in &resource.counters {
            if let Some(increase) = counter.increase.filter(|increase| *increase > 0) {
                let of = resource
                    .subject
                    .as_ref()
                    .map_or_else(String::new, |subject| format!(" of {}", escape_controls(subject)));
                changes.push(format!("{}{of} +{}", counter.name, grouped(increase)));
            }
        }
    }
    changes.sort();
    changes.dedup();
    changes
}
