//! First bytes of a file, by which it is recognised.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Maximum number of bytes: they contain the file header and the first frames with their times.
const LENGTH: u64 = 4096;

/// Number of the first bytes of a file, and a hash of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opening {
    bytes: u64,
    hash: String,
}

impl Opening {
    /// Reads the first bytes of a file.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        Self::of_first(path, LENGTH)
    }

    /// Returns whether a file begins with these bytes. A file that has grown still does.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub(super) fn begins(&self, path: &Path) -> io::Result<bool> {
        Ok(Self::of_first(path, self.bytes)? == *self)
    }

    fn of_first(path: &Path, limit: u64) -> io::Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
        let digest = Sha256::digest(&bytes);
        let hash = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { bytes: bytes.len() as u64, hash })
    }
}
