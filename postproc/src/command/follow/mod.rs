//! `--follow`: analyses the files that a capture program writes into a folder, as each is finished.
//!
//! This module decides which files are finished, which series they belong to, what was reported
//! before, and when to read the folder again. Reading, judging, admission and counting are done by
//! the pipeline.
//!
//! The state file records which files were read, and up to which time their handshakes were
//! reported. After a restart, the files around that time are read again: they contain handshakes
//! that cross it, and others of the same listeners.

mod folder;
mod lines;
mod state;
mod watched_series;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use syncookie_engine::Confidence;
use syncookie_terminal::Terminal;

use super::failure::Failure;
use super::options::{options, unread};
use crate::cli::Analyze;
use crate::console::Console;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::Output;
use crate::pipeline::{Extent, IdleThreads, Run};
use crate::report::{self, Format, Report};
use crate::totals::Totals;

use folder::{File, files};
use state::State;
use watched_series::WatchedSeries;

/// Time between two checks for a signal, and number of checks between two reads of the folder.
const TICK: Duration = Duration::from_millis(100);
const TICKS: u32 = 5;

/// Follows the folder that the arguments name, until a signal comes.
pub fn run(args: &Analyze, console: &mut Console) -> Result<Exit, Failure> {
    let folder = match &args.paths[..] {
        [folder] if folder.is_dir() => folder,
        _ => return Err(Failure::NoFolderToFollow),
    };
    let state = State::load(args.state.as_deref())?;
    let (options, assumed) = options(args)?;
    let mut output = Output::append(&args.output).map_err(Failure::Output)?;
    let mut report: Box<dyn Report + '_> = match args.format {
        Format::Table => Box::new(lines::Lines::new(&mut output, args.verbose)),
        Format::Jsonl => report::new(args.format, Terminal::detect(false), args.verbose, &mut output),
        _ => return Err(Failure::FollowFormat),
    };
    assumed.iter().for_each(|assumed| console.remark(assumed));
    let idle_threads = IdleThreads::new(options.threads.saturating_sub(1));
    let run = Run::new(Extent::Unending, &options, &mut *report, console);
    let resumed = |(name, progress)| (name, WatchedSeries::resumed(progress));
    let series = state.series.into_iter().map(resumed).collect();
    let session = Session { run, idle_threads: &idle_threads, is_verbose: args.verbose };
    let totals = Follower { folder, state_file: args.state.as_deref(), series, session }.follow()?;
    drop(report);
    output.finish().map_err(Failure::Output)?;
    Ok(Exit::of(&totals, args.fail_on.map(Confidence::from)))
}

/// State that all series share.
struct Session<'a> {
    run: Run<'a>,
    idle_threads: &'a IdleThreads,
    is_verbose: bool,
}

struct Follower<'a> {
    folder: &'a Path,
    state_file: Option<&'a Path>,
    /// Series by the common part of their file names.
    series: BTreeMap<String, WatchedSeries<'a>>,
    session: Session<'a>,
}

impl Follower<'_> {
    fn follow(mut self) -> Result<Totals, Failure> {
        self.session.run.begin().map_err(Failure::Output)?;
        let ending = match self.state_file {
            Some(_) => "the next run with this --state continues where this one ends",
            None => "without --state, the next run starts from the beginning",
        };
        self.remark(&format!("following {} until Ctrl-C; {ending}", self.folder.display()));
        while !interrupt::is_requested() {
            if self.look().map_err(Failure::Output)? {
                self.save()?;
            }
            (0..TICKS).take_while(|_| !interrupt::is_requested()).for_each(|_| sleep(TICK));
        }
        self.end().map_err(Failure::Output)
    }

    fn remark(&mut self, text: &str) {
        self.session.run.remark(text);
    }

    /// Reads the files that were finished since the last call. Returns whether anything changed.
    fn look(&mut self) -> io::Result<bool> {
        let mut found: BTreeMap<String, Vec<File>> = BTreeMap::new();
        match files(self.folder) {
            Ok(files) => files.into_iter().for_each(|file| found.entry(file.series()).or_default().push(file)),
            // The folder may come back, if it is on a network drive.
            Err(error) => self.remark(&format!("{} cannot be read: {error}; trying again", self.folder.display())),
        }
        let now = SystemTime::now();
        let mut has_changed = false;
        for (name, files) in found {
            has_changed |= self.series.entry(name).or_default().look(&files, now, &mut self.session)?;
            if interrupt::is_requested() {
                break;
            }
        }
        Ok(has_changed)
    }

    fn save(&self) -> Result<(), Failure> {
        let Some(path) = self.state_file else { return Ok(()) };
        let series = self.series.iter().map(|(name, series)| (name.clone(), series.progress().clone())).collect();
        State { series, ..State::default() }.save(path)
    }

    /// Reports the remaining handshakes, unless a later run will.
    fn end(mut self) -> io::Result<Totals> {
        if self.state_file.is_none() {
            for series in self.series.values_mut() {
                series.finish(&mut self.session)?;
            }
        }
        Ok(self.session.run.end()?.unwrap_or_default())
    }
}
