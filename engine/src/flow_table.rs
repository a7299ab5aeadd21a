//! Four-tuples to handshakes in eight bytes each, so that the table of what is watched stays in the processor's caches.
//!
//! A slot holds half of a four-tuple's hash and the low half of a handshake's number. What is found must be compared with
//! the handshake itself: the hash alone can be that of another. Open addressing with linear probing; what is removed
//! leaves no trace, since those behind it move up.

/// Slots in use are at most half of all, so that a search ends soon.
const SPARSENESS: usize = 2;
const SMALLEST: usize = 64;
const EMPTY: u64 = 0;
/// Set in every slot that is in use.
const USED: u64 = 1 << 63;

/// A table from hashes to numbers.
#[derive(Debug)]
pub(crate) struct FlowTable {
    /// A power of two of them.
    slots: Vec<u64>,
    used: usize,
}

impl Default for FlowTable {
    fn default() -> Self {
        Self { slots: vec![EMPTY; SMALLEST], used: 0 }
    }
}

impl FlowTable {
    /// The first number under that hash of which `is_it` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        let mut at = self.home(tag);
        loop {
            let slot = self.slots[at];
            if slot == EMPTY {
                return None;
            }
            if slot >> 32 == tag && is_it(slot as u32) {
                return Some(slot as u32);
            }
            at = self.after(at);
        }
    }

    /// The number in the first slot where that hash would stand; 0 where it holds another or none.
    #[inline]
    pub(crate) fn first(&self, hash: u64) -> u32 {
        let tag = tag(hash);
        let slot = self.slots[self.home(tag)];
        if slot >> 32 == tag { slot as u32 } else { 0 }
    }

    /// Adds a number.
    pub(crate) fn insert(&mut self, hash: u64, number: u32) {
        if (self.used + 1) * SPARSENESS > self.slots.len() {
            let larger = vec![EMPTY; self.slots.len() * 2];
            let slots = std::mem::replace(&mut self.slots, larger);
            slots.into_iter().filter(|&slot| slot != EMPTY).for_each(|slot| self.place(slot));
        }
        self.used += 1;
        self.place(tag(hash) << 32 | u64::from(number));
    }

    /// Takes a number away, if it is there.
    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        let wanted = tag(hash) << 32 | u64::from(number);
        let mut hole = self.home(tag(hash));
        while self.slots[hole] != wanted {
            if self.slots[hole] == EMPTY {
                return;
            }
            hole = self.after(hole);
        }
        self.used -= 1;
        // Those behind it that would no longer be found from their home move into the hole.
        let mut at = hole;
        loop {
            self.slots[hole] = EMPTY;
            loop {
                at = self.after(at);
                let slot = self.slots[at];
                if slot == EMPTY {
                    return;
                }
                let mask = self.slots.len() - 1;
                let distance = |from: usize| at.wrapping_sub(from) & mask;
                if distance(self.home(slot >> 32)) >= distance(hole) {
                    self.slots[hole] = slot;
                    hole = at;
                    break;
                }
            }
        }
    }

    fn place(&mut self, slot: u64) {
        let mut at = self.home(slot >> 32);
        while self.slots[at] != EMPTY {
            at = self.after(at);
        }
        self.slots[at] = slot;
    }

    #[inline]
    fn home(&self, tag: u64) -> usize {
        tag as usize & (self.slots.len() - 1)
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }
}

#[inline]
const fn tag(hash: u64) -> u64 {
    (hash | USED) >> 32
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_set_would_hold(steps in prop::collection::vec((any::<bool>(), 0_u64..24, 0_u32..3), 0..300)) {
            let mut table = FlowTable::default();
            let mut set = HashSet::new();
            for (adds, low, number) in steps {
                // Few homes, so that there is something to probe past.
                let hash = low << 32;
                if adds && set.insert((hash, number)) {
                    table.insert(hash, number);
                } else if !adds {
                    set.remove(&(hash, number));
                    table.remove(hash, number);
                }
                for of in (0..24).map(|low| low << 32) {
                    for number in 0..3 {
                        let found = table.find(of, |other| other == number);
                        prop_assert_eq!(found.is_some(), set.contains(&(of, number)));
                    }
                }
            }
        }
    }

    #[test]
    fn it_grows_as_it_must() {
        let mut table = FlowTable::default();
        (0..10_000_u32).for_each(|n| table.insert(u64::from(n) << 33, n));
        assert!((0..10_000_u32).all(|n| table.find(u64::from(n) << 33, |other| other == n) == Some(n)));
        (0..10_000_u32).for_each(|n| table.remove(u64::from(n) << 33, n));
        assert_eq!((table.used, table.slots.iter().all(|&slot| slot == EMPTY)), (0, true));
    }
}
