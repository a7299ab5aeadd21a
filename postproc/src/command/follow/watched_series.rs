//! Files of one series: which of them are read, and which continue which.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;

use super::chain::{Chain, Read};
use super::folder::{File, SeriesFiles};
use super::records::{Order, Standing};
use super::{Session, unread};
use crate::pipeline::Problem;
use crate::source::file_times::{self, Start};
use crate::source::open_ends::OpenEnds;
use crate::source::series::Member;
use crate::source::walk::{self, Source};

/// Maximum number of engines of a series: rings that write to one folder, or the times before and
/// after a clock was set.
const CHAINS: usize = 4;

/// Series of files.
pub(super) struct WatchedSeries<'a> {
    /// Common part of the file names.
    name: String,
    /// Whether an earlier run left handshakes to be reported.
    is_unfinished: bool,
    /// Captures that a next file may continue, in the order in which they were last read.
    chains: Vec<Chain<'a>>,
    /// Ends of all captures that no other continues; `None` before the first file is read.
    ends: Option<OpenEnds>,
    /// Truncation of files that may still be written to.
    held: BTreeMap<Order, Vec<Problem>>,
}

/// File to be read.
pub(super) struct Reading<'f> {
    pub file: &'f File,
    pub source: Source,
    pub member: Member,
    /// Record of the file, unless it is new.
    pub order: Option<Order>,
    /// Whether the file is new or has changed. The others are read for the engine only.
    is_fresh: bool,
}

impl<'a> WatchedSeries<'a> {
    /// Continues a series where earlier runs ended.
    pub(super) fn new(name: &str, is_unfinished: bool) -> Self {
        Self { name: name.into(), is_unfinished, chains: Vec::new(), ends: None, held: BTreeMap::new() }
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
        self.chains.iter_mut().try_for_each(|chain| chain.share(session))?;
        if !new.is_empty() || !changed.is_empty() || self.is_unfinished {
            return self.read_all(&new, &changed, files, session);
        }
        self.chains.iter_mut().try_for_each(|chain| chain.report_if_quiet(session))
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
        if self.ends.is_none() && !self.read_again(changed, files, session)? {
            return Ok(());
        }
        self.is_unfinished = false;
        for reading in self.new_captures(new, session) {
            if !self.read_new(&reading, files, session)? {
                return Ok(());
            }
        }
        self.chains.iter_mut().try_for_each(|chain| chain.report_old(session))
    }

    /// Reads captures again that were not completely reported or have changed. Returns `false` if a
    /// signal ended the run before.
    fn read_again(
        &mut self,
        changed: &BTreeSet<Order>,
        files: &SeriesFiles,
        session: &mut Session<'a>,
    ) -> io::Result<bool> {
        // A file that has grown may have its first frames only now.
        for Reading { order, member, .. } in known(changed, changed, files, session) {
            let start = member.start.time();
            order.into_iter().for_each(|order| session.journal.change(|records| records.set_start(order, start)));
        }
        for orders in session.journal.ask(|records| records.context(&self.name, changed)) {
            if !self.reopen(&orders, changed, files, session)? {
                return Ok(false);
            }
        }
        self.ends = Some(session.journal.ask(|records| records.open_ends(&self.name)));
        Ok(true)
    }

    /// Reads captures that continue each other again. Returns `false` if a signal ended the run
    /// before.
    fn reopen<'o>(
        &mut self,
        orders: impl IntoIterator<Item = &'o Order>,
        changed: &BTreeSet<Order>,
        files: &SeriesFiles,
        session: &mut Session<'a>,
    ) -> io::Result<bool> {
        self.open(session)?;
        for reading in known(orders, changed, files, session) {
            if !self.read(&reading, files, session)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds an engine. If there are too many, the one that was used longest ago ends.
    fn open(&mut self, session: &mut Session<'a>) -> io::Result<()> {
        self.chains.push(Chain::new(session));
        if self.chains.len() > CHAINS { self.chains.remove(0).finish(session) } else { Ok(()) }
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
                    let member = Member { source: number, start: file_times::start(&source) };
                    readings.push(Reading { file, source, member, order: None, is_fresh: true });
                }
                None => session.journal.change(|records| records.add_other(file)),
            }
        }
        readings.sort_by_key(|reading| reading.member.order());
        readings
    }

    /// Reads a new file. Returns `false` if a signal ended the run before.
    fn read_new(&mut self, reading: &Reading<'_>, files: &SeriesFiles, session: &mut Session<'a>) -> io::Result<bool> {
        Ok(self.place(reading, files, session)? && self.read(reading, files, session)?)
    }

    /// Reads a file into the last engine. Returns `false` if a signal ended the run before.
    fn read(&mut self, reading: &Reading<'_>, files: &SeriesFiles, session: &mut Session<'a>) -> io::Result<bool> {
        let Some(chain) = self.chains.last_mut() else { return Ok(true) };
        let Some(read) = chain.read(reading, session)? else { return Ok(false) };
        if reading.order.is_none()
            && let Some((end, ends)) = read.end.zip(self.ends.as_mut())
        {
            ends.add(end, read.order);
        }
        self.note(read, reading, files, session);
        Ok(true)
    }

    /// Makes the captures that a new file continues, or none, the last of the chains. Returns
    /// `false` if a signal ended the run before.
    fn place(&mut self, reading: &Reading<'_>, files: &SeriesFiles, session: &mut Session<'a>) -> io::Result<bool> {
        let start = reading.member.start;
        if start == Start::NoFrame && !self.chains.is_empty() {
            return Ok(true);
        }
        while let Some(before) = start.time().and_then(|start| self.ends.as_mut()?.take(start, |_| true)) {
            if let Some(place) = self.chains.iter().position(|chain| chain.ends_with(before)) {
                self.chains[place..].rotate_left(1);
                return Ok(true);
            }
            let context = session.journal.ask(|records| records.context_of(&self.name, before));
            if !context.is_empty() {
                return self.reopen(&context, &BTreeSet::new(), files, session);
            }
        }
        for chain in self.chains.extract_if(.., |chain| chain.ends_long_before(start.time())) {
            chain.finish(session)?;
        }
        self.open(session)?;
        Ok(true)
    }

    /// Reports the problems of a file that was read, or keeps those that may pass.
    fn note(&mut self, read: Read, reading: &Reading<'_>, files: &SeriesFiles, session: &mut Session<'a>) {
        if !reading.is_fresh {
            return;
        }
        let is_superseded = files.is_superseded(reading.file);
        let is_held = |problem: &Problem| problem.is_cut() && !is_superseded;
        let (held, reported): (Vec<_>, Vec<_>) = read.problems.into_iter().partition(is_held);
        if !held.is_empty() {
            self.held.insert(read.order, held);
        }
        reported.into_iter().for_each(|problem| session.run.problem(problem));
    }

    /// Reports the remaining handshakes.
    pub(super) fn finish(&mut self, session: &mut Session<'a>) -> io::Result<()> {
        self.chains.drain(..).try_for_each(|chain| chain.finish(session))
    }

    /// Reports the handshakes of files that a later run cannot read again: a ring has reused or
    /// deleted them.
    pub(super) fn leave(&mut self, folder: &Path, session: &mut Session<'a>) -> io::Result<()> {
        self.chains.iter_mut().try_for_each(|chain| chain.leave(folder, session))
    }

    /// Leaves the captures of the engines, because one of them is read again.
    fn abandon(&mut self, session: &mut Session<'a>) {
        self.chains.drain(..).for_each(|chain| chain.abandon(session));
        self.ends = None;
    }
}

/// Returns the captures that were read before and must be read again.
fn known<'f, 'o>(
    orders: impl IntoIterator<Item = &'o Order>,
    changed: &BTreeSet<Order>,
    files: &'f SeriesFiles,
    session: &Session<'_>,
) -> Vec<Reading<'f>> {
    let by_name: HashMap<&str, &File> = files.files.iter().map(|file| (file.name.as_str(), file)).collect();
    let named = |&order: &Order| session.journal.ask(|records| Some((order, records.get(order)?.name.clone())));
    let reading = |(order, name): (Order, String)| {
        let file = *by_name.get(name.as_str())?;
        let source = walk::plan_found(&file.path).sources.pop()?;
        let member = Member { source: 0, start: file_times::start(&source) };
        Some(Reading { file, source, member, order: Some(order), is_fresh: changed.contains(&order) })
    };
    orders.into_iter().filter_map(named).filter_map(reading).collect()
}
