//! The report for people: the answer in a sentence, the listeners, the findings, what could not be read.

use std::io::{self, Write};

use syncookie_engine::{Confidence, Finding};

use super::Report;
use super::answer::{answer, common_folder, cookie_style, read};
use super::findings::Groups;
use super::listeners::listener_table;
use super::story::{episode_line, failure, finding, more};
use super::wrap::paragraph;
use crate::totals::{CaptureTotals, Totals};
use crate::walk::Source;

/// Width where no terminal says its own.
const USUAL_WIDTH: usize = 100;

/// Rows of listeners, groups of findings, and episodes that are shown.
const LISTENERS: usize = 30;
const GROUPS: usize = 20;
const FAILED_GROUPS: usize = 10;
const EPISODES: usize = 10;

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

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        let capture = captures.get(finding.capture() as usize).map_or("", |capture| capture.name.as_str());
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
        if totals.captures.is_empty() {
            return Ok(());
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
