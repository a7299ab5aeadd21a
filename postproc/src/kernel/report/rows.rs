//! Which resources are worth a row, and what stands in it.

use syncookie_terminal::{escape_controls, grouped};

use crate::kernel::resource::{Counter, Kind, Resource};
use crate::kernel::view::View;

/// Calm listeners, processes and interfaces that are shown of one kind.
const CALM: usize = 3;

/// What fills up: resource, of whom, used, bound, left in percent, where the bound comes from.
pub type Usage = [String; 6];
/// What was counted: resource, of whom, counters.
pub type Count = [String; 3];

/// The rows of what fills up, and how many calm ones are not among them.
pub fn usages(view: &View, is_verbose: bool) -> (Vec<Usage>, usize) {
    let is_told = |resource: &&Resource| {
        resource.usage.is_some() || (resource.bound.is_some() && (is_verbose || resource.subject.is_none()))
    };
    let mut fills: Vec<&Resource> = view.resources.iter().filter(is_told).collect();
    // Within a kind the worst and fullest come first; the kinds keep their order.
    fills.sort_by_key(|resource| {
        (resource.kind, resource.level().is_none(), resource.level(), std::cmp::Reverse(resource.usage))
    });
    let mut shown: Vec<&Resource> = Vec::new();
    let all = fills.len();
    for resource in fills {
        let is_dull = resource.subject.is_some() && resource.level().is_none();
        let alike = shown.iter().filter(|other| other.kind == resource.kind && other.level().is_none()).count();
        if is_verbose || !is_dull || alike < CALM {
            shown.push(resource);
        }
    }
    let left_out = all - shown.len();
    (shown.into_iter().map(usage).collect(), left_out)
}

fn usage(resource: &Resource) -> Usage {
    let percent = if resource.kind == Kind::Processor { " %" } else { "" };
    let bound = resource.bound.as_ref();
    [
        resource.kind.title().to_owned(),
        subject(resource),
        resource.usage.map_or_else(|| "?".into(), |usage| format!("{}{percent}", grouped(usage))),
        bound.map_or_else(String::new, |bound| grouped(bound.value)),
        left(resource).unwrap_or_default(),
        bound.map_or_else(String::new, |bound| short(&bound.from)),
    ]
}

fn subject(resource: &Resource) -> String {
    resource.subject.as_deref().map_or_else(String::new, |subject| escape_controls(subject).into_owned())
}

/// Headroom in percent, never rounded up to all or down to nothing.
fn left(resource: &Resource) -> Option<String> {
    let (left, bound) = (resource.headroom()?, resource.bound.as_ref()?.value);
    let percent = (u128::from(left) * 100).checked_div(u128::from(bound))?;
    Some(match (percent, left) {
        (0, 1..) => "< 1 %".into(),
        _ => format!("{percent} %"),
    })
}

/// Settings without the tree they are in: their own names tell them apart.
fn short(from: &str) -> String {
    ["net.ipv4.", "net.core.", "net.netfilter."].iter().fold(from.to_owned(), |text, tree| text.replace(tree, ""))
}

/// The rows of what was counted. The first counter of a resource says most, and is shown when it is zero too; of the
/// others, those that are not.
pub fn counts(view: &View, is_verbose: bool) -> Vec<Count> {
    let is_compared = view.earlier.is_some();
    let mut rows = Vec::new();
    for resource in &view.resources {
        let is_shown = |(index, counter): &(usize, &Counter)| match counter.total {
            None => false,
            Some(0) => is_verbose || (*index == 0 && resource.subject.is_none()),
            Some(_) => true,
        };
        let counters = resource.counters.iter().enumerate().filter(is_shown);
        let mut parts: Vec<String> = counters.map(|(_, counter)| count(counter, is_compared)).collect();
        if !parts.is_empty() {
            parts.extend(resource.remark.clone().filter(|_| is_verbose || resource.level().is_some()));
            rows.push([resource.kind.title().to_owned(), subject(resource), parts.join(", ")]);
        }
    }
    rows
}

/// `ListenOverflows 12 (+3)`
fn count(counter: &Counter, is_compared: bool) -> String {
    let name = counter.name.rsplit('.').next().unwrap_or(&counter.name);
    let rise = match counter.rise {
        Some(rise) if rise > 0 => format!(" (+{})", grouped(rise)),
        None if is_compared => " (change unknown)".into(),
        _ => String::new(),
    };
    format!("{name} {}{rise}", counter.total.map_or("?".into(), grouped))
}
