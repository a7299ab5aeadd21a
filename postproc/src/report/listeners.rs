//! The table of listeners.

use comfy_table::{CellAlignment, ContentArrangement, presets};
use syncookie_engine::{Endpoint, Outcome, Verdict};

use super::answer::tally_of;
use super::table::Look;
use crate::text::{grouped, second};
use crate::totals::ListenerTotals;

/// A column of the table of listeners.
type Column = (&'static str, fn(&Endpoint, &ListenerTotals) -> String);

/// Columns that are left out where they would be empty.
const COLUMNS: [Column; 10] = [
    ("server", |server, _| server.to_string()),
    ("hand-\nshakes", |_, listener| grouped(listener.tally.handshakes)),
    ("ordinary", |_, listener| verdict(listener, Verdict::Ordinary)),
    ("syn-\ncookie", |_, listener| verdict(listener, Verdict::SynCookie)),
    ("syn-\nproxy", |_, listener| verdict(listener, Verdict::SynProxy)),
    ("undeter-\nmined", |_, listener| verdict(listener, Verdict::Undetermined)),
    ("reset", |_, listener| outcome(listener, &[Outcome::ResetByServer, Outcome::ResetByClient])),
    ("refused", |_, listener| outcome(listener, &[Outcome::Refused])),
    ("unans-\nwered", |_, listener| outcome(listener, &[Outcome::Unanswered, Outcome::Unacknowledged])),
    ("cookie-\nstyle since", |_, listener| {
        listener.cookie_style.map_or_else(String::new, |(first, _)| second(first).replace(' ', "\n"))
    }),
];

/// Columns that go first where there is no room: unanswered, refused, ordinary.
const DISPENSABLE: [usize; 3] = [8, 7, 2];

/// Between columns.
const GAP: u16 = 2;

/// The listeners, one a row.
pub fn listener_table(look: Look, listeners: &[(&Endpoint, &ListenerTotals)]) -> String {
    let rows: Vec<Vec<String>> = listeners
        .iter()
        .map(|(server, listener)| COLUMNS.iter().map(|(_, cell)| cell(server, listener)).collect())
        .collect();
    let wanted = columns(look, &rows);
    let mut table = comfy_table::Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(look.width as u16)
        .set_header(wanted.iter().map(|&column| COLUMNS[column].0));
    for row in &rows {
        table.add_row(wanted.iter().map(|&column| row[column].as_str()));
    }
    for (position, &column) in wanted.iter().enumerate() {
        let is_number = column > 0 && column < COLUMNS.len() - 1;
        let alignment = if is_number { CellAlignment::Right } else { CellAlignment::Left };
        if let Some(column) = table.column_mut(position) {
            column.set_cell_alignment(alignment);
            column.set_padding((0, GAP));
        }
    }
    table.trim_fmt()
}

/// The columns that have something in them and room; what a narrow terminal has none for is in the other formats.
fn columns(look: Look, rows: &[Vec<String>]) -> Vec<usize> {
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row[column].as_str()).chain([COLUMNS[column].0]);
        cells.flat_map(str::lines).map(|line| line.chars().count()).max().unwrap_or(0) + usize::from(GAP)
    };
    let mut wanted: Vec<usize> =
        (0..COLUMNS.len()).filter(|&column| rows.iter().any(|row| !row[column].is_empty())).collect();
    for dispensable in DISPENSABLE {
        if wanted.iter().map(|&column| widest(column)).sum::<usize>() <= look.width {
            break;
        }
        wanted.retain(|&column| column != dispensable);
    }
    wanted
}

/// A cell, empty for zero.
fn verdict(listener: &ListenerTotals, verdict: Verdict) -> String {
    cell(tally_of(&listener.tally, verdict))
}

fn outcome(listener: &ListenerTotals, outcomes: &[Outcome]) -> String {
    cell(outcomes.iter().map(|&outcome| listener.tally.outcomes[outcome as usize]).sum())
}

fn cell(number: u64) -> String {
    if number == 0 { String::new() } else { grouped(number) }
}
