//! Section with the most likely causes, each with its commands.

use std::cmp::Reverse;
use std::io::{self, Write};

use syncookie_engine::{CauseKind, CheckLine, check_lines};
use syncookie_terminal::{count, escape_controls, grouped};

use super::escape::Html;
use crate::report::answer::stuck;
use crate::report::words::{self, capitalised};
use crate::report::{check, strength};
use crate::totals::Totals;
use crate::totals::affected::{Affected, CauseCount};

/// Maximum number of causes of failures, and of delays, that have their commands.
const CAUSES: usize = 5;

/// Writes the causes of failures, then those of delays, the most frequent first; nothing if there
/// are none. Scans are left out: nothing of the server's broke. `folder` is left out of the names of
/// captures.
pub fn checks(output: &mut dyn Write, totals: &Totals, folder: &str) -> io::Result<()> {
    let failures = totals.apart().1;
    let failed = match stuck(failures) {
        0 => "failed",
        stuck if stuck == failures.handshakes => "got stuck",
        _ => "failed or got stuck",
    };
    let parts = [(failures, failed), (&totals.delays, "were delayed")];
    if parts.iter().all(|(affected, _)| affected.causes.is_empty()) {
        return Ok(());
    }
    writeln!(output, "<section id=\"check\" aria-labelledby=\"check-title\">")?;
    writeln!(output, "<h2 id=\"check-title\">Most likely causes, and what to check</h2>")?;
    let mut others = Vec::new();
    writeln!(output, "<ol>")?;
    for (affected, what) in parts {
        let mut causes: Vec<_> = affected.causes.iter().collect();
        causes.sort_by_key(|(_, cause)| Reverse(cause.handshakes));
        for (number, (kind, cause)) in causes.into_iter().enumerate() {
            if number < CAUSES {
                let check = check::below(folder, &cause.check);
                item(output, &title(totals, affected, what, *kind, cause), &check)?;
            } else {
                others.push(format!("{} {kind}", grouped(cause.handshakes)));
            }
        }
    }
    writeln!(output, "</ol>")?;
    if !others.is_empty() {
        writeln!(output, "<p class=\"lead\">Less frequent causes: {}.</p>", others.join(", "))?;
    }
    writeln!(output, "</section>\n")
}

/// Returns the title of a cause: `3 of 10 handshakes that failed: the proxy let … (proxy-leaked-ack).`
fn title(totals: &Totals, affected: &Affected, what: &str, kind: CauseKind, cause: &CauseCount) -> String {
    let all = count(affected.handshakes, totals.noun());
    let clause = capitalised(kind.clause());
    let strength = strength::cause(cause.rival, &cause.check);
    let hindered = Some(cause.hindered).filter(|&number| number > 0).map(words::hindered);
    let hindered = hindered.map_or_else(String::new, |text| format!(" {text}."));
    format!("{clause} ({kind}; {strength}): {} of {all} that {what}.{hindered}", grouped(cause.handshakes))
}

fn item(output: &mut dyn Write, title: &str, check: &str) -> io::Result<()> {
    writeln!(output, "<li><p>{}</p>", Html(title))?;
    let check = escape_controls(check);
    let mut machine = "";
    for CheckLine { machine: place, text, command } in check_lines(&check) {
        if machine != place {
            writeln!(output, "<p class=\"machine\">{}:</p>", Html(&capitalised(place)))?;
            machine = place;
        }
        let (before, after) = command.and_then(|command| text.split_once(command)).unwrap_or((text, ""));
        let command = command.map_or_else(String::new, |command| format!("<code>{}</code>", Html(command)));
        writeln!(output, "<p class=\"command\">{}{command}{}</p>", Html(before), Html(after))?;
    }
    writeln!(output, "</li>")
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{leaked, totals};
    use super::*;

    #[test]
    fn each_command_is_alone_in_its_element_and_no_text_becomes_markup() {
        let mut finding = leaked(0);
        finding.causes[0].check = "on the <b>server: ss -tan 'sport = :80' | grep <x> (expect: one)".into();
        let mut output = Vec::new();
        checks(&mut output, &totals(&[finding]), "").unwrap();
        let page = String::from_utf8(output).unwrap();
        assert!(page.contains("<code>ss -tan &#39;sport = :80&#39; | grep &lt;x&gt;</code> (expect: one)"), "{page}");
        assert!(page.contains("On the &lt;b&gt;server:") && page.contains("1 of 1 handshake that failed"), "{page}");
    }

    #[test]
    fn nothing_broke_in_an_empty_capture() {
        let mut output = Vec::new();
        checks(&mut output, &totals(&[]), "").unwrap();
        assert!(output.is_empty());
    }
}
