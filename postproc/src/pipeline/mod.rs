//! Pipeline of every command: reads the captures of a series, passes their packets to the engine,
//! and reports the findings.
//!
//! A [`SeriesReader`] reads the captures of a series and has the engine judge their handshakes. A
//! [`Run`] takes the findings: it weighs causes with the [`KernelCounters`], asks
//! [`crate::filter::Admission`] whether to report each finding, counts it in the [`Totals`]
//! and passes it to the [`Report`]. [`analyze`] does all of this for a fixed list of captures. A
//! command that follows a folder uses its own run and readers.
//!
//! Nothing here knows of commands and their arguments.

mod backlog;
mod capture_reader;
mod defects;
mod engine;
mod events;
mod frame_batch;
mod idle_threads;
mod journal;
mod kernel_counters;
mod memory;
mod observer;
mod producer;
mod run;
mod schedule;
mod series_reader;
#[cfg(feature = "parquet")]
pub mod stretch;
#[cfg(test)]
mod tests;
mod unknown_links;

use std::io::{self, Read};

use syncookie_engine::{CapturePoint, Limits};

use crate::capture::{Capture, OpenError};
use crate::filter::Rules;
use crate::input::Position;
use crate::report::Report;
use crate::source::walk::{Plan, Source};

pub use crate::problem::Problem;
use crate::totals::Totals;
pub use defects::Defects;
pub(crate) use defects::FAULTS_REPORTED;
pub use engine::Engine;
pub use events::{Event, EventSink, SeriesSink};
pub use idle_threads::{IdleThreads, Permit};
pub use journal::Journal;
pub use kernel_counters::KernelCounters;
pub use memory::Memory;
pub use observer::{Observer, Silent};
pub use run::{EngineOptions, Extent, Run};
#[cfg(feature = "parquet")]
pub(crate) use schedule::read_all;
pub use series_reader::{NotRead, SeriesReader};
pub use unknown_links::UnknownLinks;

/// Options of an analysis and its report.
#[derive(Debug)]
pub struct Options {
    /// Limits of the engine. The report decides which parts of a finding the engine builds.
    pub limits: Limits,
    /// Maximum memory of the run. The limits of the engine fit into it.
    pub memory: Memory,
    /// Number of threads. The findings do not depend on it.
    pub threads: usize,
    /// Rules that select findings.
    pub rules: Rules,
    /// Counters of the kernels of a server and of its proxy, with which the causes of failures are
    /// weighed.
    pub kernel: Option<KernelCounters>,
    /// Place at which the captures were taken, which also weighs the causes of failures.
    pub capture_point: CapturePoint,
}

impl Default for Options {
    /// Returns options for one thread that report everything.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            memory: Memory::default(),
            threads: 1,
            rules: Rules::default(),
            kernel: None,
            capture_point: CapturePoint::default(),
        }
    }
}

/// Reads every capture of the plan and writes the report. Returns the totals; `None`, with nothing
/// written, if no capture was opened and every problem is a missing file.
///
/// # Errors
/// Fails if the report cannot be written. [`Totals::problems`] has what could not be read.
pub fn analyze(
    plan: &Plan,
    options: &Options,
    report: &mut dyn Report,
    observer: &mut dyn Observer,
) -> io::Result<Option<Totals>> {
    observer.expect(plan.sources.len(), plan.sources.iter().filter_map(|source| source.bytes).sum());
    let mut run = Run::new(Extent::Listed(&plan.sources), options, report, observer);
    plan.problems.iter().for_each(|problem| run.problem(problem.clone()));
    let engine = run.engine();
    schedule::read_all(plan, options, engine.handshakes(), || engine.analyzer(), &mut run)?;
    run.end()
}

/// Open capture, and the position in its file if it is compressed.
pub type Opened = (Capture<Box<dyn Read + Send>>, Option<Position>);

/// Opens a capture.
///
/// # Errors
/// Fails if it cannot be read or is not a capture.
pub fn open(source: &Source) -> Result<Opened, Problem> {
    let opened = source.open().map_err(OpenError::Io);
    opened.and_then(|input| Ok((Capture::open(input.reader)?, input.position))).map_err(|error| match error {
        OpenError::Io(error) => Problem::unreadable(&source.name, &error),
        OpenError::NotACapture(kind) => Problem::not_a_capture(&source.name, &kind),
        OpenError::Fault(fault) => Problem::fault(&source.name, &fault, 0),
    })
}
