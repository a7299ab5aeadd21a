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
        parts.push(nothing(findings, view));
    }
    let is_near = |finding: &Finding| finding.level == Level::Near && finding.effect != Effect::Wait;
    parts.extend(about("Near the limit", &names(findings, is_near)));
    parts.extend(about("Rejected since the previous sample", &lately(Effect::Rejection)));
    parts.extend(about("Packets dropped since the previous sample", &lately(Effect::Drop)));
    let was_exhausted = |finding: &Finding| finding.only_earlier == Some(Level::Exhausted);
    parts.extend(about("Exhausted in the earlier sample", &names(findings, was_exhausted)));
    parts.extend(about(&format!("Overflowed {since}"), &before(Effect::Overflow)));
    parts.extend(about("In the kernel log, but not in the counters of this namespace", &before(Effect::OnlyInLog)));
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

/// Returns the sentences for the case that no resource is exhausted now.
fn nothing(findings: &[(&Resource, &Finding)], view: &View) -> String {
    // The same findings make `--fail-on overflowed` fail.
    let is_any = findings.iter().any(|(_, finding)| finding.level != Level::Near);
    match (is_any, view.later.is_live) {
        (false, true) => "Nothing is exhausted, and nothing has overflowed since boot.".into(),
        (true, true) => "Nothing is exhausted now.".into(),
        (_, false) => nothing_in_files(&view.resources, is_any),
    }
}

/// Returns the same about saved files, which often contain few of the resources. Numbers of kinds of
/// resources say how much the files can show.
fn nothing_in_files(resources: &[Resource], has_overflowed: bool) -> String {
    let number = |is_counted: fn(&Resource) -> bool| {
        let counted = resources.iter().filter(|resource| !resource.kind.is_only_in_saved_outputs());
        counted.filter(|resource| is_counted(resource)).map(|resource| resource.kind).collect::<BTreeSet<_>>().len()
    };
    let all = number(|_| true);
    let used = number(|resource| resource.usage.is_some() && resource.limit.is_some());
    let counted = number(|resource| resource.counters.iter().any(|counter| counter.total.is_some()));
    let exhausted = match used {
        0 => "These files do not show whether anything is exhausted.".to_owned(),
        _ => format!("These files show usage and limit of {used} of {all} resources: nothing is exhausted now."),
    };
    let overflowed = match counted {
        _ if has_overflowed => return exhausted,
        0 => "They do not show whether anything has overflowed.".to_owned(),
        _ => format!("They show the counters of {counted} of {all} resources: nothing has overflowed."),
    };
    format!("{exhausted} {overflowed}")
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
        assert!(text.starts_with("CPU pressure is high (98 %): programs accept connections late. These "), "{text}");
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
    fn what_only_the_log_says_did_not_overflow_here() {
        let log = "nf_conntrack: nf_conntrack: table full, dropping packet\n\
                   entries searched drop early_drop\n00000000 00000000 00000000 00000000\n";
        let text = answer(&View::new(crate::read::document("test", log.as_bytes()).unwrap(), None));
        assert!(
            text.ends_with("In the kernel log, but not in the counters of this namespace: conntrack table."),
            "{text}"
        );
        assert!(!text.contains("Overflowed"), "{text}");
    }

    #[test]
    fn what_a_program_drops_overflows_nothing() {
        let at = |counter: &str| {
            let mut facts = Facts::default();
            facts.set_counter(format!("interface.eth0.{counter}"), 2);
            answer(&View::new(facts, None))
        };
        let (program, ring) = (at("rx_queue_0_xdp_drops"), at("rx_fifo"));
        assert!(program.ends_with("anything is exhausted. Packets dropped earlier: interface eth0."), "{program}");
        assert!(ring.ends_with("anything is exhausted. Overflowed earlier: interface eth0."), "{ring}");
        assert!(!program.contains("has overflowed"), "{program}");
    }

    #[test]
    fn the_answer_says_how_much_the_files_can_show() {
        let mut facts = Facts::default();
        let nothing = answer(&View::new(facts.clone(), None));
        assert_eq!(
            nothing,
            "These files do not show whether anything is exhausted. They do not show whether anything has overflowed."
        );
        facts.set_counter("TcpExt.ListenOverflows".into(), 0);
        let counters = answer(&View::new(facts.clone(), None));
        assert!(counters.starts_with("These files do not show whether anything is exhausted. They "), "{counters}");
        assert!(counters.contains(" show the counters of 1 of 2"), "{counters}");
        assert!(counters.ends_with(" resources: nothing has overflowed."), "{counters}");
        facts.set_setting("fs.file-nr".into(), "2208 0 90000".into());
        facts.set_setting("fs.file-max".into(), "90000".into());
        let usage = answer(&View::new(facts, None));
        assert!(usage.starts_with("These files show usage and limit of 1 of 2"), "{usage}");
    }
}
