//! Errors of the state file of `--follow`.

use std::io;

use thiserror::Error;

/// Reason why the state file cannot be used.
#[derive(Debug, Error)]
pub enum StateError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[source] io::Error),
    /// Another program uses the file.
    #[error("is used by another syncookie; end that one, or name another file with --state")]
    Locked,
    /// The file has another content.
    #[error("is not a state file: {0}; name another file with --state")]
    Form(#[source] serde_json::Error),
    /// The file has another version.
    #[error(
        "has version {found}, but this program reads version {supported}; delete it, or name another file with --state"
    )]
    Version {
        /// Version of the file.
        found: u32,
        /// Version that this program reads.
        supported: u32,
    },
}
