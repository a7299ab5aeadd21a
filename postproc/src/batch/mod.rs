//! `syncookie analyze`: every capture through the engine, every finding into the report.

mod failure;
mod list;
mod reading;
#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::path::Path;

use syncookie_engine::{Confidence, Finding};

use crate::baseline::{Baseline, OnlyNew};
use crate::capture::{Capture, OpenError};
use crate::cli::Analyze;
use crate::console::Console;
use crate::exit::Exit;
use crate::explain::{Informed, host};
use crate::filter::Filter;
use crate::input::Position;
use crate::interrupt;
use crate::kernel::facts::Looks;
use crate::output::Output;
use crate::problem::Problem;
use crate::report::{self, Report};
use crate::series::{self, Member};
use crate::totals::{CaptureTotals, Totals};
use crate::walk::{self, Plan, Source};

pub use failure::Failure;
pub use reading::FAULTS_TOLD;
use reading::Reading;

/// Analyses what the arguments name.
pub fn run(args: &Analyze, console: &mut Console) -> Result<Exit, Failure> {
    let mut plan = walk::plan(&args.paths);
    plan.filter = Filter::new(&args.filter);
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
    let kernel = Looks::read(&args.kernel).map_err(Failure::Kernel)?;
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
    let totals = match &baseline {
        None => analyse(&plan, informed(args, &kernel, report), console),
        Some(baseline) => {
            let mut report = OnlyNew::new(baseline, report);
            // Informed before it is compared: what the kernel says may put another cause first.
            let totals = analyse(&plan, informed(args, &kernel, Box::new(&mut report)), console);
            totals.map(|totals| totals.map(|_| report.totals))
        }
    };
    let Some(totals) = totals.map_err(Failure::Output)? else { return Err(no_capture(plan)) };
    output.finish().map_err(Failure::Output)?;
    Ok(exit(args.fail_on.map(Confidence::from), &totals))
}

/// A report that weighs causes with what the server's kernel says, where that was given.
fn informed<'a>(args: &Analyze, kernel: &Looks, report: Box<dyn Report + 'a>) -> Box<dyn Report + 'a> {
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
    Batch::new(plan, report, console).run()
}

/// A capture that was opened, and how far it was read where it is compressed.
type Opened = (Capture<Box<dyn Read + Send>>, Option<Position>);

/// Opens a capture, or says why it cannot be read.
pub fn open(source: &Source) -> Result<Opened, Problem> {
    let opened = source.open().map_err(OpenError::Io);
    opened.and_then(|input| Ok((Capture::open(input.reader)?, input.position))).map_err(|error| match error {
        OpenError::Io(error) => Problem::unreadable(&source.name, &error),
        OpenError::NotACapture(kind) => Problem::not_a_capture(&source.name, &kind),
        OpenError::Fault(fault) => Problem::fault(&source.name, &fault, 0),
    })
}

fn exit(threshold: Option<Confidence>, totals: &Totals) -> Exit {
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

/// One run over all captures.
struct Batch<'a> {
    plan: &'a Plan,
    report: Box<dyn Report + 'a>,
    console: &'a mut Console,
    totals: Totals,
    /// Places in the plan of captures that were not opened any more.
    not_reached: Vec<usize>,
    begun: bool,
}

impl<'a> Batch<'a> {
    fn new(plan: &'a Plan, report: Box<dyn Report + 'a>, console: &'a mut Console) -> Self {
        console.expect(plan.sources.len(), plan.sources.iter().filter_map(|source| source.bytes).sum());
        let totals = Totals { filter: plan.filter.clone(), ..Totals::default() };
        Self { plan, report, console, totals, not_reached: Vec::new(), begun: false }
    }

    /// Reads everything; `None`, with nothing written, when there was nothing to report on.
    fn run(mut self) -> io::Result<Option<Totals>> {
        let plan = self.plan;
        for problem in &plan.problems {
            self.problem(problem.clone());
        }
        for members in series::series(&plan.sources) {
            self.series(&members)?;
        }
        self.console.done();
        self.note_interruption();
        if !self.begun && self.totals.problems.iter().all(Problem::is_missing) {
            return Ok(None);
        }
        self.begin()?;
        self.report.end(&self.totals)?;
        Ok(Some(self.totals))
    }

    /// Says what was not read because somebody wanted the run to end.
    fn note_interruption(&mut self) {
        if let Some(first) = self.not_reached.iter().min() {
            let name = &self.plan.sources[*first].name;
            self.problem(Problem::not_reached(name, self.not_reached.len() as u64 - 1));
        }
        self.totals.is_interrupted = self.totals.problems.iter().any(Problem::is_interruption);
    }

    /// Writes the head of the report, once it is certain that there is something to report on.
    fn begin(&mut self) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            self.report.begin(&self.plan.sources)?;
        }
        Ok(())
    }

    fn problem(&mut self, problem: Problem) {
        self.console.problem(&problem);
        self.totals.problems.push(problem);
    }

    /// Reads files that may be one capture; as long as each goes on where the one before it ended, they are.
    fn series(&mut self, members: &[Member]) -> io::Result<()> {
        let mut reading: Option<Reading> = None;
        for member in members {
            let source = &self.plan.sources[member.source];
            if interrupt::is_requested() {
                self.not_reached.push(member.source);
                continue;
            }
            let (capture, position) = match open(source) {
                Ok(opened) => opened,
                // Nothing need be wrong with it: nobody waits for it any more.
                Err(_) if interrupt::is_requested() => {
                    self.not_reached.push(member.source);
                    continue;
                }
                Err(problem) => {
                    self.problem(problem);
                    continue;
                }
            };
            self.begin()?;
            if reading.as_ref().is_some_and(|before| !member.follows(before.totals.last)) {
                self.finish(reading.take())?;
            }
            reading = Some(self.capture(source, capture, position, reading)?);
        }
        self.finish(reading)
    }

    fn capture(
        &mut self,
        source: &Source,
        mut capture: Capture<Box<dyn Read + Send>>,
        position: Option<Position>,
        before: Option<Reading>,
    ) -> io::Result<Reading> {
        let index = self.totals.captures.len();
        let mut reading = Reading::new(source, index, before);
        let before = reading.analyzer.statistics().clone();
        self.totals.captures.push(CaptureTotals { name: source.name.clone(), ..CaptureTotals::default() });
        // What there is to read is counted as it is stored.
        let stored = |capture: &Capture<_>| position.as_ref().map_or(capture.offset(), Position::taken);
        while reading.round(&mut capture) {
            self.console.progress(&source.name, stored(&capture));
            self.handshakes(reading.analyzer.take_settled())?;
        }
        reading.totals.frames = capture.frames();
        reading.totals.statistics = reading.analyzer.statistics().since(&before);
        for problem in reading.problems() {
            self.problem(problem);
        }
        self.totals.captures[index].read(&reading.totals);
        self.console.read(stored(&capture));
        Ok(reading)
    }

    /// Judges what is left once nothing more comes.
    fn finish(&mut self, reading: Option<Reading>) -> io::Result<()> {
        let Some(reading) = reading else { return Ok(()) };
        let mut findings = reading.analyzer.finish();
        self.handshakes(std::mem::take(&mut findings.handshakes))?;
        self.totals.finish(reading.first as usize..=reading.index as usize, findings);
        Ok(())
    }

    fn handshakes(&mut self, findings: Vec<Finding>) -> io::Result<()> {
        for finding in &findings {
            if self.totals.handshake(finding) {
                self.report.handshake(&self.totals.captures, finding)?;
            }
        }
        Ok(())
    }
}
