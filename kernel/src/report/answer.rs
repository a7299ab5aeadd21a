//! First sentence of a report: the resources that are exhausted, if any.

use std::collections::BTreeSet;

use crate::resource::{Level, Resource};
use crate::view::View;

/// Returns the resources at each level in a sentence or several.
pub fn answer(view: &View) -> String {
    let at = |level| names(view, level);
    let (now, rising, near, past) =
        (at(Level::Exhausted), at(Level::Overflowing), at(Level::Near), at(Level::Overflowed));
    let mut parts = Vec::new();
    if !now.is_empty() {
        parts.push(format!("Exhausted now: {}.", list(&now)));
    }
    if !rising.is_empty() {
        parts.push(format!("Overflowed since the previous sample: {}.", list(&rising)));
    }
    if now.is_empty() && rising.is_empty() {
        parts.push(nothing(view, &past));
    }
    if !near.is_empty() {
        parts.push(format!("Near the limit: {}.", list(&near)));
    }
    if !past.is_empty() {
        let since = if view.later.is_live { "since boot" } else { "earlier" };
        parts.push(format!("Overflowed {since}: {}.", list(&past)));
    }
    parts.join(" ")
}

/// Returns the sentence for the case that no resource is exhausted now.
fn nothing(view: &View, past: &[String]) -> String {
    match (past.is_empty(), view.later.is_live) {
        (true, true) => "Nothing is exhausted, and nothing has overflowed since boot.",
        (false, true) => "Nothing is exhausted now.",
        (true, false) => "Nothing is exhausted, and nothing has overflowed, as far as these files show.",
        (false, false) => "Nothing is exhausted now, as far as these files show.",
    }
    .into()
}

/// Returns the names of the resources with a finding at a level, each once.
fn names(view: &View, level: Level) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let found = view.findings().into_iter().filter(|(_, finding)| finding.level == level);
    found.map(|(resource, _)| name(resource)).filter(|name| seen.insert(name.clone())).collect()
}

/// Formats a resource with its subject: `accept queue of 0.0.0.0:80`.
fn name(resource: &Resource) -> String {
    match &resource.subject {
        Some(subject) if subject.starts_with("to ") => format!("{} {subject}", resource.kind.title()),
        Some(subject) => format!("{} of {subject}", resource.kind.title()),
        None => resource.kind.title().to_owned(),
    }
}

/// Joins the first names, and counts the others.
fn list(names: &[String]) -> String {
    const MAX_SHOWN: usize = 4;
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => names.join(", "),
        more => format!("{}, and {more} more", names[..MAX_SHOWN].join(", ")),
    }
}
