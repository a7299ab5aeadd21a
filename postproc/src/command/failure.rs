//! Why `analyze` and `annotate` end without results.

use std::fmt;
use std::io;
use std::path::PathBuf;

use syncookie_kernel::read;

use crate::filter::BaselineError;
use crate::source::walk::Plan;

/// Why nothing was written.
#[derive(Debug)]
pub enum Failure {
    /// None of the paths is or has a capture, or a file with a capture's name.
    NoCapture {
        /// Folders that were looked into.
        folders: Vec<PathBuf>,
        /// Files in folders that are not captures.
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
        reason: BaselineError,
    },
    /// The results could not be written.
    Output(io::Error),
    /// `--follow` was given something other than one folder.
    NoFolderToFollow,
    /// A format that `--follow` cannot write, as it is only whole at its end.
    FollowFormat,
    /// The state that an earlier run left cannot be used, or that of this run not be kept.
    State {
        /// The file given with `--state`.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file given with `--kernel` could not be used.
    Kernel(read::Error),
}

impl Failure {
    /// Reports that nothing was found to read.
    pub fn no_capture(plan: Plan) -> Self {
        let example = plan.skipped.first().map(|(path, reason)| format!("{} {reason}", path.display()));
        Self::NoCapture { folders: plan.empty_dirs, skipped: plan.skipped.len(), example }
    }
}

impl std::error::Error for Failure {}

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
            Self::State { path, reason } => {
                write!(f, "{} {reason}", syncookie_terminal::escape_controls(&path.display().to_string()))
            }
            Self::Kernel(error) => error.fmt(f),
            Self::Output(error) => write!(f, "the results could not be written: {error}"),
        }
    }
}
