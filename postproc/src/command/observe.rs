//! `syncookie observe`: writes what judging needs of the handshakes of captures.

use super::analyze::remarks;
use super::failure::Failure;
use crate::cli::{Observe, ReadingResources};
use crate::console::Console;
use crate::exit::Exit;
use crate::observations::{self, ObservationFile, Observed, RowSink, Writer};
use crate::output::Output;
use crate::pipeline::stretch::Stretch;
use crate::pipeline::{Observer, Options, Problem};
use crate::source::walk::{self, Plan};
use crate::totals::Totals;

/// Runs the command, and returns how the run ended.
pub fn run(args: &Observe, console: &mut Console) -> Result<Exit, Failure> {
    let problems = observe(args, console)?;
    let is_interrupted = problems.iter().any(Problem::is_interruption);
    Ok(Exit::of(&Totals { is_interrupted, problems, ..Totals::default() }, None))
}

/// Observes the captures that the arguments name, and returns their problems.
pub fn observe(args: &Observe, observer: &mut dyn Observer) -> Result<Vec<Problem>, Failure> {
    let plan = walk::plan(&args.paths);
    if plan.reads(&args.output) {
        return Err(Failure::OutputIsInput);
    }
    let mut output = Output::open(&args.output).map_err(Failure::Output)?;
    if output.is_terminal() {
        return Err(Failure::binary_to_terminal());
    }
    let file = ObservationFile::new(&mut output).map_err(Failure::Output)?;
    let observed = observe_plan(&plan, args.stretch, &args.resources, file, observer)?;
    let is_of_nothing = if args.stretch.is_some() { plan.sources.is_empty() } else { observed.is_of_nothing() };
    if is_of_nothing && observed.problems.iter().all(Problem::is_missing) {
        return Err(Failure::no_capture(plan));
    }
    output.finish().map_err(Failure::Output)?;
    Ok(observed.problems)
}

/// Observes the captures of a plan, or a stretch of them, and passes the rows to a sink.
pub fn observe_plan(
    plan: &Plan,
    stretch: Option<Stretch>,
    resources: &ReadingResources,
    sink: impl RowSink,
    observer: &mut dyn Observer,
) -> Result<Observed, Failure> {
    remarks(plan, false, observer);
    resources.remark().iter().for_each(|lowered| observer.remark(lowered));
    let options = Options {
        limits: resources.limits(),
        memory: resources.max_memory,
        threads: resources.threads(),
        ..Options::default()
    };
    observer.expect(plan.sources.len(), plan.sources.iter().filter_map(|source| source.bytes).sum());
    let mut writer = Writer::new(plan, observer, sink);
    let observed = match stretch {
        Some(stretch) => observations::observe_stretch(plan, stretch, &options, &mut writer),
        None => observations::observe(plan, &options, &mut writer),
    };
    observed.map_err(Failure::Output)?;
    writer.finish().map_err(Failure::Output)
}
