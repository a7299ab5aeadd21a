//! The report for people. On one screen: is there something, where and since when, what broke, what to do now, and
//! what could not be read; with `--verbose` every kind of finding, too.

use std::io::{self, Write};

use syncookie_engine::{Confidence, DetailLevel, Finding};
use syncookie_terminal::{Terminal, count, paragraph};

use super::Report;
use super::answer::{answer, common_folder, cookie_style, read};
use super::both_sides::lines;
use super::findings::Groups;
use super::listeners::listener_table;
use super::remedies::remedies;
use super::story::{episode_line, failure, finding, more, surest};
use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};

/// Rows of listeners, and problems, that one screen has room for.
const LISTENERS: usize = 6;
const PROBLEMS: usize = 3;

/// Rows of listeners, groups of findings, and episodes that are shown with `--verbose`.
const ALL_LISTENERS: usize = 100;
const GROUPS: usize = 100;
const FAILED_GROUPS: usize = 50;
const EPISODES: usize = 100;

/// Gathers findings, a few examples of each kind, and writes all at the end.
pub struct Table<W> {
    output: W,
    terminal: Terminal,
    /// Whether everything is written, however long it gets; otherwise what fits on one screen.
    is_verbose: bool,
    groups: Groups,
    /// What the names of all captures begin with, up to a folder's end: said once.
    folder: String,
}

impl<W: Write> Report for Table<W> {
    fn begin(&mut self, sources: &[Source]) -> io::Result<()> {
        self.folder = common_folder(sources.iter().map(|source| source.name.as_str()));
        Ok(())
    }

    fn detail(&self) -> DetailLevel {
        DetailLevel::Notable
    }

    fn draws(&self) -> bool {
        false
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        let capture = captures.get(finding.capture() as usize).map_or("", |capture| capture.name.as_str());
        self.groups.add(capture.strip_prefix(&self.folder).unwrap_or(capture), finding);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        self.answer(totals)?;
        self.listeners(totals)?;
        self.both_sides(totals)?;
        if self.is_verbose {
            self.episodes(totals)?;
            self.findings()?;
            self.failures()?;
        } else {
            remedies(&mut self.output, self.terminal, &self.groups)?;
            // A folder's findings have little in common; of one capture, the surest tells what to look for.
            if totals.captures.len() == 1 {
                self.surest()?;
            }
        }
        self.problems(totals)?;
        if !self.is_verbose {
            self.how_to_see_more(totals)?;
        }
        self.output.flush()
    }
}

impl<W: Write> Table<W> {
    pub fn new(output: W, terminal: Terminal, is_verbose: bool) -> Self {
        Self { output, terminal, is_verbose, groups: Groups::default(), folder: String::new() }
    }

    fn answer(&mut self, totals: &Totals) -> io::Result<()> {
        let answer = answer(totals);
        let code = if totals.strongest >= Some(Confidence::Likely) { "1;33" } else { "1" };
        // Painted by the line, or the escapes would count as columns.
        let mut lines = Vec::new();
        paragraph(&mut lines, self.terminal.width, "", &answer)?;
        for line in String::from_utf8_lossy(&lines).lines() {
            writeln!(self.output, "{}", self.terminal.paint(code, line))?;
        }
        if totals.captures.is_empty() {
            return Ok(());
        }
        paragraph(&mut self.output, self.terminal.width, "", &read(totals, &self.folder))
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
        let most = if self.is_verbose { ALL_LISTENERS } else { LISTENERS };
        let shown = &listeners[..listeners.len().min(most)];
        writeln!(self.output, "\n{}\n{}", self.terminal.bold("Listeners"), listener_table(self.terminal, shown))?;
        let others = listeners.len() - shown.len();
        let with = listeners[shown.len()..].iter().filter(|(_, listener)| listener.strongest.is_some()).count();
        match (others, with) {
            (0, _) => Ok(()),
            (_, 0) => writeln!(self.output, "and {}, none cookie-style", count(others as u64, "other")),
            _ => writeln!(self.output, "and {}, {with} of them cookie-style", count(others as u64, "other")),
        }
    }

    fn both_sides(&mut self, totals: &Totals) -> io::Result<()> {
        let lines = totals.compared().map(|compared| lines(&compared, &self.folder)).unwrap_or_default();
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("In two captures"))?;
        lines.iter().try_for_each(|line| paragraph(&mut self.output, self.terminal.width, "  ", line))
    }

    fn episodes(&mut self, totals: &Totals) -> io::Result<()> {
        if totals.episodes.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("Episodes"))?;
        for (_, episode) in totals.episodes.iter().take(EPISODES) {
            paragraph(&mut self.output, self.terminal.width, "  ", &episode_line(episode))?;
        }
        more(&mut self.output, totals.episodes.len().saturating_sub(EPISODES), "episode")
    }

    fn findings(&mut self) -> io::Result<()> {
        let groups = self.groups.cookie_style();
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("Answered with a SYN cookie or by a SYN proxy"))?;
        let shown = groups.len().min(GROUPS);
        for group in &groups[..shown] {
            finding(&mut self.output, self.terminal, group)?;
        }
        more(&mut self.output, groups.len() - shown, "kind of finding")?;
        more(&mut self.output, self.groups.beyond as usize, "finding")
    }

    /// The finding to begin with, and what it was read from.
    fn surest(&mut self) -> io::Result<()> {
        let groups = self.groups.cookie_style();
        let Some(group) = groups.first() else { return Ok(()) };
        writeln!(self.output, "\n{}", self.terminal.bold("The surest finding"))?;
        surest(&mut self.output, self.terminal, group)
    }

    fn failures(&mut self) -> io::Result<()> {
        let groups = self.groups.failed();
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("Failed for other reasons"))?;
        let shown = groups.len().min(FAILED_GROUPS);
        for group in &groups[..shown] {
            failure(&mut self.output, self.terminal, group)?;
        }
        more(&mut self.output, groups.len() - shown, "kind of failure")
    }

    fn problems(&mut self, totals: &Totals) -> io::Result<()> {
        if totals.problems.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("Not read, or not to the end"))?;
        let most = if self.is_verbose { usize::MAX } else { PROBLEMS };
        for problem in totals.problems.iter().take(most) {
            paragraph(&mut self.output, self.terminal.width, "  ", &problem.to_string())?;
        }
        more(&mut self.output, totals.problems.len().saturating_sub(most), "problem, named on standard error")
    }

    fn how_to_see_more(&mut self, totals: &Totals) -> io::Result<()> {
        if totals.tally.handshakes == 0 {
            return Ok(());
        }
        writeln!(self.output)?;
        let more = "More: --verbose for all of it, with evidence; --format html -o report.html for charts and a table \
                    to sort and filter; --format jsonl for programs";
        paragraph(&mut self.output, self.terminal.width, "", more)
    }
}
