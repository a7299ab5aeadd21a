//! Row of figures below the headline.

use std::io::{self, Write};

use syncookie_engine::Verdict;
use syncookie_terminal::grouped;

use super::escape::Html;
use super::sections::counted;
use crate::report::answer::{stuck, tally_of};
use crate::totals::Totals;

/// Writes the numbers of handshakes: all, what failed, and who answered. Of the failures, only those
/// that occurred are named.
pub fn figures(output: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    let stuck = stuck(&totals.failures);
    let verdict = |verdict| tally_of(&totals.tally, verdict);
    let figures = [
        (counted(totals), totals.tally.handshakes, true),
        ("Failed".into(), totals.failed().saturating_sub(stuck), true),
        ("Stuck".into(), stuck, false),
        ("Delayed".into(), totals.delays.handshakes, false),
        ("SYN cookie".into(), verdict(Verdict::SynCookie), true),
        ("SYN proxy".into(), verdict(Verdict::SynProxy), true),
        ("Ordinary".into(), verdict(Verdict::Ordinary), true),
        ("Undetermined".into(), verdict(Verdict::Undetermined), false),
    ];
    if totals.captures.is_empty() {
        return Ok(());
    }
    write!(output, "<dl id=\"figures\">")?;
    for (name, number, is_always_shown) in figures {
        if is_always_shown || number > 0 {
            write!(output, "<div><dt>{}</dt><dd>{}</dd></div>", Html(&name), grouped(number))?;
        }
    }
    writeln!(output, "</dl>")
}
