//! `syncookie kernel`: from the arguments to the exit code.

use std::io::{self, Write};
use std::path::Path;
use std::thread;

use syncookie_kernel::facts::Facts;
use syncookie_kernel::report::{self, Format, Options};
use syncookie_kernel::resource::Level;
use syncookie_kernel::{read, view::View};
use syncookie_terminal::{Screen, escape_controls};
use thiserror::Error;

use super::kernel_texts::{self, KernelTexts};
use crate::cli::{Kernel, KernelAction, KernelFormat, KernelLevel, Snapshot};
use crate::console::Console;
use crate::exit::Exit;
use crate::output::Output;

/// Reason why there is no report.
#[derive(Debug, Error)]
enum Failure {
    /// A file cannot be read or holds no kernel counters.
    #[error(transparent)]
    Read(read::Error),
    /// Part of the running machine cannot be read.
    #[error("{}: {error}", escape_controls(what))]
    Live {
        /// What cannot be read.
        what: String,
        #[source]
        error: io::Error,
    },
    /// The results cannot be written.
    #[error("cannot write the results: {0}")]
    Output(#[source] io::Error),
}

impl Failure {
    /// Reports that part of the running machine cannot be read.
    fn live(what: impl Into<String>, error: io::Error) -> Self {
        Self::Live { what: what.into(), error }
    }
}

/// Runs the command.
pub fn command(args: &Kernel) -> Exit {
    let done = match &args.action {
        Some(KernelAction::Snapshot(args)) => snapshot(args),
        None => report(args),
    };
    match done {
        Ok(exit) => exit,
        // The reader of the pipe closed it, as `head` does.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Analysed,
        Err(failure) => {
            Console::new(false).error(&failure);
            Exit::Failed
        }
    }
}

/// Writes reports of the files, or of the running machine.
fn report(args: &Kernel) -> Result<Exit, Failure> {
    let since = args.since.as_deref().map(|path| kernel_texts::samples([path])).transpose().map_err(Failure::Read)?;
    let since = since.map(|samples| samples.later);
    if !args.files.is_empty() {
        return saved(args, since.as_ref());
    }
    let mut before: Option<Vec<View>> = None;
    let mut samples = 0;
    let mut screen = Screen::default();
    loop {
        let facts = live::facts(args.netns.as_deref())?;
        let compared = |later| compare(later, before.as_deref().unwrap_or_default(), since.as_ref());
        let views: Vec<View> = facts.into_iter().map(compared).collect();
        write(args, &views, before.as_deref(), &mut screen)?;
        samples += 1;
        let Some(pause) = args.watch.filter(|_| args.count.is_none_or(|count| samples < count)) else {
            return Ok(exit(args, &views));
        };
        before = Some(views);
        thread::sleep(pause);
    }
}

/// Writes a report of the saved outputs that can be read, with the changes since an earlier sample if
/// one is given.
fn saved(args: &Kernel, since: Option<&Facts>) -> Result<Exit, Failure> {
    let texts = KernelTexts::read(&args.files);
    // A table lists them itself, and a reader sees them once.
    if args.format() != KernelFormat::Table || texts.facts.is_empty() {
        let mut console = Console::new(false);
        texts.errors.iter().for_each(|error| console.error(error));
    }
    if texts.facts.is_empty() {
        return Ok(Exit::Failed);
    }
    let notes = texts.notes();
    let samples = read::samples_by_namespace(texts.facts);
    let mut views: Vec<View> = match since {
        Some(since) => samples.into_iter().map(|samples| compare(samples.later, &[], Some(since))).collect(),
        None => samples.into_iter().map(View::from).collect(),
    };
    if let Some(view) = views.first_mut() {
        view.later.notes.splice(..0, notes);
    }
    write(args, &views, None, &mut Screen::default())?;
    Ok(match exit(args, &views) {
        Exit::Analysed if !texts.errors.is_empty() => Exit::Partly,
        exit => exit,
    })
}

/// Compares a sample with the one before it of the same namespace, or else with the snapshot that
/// was given.
fn compare(later: Facts, before: &[View], since: Option<&Facts>) -> View {
    let same = before.iter().map(|view| &view.later).find(|earlier| earlier.namespace == later.namespace);
    let earlier = same.or(since).cloned();
    View::new(later, earlier)
}

/// Returns the exit code that `--fail-on` asks for.
fn exit(args: &Kernel, views: &[View]) -> Exit {
    let wanted = args.fail_on.map(|level| match level {
        KernelLevel::Exhausted => Level::Exhausted,
        KernelLevel::Overflowing => Level::Overflowing,
        KernelLevel::Near => Level::Near,
        KernelLevel::Overflowed => Level::Overflowed,
    });
    let worst = views.iter().filter_map(View::level).min();
    match (wanted, worst) {
        (Some(wanted), Some(worst)) if worst <= wanted => Exit::Found,
        _ => Exit::Analysed,
    }
}

/// Writes a report; `before` has the samples of the one before. On a terminal, it takes the place
/// of that one.
fn write(args: &Kernel, views: &[View], before: Option<&[View]>, screen: &mut Screen) -> Result<(), Failure> {
    let mut output = Output::open(&args.output).map_err(Failure::Output)?;
    let options = Options {
        format: match args.format() {
            KernelFormat::Table => Format::Table,
            KernelFormat::Json => Format::Json,
            KernelFormat::Prometheus => Format::Prometheus,
        },
        is_terminal: output.is_terminal(),
        is_watch: args.watch.is_some(),
        // A file holds one report.
        is_again: before.is_some() && args.output.as_os_str() == "-",
        is_verbose: args.verbose,
    };
    let is_redrawn = options.is_watch && options.format == Format::Table && options.is_terminal;
    if is_redrawn && let Some(size) = Screen::size() {
        return report::redraw(screen, size, options, views, &mut output).map_err(Failure::Output);
    }
    let has_only_changes = options.is_again && options.format == Format::Table;
    if has_only_changes && before.is_some_and(|before| !report::has_changed(before, views)) {
        return Ok(());
    }
    report::write(options, views, &mut output).and_then(|()| output.finish()).map_err(Failure::Output)
}

fn snapshot(args: &Snapshot) -> Result<Exit, Failure> {
    let text = live::snapshot(args.netns.as_deref())?;
    write_text(&args.output, &text).map_err(Failure::Output)?;
    Ok(Exit::Analysed)
}

fn write_text(path: &Path, text: &str) -> io::Result<()> {
    let mut output = Output::open(path)?;
    output.write_all(text.as_bytes())?;
    output.finish()
}

#[cfg(target_os = "linux")]
mod live {
    use super::{Facts, Failure};
    use syncookie_kernel::live::{self, Namespace};

    /// Reads the facts about a namespace, or about all that can be entered.
    pub fn facts(netns: Option<&str>) -> Result<Vec<Facts>, Failure> {
        if netns != Some("all") {
            let namespace = find(netns)?;
            let mut facts = live::facts(&namespace).map_err(|error| closed(&namespace, error))?;
            facts.other_namespaces = other_namespaces(&namespace);
            return Ok(vec![facts]);
        }
        let all = Namespace::all().map_err(|error| Failure::live("network namespaces", error))?;
        let mut found = Vec::new();
        let mut refused = Vec::new();
        for namespace in &all {
            match live::facts(namespace) {
                Ok(facts) => found.push(facts),
                Err(error) => refused.push(format!("cannot enter the network namespace {}: {error}", namespace.name)),
            }
        }
        if let Some(first) = found.first_mut() {
            first.notes.extend(refused);
        }
        Ok(found)
    }

    pub fn snapshot(netns: Option<&str>) -> Result<String, Failure> {
        let namespace = find(netns)?;
        live::snapshot(&namespace).map_err(|error| closed(&namespace, error))
    }

    fn find(netns: Option<&str>) -> Result<Namespace, Failure> {
        match netns {
            None => Namespace::current().map_err(|error| Failure::live("/proc", error)),
            Some(text) => {
                Namespace::find(text).map_err(|error| Failure::live(format!("network namespace {text}"), error))
            }
        }
    }

    fn closed(namespace: &Namespace, error: std::io::Error) -> Failure {
        Failure::live(format!("cannot enter the network namespace {}", namespace.name), error)
    }

    /// Returns the names of the other namespaces of the machine.
    fn other_namespaces(read: &Namespace) -> Vec<String> {
        let all = Namespace::all().unwrap_or_default();
        all.into_iter().filter(|other| !other.is_same(read)).map(|other| other.name).collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod live {
    use super::{Facts, Failure};

    pub fn facts(_netns: Option<&str>) -> Result<Vec<Facts>, Failure> {
        Err(refused())
    }

    pub fn snapshot(_netns: Option<&str>) -> Result<String, Failure> {
        Err(refused())
    }

    fn refused() -> Failure {
        let text = "not a Linux kernel; give files that were saved on Linux";
        Failure::live("this machine", std::io::Error::new(std::io::ErrorKind::Unsupported, text))
    }
}
