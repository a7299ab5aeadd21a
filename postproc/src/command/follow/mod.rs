//! `--follow`: a folder into which a capture program writes one file after another, analysed as they are finished.
//!
//! What a restart needs is little: which files were taken in, and up to which time their handshakes were told. The files
//! around that time are read again, for the handshakes that run over it and for what the others tell of them.

mod folder;
mod lines;
mod reading;
mod series;
mod state;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use syncookie_engine::{CapturePoint, Confidence};

use crate::cli::{Analyze, Format};
use crate::console::Console;
use crate::exit::Exit;
use crate::filter::Filter;
use crate::interrupt;
use crate::output::Output;
use crate::pipeline::totals::Totals;
use crate::pipeline::{Failure, exit};
use crate::report::{self, Report};

use folder::{File, files};
use series::Series;
use state::State;

/// Between two looks at whether somebody wants this to end, and how many of them make one look at the folder.
const TICK: Duration = Duration::from_millis(100);
const TICKS: u32 = 5;

/// Follows the folder that the arguments name, until a signal comes.
pub fn run(args: &Analyze, console: &mut Console) -> Result<Exit, Failure> {
    let [folder] = &args.paths[..] else { return Err(Failure::NoFolderToFollow) };
    if !folder.is_dir() {
        return Err(Failure::NoFolderToFollow);
    }
    let state = State::load(args.state.as_deref()).map_err(Failure::State)?;
    let mut output = Output::append(&args.output).map_err(Failure::Output)?;
    let report: Box<dyn Report + '_> = match args.format {
        Format::Table => Box::new(lines::Lines::new(&mut output)),
        Format::Jsonl => report::new(args.format, false, &mut output),
        _ => return Err(Failure::FollowFormat),
    };
    let totals = Totals { filter: Filter::new(&args.filter), one_by_one: true, ..Totals::default() };
    let series =
        state.series.iter().map(|(name, progress)| (name.clone(), Series::resumed(progress.clone()))).collect();
    let teller = Teller { report, totals, console, capture_point: args.capture_point.into() };
    let mut follower = Follower { folder, state_file: args.state.as_deref(), series, teller };
    follower.follow()?;
    let totals = std::mem::take(&mut follower.teller.totals);
    drop(follower);
    output.finish().map_err(Failure::Output)?;
    Ok(exit(args.fail_on.map(Confidence::from), &totals))
}

/// Where findings go.
struct Teller<'a> {
    report: Box<dyn Report + 'a>,
    totals: Totals,
    console: &'a mut Console,
    capture_point: CapturePoint,
}

struct Follower<'a> {
    folder: &'a Path,
    state_file: Option<&'a Path>,
    /// By what the names of their files have in common.
    series: BTreeMap<String, Series>,
    teller: Teller<'a>,
}

impl Follower<'_> {
    fn follow(&mut self) -> Result<(), Failure> {
        self.teller.report.begin(&[]).map_err(Failure::Output)?;
        let ending = match self.state_file {
            Some(_) => "the next run with this --state goes on where this one ends",
            None => "without --state the next run begins anew",
        };
        self.teller.console.remark(&format!("following {}; Ctrl-C ends it, and {ending}", self.folder.display()));
        while !interrupt::is_requested() {
            if self.look().map_err(Failure::Output)? {
                self.save()?;
            }
            (0..TICKS).take_while(|_| !interrupt::is_requested()).for_each(|_| sleep(TICK));
        }
        self.end().map_err(Failure::Output)
    }

    /// Takes in what was finished since the last look, and says whether that changed anything.
    fn look(&mut self) -> io::Result<bool> {
        let mut found: BTreeMap<String, Vec<File>> = BTreeMap::new();
        match files(self.folder) {
            Ok(files) => files.into_iter().for_each(|file| found.entry(file.series()).or_default().push(file)),
            // It may come back: a network drive does.
            Err(error) => {
                self.teller.console.remark(&format!("{} cannot be looked into: {error}", self.folder.display()));
            }
        }
        let now = SystemTime::now();
        let mut has_changed = false;
        for (name, files) in found {
            has_changed |= self.series.entry(name).or_default().look(&files, now, &mut self.teller)?;
            if interrupt::is_requested() {
                break;
            }
        }
        Ok(has_changed)
    }

    fn save(&self) -> Result<(), Failure> {
        let Some(path) = self.state_file else { return Ok(()) };
        let series = self.series.iter().map(|(name, series)| (name.clone(), series.progress().clone())).collect();
        State { series, ..State::default() }.save(path).map_err(Failure::State)
    }

    /// Tells what is left, where no later run will.
    fn end(&mut self) -> io::Result<()> {
        if self.state_file.is_none() {
            for series in self.series.values_mut() {
                series.end(&mut self.teller)?;
            }
        }
        self.teller.report.end(&self.teller.totals)
    }
}

/// Why the state of an earlier run cannot be used, or not be kept.
#[derive(Debug)]
pub struct StateError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
}
