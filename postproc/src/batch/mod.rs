//! `syncookie analyze`: every capture through the engine, every finding into the report.

mod failure;
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
use crate::input::Position;
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
    let plan = walk::plan(&args.paths);
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
    let mut output = Output::open(&args.output).map_err(Failure::Output)?;
    let report = report::new(args.format, args.verbose, &mut output);
    let totals = match &baseline {
        None => analyse(&plan, report, console),
        Some(baseline) => only_new(&plan, OnlyNew::new(baseline, report), console),
    };
    let Some(totals) = totals.map_err(Failure::Output)? else { return Err(no_capture(plan)) };
    output.finish().map_err(Failure::Output)?;
    Ok(exit(args.fail_on.map(Confidence::from), &totals))
}

fn read_baseline(path: &Path) -> Result<Baseline, Failure> {
    Baseline::read(path).map_err(|reason| Failure::Baseline { path: path.into(), reason })
}

/// The same as [`analyse`], of what is new.
fn only_new(plan: &Plan, mut report: OnlyNew<'_>, console: &mut Console) -> io::Result<Option<Totals>> {
    let totals = analyse(plan, Box::new(&mut report), console)?;
    Ok(totals.map(|_| report.totals))
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
    begun: bool,
}

impl<'a> Batch<'a> {
    fn new(plan: &'a Plan, report: Box<dyn Report + 'a>, console: &'a mut Console) -> Self {
        console.expect(plan.sources.len(), plan.sources.iter().filter_map(|source| source.bytes).sum());
        Self { plan, report, console, totals: Totals::default(), begun: false }
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
        if !self.begun && self.totals.problems.iter().all(Problem::is_missing) {
            return Ok(None);
        }
        self.begin()?;
        self.report.end(&self.totals)?;
        Ok(Some(self.totals))
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
            let (capture, position) = match open(source) {
                Ok(opened) => opened,
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
            self.totals.handshake(finding);
            self.report.handshake(&self.totals.captures, finding)?;
        }
        Ok(())
    }
}
