//! `--follow` on a terminal: the headline, the findings by listener and cause, and the latest of
//! them, redrawn in place.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use comfy_table::{CellAlignment, presets};
use syncookie_engine::{CauseKind, Endpoint, Verdict};
use syncookie_terminal::{Screen, Terminal, count, grouped, paragraph};

use crate::report::headline;
use crate::totals::Totals;
use crate::totals::finding_counts::FindingCounts;

/// Maximum number of rows of the table.
const ROWS: usize = 8;

/// Columns between those of the table.
const GAP: u16 = 2;

/// Maximum number of lines about the latest findings that are kept, more than a screen has.
const LATEST: usize = 500;

/// Terminal that shows what was found so far.
pub(super) struct Watch {
    screen: Screen,
    latest: Latest,
    /// Line that says what is followed.
    caption: String,
}

/// Writer that keeps the latest lines. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Latest(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    /// Whole lines, the latest first.
    lines: VecDeque<String>,
    rest: Vec<u8>,
}

impl Latest {
    fn text(&self) -> String {
        let lines = &self.0.lock().unwrap_or_else(PoisonError::into_inner).lines;
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

impl Write for Latest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for &byte in bytes {
            if byte == b'\n' {
                let line = mem::take(&mut kept.rest);
                kept.lines.push_front(String::from_utf8_lossy(&line).into_owned());
                kept.lines.truncate(LATEST);
            } else {
                kept.rest.push(byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Watch {
    /// Creates the screen for findings that are written to `latest` as lines.
    pub(super) fn new(latest: Latest, caption: String) -> Self {
        Self { screen: Screen::default(), latest, caption }
    }

    /// Draws what was found so far, if the terminal has a size.
    pub(super) fn draw(&mut self, totals: &Totals) -> io::Result<()> {
        let Some(size) = Screen::size() else { return Ok(()) };
        let terminal = Screen::within(size);
        let text = self.text(totals, terminal)?;
        let mut output = io::stdout().lock();
        output.write_all(self.screen.draw(&text, terminal, size).as_bytes())?;
        output.flush()
    }

    fn text(&self, totals: &Totals, terminal: Terminal) -> io::Result<String> {
        let mut text = Vec::new();
        let mut headline = Vec::new();
        paragraph(&mut headline, terminal.width, "", &whole_headline(totals))?;
        for line in String::from_utf8_lossy(&headline).lines() {
            writeln!(text, "{}", terminal.bold(line))?;
        }
        paragraph(&mut text, terminal.width, "", &self.caption)?;
        let problems = &totals.problems;
        if let Some(last) = problems.last() {
            let line = format!("{}, the last: {last}", count(problems.len() as u64, "problem"));
            paragraph(&mut text, terminal.width, "", &line)?;
        }
        if let Some(counts) = &totals.finding_counts {
            table(&mut text, counts, terminal)?;
        }
        let latest = self.latest.text();
        if !latest.is_empty() {
            writeln!(text, "\n{}", terminal.bold("Latest findings, the newest first"))?;
            latest.lines().try_for_each(|line| paragraph(&mut text, terminal.width, "", line))?;
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Returns the headline, with the numbers of handshakes and captures that it is about.
fn whole_headline(totals: &Totals) -> String {
    if totals.captures.is_empty() {
        return "No capture is finished yet.".into();
    }
    let (handshakes, captures) = (totals.tally.handshakes, totals.captures.len() as u64);
    match handshakes {
        0 => format!("No handshake is old enough to be reported; {} read.", count(captures, "capture")),
        _ => format!("{} ({} in {})", headline(totals), count(handshakes, "handshake"), count(captures, "capture")),
    }
}

/// Writes the number of findings by listener, verdict and cause, the largest first.
fn table(text: &mut Vec<u8>, counts: &FindingCounts, terminal: Terminal) -> io::Result<()> {
    let mut rows: Vec<(u64, Option<Endpoint>, Verdict, Option<CauseKind>)> = Vec::new();
    for (listener, by_cause) in counts.iter() {
        rows.extend(by_cause.iter().map(|((verdict, cause), number)| (*number, listener, *verdict, *cause)));
    }
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_by_key(|row| Reverse(row.0));
    let hidden = rows.len().saturating_sub(ROWS);
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING).set_header(["Findings", "Listener", "Verdict", "Most likely cause"]);
    table.add_rows(rows.into_iter().take(ROWS).map(cells));
    table.column_iter_mut().for_each(|column| _ = column.set_padding((0, GAP)));
    if let Some(numbers) = table.column_mut(0) {
        numbers.set_cell_alignment(CellAlignment::Right);
    }
    let table = table.trim_fmt();
    let (header, rows) = table.split_once('\n').unwrap_or((&table, ""));
    writeln!(text, "\n{}\n{rows}", terminal.bold(header))?;
    if hidden > 0 {
        writeln!(text, "and {} with fewer findings", count(hidden as u64, "row"))?;
    }
    Ok(())
}

fn cells((number, listener, verdict, cause): (u64, Option<Endpoint>, Verdict, Option<CauseKind>)) -> [String; 4] {
    [
        grouped(number),
        listener.map_or_else(|| "others".into(), |listener| listener.to_string()),
        verdict.to_string(),
        cause.map_or_else(String::new, |cause| cause.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totals::cross_capture::tests::unanswered;

    const TERMINAL: Terminal = Terminal { width: 78, is_coloured: false };

    #[test]
    fn only_the_latest_lines_are_kept_and_half_a_line_waits() {
        let mut latest = Latest::default();
        for number in 0..LATEST + 9 {
            write!(latest, "{number}\nhalf ").unwrap();
        }
        let text = latest.text();
        assert_eq!((text.lines().count(), text.lines().next()), (LATEST, Some("half 508")));
    }

    #[test]
    fn the_largest_numbers_come_first_and_the_others_are_counted() {
        let mut counts = FindingCounts::default();
        let mut finding = unanswered(0);
        for port in 1..=20 {
            finding.server.port = port;
            (0..port).for_each(|_| counts.add(&finding));
        }
        let mut text = Vec::new();
        table(&mut text, &counts, TERMINAL).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("Findings  Listener") && lines[2].trim_start().starts_with("20  "), "{text}");
        assert_eq!((lines.len(), lines[10]), (11, "and 12 rows with fewer findings"), "{text}");
    }
}
