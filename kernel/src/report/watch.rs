//! Report of a further sample where no terminal can redraw the table: the answer, and the changes.

use std::io::{self, Write};

use syncookie_terminal::{Terminal, escape_controls, grouped, paragraph, paragraph_with_code};

use super::SECOND;
use super::answer::answer;
use super::table::hints;
use crate::resource::{Finding, Level};
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
        for (_, finding) in view.findings().iter().filter(|(_, finding)| is_shown(finding)) {
            paragraph(output, terminal.width, "  ", &finding.sentence)?;
            if let Some(advice) = &finding.advice {
                paragraph_with_code(output, terminal.width, "    ", &format!("Advice: {advice}"))?;
            }
        }
        hints(terminal, view, output)?;
        let changes = changes(view);
        if !changes.is_empty() {
            paragraph(output, terminal.width, "  ", &changes.join(", "))?;
        }
    }
    output.flush()
}

/// Returns whether these reports show anything that those of the samples before do not.
pub fn has_changed(before: &[View], views: &[View]) -> bool {
    before.len() != views.len()
        || views.iter().zip(before).any(|(view, before)| !changes(view).is_empty() || state(view) != state(before))
}

/// Returns the answer and the sentences about what is not over.
fn state(view: &View) -> (String, Vec<&str>) {
    let findings = view.findings().into_iter().map(|(_, finding)| finding);
    (answer(view), findings.filter(|finding| is_shown(finding)).map(|finding| &*finding.sentence).collect())
}

/// Returns whether a finding has a sentence in every report: it is not over.
fn is_shown(finding: &Finding) -> bool {
    finding.level < Level::Overflowed
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

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::facts::Facts;

    fn view(overflows: u64, pressure: u64, before: &View) -> View {
        let mut facts = Facts::default();
        facts.set_counter("TcpExt.ListenOverflows".into(), overflows);
        facts.set_gauge("pressure.cpu.some.avg10".into(), pressure);
        View::new(facts, Some(before.later.clone()))
    }

    #[test]
    fn a_report_of_changes_has_advice() {
        let text = "net.netfilter.nf_conntrack_count = 64\nnet.netfilter.nf_conntrack_max = 64\n";
        let view = View::new(crate::read::document("test", text.as_bytes()).unwrap(), None);
        let mut output = Vec::new();
        write(Terminal::detect(false), &[view], &mut output).unwrap();
        let text = String::from_utf8(output).unwrap();
        assert!(text.contains("\n    Advice: Raise net.netfilter.nf_conntrack_max"), "{text}");
    }

    #[test]
    fn a_sample_has_changed_if_a_counter_increased_or_a_state_is_another() {
        let first = view(1, 5, &View::new(Facts::default(), None));
        let same = view(1, 6, &first);
        let more = view(2, 6, &same);
        let over = view(2, 6, &more);
        let busy = view(2, 97, &over);
        let changed = |before: &View, now: &View| has_changed(from_ref(before), from_ref(now));
        assert!(!changed(&same, &view(1, 7, &same)));
        assert!(changed(&same, &more), "a counter increased");
        assert!(changed(&more, &over), "the overflow is over");
        assert!(changed(&over, &busy), "the pressure is high");
        assert!(has_changed(from_ref(&same), &[same.clone(), same.clone()]), "another namespace");
    }
}
