//! Files of one series: which of them are read, and which of their handshakes were reported.

use std::collections::BTreeMap;
use std::io;
use std::time::{Instant, SystemTime};

use syncookie_engine::Timestamp;

use super::folder::File;
use super::state::{Progress, Taken};
use super::{Session, unread};
use crate::pipeline::{NotRead, Problem, SeriesReader};
use crate::source::series::{self, Member};
use crate::source::walk::{self, Source};

/// Time in nanoseconds after which a handshake is reported. All its packets arrive within two
/// minutes, because no cookie lives longer (Linux: `MAX_SYNCOOKIE_AGE`).
const PATIENCE: i64 = 120_000_000_000;

/// Time in nanoseconds for which files are read again after a restart: a handshake is judged
/// together with the others of its listener.
const CONTEXT: i64 = 600_000_000_000;

/// Series of files.
#[derive(Default)]
pub(super) struct WatchedSeries<'a> {
    progress: Progress,
    /// Reader of the series, if the next file may continue the previous one.
    reader: Option<SeriesReader<'a>>,
    /// Time at which a file was last read.
    read_at: Option<Instant>,
    /// Truncation of files that may still be written to, by file name.
    held: BTreeMap<String, Vec<Problem>>,
}

impl<'a> WatchedSeries<'a> {
    /// Continues where an earlier run ended.
    pub(super) fn resumed(progress: Progress) -> Self {
        Self { progress, ..Self::default() }
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Reads new files, and reports handshakes that are old enough. Returns whether anything
    /// changed.
    pub(super) fn look(&mut self, files: &[File], now: SystemTime, session: &mut Session<'a>) -> io::Result<bool> {
        let finished: Vec<&File> = files.iter().filter(|file| file.is_finished(files, now)).collect();
        self.forget(files);
        self.report_held(files, session);
        if finished.iter().any(|file| self.is_new(file)) {
            self.read_new(&finished, files, session)?;
            return Ok(true);
        }
        // Nothing arrived for two minutes: no more packets of these handshakes will.
        let is_over = self.read_at.is_some_and(|at| at.elapsed().as_nanos() >= PATIENCE as u128);
        if is_over {
            self.read_at = None;
            self.report_until(None, session)?;
        }
        Ok(is_over)
    }

    fn is_new(&self, file: &File) -> bool {
        self.progress.taken.get(&file.name()).is_none_or(|taken| taken.bytes != file.bytes)
    }

    /// Forgets deleted files: a ring buffer deletes its oldest.
    fn forget(&mut self, files: &[File]) {
        let is_there = |name: &String| files.iter().any(|file| file.name() == *name);
        self.progress.taken.retain(|name, _| is_there(name));
        self.held.retain(|name, _| is_there(name));
    }

    /// Reports truncated files once a newer file exists.
    fn report_held(&mut self, files: &[File], session: &mut Session<'a>) {
        for file in files.iter().filter(|file| file.is_superseded(files)) {
            if !self.is_new(file)
                && let Some(problems) = self.held.remove(&file.name())
            {
                problems.into_iter().for_each(|problem| session.run.problem(problem));
            }
        }
    }

    fn read_new(&mut self, finished: &[&File], files: &[File], session: &mut Session<'a>) -> io::Result<()> {
        let has_grown = |file: &&&File| self.is_new(file) && self.progress.taken.contains_key(&file.name());
        if finished.iter().any(|file| has_grown(&file)) {
            self.reader = None;
        }
        let is_wanted = |file: &&&File| self.is_new(file) || self.reader.is_none() && self.is_context(file);
        let wanted: Vec<&File> = finished.iter().filter(is_wanted).copied().collect();
        for (source, member, file) in self.sources(&wanted, session) {
            let goes_on = self.reader.as_ref().is_none_or(|reader| member.follows(reader.end()));
            if !goes_on {
                self.finish(session)?;
            }
            let is_superseded = file.is_superseded(files);
            let Some(last) = self.read(&source, &member, file, is_superseded, session)? else { return Ok(()) };
            self.progress.taken.insert(file.name(), Taken { bytes: file.bytes, last });
        }
        self.read_at = Some(Instant::now());
        let end = self.reader.as_ref().and_then(SeriesReader::end);
        self.report_until(end.map(|end| Timestamp::from_nanos(end.as_nanos().saturating_sub(PATIENCE))), session)
    }

    /// Returns whether a file that was read before is needed to judge handshakes that were not
    /// reported.
    fn is_context(&self, file: &File) -> bool {
        let taken = self.progress.taken.get(&file.name());
        let reported = self.progress.reported_until.unwrap_or(i64::MIN);
        taken.and_then(|taken| taken.last).is_some_and(|last| last >= reported.saturating_sub(CONTEXT))
    }

    /// Returns the captures among the files, in order of their first frames. Remarks name the other
    /// files.
    fn sources<'f>(&mut self, files: &[&'f File], session: &mut Session<'a>) -> Vec<(Source, Member, &'f File)> {
        let mut found = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let mut plan = walk::plan_found(&file.path);
            unread(&plan, session.is_verbose).for_each(|remark| session.run.remark(&remark));
            plan.problems.drain(..).for_each(|problem| session.run.problem(problem));
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

    /// Reads a file and returns the time of its last frame; `None` if a signal ended the run
    /// before.
    fn read(
        &mut self,
        source: &Source,
        member: &Member,
        file: &File,
        is_superseded: bool,
        session: &mut Session<'a>,
    ) -> io::Result<Option<Option<i64>>> {
        let run = &mut session.run;
        let reader = self.reader.get_or_insert_with(|| SeriesReader::for_run(run, session.idle_threads));
        run.set_reported_until(self.progress.reported_until.map(Timestamp::from_nanos));
        let (problems, last) = match run.read(reader, source, member)? {
            Ok(problems) => (problems, reader.end()),
            Err(NotRead::Problem(problem)) => (vec![problem], None),
            Err(NotRead::Interrupted) => return Ok(None),
        };
        if problems.iter().any(Problem::is_interruption) {
            return Ok(None);
        }
        if self.is_new(file) {
            let is_held = |problem: &Problem| problem.is_cut() && !is_superseded;
            let (held, reported): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_held);
            self.held.insert(file.name(), held);
            reported.into_iter().for_each(|problem| session.run.problem(problem));
        }
        Ok(Some(last.map(Timestamp::as_nanos)))
    }

    /// Reports handshakes that began before `until`, or all handshakes.
    fn report_until(&mut self, until: Option<Timestamp>, session: &mut Session<'a>) -> io::Result<()> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        session.run.set_reported_until(self.progress.reported_until.map(Timestamp::from_nanos));
        session.run.report_until(reader, until)?;
        let end = reader.end();
        self.progress.reported(until.or(end.map(just_after)));
        session.run.flush()
    }

    /// Reports the remaining handshakes, because the next file does not continue this one.
    pub(super) fn finish(&mut self, session: &mut Session<'a>) -> io::Result<()> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let end = reader.end();
        session.run.set_reported_until(self.progress.reported_until.map(Timestamp::from_nanos));
        session.run.finish(reader)?;
        self.progress.reported(end.map(just_after));
        Ok(())
    }
}

fn just_after(time: Timestamp) -> Timestamp {
    Timestamp::from_nanos(time.as_nanos().saturating_add(1))
}
