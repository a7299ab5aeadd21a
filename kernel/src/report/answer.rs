//! First sentence of a report: the resources that are exhausted, if any.

use std::collections::BTreeSet;

use crate::resource::{Level, Resource, ResourceKind};
use crate::view::View;

/// Returns the resources at each level in a sentence or several.
pub fn answer(view: &View) -> String {
    let has_limit = |resource: &Resource| rejected_cookies(resource).is_none() && !drops(resource);
    let at = |level| names(view, level, |resource| has_limit(resource) && resource.kind != ResourceKind::CpuPressure);
    let dropped = |level| names(view, level, drops);
    let rejected = |level| names(view, level, |resource| rejected_cookies(resource).is_some());
    let (now, rising, near, past) =
        (at(Level::Exhausted), at(Level::Overflowing), at(Level::Near), at(Level::Overflowed));
    let mut parts = Vec::new();
    if !now.is_empty() {
        parts.push(format!("Exhausted now: {}.", list(&now)));
    }
    if !rising.is_empty() {
        parts.push(format!("Overflowed since the previous sample: {}.", list(&rising)));
    }
    let (rejected_now, rejected_before) = (rejected(Level::Overflowing), rejected(Level::Overflowed));
    if now.is_empty() && rising.is_empty() {
        parts.push(nothing(view, &past));
    }
    if !near.is_empty() {
        parts.push(format!("Near the limit: {}.", list(&near)));
    }
    // It is a share of time and has no limit.
    if view.resources.iter().any(|resource| resource.kind == ResourceKind::CpuPressure && resource.level().is_some()) {
        parts.push("CPU pressure is high.".into());
    }
    if !rejected_now.is_empty() {
        parts.push(format!("Rejected since the previous sample: {}.", list(&rejected_now)));
    }
    let (dropped_now, dropped_before) = (dropped(Level::Overflowing), dropped(Level::Overflowed));
    if !dropped_now.is_empty() {
        parts.push(format!("Packets dropped since the previous sample: {}.", list(&dropped_now)));
    }
    let since = if view.later.is_live { "since boot" } else { "earlier" };
    if !past.is_empty() {
        parts.push(format!("Overflowed {since}: {}.", list(&past)));
    }
    if !dropped_before.is_empty() {
        parts.push(format!("Packets dropped {since}: {}.", list(&dropped_before)));
    }
    if !rejected_before.is_empty() {
        parts.push(format!("Rejected {since}: {}.", list(&rejected_before)));
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

/// Returns the wanted resources with a finding at a level by name, each once.
fn names(view: &View, level: Level, is_wanted: impl Fn(&Resource) -> bool) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let found = view.findings().into_iter().filter(|(resource, finding)| finding.level == level && is_wanted(resource));
    found.map(|(resource, _)| name(resource)).filter(|name| seen.insert(name.clone())).collect()
}

/// Returns what a resource rejected; `None` for a resource that can overflow. A rejected cookie
/// overflows nothing.
fn rejected_cookies(resource: &Resource) -> Option<&'static str> {
    match resource.kind {
        ResourceKind::SynCookies => Some("SYN cookies"),
        ResourceKind::Synproxy => Some("cookies of SYNPROXY"),
        _ => None,
    }
}

/// Returns whether a resource drops packets and cannot overflow.
fn drops(resource: &Resource) -> bool {
    use ResourceKind as K;
    matches!(
        resource.kind,
        K::ReversePath | K::Routes | K::Checksums | K::Signatures | K::MemoryReserve | K::PacketFilter | K::Traced
    )
}

/// Formats a resource with its subject: `accept queue of 0.0.0.0:80`.
fn name(resource: &Resource) -> String {
    if let Some(rejected) = rejected_cookies(resource) {
        return rejected.into();
    }
    match &resource.subject {
        // The findings have the rules and the reasons.
        _ if drops(resource) => resource.kind.title().to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;

    #[test]
    fn high_cpu_pressure_is_not_near_a_limit() {
        let mut facts = Facts::default();
        facts.set_gauge("pressure.cpu.some.avg10".into(), 98);
        let text = answer(&View::new(facts, None));
        assert!(text.ends_with("CPU pressure is high.") && !text.contains("Near the limit"), "{text}");
    }

    #[test]
    fn cookies_are_rejected_and_do_not_overflow() {
        let mut facts = Facts::default();
        facts.set_counter("TcpExt.SyncookiesFailed".into(), 4);
        facts.set_counter("synproxy.cookie_invalid".into(), 2);
        facts.set_counter("TcpExt.ListenOverflows".into(), 1);
        let text = answer(&View::new(facts, None));
        assert!(text.contains("Overflowed earlier: accept queue."), "{text}");
        assert!(text.contains("Rejected earlier: SYN cookies, cookies of SYNPROXY."), "{text}");
    }
}
