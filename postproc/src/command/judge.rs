//! `syncookie judge`: judges observations as `syncookie analyze` judges captures.

use super::failure::Failure;
use super::reporting::Prepared;
use crate::cli::Judge;
use crate::console::Console;
use crate::exit::Exit;
use crate::observations::{self, JudgeError};
use crate::source::walk::Plan;

/// Judges the observations in the files that the arguments name.
pub fn run(args: &Judge, console: &mut Console) -> Result<Exit, Failure> {
    let report = Prepared::new(&args.reporting, &args.resources)?;
    let exit = report.write(console, |options, report, console| {
        observations::judge(&args.files, options, report, console).map_err(|error| match error {
            JudgeError::Read { path, reason } => Failure::Observations { path, reason },
            JudgeError::Output(error) => Failure::Output(error),
        })
    })?;
    exit.ok_or_else(|| Failure::no_capture(Plan::default()))
}
