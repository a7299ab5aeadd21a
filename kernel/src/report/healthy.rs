//! Writes one line for each network namespace that needs no table.

use syncookie_terminal::escape_controls;

use super::answer::answer;
use crate::resource::{Finding, Level, Resource, Scope};
use crate::view::View;

/// Names the files that name no namespace, among others that do.
pub const NAMELESS: &str = "Files without a namespace";

/// Returns whether a namespace has no finding of its own. `first` is the namespace whose table
/// shows the findings of the whole machine.
pub fn is_healthy(view: &View, first: &View) -> bool {
    let findings = view.findings();
    findings.is_empty() || (!std::ptr::eq(view, first) && findings.iter().all(|found| is_shared(found, first)))
}

/// Returns whether the first namespace has the same finding about the machine. The numbers of a
/// state may differ, because each namespace is read a moment later; what was counted must be the
/// same.
fn is_shared((resource, finding): &(&Resource, &Finding), first: &View) -> bool {
    let is_state = matches!(finding.level, Level::Exhausted | Level::Near);
    resource.kind.scope() == Scope::Host
        && first.findings().iter().any(|(other, found)| {
            (other.kind, &other.subject, found.level) == (resource.kind, &resource.subject, finding.level)
                && (is_state || found.sentence == finding.sentence)
        })
}

/// Returns the line about a namespace without a finding of its own.
pub fn line(view: &View) -> String {
    let name = view.later.namespace.as_deref().unwrap_or(NAMELESS);
    let what = if view.findings().is_empty() {
        answer(view)
    } else {
        "Nothing of its own is exhausted or has overflowed since boot.".into()
    };
    format!("{}: {what}", escape_controls(name))
}

#[cfg(test)]
mod tests {
    use syncookie_terminal::Terminal;

    use super::super::table;
    use super::*;
    use crate::facts::Facts;
    use crate::read;

    fn view(name: &str, text: &str) -> View {
        let facts = read::document("this machine", text.as_bytes()).unwrap();
        View::new(Facts { is_live: true, namespace: Some(name.into()), ..facts }, None)
    }

    fn table(is_verbose: bool, views: &[View]) -> String {
        let mut text = Vec::new();
        table::write(Terminal::detect(false), is_verbose, views, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    const FULL: &str = "LISTEN 4 3 0.0.0.0:80 *:*\n";
    const IDLE: &str = "LISTEN 0 3 0.0.0.0:80 *:*\n";
    const PRESSURE: &str = "/proc/pressure/cpu:some avg10=98.00 avg60=1.00 avg300=1.00 total=9\n";

    #[test]
    fn a_namespace_without_a_finding_has_one_line_and_any_other_has_its_table() {
        let text = table(false, &[view("host", IDLE), view("web", FULL), view("db", IDLE)]);
        assert!(text.starts_with("web: Exhausted now: accept queue of 0.0.0.0:80."), "{text}");
        let nothing = "is exhausted, and nothing has overflowed since boot.";
        assert!(text.ends_with(&format!("\n\nhost: Nothing {nothing}\ndb: Nothing {nothing}\n")), "{text}");
        assert!(table(true, &[view("host", IDLE), view("db", IDLE)]).lines().count() > 6, "verbose shows tables");
        assert!(table(false, &[view("host", IDLE)]).lines().count() > 3, "a single namespace has its table");
    }

    #[test]
    fn a_finding_about_the_machine_is_shown_for_its_first_namespace_only() {
        let text = table(false, &[view("host", PRESSURE), view("web", PRESSURE)]);
        assert!(text.starts_with("host: CPU pressure is high (98 %)"), "{text}");
        assert!(text.ends_with("\nweb: Nothing of its own is exhausted or has overflowed since boot.\n"), "{text}");
        let text = table(false, &[view("host", IDLE), view("web", PRESSURE)]);
        assert!(text.starts_with("web: CPU pressure is high"), "{text}");
    }

    #[test]
    fn notes_of_a_namespace_without_a_finding_are_shown() {
        let mut noted = view("web", IDLE);
        noted.later.add_note("a process cannot be read".into());
        let text = table(false, &[view("host", IDLE), noted]);
        assert!(text.contains("since boot.\nNote: a process cannot be read.\n"), "{text}");
    }
}
