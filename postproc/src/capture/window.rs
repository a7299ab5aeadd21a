//! Buffered part of a file, with its offset.

use std::io::{self, ErrorKind, Read};

/// Number of bytes per read: nearly the fastest size, and small enough to leave the processor's
/// caches to the engine's tables.
const CAPACITY: usize = 1 << 17;

/// Buffered bytes of `source`, from [`Self::offset`] on.
pub(super) struct Window<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    /// Start of the bytes that [`Self::swap_buffer`] will return.
    kept: usize,
}

/// Bytes of consecutive frames, in the memory that they were read into.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// Returns the bytes; the places of frames count from the first one.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}

impl<R: Read> Window<R> {
    pub(super) fn new(source: R) -> Self {
        Self::with_capacity(source, CAPACITY)
    }

    pub(super) fn with_capacity(source: R, capacity: usize) -> Self {
        Self { source, buffer: vec![0; capacity], start: 0, end: 0, offset: 0, kept: 0 }
    }

    /// Returns the bytes that are buffered and not yet taken.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Returns the offset of [`Self::bytes`] in the file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads until at least `wanted` bytes are buffered; returns `false` if the file ends before.
    #[inline]
    pub(super) fn ensure(&mut self, wanted: usize) -> io::Result<bool> {
        if self.end - self.start >= wanted { Ok(true) } else { self.fill(wanted) }
    }

    /// Takes the first `count` bytes, which must be buffered.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let from = self.start;
        self.start += count;
        self.offset += count as u64;
        &self.buffer[from..self.start]
    }

    /// Returns the number of bytes that [`Self::swap_buffer`] would return now.
    #[inline]
    pub(super) fn taken(&self) -> usize {
        self.start - self.kept
    }

    /// Returns the offset in the file of the bytes that [`Self::swap_buffer`] would return now.
    pub(super) fn kept_offset(&self) -> u64 {
        self.offset - self.taken() as u64
    }

    /// Forgets what is buffered, and continues with another source, which begins at this offset of the
    /// same file.
    pub(super) fn continue_at(&mut self, source: R, offset: u64) {
        (self.source, self.offset) = (source, offset);
        (self.start, self.end, self.kept) = (0, 0, 0);
    }

    /// Moves the bytes that were taken since the last call, and were not moved by a read since,
    /// into `buffer`, whose memory is reused. Copies the smaller part: these bytes, or those that
    /// are not yet taken.
    pub(super) fn swap_buffer(&mut self, buffer: &mut Buffer) {
        let rest = self.start..self.end;
        if rest.len() > self.taken() {
            buffer.bytes.clear();
            buffer.bytes.extend_from_slice(&self.buffer[self.kept..self.start]);
            (buffer.start, buffer.end) = (0, buffer.bytes.len());
            self.kept = self.start;
            return;
        }
        if buffer.bytes.len() < CAPACITY.max(rest.len()) {
            buffer.bytes.resize(CAPACITY.max(rest.len()), 0);
        }
        buffer.bytes[..rest.len()].copy_from_slice(&self.buffer[rest.clone()]);
        std::mem::swap(&mut self.buffer, &mut buffer.bytes);
        (buffer.start, buffer.end) = (self.kept, self.start);
        (self.kept, self.start, self.end) = (0, 0, rest.len());
    }

    fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        (self.start, self.kept) = (0, 0);
        while self.end < wanted {
            if self.end == self.buffer.len() {
                // The buffer grows by the number of bytes read, never by the value of a length
                // field.
                self.buffer.resize(self.buffer.len().max(1) * 2, 0);
            }
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Delivers its bytes one at a time, with an interruption before each.
    struct Drip<'a>(&'a [u8], bool);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(ErrorKind::Interrupted.into());
            }
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            into[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn the_swapped_buffer_contains_the_taken_bytes_for_any_remainder() {
        let source: Vec<u8> = (0..100).collect();
        for buffered in [10, 20, 100] {
            let mut window = Window::with_capacity(&source[..], buffered);
            let mut buffer = Buffer::default();
            assert!(window.ensure(10).unwrap());
            for (first, count) in [(0, 3), (3, 2), (5, 5)] {
                assert_eq!(window.taken(), 0);
                window.take(count);
                window.swap_buffer(&mut buffer);
                assert_eq!(buffer.bytes(), &source[first..first + count]);
            }
            assert!(window.ensure(90).unwrap());
            assert_eq!((window.offset(), window.bytes()), (10, &source[10..]));
        }
    }

    #[test]
    fn bytes_from_a_slow_interrupting_source_are_complete() {
        let source: Vec<u8> = (0..100).collect();
        let mut window = Window::with_capacity(Drip(&source, false), 4);
        assert!(window.ensure(7).unwrap());
        assert_eq!(window.take(7), &source[..7]);
        assert!(window.ensure(93).unwrap());
        assert_eq!((window.offset(), window.bytes()), (7, &source[7..]));
        assert!(!window.ensure(94).unwrap());
        assert_eq!(window.bytes().len(), 93);
    }
}
