//! `syncookie analyze`: every capture through the engine, every finding into the report.

mod bundle;
pub mod cross_capture;
mod events;
mod failure;
mod list;
mod reading;
mod run;
mod series;
mod spare;
mod supply;
#[cfg(test)]
mod tests;
pub mod totals;

use std::io::{self, Read};
use std::path::Path;

use syncookie_engine::{Confidence, Limits};
use syncookie_kernel::facts::Samples;

use crate::capture::{Capture, OpenError};
use crate::cli::Analyze;
use crate::command::explain::{Informed, host};
use crate::console::Console;
use crate::exit::Exit;
use crate::filter::Filter;
use crate::filter::baseline::{Baseline, OnlyNew};
use crate::interrupt;
use crate::output::Output;
use crate::pipeline::totals::Totals;
use crate::problem::Problem;
use crate::report::{self, Report};
use crate::source::input::Position;
use crate::source::walk::{self, Plan, Source};

pub use failure::Failure;
pub use reading::{FAULTS_TOLD, Intake};
use run::Batch;
pub use spare::Spare;
pub use supply::take_in;

/// Analyses what the arguments name.
pub fn run(args: &Analyze, console: &mut Console) -> Result<Exit, Failure> {
    let mut plan = walk::plan(&args.paths);
    plan.filter = Filter::new(&args.filter);
    plan.once = args.once;
    plan.capture_point = args.capture_point.into();
    for (path, reason) in plan.skipped.iter().filter(|_| args.verbose) {
        console.remark(&format!("{} {reason}: not read", path.display()));
    }
    for folder in &plan.barren {
        if !plan.sources.is_empty() {
            console.remark(&format!("{} holds no capture", folder.display()));
        }
    }
    if plan.reads(&args.output) {
        return Err(Failure::OutputIsInput);
    }
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let kernel = syncookie_kernel::read::files(&args.kernel).map_err(Failure::Kernel)?;
    let mut output = Output::open(&args.output).map_err(Failure::Output)?;
    if args.list_files {
        return list::list(plan, args.format, output, console);
    }
    if args.format.is_binary() && output.is_terminal() {
        return Err(Failure::Output(io::Error::other(
            "this format is nothing for a terminal; name a file, or pipe it",
        )));
    }
    let report = report::new(args.format, args.verbose, &mut output);
    if !args.kernel.is_empty() {
        console.remark(&host::assumed(&args.kernel, &kernel, args.server));
    }
    let resources = &args.resources;
    let mut run = |report| Batch::new(&plan, report, console, resources.limits(), resources.threads()).run();
    let totals = match &baseline {
        None => run(informed(args, &kernel, report)),
        Some(baseline) => {
            let mut report = OnlyNew::new(baseline, report);
            // Informed before it is compared: what the kernel says may put another cause first.
            let totals = run(informed(args, &kernel, Box::new(&mut report)));
            totals.map(|totals| totals.map(|_| report.totals))
        }
    };
    let Some(totals) = totals.map_err(Failure::Output)? else { return Err(no_capture(plan)) };
    output.finish().map_err(Failure::Output)?;
    Ok(exit(args.fail_on.map(Confidence::from), &totals))
}

/// A report that weighs causes with what the server's kernel says, where that was given.
fn informed<'a>(args: &Analyze, kernel: &Samples, report: Box<dyn Report + 'a>) -> Box<dyn Report + 'a> {
    if args.kernel.is_empty() {
        return report;
    }
    Box::new(Informed::new(report, host::host(kernel, args.server)))
}

fn read_baseline(path: &Path) -> Result<Baseline, Failure> {
    Baseline::read(path).map_err(|reason| Failure::Baseline { path: path.into(), reason })
}

/// Reads every capture of the plan, and hands what comes out to the report; `None`, with nothing handed out, when there was
/// nothing to report on.
pub fn analyse(plan: &Plan, report: Box<dyn Report + '_>, console: &mut Console) -> io::Result<Option<Totals>> {
    Batch::new(plan, report, console, Limits::default(), 1).run()
}

/// A capture that was opened, and how far it was read where it is compressed.
pub type Opened = (Capture<Box<dyn Read + Send>>, Option<Position>);

/// Opens a capture, or says why it cannot be read.
pub fn open(source: &Source) -> Result<Opened, Problem> {
    let opened = source.open().map_err(OpenError::Io);
    opened.and_then(|input| Ok((Capture::open(input.reader)?, input.position))).map_err(|error| match error {
        OpenError::Io(error) => Problem::unreadable(&source.name, &error),
        OpenError::NotACapture(kind) => Problem::not_a_capture(&source.name, &kind),
        OpenError::Fault(fault) => Problem::fault(&source.name, &fault, 0),
    })
}

/// The exit code that the findings and the problems make.
pub fn exit(threshold: Option<Confidence>, totals: &Totals) -> Exit {
    match threshold {
        // Before anything else: it is not known what the rest would have been.
        _ if totals.is_interrupted => Exit::Interrupted(interrupt::exit_code()),
        Some(threshold) if totals.strongest >= Some(threshold) => Exit::Found,
        _ if totals.problems.is_empty() => Exit::Analysed,
        _ => Exit::Partly,
    }
}

/// That nothing was found to read.
pub fn no_capture(plan: Plan) -> Failure {
    let example = plan.skipped.first().map(|(path, reason)| format!("{} {reason}", path.display()));
    Failure::NoCapture { folders: plan.barren, skipped: plan.skipped.len(), example }
}
