//! Why a file gave no facts.

use std::fmt;
use std::io;
use std::path::PathBuf;

use syncookie_terminal::{count, escape_controls};

/// Reason why a file gave no facts.
#[derive(Debug)]
pub enum Error {
    /// The file cannot be opened or read.
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        error: io::Error,
    },
    /// No line of the file has a known format.
    Unrecognised {
        /// Path of the file.
        path: PathBuf,
        /// Number of lines in the file.
        lines: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => {
                write!(f, "cannot read {}: {error}", escape_controls(&path.to_string_lossy()))
            }
            Self::Unrecognised { path, lines } => write!(
                f,
                "{}: format not recognised in any of its {}. Supported is the output of netstat -s, nstat -az, \
                 sysctl -a, ss -lntm, dmesg, tail -n +1 /proc/net/*, and syncookie kernel snapshot",
                escape_controls(&path.to_string_lossy()),
                count(*lines, "line"),
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            Self::Unrecognised { .. } => None,
        }
    }
}
