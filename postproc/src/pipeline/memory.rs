//! Limit on the memory of a run, and the numbers that follow from it.

use syncookie_engine::Limits;

/// Maximum memory of a run, with all captures that are read at the same time.
///
/// What is reported follows from it alone. It does not depend on the machine or on the number of
/// threads, which only decides how much of this memory is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    bytes: u64,
}

/// Memory for everything that does not grow with the limits below: the program, buffers, findings
/// and the rows of a HTML page.
const BASE: u64 = 128 << 20;

/// Memory for each handshake that an engine may keep, and for each listener and episode. The facts
/// of a handshake take 1.1 KiB, and 3 KiB while all handshakes of a listener are judged; a listener
/// takes 2 KiB. The rest is for captures that are read ahead.
const EACH: u64 = 7 << 10;

/// Memory for each capture that is read at the same time: buffers, decompression, and the tables of
/// an engine with few handshakes.
const READER: u64 = 32 << 20;

/// Memory for each failure that waits until all captures were read. A finding takes 3 to 5 KB.
const FAILURE: u64 = 256 << 10;

/// Share of the memory for findings that wait for the report: 16 MiB of a gibibyte.
const FINDINGS_SHARE: u64 = 64;

/// Share of its handshakes that an engine may keep before the report reaches its captures.
const AHEAD_SHARE: usize = 8;

impl Memory {
    /// Least memory in which any captures can be analysed.
    pub const LEAST: Self = Self { bytes: 256 << 20 };

    /// Creates a limit in bytes; `None` if it is below [`Self::LEAST`].
    #[must_use]
    pub fn new(bytes: u64) -> Option<Self> {
        (bytes >= Self::LEAST.bytes).then_some(Self { bytes })
    }

    /// Returns these limits of an engine, lowered to what fits.
    #[must_use]
    pub fn lower(self, limits: Limits) -> Limits {
        Limits {
            handshakes: limits.handshakes.min(self.handshakes()),
            listeners: limits.listeners.min(self.handshakes()),
            episodes: limits.episodes.min(self.handshakes()),
            ..limits
        }
    }

    /// Returns the maximum number of handshakes that engines keep.
    #[must_use]
    pub fn handshakes(self) -> usize {
        Self { bytes: self.bytes.saturating_sub(BASE) }.divided_by(EACH)
    }

    /// Returns the maximum number of captures, or series of them, that are read at the same time.
    pub(super) fn readers(self) -> usize {
        self.divided_by(READER)
    }

    /// Returns the maximum number of handshakes that an engine keeps before the report reaches its
    /// captures, where there are this many engines and each may then keep `handshakes`. All engines
    /// that are ahead of the report together keep no more handshakes than one engine may.
    pub(super) fn ahead(handshakes: usize, engines: usize) -> usize {
        handshakes / engines.saturating_sub(1).max(AHEAD_SHARE)
    }

    /// Returns the maximum bytes of findings that wait for the report.
    pub(super) fn findings(self) -> usize {
        self.divided_by(FINDINGS_SHARE)
    }

    /// Returns the maximum number of failures that wait until all captures were read.
    pub(super) fn failures(self) -> usize {
        self.divided_by(FAILURE)
    }

    /// Returns the memory divided by a number.
    fn divided_by(self, number: u64) -> usize {
        usize::try_from(self.bytes / number).unwrap_or(usize::MAX)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self { bytes: 1 << 30 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_has_room_for_the_default_limits() {
        assert_eq!(Memory::default().lower(Limits::default()), Limits::default());
        assert_eq!((Memory::default().readers(), Memory::default().findings()), (32, 16 << 20));
    }

    #[test]
    fn little_memory_lowers_the_limits_and_never_raises_one() {
        assert_eq!(Memory::new((256 << 20) - 1), None);
        let lowered = Memory::LEAST.lower(Limits { episodes: 7, ..Limits::default() });
        assert_eq!((lowered.handshakes, lowered.listeners, lowered.episodes), (18_724, 18_724, 7));
        assert_eq!(lowered.flood, Limits::default().flood);
        assert_eq!((Memory::LEAST.readers(), Memory::LEAST.failures()), (8, 1024));
    }

    #[test]
    fn engines_ahead_of_the_report_keep_together_no_more_than_one() {
        for engines in 1..100 {
            assert!(Memory::ahead(131_072, engines) * (engines - 1) <= 131_072);
        }
        assert_eq!(Memory::ahead(131_072, 2), 16_384);
    }
}
