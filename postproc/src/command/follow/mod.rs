//! `--follow`: analyses the files that a capture program writes into a folder, as each is finished.
//!
//! *folder* decides which files are finished, *records* which were read and how far their
//! handshakes were reported, *watched_series* what is read next, *chain* what is read into one
//! engine, and *journal* when results and state are written. Reading, judging, admission and
//! counting are done by the pipeline.
//!
//! After a restart, files with handshakes that were not reported are read again, and those before
//! them: they contain handshakes that cross from file to file, and others of the same listeners.

mod chain;
mod folder;
mod journal;
mod lines;
mod metrics;
mod opening;
mod records;
mod results;
mod screen;
mod shares;
mod state;
mod watched_series;

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::path::{self, PathBuf};
use std::time::{Duration, Instant};

use syncookie_terminal::{Screen, Terminal, escape_controls};

use super::failure::Failure;
use super::options::{assumptions, options, unread, use_time_zone};
use crate::cli::Analyze;
use crate::console::Console;
use crate::exit::{Exit, Threshold};
use crate::interrupt;
use crate::pipeline::{Extent, IdleThreads, Run};
use crate::report::{self, Format, Report, Style};
use crate::totals::Totals;

use folder::{Folder, SeriesFiles};
use journal::Journal;
use metrics::MetricsFile;
use results::Results;
use screen::{Latest, Watch};
use shares::Shares;
use state::{State, StateFile};
use watched_series::WatchedSeries;

/// Minimum time between two reads of the folder, and its ratio to the time that a read without new
/// files takes, so that waiting costs no more with very many files than with few.
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_RATIO: u32 = 50;

/// Follows the folder that the arguments name, until a signal comes.
pub fn run(args: &Analyze, console: &mut Console) -> Result<Exit, Failure> {
    let folder = match &args.paths[..] {
        [folder] if folder.is_dir() => folder,
        _ => return Err(Failure::NoFolderToFollow),
    };
    let format = args.reporting.format();
    if !matches!(format, Format::Table | Format::Jsonl) {
        return Err(Failure::FollowFormat);
    }
    if is_metrics_file_used_otherwise(args) {
        return Err(Failure::MetricsFileUsed);
    }
    use_time_zone(args.reporting.time, format == Format::Table)?;
    let (state_file, state) = match &args.state {
        Some(path) => StateFile::open(path).map(|(file, state)| (Some(file), state))?,
        None => (None, State::default()),
    };
    let options = options(&args.reporting, &args.resources)?;
    let results = Results::open(&args.reporting.output)?;
    let journal = Journal::new(state_file, state, results).map_err(Failure::Output)?;
    let latest = (format == Format::Table && can_redraw(args)).then(Latest::default);
    let mut report: Box<dyn Report + '_> = match (format, &latest) {
        (Format::Table, Some(latest)) => {
            Box::new(lines::Lines::new(latest.clone(), args.reporting.verbose).without_end())
        }
        (Format::Table, None) => Box::new(lines::Lines::new(journal.text(), args.reporting.verbose)),
        _ => {
            let terminal = Terminal::detect(false);
            let style = Style { terminal, is_verbose: args.reporting.verbose, has_byte_order_mark: false };
            report::new(format, style, journal.text())
        }
    };
    assumptions(&options).for_each(|assumed| console.remark(assumed));
    args.resources.remark().iter().for_each(|lowered| console.remark(lowered));
    let idle_threads = IdleThreads::new(options.threads.saturating_sub(1));
    let mut run = Run::new(Extent::Unending(&journal), &options, &mut *report, console);
    let metrics = args.metrics.as_deref().map(MetricsFile::new);
    if metrics.is_some() || latest.is_some() {
        run.count_findings();
    }
    let session = Session {
        run,
        journal: &journal,
        idle_threads: &idle_threads,
        shares: Shares::new(options.limits.handshakes, options.memory.handshakes()),
        is_verbose: args.reporting.verbose,
    };
    let folder = Folder::new(folder, &written(args));
    let watch = latest.map(|latest| {
        let name = escape_controls(&folder.path().display().to_string()).into_owned();
        Watch::new(latest, format!("Following {name} until Ctrl-C; a pipe gets each finding as a line."))
    });
    let has_state = args.state.is_some();
    let follower = Follower { folder, has_state, series: HashMap::new(), metrics, watch, session };
    let totals = follower.follow().map_err(Failure::Output)?;
    Ok(Exit::of(&totals, args.reporting.fail_on.map(Threshold::from)))
}

/// Returns whether the results go to a terminal that can be redrawn.
fn can_redraw(args: &Analyze) -> bool {
    args.reporting.output.as_os_str() == "-" && io::stdout().is_terminal() && Screen::size().is_some()
}

/// Returns whether the file with metrics, which is replaced, would also have the results or the state,
/// or is standard output.
fn is_metrics_file_used_otherwise(args: &Analyze) -> bool {
    if args.metrics.as_ref().is_some_and(|metrics| metrics.as_os_str() == "-") {
        return true;
    }
    let metrics = args.metrics.as_ref().and_then(|path| path::absolute(path).ok());
    metrics.is_some_and(|metrics| written(args).iter().filter(|path| **path == metrics).count() > 1)
}

/// Returns the absolute paths of the files that the run writes.
fn written(args: &Analyze) -> Vec<PathBuf> {
    let state = args.state.iter().flat_map(|path| StateFile::paths(path));
    state
        .chain([args.reporting.output.clone()])
        .chain(args.metrics.clone())
        .filter_map(|path| path::absolute(path).ok())
        .collect()
}

/// State that all series share.
struct Session<'a> {
    run: Run<'a>,
    journal: &'a Journal,
    idle_threads: &'a IdleThreads,
    shares: Shares,
    is_verbose: bool,
}

struct Follower<'a> {
    folder: Folder,
    has_state: bool,
    /// Series by the common part of their file names.
    series: HashMap<String, WatchedSeries<'a>>,
    metrics: Option<MetricsFile>,
    /// Screen, if the results go to a terminal.
    watch: Option<Watch>,
    session: Session<'a>,
}

impl Follower<'_> {
    fn follow(mut self) -> io::Result<Totals> {
        self.session.run.begin()?;
        let ending = if self.has_state {
            "the next run with this --state continues where this one ends"
        } else {
            "without --state, the next run starts from the beginning"
        };
        self.remark(&format!("following {} until Ctrl-C; {ending}", self.folder.path().display()));
        while !interrupt::is_requested() {
            let start = Instant::now();
            self.look()?;
            let looking = start.elapsed() * PAUSE_RATIO;
            // After a look that read files, more may be finished already, and a ring may reuse them.
            let has_read = self.session.journal.commit()?;
            if has_read {
                self.metrics.iter().try_for_each(|metrics| metrics.write(self.session.run.totals()))?;
                self.draw()?;
            }
            interrupt::wait(if has_read { PAUSE } else { PAUSE.max(looking) });
        }
        self.end()
    }

    fn remark(&mut self, text: &str) {
        self.session.run.remark(text);
    }

    fn draw(&mut self) -> io::Result<()> {
        let totals = self.session.run.totals();
        self.watch.as_mut().map_or(Ok(()), |watch| watch.draw(totals))
    }

    /// Reads the files that were finished since the last call.
    fn look(&mut self) -> io::Result<()> {
        let found = match self.folder.read() {
            Ok(found) => found,
            // The folder may come back, if it is on a network drive.
            Err(error) => {
                let path = self.folder.path().display().to_string();
                self.remark(&format!("{path} cannot be read: {error}; trying again"));
                return Ok(());
            }
        };
        let mut names: Vec<&String> = found.keys().collect();
        names.sort_unstable();
        for name in names {
            let journal = self.session.journal;
            let new = || WatchedSeries::new(name, journal.ask(|records| records.is_unfinished(name)));
            self.series.entry(name.clone()).or_insert_with(new).look(&found[name], &mut self.session)?;
            if interrupt::is_requested() {
                return Ok(());
            }
        }
        self.forget_deleted(&found);
        Ok(())
    }

    /// Forgets deleted files. A folder without any file may be a network drive that is not there.
    fn forget_deleted(&self, found: &HashMap<String, SeriesFiles>) {
        let files = || found.values().flat_map(|series| &series.files);
        let journal = self.session.journal;
        if files().next().is_some() && journal.ask(|records| records.forget_missing(files())) {
            journal.change(|_| ());
        }
    }

    /// Reports the remaining handshakes, unless a later run will.
    fn end(mut self) -> io::Result<Totals> {
        let mut series: Vec<_> = self.series.drain().collect();
        series.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, series) in &mut series {
            match self.has_state {
                true => series.leave(self.folder.path(), &mut self.session)?,
                false => series.finish(&mut self.session)?,
            }
        }
        let totals = self.session.run.end()?.unwrap_or_default();
        let has_read = self.session.journal.commit()?;
        self.metrics.iter().try_for_each(|metrics| metrics.write(&totals))?;
        if let Some(watch) = self.watch.as_mut().filter(|_| has_read) {
            watch.draw(&totals)?;
        }
        Ok(totals)
    }
}
