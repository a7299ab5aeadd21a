//! The report for people: the answer in a sentence, the listeners, the findings, what could not be read.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, presets};
use syncookie_engine::{Confidence, Endpoint, Episode, Finding, Outcome, Tally, Timestamp, Verdict};

use super::Report;
use super::findings::{Group, Groups};
use super::wrap::paragraph;
use crate::text::{Rfc3339, count, grouped, safe};
use crate::totals::{ListenerTotals, Totals};
use crate::walk::Source;

/// Width where no terminal says its own.
const USUAL_WIDTH: usize = 100;

/// Rows of listeners, groups of findings, and episodes that are shown.
const LISTENERS: usize = 30;
const GROUPS: usize = 20;
const FAILED_GROUPS: usize = 10;
const EPISODES: usize = 10;

/// Evidence shown of a finding: the strongest.
const EVIDENCE: usize = 5;

/// How a report looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns there are.
    pub width: usize,
    /// Whether colours and weights may be used; nothing is said by them alone.
    pub is_coloured: bool,
}

impl Look {
    /// As the terminal has it; without one, plain and of a usual width.
    pub fn of(is_terminal: bool) -> Self {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let terminal = is_terminal.then(terminal_size::terminal_size).flatten();
        let width = terminal.map(|(width, _)| usize::from(width.0)).or(columns).unwrap_or(USUAL_WIDTH);
        let is_unwanted = |name, unwanted: fn(&str) -> bool| std::env::var(name).is_ok_and(|value| unwanted(&value));
        let is_plain =
            is_unwanted("NO_COLOR", |value| !value.is_empty()) || is_unwanted("TERM", |value| value == "dumb");
        Self { width: width.clamp(60, 240), is_coloured: is_terminal && !is_plain }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.is_coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.into() }
    }

    fn heading(self, text: &str) -> String {
        self.paint("1", text)
    }
}

/// Gathers findings, a few examples of each kind, and writes all at the end.
pub struct Table<W> {
    output: W,
    look: Look,
    groups: Groups,
    /// What the names of all captures begin with, up to a folder's end: said once.
    folder: String,
}

impl<W: Write> Report for Table<W> {
    fn begin(&mut self, sources: &[Source]) -> io::Result<()> {
        self.folder = common_folder(sources.iter().map(|source| source.name.as_str()));
        Ok(())
    }

    fn handshake(&mut self, capture: &str, finding: &Finding) -> io::Result<()> {
        self.groups.add(capture.strip_prefix(&self.folder).unwrap_or(capture), finding);
        Ok(())
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        self.answer(totals)?;
        self.listeners(totals)?;
        self.episodes(totals)?;
        self.findings()?;
        self.failures()?;
        self.problems(totals)?;
        self.output.flush()
    }
}

impl<W: Write> Table<W> {
    pub fn new(output: W, look: Look) -> Self {
        Self { output, look, groups: Groups::default(), folder: String::new() }
    }

    fn answer(&mut self, totals: &Totals) -> io::Result<()> {
        let answer = answer(totals);
        let code = if totals.strongest >= Some(Confidence::Likely) { "1;33" } else { "1" };
        // Painted by the line, or the escapes would count as columns.
        let mut lines = Vec::new();
        paragraph(&mut lines, self.look.width, "", &answer)?;
        for line in String::from_utf8_lossy(&lines).lines() {
            writeln!(self.output, "{}", self.look.paint(code, line))?;
        }
        paragraph(&mut self.output, self.look.width, "", &read(totals, &self.folder))
    }

    fn listeners(&mut self, totals: &Totals) -> io::Result<()> {
        let mut listeners: Vec<_> = totals.listeners.iter().collect();
        if listeners.is_empty() {
            return Ok(());
        }
        // Stable, so that listeners of equal weight stay sorted by address.
        listeners.sort_by_key(|(_, listener)| {
            std::cmp::Reverse((listener.strongest, cookie_style(&listener.tally), listener.tally.handshakes))
        });
        let shown = &listeners[..listeners.len().min(LISTENERS)];
        writeln!(self.output, "\n{}\n{}", self.look.heading("Listeners"), listener_table(self.look, shown))?;
        more(&mut self.output, listeners.len() - shown.len(), "listener")
    }

    fn episodes(&mut self, totals: &Totals) -> io::Result<()> {
        if totals.episodes.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.look.heading("Episodes"))?;
        for (_, episode) in totals.episodes.iter().take(EPISODES) {
            paragraph(&mut self.output, self.look.width, "  ", &episode_line(episode))?;
        }
        more(&mut self.output, totals.episodes.len().saturating_sub(EPISODES), "episode")
    }

    fn findings(&mut self) -> io::Result<()> {
        let groups = self.groups.cookie_style();
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.look.heading("Answered with a SYN cookie or by a SYN proxy"))?;
        let shown = groups.len().min(GROUPS);
        for group in &groups[..shown] {
            finding(&mut self.output, self.look, group)?;
        }
        more(&mut self.output, groups.len() - shown, "kind of finding")?;
        more(&mut self.output, self.groups.beyond as usize, "finding")
    }

    fn failures(&mut self) -> io::Result<()> {
        let groups = self.groups.failed();
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.look.heading("Failed for other reasons"))?;
        let shown = groups.len().min(FAILED_GROUPS);
        for group in &groups[..shown] {
            failure(&mut self.output, self.look, group)?;
        }
        more(&mut self.output, groups.len() - shown, "kind of failure")
    }

    fn problems(&mut self, totals: &Totals) -> io::Result<()> {
        if totals.problems.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.look.heading("Not read, or not to the end"))?;
        totals
            .problems
            .iter()
            .try_for_each(|problem| paragraph(&mut self.output, self.look.width, "  ", &problem.to_string()))
    }
}

/// What all of it says, in one sentence.
fn answer(totals: &Totals) -> String {
    let found: Vec<_> = totals.listeners.iter().filter(|(_, listener)| cookie_style(&listener.tally) > 0).collect();
    let handshakes = totals.tally.handshakes;
    match (handshakes, &found[..]) {
        (0, _) => "No TCP handshake was found.".into(),
        (_, []) if tally_of(&totals.tally, Verdict::Ordinary) == 0 => {
            format!(
                "No SYN cookie and no SYN proxy was found, and of {} nothing can be told.",
                count(handshakes, "handshake")
            )
        }
        (_, []) => format!("No SYN cookie and no SYN proxy was found in {}.", count(handshakes, "handshake")),
        (_, found) => {
            let which = match found {
                [(server, _)] => server.to_string(),
                _ => format!("{} of {}", found.len(), count(totals.listeners.len() as u64, "listener")),
            };
            let surest = totals.strongest.map_or_else(String::new, |confidence| format!(", the surest {confidence}"));
            let reset = match totals.reset {
                0 => String::new(),
                number => format!(" {} reset by the server's side.", were(number)),
            };
            format!(
                "{which} {}: {} of {}{surest}.{reset}",
                style(&totals.tally),
                grouped(cookie_style(&totals.tally)),
                count(handshakes, "handshake"),
            )
        }
    }
}

fn were(number: u64) -> String {
    if number == 1 { "1 was".into() } else { format!("{} were", grouped(number)) }
}

fn style(tally: &Tally) -> &'static str {
    match (tally_of(tally, Verdict::SynCookie), tally_of(tally, Verdict::SynProxy)) {
        (_, 0) => "answered with SYN cookies",
        (0, _) => "had a SYN proxy answer instead",
        _ => "answered with SYN cookies or had a SYN proxy answer instead",
    }
}

/// The longest beginning that ends a folder and that all names share.
fn common_folder<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let first = names.next().unwrap_or_default();
    let mut folder = &first[..first.rfind('/').map_or(0, |end| end + 1)];
    for name in names {
        while !name.starts_with(folder) {
            folder = &folder[..folder.trim_end_matches('/').rfind('/').map_or(0, |end| end + 1)];
        }
    }
    folder.into()
}

/// How much was read, and of what time.
fn read(totals: &Totals, folder: &str) -> String {
    let frames = totals.captures.iter().map(|capture| capture.frames).sum();
    let first = totals.captures.iter().filter_map(|capture| capture.first).min();
    let last = totals.captures.iter().filter_map(|capture| capture.last).max();
    let span = match (first, last) {
        (Some(first), Some(last)) => format!(", {}", range(first, last)),
        _ => String::new(),
    };
    let early: u64 = totals.captures.iter().map(|capture| capture.statistics.settled_early).sum();
    let early = match early {
        0 => String::new(),
        _ => format!(" {} judged early, to bound memory.", count(early, "handshake")),
    };
    let problems = if totals.problems.is_empty() { "" } else { " Not everything could be read: see below." };
    let captures = count(totals.captures.len() as u64, "capture");
    let below = if folder.is_empty() { String::new() } else { format!(" below {}", safe(folder)) };
    format!("{} in {captures}{below}{span}.{early}{problems}", count(frames, "frame"))
}

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

fn listener_table(look: Look, listeners: &[(&Endpoint, &ListenerTotals)]) -> String {
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

/// When a listener answered cookie-style, and whether a flood of SYNs came with it.
fn episode_line(episode: &Episode) -> String {
    format!(
        "{}: {}, {}, {}; up to {} unacknowledged SYNs a second in it, {} before",
        episode.server,
        episode.verdict,
        count(episode.handshakes, "handshake"),
        range(episode.start, episode.end),
        grouped(episode.peak_unacknowledged_rate),
        grouped(episode.prior_unacknowledged_rate)
    )
}

/// One kind of finding of a listener: the strongest in full, the next ones in a line each.
fn finding(output: &mut dyn Write, look: Look, group: &Group) -> io::Result<()> {
    writeln!(output)?;
    paragraph(output, look.width, "  ", &title(group))?;
    for (number, (capture, finding)) in group.examples.iter().enumerate() {
        paragraph(output, look.width, if number == 0 { "    " } else { "    also " }, &line(capture, finding))?;
        if number == 0 {
            evidence(output, look, finding)?;
            cause(output, look, finding)?;
        }
    }
    more(output, (group.count as usize).saturating_sub(group.examples.len()), "handshake like these")
}

/// When, who, how sure, and where to look.
fn line(capture: &str, finding: &Finding) -> String {
    let assessment = &finding.assessment;
    let sure = match (assessment.confidence, assessment.log_odds) {
        (Some(confidence), Some(odds)) => format!("{confidence} ({odds:.1} nats)"),
        (Some(confidence), None) => confidence.to_string(),
        (None, _) => "confidence unknown".into(),
    };
    let implementations: Vec<_> = assessment.implementations.iter().map(|known| known.as_str()).collect();
    let like =
        if implementations.is_empty() { String::new() } else { format!(", like {}", implementations.join(" or ")) };
    format!(
        "{}{like}; {} UTC, client {}, {} {}",
        sure,
        microsecond(finding.time),
        finding.client,
        safe(capture),
        frames(finding)
    )
}

fn frames(finding: &Finding) -> String {
    let frames = &finding.frames;
    let parts: Vec<String> =
        [("SYN", frames.syn), ("SYN-ACK", frames.syn_ack), ("ACK", frames.ack), ("RST", frames.reset)]
            .into_iter()
            .filter_map(|(name, frame)| frame.map(|frame| format!("{name} {}", frame.number)))
            .collect();
    if parts.is_empty() { String::new() } else { format!("(frames: {})", parts.join(", ")) }
}

fn evidence(output: &mut dyn Write, look: Look, finding: &Finding) -> io::Result<()> {
    let evidence = &finding.assessment.evidence;
    for seen in evidence.iter().take(EVIDENCE) {
        let text = format!("{} [{}, {:.1} nats for {}]", safe(&seen.detail), seen.kind, seen.nats, seen.bearing);
        paragraph(output, look.width, "      - ", &text)?;
    }
    more_indented(output, evidence.len().saturating_sub(EVIDENCE), "      - ", "piece of evidence")
}

fn cause(output: &mut dyn Write, look: Look, finding: &Finding) -> io::Result<()> {
    let Some(cause) = finding.causes.first() else { return Ok(()) };
    let reasons =
        if cause.supporting.is_empty() { String::new() } else { format!(": {}", cause.supporting.join("; ")) };
    paragraph(output, look.width, "      most likely ", &safe(&format!("{}{reasons}", cause.kind)))?;
    paragraph(output, look.width, "      to check: ", &safe(&cause.check))
}

/// One kind of failure of a listener.
fn failure(output: &mut dyn Write, look: Look, group: &Group) -> io::Result<()> {
    writeln!(output)?;
    paragraph(output, look.width, "  ", &title(group))?;
    let Some((capture, finding)) = group.examples.first() else { return Ok(()) };
    cause(output, look, finding)?;
    let example = format!("client {}, {} {}", finding.client, safe(capture), frames(finding));
    paragraph(output, look.width, "      for example: ", &example)
}

/// Which listener, what is alike, how many and when.
fn title(group: &Group) -> String {
    let likeness = &group.likeness;
    let span = span(group.count, group.first, group.last);
    format!("{}: {}, {}; {span}", likeness.server, likeness.verdict, likeness.outcome)
}

/// How many, and when.
fn span(number: u64, first: Timestamp, last: Timestamp) -> String {
    match number {
        1 => "1 handshake".into(),
        _ => format!("{}, {}", count(number, "handshake"), range(first, last)),
    }
}

fn more(output: &mut dyn Write, number: usize, what: &str) -> io::Result<()> {
    more_indented(output, number, "    ", what)
}

fn more_indented(output: &mut dyn Write, number: usize, indent: &str, what: &str) -> io::Result<()> {
    match number {
        0 => Ok(()),
        1 => writeln!(output, "{indent}and 1 more {what}; --format jsonl has all"),
        _ => writeln!(output, "{indent}and {} more; --format jsonl has all", grouped(number as u64)),
    }
}

fn cookie_style(tally: &Tally) -> u64 {
    Verdict::ALL.iter().filter(|verdict| verdict.is_cookie_style()).map(|&verdict| tally_of(tally, verdict)).sum()
}

fn tally_of(tally: &Tally, verdict: Verdict) -> u64 {
    tally.verdicts[verdict as usize]
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

/// `2026-11-22 06:28:21 to 06:30:00 UTC`: what repeats is left out.
fn range(first: Timestamp, last: Timestamp) -> String {
    let (from, to) = (second(first), second(last));
    match to.strip_prefix(&from[..11]) {
        _ if from == to => format!("{from} UTC"),
        Some(time) => format!("{from} to {time} UTC"),
        None => format!("{from} to {to} UTC"),
    }
}

/// `2026-11-22 06:28:21`.
fn second(time: Timestamp) -> String {
    Rfc3339(time).to_string()[..19].replace('T', " ")
}

/// `2026-11-22 06:28:21.637922`.
fn microsecond(time: Timestamp) -> String {
    Rfc3339(time).to_string()[..26].replace('T', " ")
}
