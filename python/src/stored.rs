//! Captures that Python reads: objects of a storage, or anything else with bytes.

use std::io::{self, ErrorKind, Read};
use std::sync::Arc;

use pyo3::exceptions::PyFileNotFoundError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use syncookie::bindings::{Stored, StoredFile};

/// Numbers of bytes that are read at first, and at most: the kind and the times of a capture are in
/// its first bytes, and a storage answers many small requests slowly.
const FIRST: usize = 64 << 10;
const MOST: usize = 8 << 20;

/// File as Python describes it: its name, its size, whether it was given itself (not found in a
/// folder), and a function that opens it at an offset.
pub type Described = (String, u64, bool, Py<PyAny>);

/// Returns the files that are described.
pub fn files(described: Vec<Described>) -> Vec<StoredFile> {
    let file = |(name, bytes, is_named, open)| StoredFile { name, bytes, is_named, stored: Arc::new(Opened(open)) };
    described.into_iter().map(file).collect()
}

/// Function that opens a file.
#[derive(Debug)]
struct Opened(Py<PyAny>);

impl Stored for Opened {
    fn open(&self, from: u64) -> io::Result<Box<dyn Read + Send>> {
        let file = Python::attach(|py| self.0.call1(py, (from,)).map_err(|error| failure(py, &error)))?;
        Ok(Box::new(Reader { file, bytes: Vec::new(), taken: 0, next: FIRST }))
    }
}

/// File that was opened.
struct Reader {
    file: Py<PyAny>,
    /// Bytes that were read last, and how many of them were taken.
    bytes: Vec<u8>,
    taken: usize,
    /// Number of bytes that are read next.
    next: usize,
}

impl Reader {
    fn read_more(&mut self) -> io::Result<()> {
        let Self { file, bytes, next, .. } = self;
        Python::attach(|py| {
            let read = file.call_method1(py, "read", (*next,)).map_err(|error| failure(py, &error))?;
            let read = read.cast_bound::<PyBytes>(py).map_err(|error| io::Error::other(error.to_string()))?;
            bytes.clear();
            bytes.extend_from_slice(read.as_bytes());
            Ok::<_, io::Error>(())
        })?;
        (self.taken, self.next) = (0, MOST.min(2 * self.next));
        Ok(())
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.bytes.len() {
            self.read_more()?;
        }
        let read = (&self.bytes[self.taken..]).read(into)?;
        self.taken += read;
        Ok(read)
    }
}

/// Returns the error of the system for an exception. A missing file has the text that it has elsewhere.
fn failure(py: Python<'_>, error: &PyErr) -> io::Error {
    const MISSING: i32 = 2;
    match error.is_instance_of::<PyFileNotFoundError>(py) {
        true if cfg!(unix) => io::Error::from_raw_os_error(MISSING),
        true => ErrorKind::NotFound.into(),
        false => io::Error::other(error.value(py).to_string()),
    }
}
