//! One series of files, on its way into the engine.

use std::collections::BTreeMap;
use std::io;
use std::time::{Instant, SystemTime};

use syncookie_engine::{Finding, HandshakeId, Timestamp};

use super::Teller;
use super::folder::File;
use super::reading::Reading;
use super::state::{Progress, Taken};
use crate::pipeline;
use crate::pipeline::totals::CaptureTotals;
use crate::problem::Problem;
use crate::source::series::{self, Member};
use crate::source::walk::{self, Source};

/// A handshake is told when the capture went on for as long, in nanoseconds: what belongs to it comes within two minutes,
/// since no cookie is older than that (Linux: `MAX_SYNCOOKIE_AGE`).
const PATIENCE: i64 = 120_000_000_000;

/// After a restart files are read again as far back, in nanoseconds: a listener's other handshakes tell of each one.
const CONTEXT: i64 = 600_000_000_000;

/// A series of files.
#[derive(Default)]
pub(super) struct Series {
    progress: Progress,
    /// What was read last, if the next file may go on from there.
    reading: Option<Reading>,
    /// The next handshake to tell.
    next: u64,
    /// When something was last taken in.
    taken_at: Option<Instant>,
    /// Faults at the end of files that may still be written to, by file.
    held: BTreeMap<String, Vec<Problem>>,
}

impl Series {
    /// One of which an earlier run took something in.
    pub(super) fn resumed(progress: Progress) -> Self {
        Self { progress, ..Self::default() }
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Takes in what is new, and tells what has become old enough; says whether anything changed.
    pub(super) fn look(&mut self, files: &[File], now: SystemTime, teller: &mut Teller<'_>) -> io::Result<bool> {
        let finished: Vec<&File> = files.iter().filter(|file| file.is_finished(files, now)).collect();
        self.forget(files);
        self.tell_held(files, teller);
        if finished.iter().any(|file| self.is_new(file)) {
            self.take(&finished, files, teller)?;
            return Ok(true);
        }
        // A capture that does not go on has told all it will.
        let is_over = self.taken_at.is_some_and(|at| at.elapsed().as_nanos() >= PATIENCE as u128);
        if is_over {
            self.taken_at = None;
            self.tell(None, teller)?;
        }
        Ok(is_over)
    }

    fn is_new(&self, file: &File) -> bool {
        self.progress.taken.get(&file.name()).is_none_or(|taken| taken.bytes != file.bytes)
    }

    /// Forgets files that are gone: a ring buffer deletes its oldest.
    fn forget(&mut self, files: &[File]) {
        let is_there = |name: &String| files.iter().any(|file| file.name() == *name);
        self.progress.taken.retain(|name, _| is_there(name));
        self.held.retain(|name, _| is_there(name));
    }

    /// Tells of files that they end in the middle of a frame, once nothing more can come.
    fn tell_held(&mut self, files: &[File], teller: &mut Teller<'_>) {
        for file in files.iter().filter(|file| file.is_superseded(files)) {
            if !self.is_new(file)
                && let Some(problems) = self.held.remove(&file.name())
            {
                problems.into_iter().for_each(|problem| teller.problem(problem));
            }
        }
    }

    fn take(&mut self, finished: &[&File], files: &[File], teller: &mut Teller<'_>) -> io::Result<()> {
        let has_grown = |file: &&&File| self.is_new(file) && self.progress.taken.contains_key(&file.name());
        if finished.iter().any(|file| has_grown(&file)) {
            self.reading = None;
        }
        let is_wanted = |file: &&&File| self.is_new(file) || self.reading.is_none() && self.is_context(file);
        let wanted: Vec<&File> = finished.iter().filter(is_wanted).copied().collect();
        for (source, member, file) in self.sources(&wanted, teller) {
            if self.reading.as_ref().is_some_and(|before| !member.follows(before.intake.totals.last)) {
                self.end(teller)?;
            }
            let is_known = !self.is_new(file);
            let Some(last) = self.read(&source, file, is_known, file.is_superseded(files), teller)? else {
                return Ok(());
            };
            self.progress.taken.insert(file.name(), Taken { bytes: file.bytes, last });
        }
        self.taken_at = Some(Instant::now());
        let last = self.reading.as_ref().and_then(|reading| reading.intake.totals.last);
        self.tell(last.map(|last| Timestamp::from_nanos(last.as_nanos().saturating_sub(PATIENCE))), teller)?;
        teller.report.flush()
    }

    /// Whether a file that was taken in before still tells of handshakes that were not told.
    fn is_context(&self, file: &File) -> bool {
        let taken = self.progress.taken.get(&file.name());
        let told = self.progress.told_until.unwrap_or(i64::MIN);
        taken.and_then(|taken| taken.last).is_some_and(|last| last >= told.saturating_sub(CONTEXT))
    }

    /// The captures among the files, in the order of their first frames; of the others it is said what they are.
    fn sources<'f>(&mut self, files: &[&'f File], teller: &mut Teller<'_>) -> Vec<(Source, Member, &'f File)> {
        let mut found = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let mut plan = walk::plan_found(&file.path);
            plan.problems.drain(..).for_each(|problem| teller.problem(problem));
            match plan.sources.pop() {
                Some(source) => {
                    let member = Member { source: number, start: series::start(&source) };
                    found.push((source, member, *file));
                }
                None => {
                    self.progress.taken.insert(file.name(), Taken { bytes: file.bytes, last: None });
                }
            }
        }
        found.sort_by_key(|(_, member, _)| (member.start.is_none(), member.start, member.source));
        found
    }

    /// Reads a file and returns the time of its last frame; `None` when somebody did not want to wait for that.
    fn read(
        &mut self,
        source: &Source,
        file: &File,
        is_known: bool,
        is_superseded: bool,
        teller: &mut Teller<'_>,
    ) -> io::Result<Option<Option<i64>>> {
        let index = teller.totals.captures.len();
        if self.reading.is_none() {
            self.next = 0;
        }
        let mut reading = Reading::new(&source.name, index, self.reading.take());
        teller.totals.captures.push(CaptureTotals { name: source.name.clone(), ..CaptureTotals::default() });
        teller.report.capture(source)?;
        let mut problems = Vec::new();
        match pipeline::open(source) {
            Ok(opened) => {
                let told_until = self.progress.told_until;
                reading.read(opened, |analyzer| {
                    for finding in analyzer.take_evicted() {
                        // Some of them may have been told before there were too many to keep.
                        if finding.id.0 >= self.next {
                            self.next = finding.id.0 + 1;
                            teller.tell(&finding, told_until)?;
                        }
                    }
                    Ok(())
                })?;
            }
            Err(problem) => problems.push(problem),
        }
        problems.extend(reading.intake.problems());
        let last = reading.intake.totals.last.map(Timestamp::as_nanos);
        teller.totals.captures[index].read(&reading.intake.totals);
        self.reading = Some(reading);
        if problems.iter().any(Problem::is_interruption) {
            return Ok(None);
        }
        if !is_known {
            let (held, told): (Vec<_>, Vec<_>) =
                problems.into_iter().partition(|problem| problem.is_cut() && !is_superseded);
            self.held.insert(file.name(), held);
            told.into_iter().for_each(|problem| teller.problem(problem));
        }
        Ok(Some(last))
    }

    /// Tells handshakes that began before `until`, or all.
    fn tell(&mut self, until: Option<Timestamp>, teller: &mut Teller<'_>) -> io::Result<()> {
        let Some(reading) = &mut self.reading else { return Ok(()) };
        while let Some(finding) = reading.analyzer.finding(HandshakeId(self.next)) {
            if until.is_some_and(|until| finding.time >= until) {
                break;
            }
            self.next += 1;
            teller.tell(&finding, self.progress.told_until)?;
        }
        let until =
            until.or(reading.intake.totals.last.map(|last| Timestamp::from_nanos(last.as_nanos().saturating_add(1))));
        self.progress.told_until = self.progress.told_until.max(until.map(Timestamp::as_nanos));
        Ok(())
    }

    /// Tells what is left of what was read: nothing goes on from there.
    pub(super) fn end(&mut self, teller: &mut Teller<'_>) -> io::Result<()> {
        let last = self.reading.as_ref().and_then(|reading| reading.intake.totals.last);
        let Some(reading) = self.reading.take() else { return Ok(()) };
        let mut findings = reading.analyzer.finish();
        for finding in std::mem::take(&mut findings.handshakes).iter().filter(|finding| finding.id.0 >= self.next) {
            teller.tell(finding, self.progress.told_until)?;
        }
        teller.totals.finish(reading.first as usize..=reading.index as usize, findings);
        self.progress.told_until = self.progress.told_until.max(last.map(|last| last.as_nanos().saturating_add(1)));
        Ok(())
    }
}

impl Teller<'_> {
    fn problem(&mut self, problem: Problem) {
        self.console.problem(&problem);
        self.totals.problems.push(problem);
    }

    /// Tells of a handshake, unless an earlier run did.
    fn tell(&mut self, finding: &Finding, told_until: Option<i64>) -> io::Result<()> {
        let is_new = told_until.is_none_or(|told| finding.time.as_nanos() >= told);
        let mut finding = finding.clone();
        self.capture_point.weigh(&mut finding);
        if is_new && self.totals.handshake(&finding) {
            self.report.handshake(&self.totals.captures, &finding)?;
        }
        Ok(())
    }
}
