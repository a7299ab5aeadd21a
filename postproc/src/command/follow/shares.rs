//! Shares of the engines in the handshakes that all of them together may keep.

use std::collections::BTreeMap;

/// Number of handshakes that each engine keeps.
#[derive(Debug)]
pub(super) struct Shares {
    /// Maximum number of one engine, and of all together.
    of_one: usize,
    of_all: usize,
    /// Number of handshakes of each engine, by the number of its first capture.
    kept: BTreeMap<u32, usize>,
}

impl Shares {
    pub(super) const fn new(of_one: usize, of_all: usize) -> Self {
        Self { of_one, of_all, kept: BTreeMap::new() }
    }

    /// Records how many handshakes an engine keeps.
    pub(super) fn keep(&mut self, engine: u32, handshakes: usize) {
        self.kept.insert(engine, handshakes);
    }

    /// Records that an engine does not exist any longer.
    pub(super) fn forget(&mut self, engine: u32) {
        self.kept.remove(&engine);
    }

    /// Returns how many handshakes an engine may keep that is about to grow.
    pub(super) fn of_growing(&self, engine: u32) -> usize {
        let others = self.kept.iter().filter(|(other, _)| **other != engine).map(|(_, &kept)| kept);
        self.level(others.chain([usize::MAX]).collect())
    }

    /// Returns how many handshakes any engine may keep now.
    pub(super) fn of_each(&self) -> usize {
        self.level(self.kept.values().copied().collect())
    }

    /// Returns the number at which engines that keep more have to be limited, so that all together
    /// keep no more than the limit.
    fn level(&self, mut kept: Vec<usize>) -> usize {
        kept.sort_unstable();
        let (mut room, count) = (self.of_all, kept.len());
        for (place, kept) in kept.into_iter().enumerate() {
            let share = room / (count - place);
            if kept > share {
                return share.min(self.of_one);
            }
            room -= kept;
        }
        self.of_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_with_few_handshakes_leave_room_for_the_others_and_all_together_stay_within_the_limit() {
        let mut shares = Shares::new(950, 1000);
        assert_eq!((shares.of_growing(1), shares.of_each()), (950, 950));
        shares.keep(1, 100);
        assert_eq!((shares.of_growing(1), shares.of_growing(2), shares.of_each()), (950, 900, 950));
        shares.keep(2, 900);
        shares.keep(3, 300);
        assert_eq!(shares.of_each(), 600, "100 + 600 + 300");
        assert_eq!(shares.of_growing(4), 300, "100 + 300 + 300 + 300");
    }
}
