//! Which resources are worth a row of the table, and what stands in it.

use crate::kernel::resource::{Counter, Kind, Resource, Scope};
use crate::kernel::view::View;
use crate::text::{grouped, safe};

/// Calm listeners, processes and interfaces that are shown of one kind.
const CALM: usize = 3;

/// A row: resource, of whom, used, bound, left, where the bound comes from, what was counted.
pub type Row = [String; 7];

/// The rows, and how many calm ones are not among them.
pub fn rows(view: &View, is_verbose: bool) -> (Vec<Row>, usize) {
    let mut shown: Vec<&Resource> = Vec::new();
    let mut left_out = 0;
    let mut resources: Vec<&Resource> = view.resources.iter().filter(|resource| resource.is_known()).collect();
    // Within a kind the worst and fullest come first; the kinds keep their order.
    resources.sort_by_key(|resource| {
        (resource.kind, resource.level().is_none(), resource.level(), std::cmp::Reverse(resource.usage))
    });
    for resource in resources {
        let calm = shown.iter().filter(|other| other.kind == resource.kind && is_one_of_many(other)).count();
        let is_dull = is_one_of_many(resource) && resource.level().is_none();
        let is_empty = resource.usage.is_none() && resource.counters.iter().all(|counter| counter.total == Some(0));
        if !is_verbose && is_dull && (calm >= CALM || is_empty) {
            left_out += 1;
        } else {
            shown.push(resource);
        }
    }
    (shown.into_iter().map(|resource| row(resource, view.earlier.is_some(), is_verbose)).collect(), left_out)
}

/// Whether there can be many of it.
fn is_one_of_many(resource: &Resource) -> bool {
    resource.subject.is_some() && resource.kind != Kind::EphemeralPorts || resource.kind.scope() == Scope::Process
}

fn row(resource: &Resource, is_compared: bool, is_verbose: bool) -> Row {
    let number = |value: Option<u64>| value.map_or_else(String::new, grouped);
    let of = match (&resource.subject, resource.kind.scope()) {
        (Some(subject), _) => safe(subject).into_owned(),
        (None, Scope::Listener) => "all".into(),
        (None, _) => String::new(),
    };
    let percent = if resource.kind == Kind::Processor { " %" } else { "" };
    [
        resource.kind.title().to_owned(),
        of,
        resource.usage.map_or_else(String::new, |usage| format!("{}{percent}", grouped(usage))),
        number(resource.bound.as_ref().map(|bound| bound.value)),
        number(resource.headroom()),
        resource.bound.as_ref().map_or_else(String::new, |bound| short(&bound.from)),
        details(resource, is_compared, is_verbose),
    ]
}

/// Settings without the tree they are in: their own names tell them apart.
fn short(from: &str) -> String {
    ["net.ipv4.", "net.core.", "net.netfilter."].iter().fold(from.to_owned(), |text, tree| text.replace(tree, ""))
}

fn details(resource: &Resource, is_compared: bool, is_verbose: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    let told = |counter: &&Counter| counter.total.is_some_and(|total| total > 0);
    // The first says most: it is shown when it is zero too. Of the others, those that are not.
    let (first, others) =
        resource.counters.split_first().map_or((None, &[][..]), |(first, others)| (Some(first), others));
    let counters = first.filter(|counter| counter.total.is_some()).into_iter().chain(others.iter().filter(told));
    parts.extend(counters.map(|counter| count(counter, is_compared)));
    let is_worth_it = is_verbose || resource.level().is_some() || resource.counters.is_empty();
    parts.extend(resource.remark.clone().filter(|_| is_worth_it));
    parts.join(", ")
}

/// `ListenOverflows 12 (+3)`
fn count(counter: &Counter, is_compared: bool) -> String {
    let name = match counter.name.split_once('.') {
        Some((_, name)) => name.rsplit('.').next().unwrap_or(name),
        None => &counter.name,
    };
    let rise = match counter.rise {
        Some(rise) if rise > 0 => format!(" (+{})", grouped(rise)),
        Some(_) if is_compared => " (+0)".into(),
        None if is_compared => " (change unknown)".into(),
        _ => String::new(),
    };
    format!("{name} {}{rise}", counter.total.map_or("?".into(), grouped))
}
