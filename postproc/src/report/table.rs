//! Report for people, of at most about 60 lines: the answer, the failures with their checks, the
//! listeners, and the unreadable captures. With `--verbose` it also lists every group of findings.

use std::io::{self, Write};

use syncookie_engine::{Confidence, DetailLevel, Finding};
use syncookie_terminal::{Terminal, count, escape_controls, paragraph};

use super::Report;
use super::answer::{common_folder, cookie_style, details_without_causes, failed, headline, read, undecided};
use super::caveats::{self, lacking, reset_acks};
use super::common_factors;
use super::comparison::lines;
use super::findings::Groups;
use super::listeners::ListenerTable;
use super::remedies::remedies;
use super::story::{episode_line, failure, finding, more, strongest};
use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};

/// Maximum rows of listeners, and problems, on one screen.
const LISTENERS: usize = 6;
const PROBLEMS: usize = 3;
/// Maximum reasons for `undetermined`.
const REASONS: usize = 3;

/// Maximum rows of listeners, groups of findings, and episodes with `--verbose`.
const ALL_LISTENERS: usize = 100;
const GROUPS: usize = 100;
const FAILED_GROUPS: usize = 50;
const EPISODES: usize = 100;

/// Collects a few examples of each group of findings, and writes the report at the end.
pub struct Table<W> {
    output: W,
    terminal: Terminal,
    /// Whether everything is written; otherwise only the most important.
    is_verbose: bool,
    groups: Groups,
    /// Folder that the names of all captures begin with: written once.
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
        totals.second_views().iter().for_each(|view| self.groups.remove(view));
        let totals = &*totals.by_connection();
        self.answer(totals)?;
        if self.is_verbose {
            self.failures(totals.noun())?;
        } else {
            remedies(&mut self.output, self.terminal, &self.groups, totals, &self.folder)?;
        }
        self.undetermined(totals)?;
        self.common_factors(totals)?;
        self.listeners(totals)?;
        self.resets_without_syn(totals)?;
        self.comparison(totals)?;
        if self.is_verbose {
            self.episodes(totals)?;
            self.findings(totals.noun())?;
        } else {
            // The findings of a folder have little in common; in one capture, the evidence of the
            // strongest shows what to look for.
            self.strongest(totals.captures.len() == 1)?;
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
        let code = if totals.strongest >= Some(Confidence::Likely) { "1;33" } else { "1" };
        // Coloured afterwards, because escape sequences would count as columns.
        let mut lines = Vec::new();
        paragraph(&mut lines, self.terminal.width, "", &headline(totals))?;
        for line in String::from_utf8_lossy(&lines).lines() {
            writeln!(self.output, "{}", self.terminal.paint(code, line))?;
        }
        let details = details_without_causes(totals);
        if !details.is_empty() {
            paragraph(&mut self.output, self.terminal.width, "", &details)?;
        }
        if totals.captures.is_empty() {
            return Ok(());
        }
        paragraph(&mut self.output, self.terminal.width, "", &read(totals, &self.folder))?;
        caveats::kernel(totals).try_for_each(|line| paragraph(&mut self.output, self.terminal.width, "", &line))
    }

    fn listeners(&mut self, totals: &Totals) -> io::Result<()> {
        let mut listeners: Vec<_> = totals.listeners.iter().collect();
        if listeners.is_empty() {
            return Ok(());
        }
        // Stable, so that listeners of equal weight stay sorted by address.
        listeners.sort_by_key(|(_, listener)| {
            let tally = &listener.tally;
            std::cmp::Reverse((
                failed(tally) + listener.stuck,
                listener.strongest,
                cookie_style(tally),
                tally.handshakes,
            ))
        });
        let most = if self.is_verbose { ALL_LISTENERS } else { LISTENERS };
        let shown = &listeners[..listeners.len().min(most)];
        let table = ListenerTable::new(self.terminal, shown, totals.noun(), self.is_verbose);
        writeln!(self.output, "\n{}\n{}", self.terminal.bold("Listeners"), table.text)?;
        if !table.omitted.is_empty() {
            let omitted = format!("Columns that do not fit: {} (--format html shows all)", table.omitted.join(", "));
            paragraph(&mut self.output, self.terminal.width, "", &omitted)?;
        }
        let others = listeners.len() - shown.len();
        let with = listeners[shown.len()..].iter().filter(|(_, listener)| listener.strongest.is_some()).count();
        match (others, with) {
            (0, _) => Ok(()),
            (_, 0) => {
                writeln!(self.output, "and {}, none with a SYN cookie or SYN proxy", count(others as u64, "other"))
            }
            _ => writeln!(
                self.output,
                "and {}, {with} of them with SYN cookies or a SYN proxy",
                count(others as u64, "other")
            ),
        }
    }

    /// Writes what would decide the undetermined handshakes, if no SYN cookie or SYN proxy was found.
    fn undetermined(&mut self, totals: &Totals) -> io::Result<()> {
        if undecided(totals) == 0 || totals.strongest.is_some() {
            return Ok(());
        }
        writeln!(
            self.output,
            "\n{}",
            self.terminal
                .bold(&format!("Undetermined {noun}s, by reason (a {noun} can have several)", noun = totals.noun()))
        )?;
        lacking(totals).into_iter().take(REASONS).try_for_each(|(reason, number)| {
            let line = format!("{}: {reason}", count(number, totals.noun()));
            paragraph(&mut self.output, self.terminal.width, "  ", &line)
        })
    }

    /// Writes which servers reset ACKs without a SYN, if there are handshakes, too.
    fn resets_without_syn(&mut self, totals: &Totals) -> io::Result<()> {
        let Some(resets) = reset_acks(totals) else { return Ok(()) };
        writeln!(self.output, "\n{}", self.terminal.bold("ACKs without a SYN"))?;
        let resets = resets.replace(&format!(" of {}", self.folder), " of ");
        paragraph(&mut self.output, self.terminal.width, "  ", &resets)
    }

    fn common_factors(&mut self, totals: &Totals) -> io::Result<()> {
        let sentences = common_factors::sentences(totals);
        if sentences.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("What failed handshakes have in common"))?;
        sentences.iter().try_for_each(|line| paragraph(&mut self.output, self.terminal.width, "  ", line))
    }

    fn comparison(&mut self, totals: &Totals) -> io::Result<()> {
        let lines = totals.comparison.as_ref().map(|compared| lines(compared, &self.folder)).unwrap_or_default();
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("Same connections in several captures"))?;
        lines.iter().try_for_each(|line| paragraph(&mut self.output, self.terminal.width, "  ", line))
    }

    fn episodes(&mut self, totals: &Totals) -> io::Result<()> {
        if totals.episodes.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("Episodes"))?;
        let meaning =
            "An episode is a period in which SYN cookies or a SYN proxy answered for a listener, at “likely” or above.";
        paragraph(&mut self.output, self.terminal.width, "  ", meaning)?;
        for (capture, episode) in totals.episodes.iter().take(EPISODES) {
            let name = totals.captures.get(*capture).filter(|_| totals.captures.len() > 1);
            let name = name.map(|capture| capture.name.strip_prefix(&self.folder).unwrap_or(&capture.name));
            let place = name.map_or_else(String::new, |name| format!(" ({})", escape_controls(name)));
            let line = format!("{}{place}", episode_line(episode, totals.noun()));
            paragraph(&mut self.output, self.terminal.width, "  ", &line)?;
        }
        more(&mut self.output, totals.episodes.len().saturating_sub(EPISODES), "episode")
    }

    fn findings(&mut self, noun: &str) -> io::Result<()> {
        let groups = self.groups.cookie_style();
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("Answered by a SYN cookie or SYN proxy"))?;
        let shown = groups.len().min(GROUPS);
        for group in &groups[..shown] {
            finding(&mut self.output, self.terminal, group, noun)?;
        }
        more(&mut self.output, groups.len() - shown, "group of findings")?;
        more(&mut self.output, self.groups.beyond as usize, "finding")
    }

    /// Writes the strongest finding, with its evidence if asked for.
    fn strongest(&mut self, has_evidence: bool) -> io::Result<()> {
        let groups = self.groups.cookie_style();
        let Some(group) = groups.first() else { return Ok(()) };
        writeln!(self.output, "\n{}", self.terminal.bold("Strongest finding"))?;
        strongest(&mut self.output, self.terminal, group, has_evidence)
    }

    fn failures(&mut self, noun: &str) -> io::Result<()> {
        let groups = self.groups.failed();
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("Failed or delayed, without a SYN cookie or SYN proxy"))?;
        let shown = groups.len().min(FAILED_GROUPS);
        for group in &groups[..shown] {
            failure(&mut self.output, self.terminal, group, noun)?;
        }
        more(&mut self.output, groups.len() - shown, "group of failures")
    }

    fn problems(&mut self, totals: &Totals) -> io::Result<()> {
        if totals.problems.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.terminal.bold("Not read completely"))?;
        let most = if self.is_verbose { usize::MAX } else { PROBLEMS };
        for problem in totals.problems.iter().take(most) {
            paragraph(&mut self.output, self.terminal.width, "  ", &problem.to_string())?;
        }
        more(&mut self.output, totals.problems.len().saturating_sub(most), "problem; standard error lists all")
    }

    fn how_to_see_more(&mut self, totals: &Totals) -> io::Result<()> {
        if totals.tally.handshakes == 0 {
            return Ok(());
        }
        writeln!(self.output)?;
        let more = "More: --verbose (evidence by group of findings), --format html -o report.html (charts, and a table \
                    to sort and filter), --format jsonl (all handshakes)";
        paragraph(&mut self.output, self.terminal.width, "", more)
    }
}
