//! Rows of the tables.

use std::iter;

use syncookie_terminal::{escape_controls, grouped};

use crate::resource::{Counter, Limit, Resource, ResourceKind};
use crate::view::View;

/// Maximum number of healthy listeners, processes and interfaces that are shown of one resource.
const MAX_HEALTHY: usize = 3;

/// Row of a resource with a usage: resource, subject, usage, limit, free part in percent, source
/// of the limit.
pub type UsageRow = [String; 6];
/// Row of a resource with counters: resource, subject, counters.
pub type CounterRow = [String; 3];

/// Returns the rows of usage, and the number of healthy ones that are left out.
pub fn usages(view: &View, is_verbose: bool) -> (Vec<UsageRow>, usize) {
    let is_shown = |resource: &&Resource| {
        resource.usage.is_some() || (resource.limit.is_some() && (is_verbose || resource.subject.is_none()))
    };
    let mut resources: Vec<&Resource> = view.resources.iter().filter(is_shown).collect();
    // Within a kind the worst and fullest come first; the kinds keep their order.
    resources.sort_by_key(|resource| {
        (resource.kind, resource.level().is_none(), resource.level(), std::cmp::Reverse(resource.usage))
    });
    let mut shown: Vec<&Resource> = Vec::new();
    let all = resources.len();
    for resource in resources {
        let is_healthy = resource.subject.is_some() && resource.level().is_none();
        let alike = || shown.iter().filter(|other| other.kind == resource.kind && other.level().is_none()).count();
        if is_verbose || !is_healthy || alike() < MAX_HEALTHY {
            shown.push(resource);
        }
    }
    let left_out = all - shown.len();
    (shown.into_iter().map(usage).collect(), left_out)
}

/// Returns the row of a resource's usage.
fn usage(resource: &Resource) -> UsageRow {
    let limit = resource.limit.as_ref();
    let (title, percent) = match resource.kind {
        ResourceKind::CpuPressure => ("CPU pressure (time waited)", " %"),
        ResourceKind::TcpMemory => ("TCP memory (pages)", ""),
        ResourceKind::CgroupMemory => ("cgroup memory (bytes)", ""),
        ResourceKind::Icmp => ("ICMP rate limit (per s)", ""),
        kind => (kind.title(), ""),
    };
    [
        title.to_owned(),
        subject(resource),
        resource.usage.map_or_else(|| usage_unknown(resource).into(), |usage| format!("{}{percent}", grouped(usage))),
        limit.map_or_else(
            String::new,
            |limit| if is_unlimited(limit) { "unlimited".into() } else { grouped(limit.value) },
        ),
        free_percent(resource).unwrap_or_default(),
        limit.map_or_else(String::new, |limit| short(&limit.source)),
    ]
}

/// Returns what is shown instead of a usage. The kernel counts no usage of a rate limit.
fn usage_unknown(resource: &Resource) -> &'static str {
    if resource.kind.unit().is_empty() { "n/a" } else { "unknown" }
}

/// Returns whether a limit is the largest signed number, the kernel's value for no limit
/// (`fs.file-max` since Linux 5.0).
fn is_unlimited(limit: &Limit) -> bool {
    limit.value >= i64::MAX as u64
}

/// Returns the subject of a resource, safe to print.
fn subject(resource: &Resource) -> String {
    resource.subject.as_deref().map_or_else(String::new, |subject| escape_controls(subject).into_owned())
}

/// Formats the free part in percent; `0 %` only if nothing is free, `None` without a limit.
fn free_percent(resource: &Resource) -> Option<String> {
    if resource.limit.as_ref().is_some_and(is_unlimited) {
        return None;
    }
    let (free, limit) = (resource.free()?, resource.limit.as_ref()?.value);
    let percent = (u128::from(free) * 100).checked_div(u128::from(limit))?;
    Some(match (percent, free) {
        (0, 1..) => "< 1 %".into(),
        _ => format!("{percent} %"),
    })
}

/// Removes the first parts of settings' names, whose last parts are unique.
fn short(source: &str) -> String {
    let trees = ["net.ipv4.neigh.default.", "net.ipv6.neigh.default.", "net.ipv4.", "net.core.", "net.netfilter."];
    trees.iter().fold(source.to_owned(), |text, tree| text.replace(tree, ""))
}

/// Returns the rows of counters. The first counter of a resource is the most important and is shown
/// even if it is zero; the others are shown if they are not.
pub fn counts(view: &View, is_verbose: bool) -> Vec<CounterRow> {
    let is_compared = view.difference().is_some();
    let mut rows = Vec::new();
    for resource in &view.resources {
        let is_shown = |(index, counter): &(usize, &Counter)| match counter.total {
            None => false,
            Some(0) => is_verbose || (*index == 0 && resource.subject.is_none()),
            Some(_) => true,
        };
        let counters = resource.counters.iter().enumerate().filter(is_shown);
        let parts: Vec<String> = counters.map(|(_, counter)| count(counter, is_compared)).collect();
        if !parts.is_empty() {
            let is_rising =
                resource.kind == ResourceKind::Resets && resource.counters.iter().any(Counter::has_increased);
            let is_remarkable = is_verbose || is_rising || resource.level().is_some();
            // It may quote a setting, which can be any text of a file.
            let remark =
                resource.remark.as_deref().filter(|_| is_remarkable).map(|remark| escape_controls(remark).into_owned());
            let parts = Vec::from_iter(iter::once(parts.join(", ")).chain(remark));
            rows.push([resource.kind.title().to_owned(), subject(resource), parts.join("; ")]);
        }
    }
    rows
}

/// Formats a counter: `ListenOverflows 12 (+3)`. If the increase is not known, it says why.
fn count(counter: &Counter, is_compared: bool) -> String {
    let increase = match counter.increase {
        // A tool counted it while it ran, not the kernel since boot. Drops and resets share reasons.
        _ if counter.name.starts_with("traced.drop.") => " (packets dropped, in the trace)".into(),
        _ if counter.name.starts_with("traced.") => " (resets sent, in the trace)".into(),
        Some(increase) if increase > 0 => format!(" (+{})", grouped(increase)),
        _ if counter.only_earlier => " (only in the earlier sample)".into(),
        None if is_compared => match counter.earlier {
            Some(earlier) => format!(" (earlier sample: {})", grouped(earlier)),
            None => " (not in the earlier sample)".into(),
        },
        _ => String::new(),
    };
    format!("{} {}{increase}", counter.short_name(), counter.total.map_or("unknown".into(), grouped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Facts, Traced, TracedKind};

    #[test]
    fn counters_of_equal_names_have_their_group_and_a_trace_is_not_since_boot() {
        let mut facts = Facts::default();
        facts.set_counter("Tcp.InCsumErrors".into(), 7);
        facts.set_counter("IpExt.InCsumErrors".into(), 2);
        let (kind, reason) = (TracedKind::Reset, "NO_SOCKET".to_owned());
        let traced = Traced { kind, reason, location: None, from: None, to: None, state: None };
        facts.add_traced(traced.clone(), 3);
        facts.add_traced(Traced { kind: TracedKind::Drop, ..traced }, 4);
        let rows = counts(&View::new(facts, None), false);
        let counters = |title: &str| rows.iter().find(|row| row[0] == title).unwrap()[2].as_str();
        assert_eq!(counters("checksums"), "TcpInCsumErrors 7, IpExtInCsumErrors 2");
        assert_eq!(counters("traced drops and resets"), "NO_SOCKET 4 (packets dropped, in the trace)");
        assert_eq!(rows.last().unwrap()[2], "NO_SOCKET 3 (resets sent, in the trace)");
    }

    #[test]
    fn the_largest_number_is_shown_as_unlimited() {
        let mut facts = Facts::default();
        facts.set_setting("fs.file-nr".into(), "2208 0 9223372036854775807".into());
        facts.set_setting("fs.file-max".into(), "9223372036854775807".into());
        let (rows, _) = usages(&View::new(facts, None), false);
        let files = rows.iter().find(|row| row[0] == "open files").unwrap();
        assert_eq!(files[2..5], ["2,208", "unlimited", ""]);
    }

    #[test]
    fn a_rate_limit_has_no_usage() {
        let mut facts = Facts::default();
        facts.set_setting("net.ipv4.icmp_msgs_per_sec".into(), "1000".into());
        facts.set_setting("net.ipv4.tcp_challenge_ack_limit".into(), "500".into());
        facts.set_setting("net.core.netdev_max_backlog".into(), "1000".into());
        let (rows, _) = usages(&View::new(facts, None), false);
        let used: Vec<_> = rows.iter().map(|row| [row[0].as_str(), row[2].as_str()]).collect();
        let expected = [["softirq backlog", "unknown"], ["ICMP rate limit (per s)", "n/a"], ["challenge ACKs", "n/a"]];
        assert_eq!(used, expected);
    }

    #[test]
    fn an_increase_of_resets_is_explained_in_its_row() {
        let at = |resets, aborts| {
            let mut facts = Facts::default();
            facts.set_counter("Tcp.OutRsts".into(), resets);
            facts.set_counter("TcpExt.TCPAbortOnData".into(), aborts);
            facts
        };
        let row = |later, earlier| {
            let rows = counts(&View::new(later, Some(earlier)), false);
            rows.into_iter().find(|row| row[0] == "resets sent").unwrap()[2].clone()
        };
        let unexplained = row(at(13, 1), at(10, 1));
        assert!(
            unexplained.contains("since the previous sample, resets that answered segments without a connection"),
            "{unexplained}"
        );
        assert!(row(at(13, 4), at(10, 1)).contains("the other counters explain the increase"));
        assert!(!row(at(10, 1), at(10, 1)).contains("since the previous sample"));
    }
}
