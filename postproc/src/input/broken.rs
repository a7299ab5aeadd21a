//! Damage to compressed streams.

use std::io;

use thiserror::Error;

use crate::format::Compression;

/// Error for a stream that is too damaged to be decompressed completely.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the {compression} stream {}", .damage.describe(*taken))]
pub struct Broken {
    /// Format of the stream.
    pub compression: Compression,
    /// Number of compressed bytes that were read before the damage was found.
    pub taken: u64,
    /// Kind of the damage.
    pub damage: Damage,
}

/// Kind of damage to a compressed stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The stream is truncated.
    Cut,
    /// The stream is corrupt; contains the error of the decompressor.
    Corrupt(String),
}

impl Broken {
    /// Returns the damage that caused an I/O error, if one did.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        Self::other(broken)
    }
}

impl Damage {
    /// Returns the rest of the sentence that begins with the name of the stream.
    fn describe(&self, taken: u64) -> String {
        match self {
            Self::Cut => format!("is truncated after {taken} compressed bytes"),
            Self::Corrupt(error) => format!("is damaged near compressed byte {taken}: {error}"),
        }
    }
}
