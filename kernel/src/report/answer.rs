//! First sentence of a report: the resources that are exhausted, if any.

use std::collections::BTreeSet;

use crate::resource::{Effect, Finding, Level, Resource, ResourceKind};
use crate::view::View;

/// Maximum number of resources that a sentence names.
const MAX_NAMES: usize = 4;
/// Maximum number of reasons that the sentence about a trace has.
const MAX_REASONS: usize = 2;

/// Returns the resources at each level in a sentence or several.
pub fn answer(view: &View) -> String {
    let since = if view.later.is_live { "since boot" } else { "earlier" };
    let findings = &view.findings()[..];
    let before = |effect| names(findings, |finding| is_past(finding) && finding.effect == effect);
    let lately = |effect| names(findings, |finding| finding.level == Level::Overflowing && finding.effect == effect);
    let now = names(findings, |finding| finding.level == Level::Exhausted);
    let rising = lately(Effect::Overflow);
    let mut parts = Vec::from_iter(about("Exhausted now", &now));
    // A server that is short of CPU time is not healthy, so nothing reassuring precedes this.
    parts.extend(pressure(findings));
    parts.extend(about("Overflowed since the previous sample", &rising));
    if now.is_empty() && rising.is_empty() {
        parts.push(nothing(findings, view.later.is_live).into());
    }
    let is_near = |finding: &Finding| finding.level == Level::Near && finding.effect != Effect::Wait;
    parts.extend(about("Near the limit", &names(findings, is_near)));
    parts.extend(about("Rejected since the previous sample", &lately(Effect::Rejection)));
    parts.extend(about("Packets dropped since the previous sample", &lately(Effect::Drop)));
    let was_exhausted = |finding: &Finding| finding.only_earlier == Some(Level::Exhausted);
    parts.extend(about("Exhausted in the earlier sample", &names(findings, was_exhausted)));
    parts.extend(about(&format!("Overflowed {since}"), &before(Effect::Overflow)));
    parts.extend(about(&format!("Packets dropped {since}"), &before(Effect::Drop)));
    parts.extend(about(&format!("Rejected {since}"), &before(Effect::Rejection)));
    let is_uncompared = |finding: &Finding| is_past(finding) && finding.only_earlier.is_some();
    parts.extend(about("Of these, only in the earlier sample", &names(findings, is_uncompared)));
    parts.extend(trace(findings));
    parts.join(" ")
}

/// Returns the sentence about tasks that waited for a CPU; `None` if they did not.
fn pressure(findings: &[(&Resource, &Finding)]) -> Option<String> {
    let (resource, _) = findings.iter().find(|(_, finding)| finding.effect == Effect::Wait)?;
    let share = resource.usage.map_or_else(String::new, |share| format!(" ({share} %)"));
    Some(format!("CPU pressure is high{share}: programs accept connections late."))
}

/// Returns whether a finding is about what happened before the later sample, and not about a state.
fn is_past(finding: &Finding) -> bool {
    finding.level == Level::Overflowed && finding.only_earlier != Some(Level::Exhausted)
}

/// Returns the sentence for the case that no resource is exhausted now.
fn nothing(findings: &[(&Resource, &Finding)], is_live: bool) -> &'static str {
    // The same findings make `--fail-on overflowed` fail.
    let is_any = findings.iter().any(|(_, finding)| finding.level != Level::Near);
    match (is_any, is_live) {
        (false, true) => "Nothing is exhausted, and nothing has overflowed since boot.",
        (true, true) => "Nothing is exhausted now.",
        (false, false) => "Nothing is exhausted, and nothing has overflowed, as far as these files show.",
        (true, false) => "Nothing is exhausted now, as far as these files show.",
    }
}

/// Returns the sentence about what a tracing tool saw; `None` without a trace.
fn trace(findings: &[(&Resource, &Finding)]) -> Option<String> {
    let reasons: Vec<&str> = findings.iter().filter_map(|(_, finding)| traced(finding)).collect();
    let shown = reasons.iter().take(MAX_REASONS).copied().collect::<Vec<_>>().join("; ");
    match reasons.len().saturating_sub(MAX_REASONS) {
        _ if reasons.is_empty() => None,
        0 => Some(format!("In the trace: {shown}.")),
        1 => Some(format!("In the trace: {shown}; and 1 more reason.")),
        more => Some(format!("In the trace: {shown}; and {more} more reasons.")),
    }
}

/// Returns what a tracing tool saw; `None` for another finding.
fn traced(finding: &Finding) -> Option<&str> {
    match &finding.effect {
        Effect::Trace(reason) => Some(reason),
        _ => None,
    }
}

/// Returns the resources with a finding of the wanted kind by name, each once.
fn names(findings: &[(&Resource, &Finding)], is_wanted: impl Fn(&Finding) -> bool) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let found = findings.iter().filter(|(_, finding)| is_wanted(finding));
    found.map(|(resource, finding)| name(resource, finding)).filter(|name| seen.insert(name.clone())).collect()
}

/// Formats a resource with its subject: `accept queue of 0.0.0.0:80`.
fn name(resource: &Resource, finding: &Finding) -> String {
    let title = resource.kind.title();
    match (resource.kind, &resource.subject) {
        (ResourceKind::SynCookies, _) => "SYN cookies".into(),
        (ResourceKind::Synproxy, _) => "cookies of SYNPROXY".into(),
        (ResourceKind::Interface, Some(subject)) => format!("{title} {subject}"),
        // The findings have the rules.
        (_, Some(_)) if finding.effect == Effect::Drop => title.into(),
        (_, Some(subject)) if subject.starts_with("to ") => format!("{title} {subject}"),
        (_, Some(subject)) => format!("{title} of {subject}"),
        (_, None) => title.into(),
    }
}

/// Formats a sentence that names the first resources and counts the others; `None` if there are
/// none.
fn about(what: &str, names: &[String]) -> Option<String> {
    let shown = names.iter().take(MAX_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMES) {
        _ if names.is_empty() => None,
        0 => Some(format!("{what}: {shown}.")),
        more => Some(format!("{what}: {shown}, and {more} more.")),
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
        assert!(!text.contains("Near the limit"), "{text}");
    }

    #[test]
    fn a_machine_under_cpu_pressure_is_not_called_healthy_first() {
        let mut facts = Facts::default();
        facts.set_gauge("pressure.cpu.some.avg10".into(), 98);
        let text = answer(&View::new(facts, None));
        assert!(text.starts_with("CPU pressure is high (98 %): programs accept connections late. Noth"), "{text}");
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

    #[test]
    fn what_a_program_drops_overflows_nothing() {
        let at = |counter: &str| {
            let mut facts = Facts::default();
            facts.set_counter(format!("interface.eth0.{counter}"), 2);
            answer(&View::new(facts, None))
        };
        let (program, ring) = (at("rx_queue_0_xdp_drops"), at("rx_fifo"));
        assert!(program.ends_with("files show. Packets dropped earlier: interface eth0."), "{program}");
        assert!(ring.ends_with("files show. Overflowed earlier: interface eth0."), "{ring}");
        assert!(!program.contains("nothing has overflowed"), "{program}");
    }
}
