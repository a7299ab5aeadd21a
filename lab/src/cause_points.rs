//! Which first cause a capture at the client, and one at the server, shows for each true cause, with
//! and without the server's counters: the cells of `docs/observability.md`, measured.

use crate::accuracy::read;
use crate::capture::Capture;
use crate::disturb::Disturbance;
use crate::judge;
use crate::record::causes::{FIRST_BAD, FIRST_UNJUDGED, Place, meets_cause};
use crate::score::cases;
use crate::truth::Truth;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use syncookie_engine::{Cause, Counter, CounterReading, Finding, Host};
use syncookie_testkit::rng::Rng;

/// Smallest share of right first causes over all cells in which the cause can be named.
pub const LEAST: f64 = 0.95;
/// The same with jitter and loss.
pub const LEAST_DISTURBED: f64 = 0.9;
/// Jitter and loss of that measurement.
pub const DISTURBED: Disturbance = Disturbance { jitter_ms: 10.0, loss: 0.02 };
/// Seeds of that measurement.
pub const SEEDS: std::ops::RangeInclusive<u64> = 1..=4;
/// Smallest share in one cell.
const LEAST_IN_CELL: f64 = 0.8;

/// First causes of the handshakes that met a cause, in one capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Number of these handshakes that the capture contains.
    pub handshakes: usize,
    /// Number of those whose first cause is right.
    pub right: usize,
    /// Number of those without a cause.
    pub none: usize,
    /// Wrong first causes, with their number.
    pub wrong: BTreeMap<String, usize>,
    /// Causes of handshakes that worked, with their number.
    pub working: BTreeMap<String, usize>,
}

/// Cells of one recording.
#[derive(Clone, Debug)]
pub struct Row {
    /// Name of the recording.
    pub name: String,
    /// True cause.
    pub cause: String,
    /// Cells in the order of [`Place::ALL`], and whether the cause can be named there.
    pub cells: [(Cell, bool); Place::ALL.len()],
}

/// Judges the recordings in a folder; without names, all of them.
pub fn rows(folder: &Path, names: &[String], worse: Disturbance, seed: u64) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for case in cases(folder)? {
        let name = case.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if names.is_empty() || names.contains(&name) {
            rows.push(row(&case, name, worse, seed)?);
        }
    }
    Ok(rows)
}

fn row(case: &Path, name: String, worse: Disturbance, seed: u64) -> io::Result<Row> {
    let mut cells = Vec::new();
    let mut cause = String::new();
    for place in Place::ALL {
        let mut rng = Rng::new(seed).fork(place.file()).fork(&name);
        let capture = worse.capture(read(&case.join(place.file()))?, &mut rng);
        cause = text(&capture.truth, "cause");
        let is_nameable = !capture.truth.more.get("undecidable").is_some_and(|places| lists(places, place.name()));
        cells.push((cell(&capture, &cause, place), is_nameable));
    }
    let cells = cells.try_into().map_err(|_| io::Error::other("a place is missing"))?;
    Ok(Row { name, cause, cells })
}

fn text(truth: &Truth, key: &str) -> String {
    truth.more.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}

fn lists(places: &serde_json::Value, name: &str) -> bool {
    places.as_array().is_some_and(|places| places.iter().any(|place| place == name))
}

fn cell(capture: &Capture, cause: &str, place: Place) -> Cell {
    let mut findings = judge::analyzer(capture).finish().handshakes;
    findings.sort_by_key(|finding| finding.time);
    let host = host(&capture.truth);
    let mut cell = Cell::default();
    for mut finding in of_interest(findings, cause) {
        if place.has_counters() {
            host.weigh(&mut finding);
        }
        let first = Cause::most_likely(&finding.causes).map(|first| first.kind.to_string());
        if is_failure(&finding, cause) {
            cell.add(first, cause);
        } else if let Some(first) = first {
            *cell.working.entry(first).or_default() += 1;
        }
    }
    cell
}

impl Cell {
    fn add(&mut self, first: Option<String>, cause: &str) {
        self.handshakes += 1;
        match first {
            Some(first) if first == cause => self.right += 1,
            Some(first) => *self.wrong.entry(first).or_default() += 1,
            None => self.none += 1,
        }
    }

    /// Returns the share of right first causes; 1 without handshakes.
    fn share(&self) -> f64 {
        if self.handshakes == 0 { 1.0 } else { self.right as f64 / self.handshakes as f64 }
    }
}

/// Returns the findings that are judged. Where connections went stale, the first one of each port
/// only prepared the failure.
fn of_interest(findings: Vec<Finding>, cause: &str) -> Vec<Finding> {
    let mut prepared = HashSet::new();
    let is_first = |finding: &Finding, prepared: &mut HashSet<u16>| {
        cause == "stale-connection" && meets_cause(finding.client.port) && prepared.insert(finding.client.port)
    };
    let is_judged = |finding: &Finding| is_flood(finding) || (FIRST_BAD..FIRST_UNJUDGED).contains(&finding.client.port);
    findings.into_iter().filter(|finding| is_judged(finding) && !is_first(finding, &mut prepared)).collect()
}

fn is_failure(finding: &Finding, cause: &str) -> bool {
    if cause == "syn-flood" { is_flood(finding) } else { meets_cause(finding.client.port) }
}

/// Returns whether a source of a flood sent the SYN (RFC 2544: 198.18.0.0/15).
fn is_flood(finding: &Finding) -> bool {
    matches!(finding.client.ip, std::net::IpAddr::V4(ip) if ip.octets()[0] == 198)
}

/// Returns what the server's kernel counted during the recording.
fn host(truth: &Truth) -> Host {
    let reading = |counter: &Counter| {
        let rose = u64::try_from(*truth.counters.get(counter.as_str())?).ok()?;
        Some((*counter, CounterReading { value: rose, rose: Some(rose) }))
    };
    Host { counters: Counter::ALL.iter().filter_map(reading).collect(), ..Host::default() }
}

/// Returns whether enough first causes are right: in each cell where the cause can be named, and
/// over all of them; and whether no handshake that worked has a cause.
#[must_use]
pub fn is_acceptable(rows: &[Row], least: f64) -> bool {
    let nameable =
        || rows.iter().flat_map(|row| &row.cells).filter(|(_, is_nameable)| *is_nameable).map(|(cell, _)| cell);
    let (all, right) = nameable().fold((0, 0), |(all, right), cell| (all + cell.handshakes, right + cell.right));
    let is_enough = all > 0 && right as f64 >= least * all as f64;
    is_enough && nameable().all(|cell| cell.handshakes > 0 && cell.share() >= LEAST_IN_CELL)
}

/// Returns the table in Markdown.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut text = "| true cause | recording | captured at | handshakes | right | another first | none | working ones with a cause |\n|---|---|---|---|---|---|---|---|\n".to_owned();
    let listed = |counts: &BTreeMap<String, usize>| {
        counts.iter().map(|(kind, count)| format!("{count} `{kind}`")).collect::<Vec<_>>().join(", ")
    };
    let (mut all, mut right) = (0, 0);
    for row in rows {
        for ((cell, is_nameable), place) in row.cells.iter().zip(Place::ALL) {
            let can = if *is_nameable { "" } else { " (undecidable)" };
            if *is_nameable {
                (all, right) = (all + cell.handshakes, right + cell.right);
            }
            let (wrong, working) = (listed(&cell.wrong), listed(&cell.working));
            let _ = writeln!(
                text,
                "| `{}` | `{}` | {}{can} | {} | {} | {wrong} | {} | {working} |",
                row.cause,
                row.name,
                place.name(),
                cell.handshakes,
                cell.right,
                cell.none
            );
        }
    }
    let share = 100.0 * right as f64 / all.max(1) as f64;
    let _ = writeln!(text, "\nWhere the cause can be named, {right} of {all} first causes are right ({share:.1} %).");
    text
}

/// Returns a table of the causes and places: right first causes and handshakes, undisturbed and
/// disturbed, where the cause can be named.
#[must_use]
pub fn matrix(undisturbed: &[Row], disturbed: &[Row]) -> String {
    let places = Place::ALL.map(Place::name).join(" | ");
    let mut text = format!("\n| true cause | {places} |\n|---|---|---|---|---|\n");
    let causes: BTreeSet<&str> = undisturbed.iter().map(|row| row.cause.as_str()).collect();
    for cause in causes {
        let cells = (0..Place::ALL.len()).map(|place| {
            let [undisturbed, disturbed] = [undisturbed, disturbed].map(|rows| sum(rows, cause, place));
            if undisturbed.ends_with("/0") { "–".to_owned() } else { format!("{undisturbed} · {disturbed}") }
        });
        let cells: Vec<_> = cells.collect();
        let _ = writeln!(text, "| `{cause}` | {} |", cells.join(" | "));
    }
    text.push('\n');
    text
}

/// Returns the right first causes and the handshakes of a cause at a place.
fn sum(rows: &[Row], cause: &str, place: usize) -> String {
    let cells = rows.iter().filter(|row| row.cause == cause).map(|row| &row.cells[place]);
    let nameable = cells.filter(|(_, is_nameable)| *is_nameable);
    let (right, all) = nameable.fold((0, 0), |(right, all), (cell, _)| (right + cell.right, all + cell.handshakes));
    format!("{right}/{all}")
}
