//! A compressed stream that cannot be unpacked to its end.

use std::error::Error;
use std::fmt;
use std::io;

use crate::format::Compression;

/// Where and how decompression ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The format of the stream.
    pub compression: Compression,
    /// Compressed bytes that were taken in until then.
    pub taken: u64,
    /// What was wrong.
    pub damage: Damage,
}

/// What is wrong with a compressed stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It ends before its end.
    Cut,
    /// It cannot be unpacked further; what the decompressor says.
    Corrupt(String),
}

impl Broken {
    /// The damage that a reading error is, if it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl Error for Broken {}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        Self::other(broken)
    }
}

impl fmt::Display for Broken {
    /// Names the place in the compressed file; the caller says what was read until there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { compression, taken, damage } = self;
        match damage {
            Damage::Cut => write!(f, "the {compression} stream is cut off after {taken} compressed bytes"),
            Damage::Corrupt(said) => {
                write!(f, "the {compression} stream is damaged near compressed byte {taken}: {said}")
            }
        }
    }
}
