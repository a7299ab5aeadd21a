//! `syncookie plugin`: installs the Wireshark plugin in the folders that tshark reports.

mod failure;
mod install;
mod library;
mod package;
mod packaging;
mod profile;
mod release;
mod replace;
mod root;
mod status;
#[cfg(test)]
mod tests;
mod wireshark;

use crate::cli::plugin::{Action, Plugin};
use crate::console::Console;
use crate::exit::Exit;
use failure::Failure;

/// Runs the action and prints its result.
pub fn run(args: &Plugin) -> Exit {
    match act(&args.action) {
        Ok(true) => Exit::Analysed,
        Ok(false) => Exit::Failed,
        Err(failure) => {
            Console::new(false).error(&failure);
            Exit::Failed
        }
    }
}

fn act(action: &Action) -> Done {
    match action {
        Action::Install(install) => install::install(install),
        Action::Uninstall(uninstall) => install::uninstall(uninstall),
        Action::Status(target) => status::status(target),
    }
}

/// Prints a line. A closed pipe is ignored, so that the action is completed.
fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{}", syncookie_terminal::escape_controls(line));
}

/// Result of an action: whether it succeeded, or the reason why it failed.
type Done<T = bool> = Result<T, Failure>;
