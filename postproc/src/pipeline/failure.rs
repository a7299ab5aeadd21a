//! Why there are no results at all.

use std::fmt;
use std::io;
use std::path::PathBuf;

use syncookie_kernel::read;

use crate::command::follow::StateError;
use crate::filter::baseline::Unusable;

/// Why nothing was written.
#[derive(Debug)]
pub enum Failure {
    /// None of the paths is or has a capture, or what somebody took for one.
    NoCapture {
        /// Folders that were looked into.
        folders: Vec<PathBuf>,
        /// Files in folders that were looked at in vain.
        skipped: usize,
        /// What one of them is.
        example: Option<String>,
    },
    /// The results would overwrite what they are about.
    OutputIsInput,
    /// The report to compare with cannot be used.
    Baseline {
        /// Where it was looked for.
        path: PathBuf,
        /// What is wrong with it.
        reason: Unusable,
    },
    /// The results could not be written.
    Output(io::Error),
    /// What is to be followed is not one folder.
    NoFolderToFollow,
    /// A format that is only whole at its end, where there is none.
    FollowFormat,
    /// What an earlier run left cannot be used, or what this one leaves not be kept.
    State(StateError),
    /// A file given with `--kernel` could not be used.
    Kernel(read::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCapture { folders, skipped, example } => {
                f.write_str("no capture found")?;
                if let Some((first, others)) = folders.split_first() {
                    write!(f, " in {}", syncookie_terminal::escape_controls(&first.display().to_string()))?;
                    match others.len() {
                        0 => {}
                        1 => f.write_str(" and another folder")?,
                        number => write!(f, " and {number} other folders")?,
                    }
                }
                if *skipped > 0 {
                    write!(f, "; {} passed over", syncookie_terminal::count(*skipped as u64, "file"))?;
                }
                example
                    .iter()
                    .try_for_each(|example| write!(f, ", such as: {}", syncookie_terminal::escape_controls(example)))
            }
            Self::OutputIsInput => f.write_str("the output file is one of the captures; give another with --output"),
            Self::Baseline { path, reason } => {
                write!(f, "the baseline {} {reason}", syncookie_terminal::escape_controls(&path.display().to_string()))
            }
            Self::NoFolderToFollow => f.write_str("--follow takes one folder, and no files"),
            Self::FollowFormat => {
                f.write_str("--follow writes lines: give it --format jsonl, or none for a line a finding")
            }
            Self::State(StateError { path, reason }) => {
                write!(f, "{} {reason}", syncookie_terminal::escape_controls(&path.display().to_string()))
            }
            Self::Kernel(error) => error.fmt(f),
            Self::Output(error) => write!(f, "the results could not be written: {error}"),
        }
    }
}
