//! Installing the Wireshark plugin where Wireshark itself says it looks.

mod failure;
mod install;
mod library;
mod profile;
mod status;
#[cfg(test)]
mod tests;
mod wireshark;

use std::process::ExitCode;

use crate::cli::plugin::{Action, Plugin};
use failure::Failure;

/// Does what was asked for and says on standard output what was done.
pub fn run(args: &Plugin) -> ExitCode {
    let done = match &args.action {
        Action::Install(install) => install::install(install),
        Action::Uninstall(uninstall) => install::uninstall(uninstall),
        Action::Status(target) => status::status(target),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("syncookie: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// A line for whoever reads; that nobody does any more is no reason to stop half-way.
fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Done, or the reason why not.
type Done<T = bool> = Result<T, Failure>;
