//! Captures that are kept elsewhere, such as in object storage, and are read through the caller.

use std::fmt::Debug;
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes of a file that is kept elsewhere.
pub trait Stored: Debug + Send + Sync {
    /// Opens the file at this offset.
    ///
    /// # Errors
    /// Fails if it cannot be opened. Reading fails if it cannot be read.
    fn open(&self, from: u64) -> io::Result<Box<dyn Read + Send>>;
}

/// File that is kept elsewhere.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// Name in all outputs. What precedes its last slash is its folder.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Whether it was named, and not found in a folder: a problem if it is no capture.
    pub is_named: bool,
    /// Its bytes.
    pub stored: Arc<dyn Stored>,
}
