//! The one driver of every command: captures of a series are read, their packets go to an engine, and what it finds goes to a
//! report.
//!
//! A [`SeriesReader`] takes the captures of a series one after the other and has the engine judge their handshakes. What it
//! finds arrives at a [`Run`], which weighs causes with the [`KernelCounters`], asks [`crate::filter::Admission`] whether it
//! is reported, counts it in the [`totals::Totals`] and gives it to the [`Report`]. [`analyze`] does all of that for captures
//! that are known at the beginning; who follows a folder uses a run and readers of its own.
//!
//! Nothing here knows of commands and their arguments.

mod capture_reader;
mod events;
mod frame_batch;
mod idle_threads;
mod kernel_counters;
mod observer;
mod producer;
mod run;
mod schedule;
mod series_reader;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use syncookie_engine::{CapturePoint, Limits};

use crate::capture::{Capture, OpenError};
use crate::filter::Rules;
use crate::input::Position;
use crate::report::Report;
use crate::source::walk::{Plan, Source};

pub use crate::problem::Problem;
use crate::totals::Totals;
pub(crate) use capture_reader::FAULTS_REPORTED;
pub use idle_threads::{IdleThreads, Permit};
pub use kernel_counters::KernelCounters;
pub use observer::{Observer, Silent};
pub use run::{EngineOptions, Extent, Run};
pub use series_reader::{NotRead, SeriesReader};

/// How captures are analysed, and what is reported of them.
#[derive(Debug)]
pub struct Options {
    /// What the engine may keep. What of a finding it builds, and which, is set by what the report needs.
    pub limits: Limits,
    /// Threads that read and judge. The findings are the same whatever their number.
    pub threads: usize,
    /// Which findings are reported.
    pub rules: Rules,
    /// What a server's kernel says, to weigh the causes of failures with.
    pub kernel: Option<KernelCounters>,
    /// Where the captures were taken, which weighs the causes of failures, too.
    pub capture_point: CapturePoint,
}

impl Default for Options {
    /// Everything is reported; one thread.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            threads: 1,
            rules: Rules::default(),
            kernel: None,
            capture_point: CapturePoint::default(),
        }
    }
}

/// Reads every capture of the plan and writes the report. Returns what all of them came to; `None`, with nothing written, when
/// there was nothing to report on.
///
/// # Errors
/// When the report cannot be written. What cannot be read is in [`Totals::problems`].
pub fn analyze(
    plan: &Plan,
    options: &Options,
    report: &mut dyn Report,
    observer: &mut dyn Observer,
) -> io::Result<Option<Totals>> {
    observer.expect(plan.sources.len(), plan.sources.iter().filter_map(|source| source.bytes).sum());
    let mut run = Run::new(Extent::Listed(&plan.sources), options, report, observer);
    plan.problems.iter().for_each(|problem| run.problem(problem.clone()));
    schedule::read_all(plan, options.threads, &mut run)?;
    run.end()
}

/// A capture that was opened, and how far it was read where it is compressed.
pub type Opened = (Capture<Box<dyn Read + Send>>, Option<Position>);

/// Opens a capture.
///
/// # Errors
/// When it cannot be read, or is not a capture.
pub fn open(source: &Source) -> Result<Opened, Problem> {
    let opened = source.open().map_err(OpenError::Io);
    opened.and_then(|input| Ok((Capture::open(input.reader)?, input.position))).map_err(|error| match error {
        OpenError::Io(error) => Problem::unreadable(&source.name, &error),
        OpenError::NotACapture(kind) => Problem::not_a_capture(&source.name, &kind),
        OpenError::Fault(fault) => Problem::fault(&source.name, &fault, 0),
    })
}
