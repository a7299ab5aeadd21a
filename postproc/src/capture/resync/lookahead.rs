//! What was found beyond a short run, and how much may be examined for that.

use std::cell::Cell;

/// Number of bytes that may be examined twice for every byte of the file, and at its beginning.
const PER_BYTE: u64 = 4;
const AT_FIRST: u64 = 1 << 20;

/// Bytes that are examined beyond the damage after a short run. Without a limit, a file could be
/// made in which this takes much longer than reading.
#[derive(Debug)]
pub(in crate::capture) struct Lookahead {
    /// Number of bytes that may still be examined.
    left: Cell<u64>,
    /// Offset in the file up to which bytes were granted.
    granted: Cell<u64>,
    /// End of the last short run, and the first place after it, from the start of the run.
    beyond_run: Cell<Option<(usize, usize)>>,
    /// Offsets of `beyond_run` in the file.
    beyond: Cell<Option<(u64, u64)>>,
}

impl Default for Lookahead {
    fn default() -> Self {
        Self { left: Cell::new(AT_FIRST), granted: Cell::new(0), beyond_run: Cell::new(None), beyond: Cell::new(None) }
    }
}

impl Lookahead {
    /// Begins a search at this offset: grants bytes for the file up to there. Returns the number of
    /// bytes that can be skipped, because nothing begins in them.
    pub(super) fn begin(&self, offset: u64) -> u64 {
        let read = offset.saturating_sub(self.granted.replace(offset));
        self.left.set(self.left.get().saturating_add(read.saturating_mul(PER_BYTE)));
        self.beyond_run.set(None);
        self.beyond.take().filter(|(end, _)| *end == offset).map_or(1, |(end, place)| place - end)
    }

    /// Ends a search that found a sound place at this offset.
    pub(super) fn end(&self, offset: u64) {
        let absolute = |(end, place)| (offset + end as u64, offset + place as u64);
        self.beyond.set(self.beyond_run.take().map(absolute));
    }

    /// Counts examined bytes; returns `false` once too many were examined.
    pub(super) fn spend(&self, bytes: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(bytes as u64));
        self.left.get() > 0
    }

    /// Keeps the first place after a short run that ends at `end`.
    pub(super) fn keep(&self, end: usize, place: usize) {
        self.beyond_run.set(Some((end, place)));
    }
}
