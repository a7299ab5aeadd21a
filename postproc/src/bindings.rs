//! Entry points for bindings to other languages: a command with its arguments, whose rows are passed
//! on as Arrow.

use std::ffi::OsString;
use std::io;

use clap::Parser;
use thiserror::Error;

use crate::cli::{self, Cli, Command};
use crate::command;
use crate::command::failure::Failure;
use crate::command::options::options;
use crate::observations::{self, JudgeError};
use crate::pipeline::{self, Silent};
use crate::report::model;
use crate::report::parquet::{BatchSink, Batches};
use crate::source::walk::{self, Plan};

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

/// Runs `analyze` or `judge` with these arguments, which begin with the name of the command, and
/// passes the findings to a sink. Options about the output and the console do not matter.
///
/// # Errors
/// Fails if the arguments are wrong, no capture is found, a file of observations cannot be read, or
/// the sink fails. The object `summary` has the problems of captures.
pub fn findings(args: &[OsString], sink: impl BatchSink + Send) -> Result<(), BindingError> {
    let report = &mut Batches::new(sink);
    let output = |error: io::Error| BindingError::Failed(error.to_string());
    let (plan, totals) = match parse(args)? {
        Command::Analyze(args) => {
            let plan = walk::plan(&args.paths);
            let totals = pipeline::analyze(&plan, &options(&args.reporting, &args.resources)?, report, &mut Silent);
            (plan, totals.map_err(output)?)
        }
        Command::Judge(args) => {
            let options = options(&args.reporting, &args.resources)?;
            let totals = observations::judge(&args.files, &options, report, &mut Silent);
            (Plan::default(), totals.map_err(|error: JudgeError| BindingError::Failed(error.to_string()))?)
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
    model::problems(&problems).map_err(|error| BindingError::Failed(error.to_string()))
}

fn parse(args: &[OsString]) -> Result<Command, BindingError> {
    let args = cli::expand(std::iter::once(OsString::from("syncookie")).chain(args.iter().cloned()));
    let parsed = Cli::try_parse_from(&args).and_then(Cli::complete);
    parsed.map_err(|error| BindingError::Usage(cli::advise(error, &args).to_string()))
}
