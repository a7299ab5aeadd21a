//! Limit of the bytes that are examined a second time.

use std::cell::Cell;

/// Number of bytes that may be examined again for every byte of the file, and at its beginning.
const PER_BYTE: u64 = 4;
const AT_FIRST: u64 = 1 << 20;

/// Number of bytes that may be examined to judge short runs. Without a limit, a file could be made
/// in which this takes much longer than reading.
#[derive(Debug)]
pub(in crate::capture) struct Allowance {
    left: Cell<u64>,
    /// Offset in the file for which bytes were granted.
    offset: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: Cell::new(AT_FIRST), offset: 0 }
    }
}

impl Allowance {
    /// Grants the bytes for a file that was read up to this offset.
    pub(in crate::capture) fn grant(&mut self, offset: u64) {
        let read = offset.saturating_sub(self.offset);
        self.left.set(self.left.get().saturating_add(read.saturating_mul(PER_BYTE)));
        self.offset = offset;
    }

    /// Counts examined bytes; returns `false` once too many were examined.
    pub(super) fn spend(&self, bytes: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(bytes as u64));
        self.left.get() > 0
    }
}
