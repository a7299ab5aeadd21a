//! Reasons why `analyze` and `annotate` end without results.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use syncookie_engine::Timestamp;
use syncookie_terminal::{count, escape_controls};
use thiserror::Error;

use super::kernel_files;
use super::state_error::StateError;
use crate::filter::BaselineError;
use crate::source::walk::Plan;
use crate::text::Rfc3339;

/// Reason why nothing was written.
#[derive(Debug, Error)]
pub enum Failure {
    /// The paths contain no capture, and no file that is named like one.
    #[error(fmt = no_capture)]
    NoCapture {
        /// Folders that were searched.
        folders: Vec<PathBuf>,
        /// Number of files in folders that are not captures.
        skipped: usize,
        /// Name of one of them, and the reason why it was skipped.
        example: Option<String>,
    },
    /// The results would overwrite one of the captures.
    #[error("the output file is one of the captures; name another file with --output")]
    OutputIsInput,
    /// The baseline cannot be used.
    #[error("the baseline {} {reason}", shown(path))]
    Baseline {
        /// Path of the report.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        reason: BaselineError,
    },
    /// The results could not be written.
    #[error("the results could not be written: {0}")]
    Output(#[source] io::Error),
    /// The output file is named like a format that this build cannot write.
    #[error(
        "this build cannot write Parquet; build it with `cargo build --release -p syncookie --features syncookie/parquet`, or choose another format with --format"
    )]
    NoParquet,
    /// A byte order mark was requested for another format.
    #[error("--csv-bom applies only to CSV; add --format csv")]
    MarkWithoutCsv,
    /// A file of observations cannot be used.
    #[cfg(feature = "parquet")]
    #[error("{} {reason}", shown(path))]
    Observations {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        reason: crate::observations::ReadError,
    },
    /// Local time was requested for a format whose times are UTC.
    #[error("--time local applies only to --format table and summary; times in other formats are UTC")]
    TimesInUtc,
    /// The range of times is empty: `since` is not before `until`.
    #[error("no time matches --filter since={} until={}; since must be before until", Rfc3339(*since), Rfc3339(*until))]
    EmptyTimeRange {
        /// Time given with `since`.
        since: Timestamp,
        /// Time given with `until`.
        until: Timestamp,
    },
    /// Another program appends to the output file.
    #[error("{} is used by another syncookie; end that one, or name another file with --output", shown(.0))]
    OutputLocked(PathBuf),
    /// `--follow` was given something other than one folder.
    #[error("--follow takes exactly one folder and no files")]
    NoFolderToFollow,
    /// `--follow` was given a format that is complete only at its end.
    #[error("--follow writes lines; use --format table or --format jsonl")]
    FollowFormat,
    /// The metrics would replace the results or the state.
    #[error("--metrics needs a file of its own: not standard output, and not that of --output or --state")]
    MetricsFileUsed,
    /// The state file of `--follow` cannot be used.
    #[error("{} {reason}", shown(path))]
    State {
        /// Path given with `--state`.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        reason: StateError,
    },
    /// A file given with `--kernel` cannot be used.
    #[error(transparent)]
    Kernel(#[from] kernel_files::Error),
}

impl Failure {
    /// Reports that a terminal cannot show the results.
    pub fn binary_to_terminal() -> Self {
        Self::Output(io::Error::other("the format is binary; name a file with --output, or use a pipe"))
    }

    /// Reports that the paths contain no capture.
    pub fn no_capture(plan: Plan) -> Self {
        let example = plan.skipped.first().map(|(path, reason)| format!("{} {reason}", path.display()));
        Self::NoCapture { folders: plan.empty_dirs, skipped: plan.skipped.len(), example }
    }
}

fn shown(path: &Path) -> String {
    escape_controls(&path.to_string_lossy()).into_owned()
}

fn no_capture(
    folders: &[PathBuf],
    skipped: &usize,
    example: &Option<String>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    f.write_str("no capture found")?;
    if let Some((first, others)) = folders.split_first() {
        write!(f, " in {}", shown(first))?;
        match others.len() {
            0 => {}
            1 => f.write_str(" and another folder")?,
            number => write!(f, " and {number} other folders")?,
        }
    }
    if *skipped > 0 {
        write!(f, "; {} skipped", count(*skipped as u64, "file"))?;
    }
    example.iter().try_for_each(|example| write!(f, ", for example: {}", escape_controls(example)))
}
