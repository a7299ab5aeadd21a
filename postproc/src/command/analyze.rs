//! `syncookie analyze`: passes every capture to the engine and every finding to the report.

use super::failure::Failure;
use super::list_files;
use super::options::unread;
use super::reporting::Prepared;
use crate::cli::Analyze;
use crate::console::Console;
use crate::exit::Exit;
use crate::pipeline::{self, Observer};
use crate::source::walk::{self, Plan};

/// Analyses the captures that the arguments name.
pub fn run(args: &Analyze, console: &mut Console) -> Result<Exit, Failure> {
    let plan = walk::plan(&args.paths);
    remarks(&plan, args.reporting.verbose, console);
    if plan.reads(&args.reporting.output) {
        return Err(Failure::OutputIsInput);
    }
    let report = Prepared::new(&args.reporting, &args.resources)?;
    if args.list_files {
        return list_files::list(plan, report.format, report.output, console);
    }
    let exit = report.write(console, |options, report, console| {
        pipeline::analyze(&plan, options, report, console).map_err(Failure::Output)
    })?;
    exit.ok_or_else(|| Failure::no_capture(plan))
}

/// Writes remarks on files and folders that are not read.
pub(super) fn remarks(plan: &Plan, is_verbose: bool, observer: &mut dyn Observer) {
    unread(plan, is_verbose).for_each(|remark| observer.remark(&remark));
    for folder in plan.empty_dirs.iter().filter(|_| !plan.sources.is_empty()) {
        observer.remark(&format!("{} contains no capture", folder.display()));
    }
}
