//! Files of one series: which of them are read, and which of their handshakes were reported.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::time::Instant;

use syncookie_engine::Timestamp;

use super::folder::{File, SeriesFiles};
use super::records::{Order, Standing};
use super::{Session, unread};
use crate::pipeline::{NotRead, Problem, SeriesReader};
use crate::source::series::{self, Member};
use crate::source::walk::{self, Source};

/// Time in nanoseconds after which a handshake is reported. All its packets arrive within two
/// minutes, because no cookie lives longer (Linux: `MAX_SYNCOOKIE_AGE`).
const PATIENCE: i64 = 120_000_000_000;

/// Series of files.
pub(super) struct WatchedSeries<'a> {
    /// Common part of the file names.
    name: String,
    /// Whether an earlier run left handshakes to be reported.
    is_unfinished: bool,
    /// Reader of the series, if the next file may continue the previous one.
    reader: Option<SeriesReader<'a>>,
    /// Numbers of the captures in its engine.
    captures: Vec<u32>,
    /// Time at which a file was last read.
    read_at: Option<Instant>,
    /// Truncation of files that may still be written to.
    held: BTreeMap<Order, Vec<Problem>>,
}

/// File to be read.
struct Reading<'f> {
    file: &'f File,
    source: Source,
    member: Member,
    /// Record of the file, unless it is new.
    order: Option<Order>,
    /// Whether the file is new or has changed. The others are read for the engine only.
    is_fresh: bool,
}

impl<'a> WatchedSeries<'a> {
    /// Continues a series where earlier runs ended.
    pub(super) fn new(name: &str, is_unfinished: bool) -> Self {
        Self {
            name: name.into(),
            is_unfinished,
            reader: None,
            captures: Vec::new(),
            read_at: None,
            held: BTreeMap::new(),
        }
    }

    /// Reads new files, and reports handshakes that are old enough.
    pub(super) fn look(&mut self, files: &SeriesFiles, session: &mut Session<'a>) -> io::Result<()> {
        let (mut new, mut changed) = (Vec::new(), BTreeSet::new());
        for file in files.finished.iter().map(|&index| &files.files[index]) {
            match session.journal.ask(|records| records.standing(file)) {
                Ok(Standing::New) => new.push(file),
                Ok(Standing::Changed(order)) => drop(changed.insert(order)),
                // A file that cannot be read now may have been renamed since the folder was read.
                Ok(Standing::Known) | Err(_) => {}
            }
        }
        self.report_held(files, session);
        self.share(session)?;
        if !new.is_empty() || !changed.is_empty() || self.is_unfinished {
            return self.read_all(&new, &changed, files, session);
        }
        // Nothing arrived for two minutes: no more packets of these handshakes will.
        if self.read_at.is_some_and(|at| at.elapsed().as_nanos() >= PATIENCE as u128) {
            self.read_at = None;
            self.report_until(None, session)?;
        }
        Ok(())
    }

    /// Reports handshakes early if other series need their memory.
    fn share(&mut self, session: &mut Session<'a>) -> io::Result<()> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let most = session.shares.of_each();
        if reader.handshakes() > most {
            session.run.set_max_handshakes(reader, most)?;
            session.shares.keep(&self.name, reader.handshakes());
        }
        Ok(())
    }

    /// Reports truncated files once a newer file exists.
    fn report_held(&mut self, files: &SeriesFiles, session: &mut Session<'a>) {
        if self.held.is_empty() {
            return;
        }
        let superseded: BTreeMap<&str, bool> =
            files.files.iter().map(|file| (file.name.as_str(), files.is_superseded(file))).collect();
        let Session { run, journal, .. } = session;
        self.held.retain(|order, problems| {
            let name = journal.ask(|records| records.get(*order).map(|record| record.name.clone()));
            match name.and_then(|name| superseded.get(name.as_str()).copied()) {
                Some(false) => true,
                Some(true) => {
                    problems.drain(..).for_each(|problem| run.problem(problem));
                    false
                }
                // It was deleted.
                None => false,
            }
        });
    }

    fn read_all(
        &mut self,
        new: &[&File],
        changed: &BTreeSet<Order>,
        files: &SeriesFiles,
        session: &mut Session<'a>,
    ) -> io::Result<()> {
        if !changed.is_empty() {
            self.abandon(session);
        }
        let mut readings = match self.reader {
            None => self.known(changed, files, session),
            Some(_) => Vec::new(),
        };
        readings.append(&mut self.new_captures(new, session));
        self.is_unfinished = false;
        for reading in readings {
            if !self.read(&reading, files.is_superseded(reading.file), session)? {
                return Ok(());
            }
        }
        self.read_at = Some(Instant::now());
        let end = self.reader.as_ref().and_then(SeriesReader::end);
        self.report_until(end.map(|end| Timestamp::from_nanos(end.as_nanos().saturating_sub(PATIENCE))), session)
    }

    /// Returns the captures that were read before and must be read again.
    fn known<'f>(&self, changed: &BTreeSet<Order>, files: &'f SeriesFiles, session: &Session<'a>) -> Vec<Reading<'f>> {
        let by_name: HashMap<&str, &File> = files.files.iter().map(|file| (file.name.as_str(), file)).collect();
        let named = session.journal.ask(|records| {
            let context = records.context(&self.name, changed).into_iter();
            context.filter_map(|order| Some((order, records.get(order)?.name.clone()))).collect::<Vec<_>>()
        });
        let reading = |(order, name): (Order, String)| {
            let file = *by_name.get(name.as_str())?;
            let source = walk::plan_found(&file.path).sources.pop()?;
            let member = Member { source: 0, start: series::start(&source) };
            Some(Reading { file, source, member, order: Some(order), is_fresh: changed.contains(&order) })
        };
        named.into_iter().filter_map(reading).collect()
    }

    /// Returns the captures among new files, in order of their first frames. Remarks name the other
    /// files.
    fn new_captures<'f>(&self, new: &[&'f File], session: &mut Session<'a>) -> Vec<Reading<'f>> {
        let mut readings = Vec::new();
        for (number, file) in new.iter().copied().enumerate() {
            let mut plan = walk::plan_found(&file.path);
            unread(&plan, session.is_verbose).for_each(|remark| session.run.remark(&remark));
            plan.problems.drain(..).for_each(|problem| session.run.problem(problem));
            match plan.sources.pop() {
                Some(source) => {
                    let member = Member { source: number, start: series::start(&source) };
                    readings.push(Reading { file, source, member, order: None, is_fresh: true });
                }
                None => session.journal.change(|records| records.add_other(file)),
            }
        }
        readings.sort_by_key(|reading| reading.member.order());
        readings
    }

    /// Reads a file. Returns `false` if a signal ended the run before.
    fn read(&mut self, reading: &Reading<'_>, is_superseded: bool, session: &mut Session<'a>) -> io::Result<bool> {
        let Reading { file, source, member, order, is_fresh } = reading;
        let end = self.reader.as_ref().and_then(SeriesReader::end);
        let continues = self.reader.is_some() && member.follows(end);
        if !continues {
            self.finish(session)?;
        }
        let Session { run, journal, .. } = session;
        let start = member.start.time();
        let order = order.unwrap_or_else(|| journal.change(|records| records.begin(file, start, continues)));
        let number = run.next_capture() as u32;
        journal.open(number, order);
        self.captures.push(number);
        let reader = self.reader.get_or_insert_with(|| SeriesReader::for_run(run, session.idle_threads));
        run.set_max_handshakes(reader, session.shares.of_growing(&self.name))?;
        let (problems, frames) = match run.read(reader, source, member)? {
            Ok(problems) => (problems, run.last_capture().map_or(0, |capture| capture.frames as u32)),
            Err(NotRead::Problem(problem)) => (vec![problem], 0),
            Err(NotRead::Interrupted) => return Ok(false),
        };
        if problems.iter().any(Problem::is_interruption) {
            return Ok(false);
        }
        session.shares.keep(&self.name, reader.handshakes());
        let end = reader.end();
        journal.change(|records| records.finish(order, file, frames, end));
        if *is_fresh {
            let is_held = |problem: &Problem| problem.is_cut() && !is_superseded;
            let (held, reported): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_held);
            if !held.is_empty() {
                self.held.insert(order, held);
            }
            reported.into_iter().for_each(|problem| run.problem(problem));
        }
        Ok(true)
    }

    /// Reports handshakes that began before `until`, or all handshakes.
    fn report_until(&mut self, until: Option<Timestamp>, session: &mut Session<'a>) -> io::Result<()> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let next = session.run.report_until(reader, until)?;
        session.journal.reported(&self.captures, next);
        Ok(())
    }

    /// Reports the remaining handshakes, because the next file does not continue this one.
    pub(super) fn finish(&mut self, session: &mut Session<'a>) -> io::Result<()> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        session.run.finish(reader)?;
        session.shares.keep(&self.name, 0);
        session.journal.reported(&self.captures, None);
        session.journal.close(self.captures.drain(..));
        Ok(())
    }

    /// Reports the handshakes of files that a later run cannot read again: a ring has reused or
    /// deleted them.
    pub(super) fn leave(&mut self, folder: &Path, session: &mut Session<'a>) -> io::Result<()> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let is_gone = |capture: &&u32| !session.journal.can_be_read_again(**capture, folder);
        let Some(&last) = self.captures.iter().rev().find(is_gone) else { return Ok(()) };
        let next = session.run.report_up_to(reader, last)?;
        session.journal.reported(&self.captures, next);
        Ok(())
    }

    /// Leaves the captures of the engine, because one of them is read again.
    fn abandon(&mut self, session: &mut Session<'a>) {
        self.reader = None;
        session.shares.keep(&self.name, 0);
        session.journal.close(self.captures.drain(..));
    }
}
