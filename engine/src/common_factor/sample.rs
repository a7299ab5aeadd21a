//! A sample of failed and of working handshakes. It is complete unless there are very many.

use std::net::IpAddr;

use super::attributes::Compared;
use crate::{Endpoint, Timestamp};

/// Maximum number of failed, and of working handshakes that are kept, about 120 bytes each.
const MOST: usize = 1 << 13;

/// Failed and working handshakes that are compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandshakeSample {
    pub(crate) failed: Half,
    pub(crate) working: Half,
}

/// The handshakes whose key is at most a threshold, which is lowered when there are too many. The
/// same handshakes are kept in whatever order they come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Half {
    pub kept: Vec<Compared>,
    threshold: u64,
}

impl Default for Half {
    fn default() -> Self {
        Self { kept: Vec::new(), threshold: u64::MAX }
    }
}

impl Half {
    fn add(&mut self, handshakes: impl IntoIterator<Item = Compared>) {
        for handshake in handshakes {
            if handshake.key > self.threshold {
                continue;
            }
            self.kept.push(handshake);
            while self.kept.len() > MOST && self.threshold > 0 {
                self.lower(self.threshold / 2);
            }
        }
    }

    fn lower(&mut self, threshold: u64) {
        self.threshold = self.threshold.min(threshold);
        self.kept.retain(|handshake| handshake.key <= threshold);
    }

    fn merge(&mut self, other: Self) {
        if self.kept.is_empty() {
            // Without a second copy of them.
            self.kept = other.kept;
            self.lower(self.threshold.min(other.threshold));
        } else {
            self.lower(other.threshold);
            self.add(other.kept);
        }
    }
}

impl HandshakeSample {
    /// Adds a handshake.
    pub fn add(&mut self, handshake: Compared) {
        self.half(handshake.failed).add([handshake]);
    }

    /// Adds the handshakes of another sample.
    pub fn merge(&mut self, other: Self) {
        self.failed.merge(other.failed);
        self.working.merge(other.working);
    }

    /// Increases the capture index of each handshake by `first`.
    pub fn renumber(&mut self, first: u32) {
        let all = self.failed.kept.iter_mut().chain(&mut self.working.kept);
        all.for_each(|handshake| handshake.capture += first);
    }

    /// Removes the handshakes for which a function of their capture, client address, listener and time
    /// returns true.
    pub fn remove(&mut self, is_removed: impl Fn(u32, IpAddr, Endpoint, Timestamp) -> bool) {
        let stays = |one: &Compared| !is_removed(one.capture, one.client, one.server, one.time);
        self.failed.kept.retain(&stays);
        self.working.kept.retain(&stays);
    }

    /// Returns whether all handshakes are kept, not only some of many.
    pub(super) const fn is_complete(&self) -> bool {
        self.failed.threshold == u64::MAX && self.working.threshold == u64::MAX
    }

    /// Prepares for a number of handshakes, if most of them work: not all are then added first.
    pub(crate) fn expect(&mut self, handshakes: usize) {
        let excess = (handshakes / MOST).max(1) as u64;
        self.working.lower(u64::MAX / excess);
    }

    /// Returns whether a handshake with this key is kept.
    pub(crate) const fn keeps(&self, failed: bool, key: u64) -> bool {
        key <= if failed { &self.failed } else { &self.working }.threshold
    }

    const fn half(&mut self, failed: bool) -> &mut Half {
        if failed { &mut self.failed } else { &mut self.working }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common_factor::attributes::tests::compared;

    #[test]
    fn a_sample_is_complete_until_there_are_too_many() {
        let mut sample = HandshakeSample::default();
        (0..MOST as u64).for_each(|key| sample.add(compared(key << 50, false)));
        assert!(sample.is_complete() && sample.working.kept.len() == MOST);
        (0..MOST as u64).for_each(|key| sample.add(compared(key << 50, false)));
        assert!(!sample.is_complete() && sample.working.kept.len() <= MOST && sample.failed.kept.is_empty());
        sample.expect(100 * MOST);
        assert!(sample.working.kept.len() < MOST / 20 && sample.keeps(true, u64::MAX));
    }

    #[test]
    fn parts_together_are_the_sample_of_the_whole() {
        let all: Vec<Compared> =
            (0..40_000_u64).map(|n| compared(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), n % 3 == 0)).collect();
        let of = |part: &[Compared]| {
            let mut sample = HandshakeSample::default();
            part.iter().for_each(|&handshake| sample.add(handshake));
            sample
        };
        let mut parts = of(&all[..25_000]);
        parts.merge(of(&all[25_000..]));
        let keys = |half: &Half| half.kept.iter().map(|handshake| handshake.key).collect::<Vec<_>>();
        let whole = of(&all);
        assert_eq!((keys(&parts.failed), keys(&parts.working)), (keys(&whole.failed), keys(&whole.working)));
    }
}
