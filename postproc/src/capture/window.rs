//! A stretch of a file in memory that knows where in the file it stands.

use std::io::{self, ErrorKind, Read};

/// Read in pieces of this size: nearly as fast as reading gets, and small enough to leave the processor's caches to the
/// engine's tables.
const CAPACITY: usize = 1 << 17;

/// Buffered bytes of `source`, from [`Self::offset`] on.
pub(super) struct Window<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    /// Where what was taken begins that was not handed over yet.
    kept: usize,
}

/// Where what [`super::Capture::hand_over`] will hand over begins in memory.
#[derive(Clone, Copy, Debug)]
pub struct Base(usize);

impl Base {
    /// Where a part of it begins in it.
    #[inline(always)]
    pub fn place(self, part: &[u8]) -> usize {
        (part.as_ptr() as usize).wrapping_sub(self.0)
    }
}

/// Bytes that were taken, in the buffer they were read into.
#[derive(Debug, Default)]
pub struct Taken {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Taken {
    /// They themselves.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// What places in them are counted from.
    pub fn base(&self) -> Base {
        Base(self.bytes().as_ptr() as usize)
    }
}

impl<R: Read> Window<R> {
    pub(super) fn new(source: R) -> Self {
        Self::with_capacity(source, CAPACITY)
    }

    pub(super) fn with_capacity(source: R, capacity: usize) -> Self {
        Self { source, buffer: vec![0; capacity], start: 0, end: 0, offset: 0, kept: 0 }
    }

    /// What is buffered and not yet taken.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Where in the file [`Self::bytes`] begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads until at least `wanted` bytes are buffered; `false` when the file ends before.
    #[inline]
    pub(super) fn ensure(&mut self, wanted: usize) -> io::Result<bool> {
        if self.end - self.start >= wanted { Ok(true) } else { self.fill(wanted) }
    }

    /// Hands out the first `count` bytes, which must be buffered, and moves past them.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let from = self.start;
        self.start += count;
        self.offset += count as u64;
        &self.buffer[from..self.start]
    }

    /// Bytes that were taken since they were last handed over, as far as nothing was read since.
    #[inline]
    pub(super) fn taken(&self) -> usize {
        self.start - self.kept
    }

    /// What places in what will be handed over are counted from, as long as nothing is read.
    pub(super) fn base(&self) -> Base {
        Base(self.buffer[self.kept..].as_ptr() as usize)
    }

    /// Hands over what was taken, in exchange for a buffer that is no longer needed. Whichever is less is copied: that, or
    /// what is still to be taken.
    pub(super) fn hand_over(&mut self, taken: &mut Taken) {
        let rest = self.start..self.end;
        if rest.len() > self.taken() {
            taken.buffer.clear();
            taken.buffer.extend_from_slice(&self.buffer[self.kept..self.start]);
            (taken.start, taken.end) = (0, taken.buffer.len());
            self.kept = self.start;
            return;
        }
        if taken.buffer.len() < CAPACITY.max(rest.len()) {
            taken.buffer.resize(CAPACITY.max(rest.len()), 0);
        }
        taken.buffer[..rest.len()].copy_from_slice(&self.buffer[rest.clone()]);
        std::mem::swap(&mut self.buffer, &mut taken.buffer);
        (taken.start, taken.end) = (self.kept, self.start);
        (self.kept, self.start, self.end) = (0, 0, rest.len());
    }

    fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        (self.start, self.kept) = (0, 0);
        while self.end < wanted {
            if self.end == self.buffer.len() {
                // Grown by what was really read, never by what a length field claims.
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

    /// Gives its bytes one at a time, interrupted before each.
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
    fn what_was_taken_is_handed_over_however_much_is_left() {
        let source: Vec<u8> = (0..100).collect();
        for buffered in [10, 20, 100] {
            let mut window = Window::with_capacity(&source[..], buffered);
            let mut taken = Taken::default();
            assert!(window.ensure(10).unwrap());
            for (first, count) in [(0, 3), (3, 2), (5, 5)] {
                assert_eq!(window.taken(), 0);
                window.take(count);
                window.hand_over(&mut taken);
                assert_eq!(taken.bytes(), &source[first..first + count]);
            }
            assert!(window.ensure(90).unwrap());
            assert_eq!((window.offset(), window.bytes()), (10, &source[10..]));
        }
    }

    #[test]
    fn bytes_come_whole_from_a_source_that_drips_and_interrupts() {
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
