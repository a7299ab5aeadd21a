//! Entry points for bindings to other languages: a command with its arguments, whose rows are passed
//! on as Arrow.
//!
//! Observations are passed on, and taken, as batches with the columns of a file of observations.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Display;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use clap::Parser;
use thiserror::Error;

use crate::cli::{self, Cli, Command};
use crate::command;
use crate::command::failure::Failure;
use crate::command::options::options;
use crate::observations::{self, JudgeError, Reader, RowSink};
use crate::pipeline::{self, Silent};
use crate::report::parquet::BatchSink;
use crate::report::{self, model};
use crate::source::series::{self, Member};
pub use crate::source::stored::{Stored, StoredFile};
use crate::source::walk::{self, Plan};
pub use report::parquet::columns as finding_columns;

/// Reason why a command ended without results.
#[derive(Clone, Debug, Error)]
pub enum BindingError {
    /// The arguments are wrong.
    #[error("{0}")]
    Usage(String),
    /// The command failed.
    #[error("{0}")]
    Failed(String),
}

impl From<Failure> for BindingError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

/// Batches of observations.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// Name of observations that come in batches, in messages.
const OBSERVATIONS: &str = "the observations";

/// Runs `analyze` or `judge` with these arguments, which begin with the name of the command, and
/// passes the findings to a sink. `judge` judges these observations, if they are given, and not
/// those of files. Options about the output and the console do not matter.
///
/// # Errors
/// Fails if the arguments are wrong, no capture is found, observations cannot be read, or the sink
/// fails. The object `summary` has the problems of captures.
pub fn findings(
    args: &[OsString],
    observations: Option<Batches>,
    sink: impl BatchSink + Send,
) -> Result<(), BindingError> {
    let report = &mut report::parquet::Batches::new(sink);
    let (plan, totals) = match parse(args)? {
        Command::Analyze(args) => {
            let plan = walk::plan(&args.paths);
            let totals = pipeline::analyze(&plan, &options(&args.reporting, &args.resources)?, report, &mut Silent);
            (plan, totals.map_err(failed)?)
        }
        Command::Judge(args) => {
            let options = options(&args.reporting, &args.resources)?;
            let totals = match observations {
                Some(batches) => Reader::of_batches(batches)
                    .map_err(|reason| JudgeError::Read { path: OBSERVATIONS.into(), reason })
                    .and_then(|reader| {
                        observations::judge_rows(vec![(OBSERVATIONS.into(), reader)], &options, report, &mut Silent)
                    }),
                None => observations::judge(&args.files, &options, report, &mut Silent),
            };
            (Plan::default(), totals.map_err(failed)?)
        }
        _ => return Err(BindingError::Usage("the command has no findings".to_owned())),
    };
    match totals {
        Some(_) => Ok(()),
        None => Err(Failure::no_capture(plan).into()),
    }
}

/// Runs `observe` with these arguments, which begin with the name of the command, and returns the
/// problems of captures as a JSON array.
///
/// # Errors
/// Fails if the arguments are wrong, no capture is found, or the observations cannot be written.
pub fn observe(args: &[OsString]) -> Result<String, BindingError> {
    let Command::Observe(args) = parse(args)? else {
        return Err(BindingError::Usage("the command does not observe".to_owned()));
    };
    let problems = command::observe::observe(&args, &mut Silent)?;
    model::problems(&problems).map_err(failed)
}

/// Runs `observe` and passes the observations to a sink. Observes these files, if they are given,
/// and not those that the arguments name; then it is no error if none of them is a capture.
///
/// # Errors
/// As [`observe`]; fails if the sink fails.
pub fn observe_to(args: &[OsString], files: Option<&[StoredFile]>, sink: impl RowSink) -> Result<String, BindingError> {
    let Command::Observe(args) = parse(args)? else {
        return Err(BindingError::Usage("the command does not observe".to_owned()));
    };
    let plan = files.map_or_else(|| walk::plan(&args.paths), walk::plan_stored);
    let observed = command::observe::observe_plan(&plan, args.stretch, &args.resources, sink, &mut Silent)?;
    if files.is_none() && observed.is_of_nothing() {
        return Err(Failure::no_capture(plan).into());
    }
    model::problems(&observed.problems).map_err(failed)
}

/// Returns the records for the end of captures that were observed in stretches. They are computed
/// from rows of one series. `args` are the arguments of `judge`.
///
/// # Errors
/// Fails if the arguments are wrong or the observations cannot be read.
pub fn wholes(args: &[OsString], observations: Batches) -> Result<Vec<String>, BindingError> {
    let Command::Judge(args) = parse(args)? else {
        return Err(BindingError::Usage("the command does not judge".to_owned()));
    };
    let limits = options(&args.reporting, &args.resources)?.limits;
    let found = Reader::of_batches(observations).and_then(|rows| observations::wholes(rows, limits));
    found.map_err(|reason| failed(JudgeError::Read { path: OBSERVATIONS.into(), reason }))
}

/// Returns which of these files continue each other, by their indexes, in the order in which they are
/// observed. The last group has those that cannot be read or are no captures, if that is a problem.
#[must_use]
pub fn series(files: &[StoredFile]) -> Vec<Vec<usize>> {
    let plan = walk::plan_stored(files);
    let places: HashMap<&str, usize> = files.iter().zip(0..).map(|(file, place)| (&file.name[..], place)).collect();
    let place = |name: &str| places.get(name).copied();
    let series = series::series(&plan.sources);
    let names =
        |members: &Vec<Member>| members.iter().filter_map(|one| place(&plan.sources[one.source].name)).collect();
    let mut groups: Vec<Vec<usize>> = series.iter().map(names).collect();
    groups.push(plan.problems.iter().filter_map(|problem| place(&problem.capture)).collect());
    groups.retain(|group| !group.is_empty());
    groups
}

fn failed(error: impl Display) -> BindingError {
    BindingError::Failed(error.to_string())
}

fn parse(args: &[OsString]) -> Result<Command, BindingError> {
    let args = cli::expand(std::iter::once(OsString::from("syncookie")).chain(args.iter().cloned()));
    let parsed = Cli::try_parse_from(&args).and_then(Cli::complete);
    parsed.map_err(|error| BindingError::Usage(cli::advise(error, &args).to_string()))
}
