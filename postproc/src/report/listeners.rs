//! Table of listeners.

use comfy_table::{CellAlignment, ContentArrangement, presets};
use syncookie_engine::{Endpoint, Outcome, Timestamp, Verdict};
use syncookie_terminal::{Terminal, display_width, grouped};

use super::answer::tally_of;
use crate::text::{second, zone_name};
use crate::totals::ListenerTotals;

/// Heading of a column, and the function that writes its cells.
type Column = (&'static str, fn(&Endpoint, &ListenerTotals) -> String);

/// Columns; a column without values is left out.
const COLUMNS: [Column; 18] = [
    ("Listener", |server, _| server.to_string()),
    ("Handshakes", |_, listener| grouped(listener.tally.handshakes)),
    ("Failed", |_, listener| cell(listener.all_failed())),
    ("Ordinary", |_, listener| verdict(listener, Verdict::Ordinary)),
    ("SYN\ncookie", |_, listener| verdict(listener, Verdict::SynCookie)),
    ("SYN\nproxy", |_, listener| verdict(listener, Verdict::SynProxy)),
    ("Undetermined", |_, listener| verdict(listener, Verdict::Undetermined)),
    ("Reset", |_, listener| outcome(listener, &[Outcome::ResetByServer, Outcome::ResetByClient])),
    ("Refused", |_, listener| outcome(listener, &[Outcome::Refused])),
    ("Unanswered", |_, listener| outcome(listener, &[Outcome::Unanswered])),
    ("Unacknowledged", |_, listener| outcome(listener, &[Outcome::Unacknowledged])),
    ("Stuck", |_, listener| cell(listener.stuck)),
    ("Confidence\n(max)", |_, listener| {
        listener.strongest.map_or_else(String::new, |confidence| confidence.to_string())
    }),
    ("Cookie or proxy\nsince (UTC)", |_, listener| {
        listener.cookie_style.map_or_else(String::new, |(first, _)| second(first))
    }),
    ("until\n(UTC)", |_, listener| listener.cookie_style.map_or_else(String::new, |(first, last)| until(first, last))),
    ("Time to\ncomplete:\nmedian", |_, listener| quantile(listener, 0.5)),
    ("\n\n95 %", |_, listener| quantile(listener, 0.95)),
    ("\n\nlongest", |_, listener| quantile(listener, 1.0)),
];

/// Columns with times from the first SYN to the client's ACK, which only the whole table has. The
/// first one has the heading of all, so it is left out last.
const TIMES: [usize; 3] = [15, 16, 17];

/// Columns with text, which is aligned left.
const LEFT: [usize; 4] = [0, 12, 13, 14];

/// Column with the number of failures, and columns with the numbers of each kind of failure.
const FAILED: usize = 2;
const FAILURES: std::ops::RangeInclusive<usize> = 7..=11;

/// Columns that are left out first on a narrow terminal: until, refused, unacknowledged, ordinary,
/// unanswered, undetermined, reset, confidence, times. The number of failures remains.
const DISPENSABLE: [usize; 11] = [14, 8, 10, 3, 9, 6, 7, 12, 16, 17, 15];

/// Spaces between columns.
const GAP: u16 = 2;

/// Table of listeners as text.
pub struct ListenerTable {
    /// The listeners, one per row.
    pub text: String,
    /// Headings of the columns that have values and do not fit.
    pub omitted: Vec<String>,
}

impl ListenerTable {
    /// Formats the listeners, which count what the noun says, with the times that handshakes took
    /// if `has_times`.
    pub fn new(
        terminal: Terminal,
        listeners: &[(&Endpoint, &ListenerTotals)],
        noun: &'static str,
        has_times: bool,
    ) -> Self {
        let rows: Vec<Vec<String>> = listeners
            .iter()
            .map(|(server, listener)| COLUMNS.iter().map(|(_, cell)| cell(server, listener)).collect())
            .collect();
        let is_used = |column: &usize| rows.iter().any(|row| !row[*column].is_empty());
        let all = (0..COLUMNS.len()).filter(|column| has_times || !TIMES.contains(column));
        let used: Vec<usize> = all.filter(is_used).collect();
        let shown = fitting(terminal, &rows, used.clone());
        let omitted = used.iter().filter(|column| !shown.contains(column));
        let omitted = omitted.map(|&column| one_line(column)).collect();
        Self { text: text(terminal, &rows, noun, &shown), omitted }
    }
}

/// Returns the heading of a column in one line.
fn one_line(column: usize) -> String {
    let heading = COLUMNS[column].0.trim().replace('\n', " ");
    if TIMES[1..].contains(&column) { format!("Time to complete: {heading}") } else { heading }
}

/// Formats these columns.
fn text(terminal: Terminal, rows: &[Vec<String>], noun: &str, shown: &[usize]) -> String {
    let heading = |&column: &usize| match COLUMNS[column].0 {
        "Handshakes" if noun == "connection" => "Connections".to_owned(),
        other => other.replace("UTC", zone_name()),
    };
    let mut table = comfy_table::Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(terminal.width as u16)
        .set_header(shown.iter().map(heading));
    for row in rows {
        table.add_row(shown.iter().map(|&column| row[column].as_str()));
    }
    for (position, &column) in shown.iter().enumerate() {
        let alignment = if LEFT.contains(&column) { CellAlignment::Left } else { CellAlignment::Right };
        if let Some(column) = table.column_mut(position) {
            column.set_cell_alignment(alignment);
            column.set_padding((0, GAP));
        }
    }
    table.trim_fmt()
}

/// Returns the columns that fit; the other formats have all columns. A column that repeats the number
/// of failures is left out first.
fn fitting(terminal: Terminal, rows: &[Vec<String>], mut columns: Vec<usize>) -> Vec<usize> {
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row[column].as_str()).chain([COLUMNS[column].0]);
        cells.flat_map(str::lines).map(display_width).max().unwrap_or(0) + usize::from(GAP)
    };
    let repeats = |column: &usize| rows.iter().all(|row| row[*column] == row[FAILED]);
    for dispensable in FAILURES.filter(repeats).chain(DISPENSABLE) {
        if columns.iter().map(|&column| widest(column)).sum::<usize>() <= terminal.width {
            break;
        }
        columns.retain(|&column| column != dispensable);
    }
    columns
}

/// Formats the number of handshakes with a verdict; empty for zero.
fn verdict(listener: &ListenerTotals, verdict: Verdict) -> String {
    cell(tally_of(&listener.tally, verdict))
}

/// Formats the last time: without the day if it is the same, empty if both times are the same.
fn until(first: Timestamp, last: Timestamp) -> String {
    let (from, to) = (second(first), second(last));
    if from == to {
        return String::new();
    }
    if from[..10] == to[..10] { to[11..].into() } else { to }
}

/// Formats the time that a share of the handshakes did not exceed.
fn quantile(listener: &ListenerTotals, share: f64) -> String {
    listener.durations.quantile(share).map_or_else(String::new, |seconds| match seconds {
        0.001.. => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{:.0} µs", seconds * 1e6),
    })
}

fn outcome(listener: &ListenerTotals, outcomes: &[Outcome]) -> String {
    cell(outcomes.iter().map(|&outcome| listener.tally.outcomes[outcome as usize]).sum())
}

fn cell(number: u64) -> String {
    if number == 0 { String::new() } else { grouped(number) }
}
