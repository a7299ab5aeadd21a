//! Counts the bytes that a decompressor reads.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Position in a source, readable while a decompressor owns the source.
#[derive(Clone, Debug, Default)]
pub struct Position(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    taken: AtomicU64,
    failed: AtomicBool,
}

impl Position {
    /// Returns the number of bytes taken from the source.
    pub fn taken(&self) -> u64 {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// Returns whether reading the source itself failed, as opposed to decompressing its content.
    pub(super) fn failed(&self) -> bool {
        self.0.failed.load(Ordering::Relaxed)
    }

    fn take(&self, count: usize) {
        self.0.taken.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// Buffered source that counts the bytes taken from it.
pub(super) struct Counted<R> {
    source: BufReader<R>,
    position: Position,
    /// Whether a read reached the end of the source.
    pub(super) is_at_end: bool,
}

impl<R: Read> Counted<R> {
    pub(super) fn new(source: BufReader<R>) -> Self {
        Self { source, position: Position::default(), is_at_end: false }
    }

    pub(super) fn position(&self) -> Position {
        self.position.clone()
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.is_err() {
            self.position.0.failed.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// Reads again after a signal. Some decompressors lose their place in the stream otherwise.
fn uninterrupted<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let result = uninterrupted(|| self.source.read(into));
        let count = self.note(result)?;
        self.is_at_end |= count == 0 && !into.is_empty();
        self.position.take(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let result = uninterrupted(|| self.source.fill_buf().map(<[u8]>::is_empty));
        if self.note(result)? {
            self.is_at_end = true;
            return Ok(&[]);
        }
        // Requested twice, because the buffer borrows all of it. This does not read again.
        self.source.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.source.consume(count);
        self.position.take(count);
    }
}
