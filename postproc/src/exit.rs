//! Exit codes: part of the contract with scripts.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All captures were analysed.
    Analysed,
    /// Wrong usage, no capture found, or nowhere to write to.
    Failed,
    /// Some captures could not be read or were cut short.
    Partly,
    /// `--fail-on` was given, and there is such a finding.
    Found,
    /// Somebody ended the run before all was read; with the code that says by which signal.
    Interrupted(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Analysed => 0,
            Exit::Failed => 1,
            Exit::Partly => 2,
            Exit::Found => 3,
            Exit::Interrupted(code) => code,
        })
    }
}
