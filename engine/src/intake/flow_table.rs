//! Connections to handshakes, in sixteen bytes each, so that the table of what is watched stays in the processor's caches.
//!
//! A slot holds a connection's hash and the low half of its handshake's number. Open addressing with linear probing; what is
//! removed leaves no trace, since those behind it move up.

/// Slots in use are at most half of all, so that a search ends soon, and an eighth at least, so that they stay close together.
const SPARSENESS: usize = 2;
const SPARSEST: usize = 8;
const SMALLEST: usize = 64;
/// Set in the hash of every slot that is in use.
const USED: u64 = 1 << 63;

/// One connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    hash: u64,
    /// Low half of its handshake's number.
    pub number: u32,
    /// What whoever keeps the table wants to know at once of it.
    pub marks: u32,
}

impl Slot {
    #[inline]
    const fn is_empty(&self) -> bool {
        self.hash == 0
    }

    /// The hash, but for its highest bit.
    pub(crate) const fn hash(&self) -> u64 {
        self.hash & !USED
    }
}

/// A table from hashes to numbers.
#[derive(Debug)]
pub(crate) struct FlowTable {
    /// A power of two of them.
    slots: Vec<Slot>,
    used: usize,
}

impl Default for FlowTable {
    fn default() -> Self {
        Self { slots: vec![Slot::default(); SMALLEST], used: 0 }
    }
}

impl FlowTable {
    /// What stands under that hash. Two connections share one with a chance of one in 2⁶³.
    #[inline]
    pub(crate) fn find(&self, hash: u64) -> Option<&Slot> {
        let hash = hash | USED;
        let mut at = self.home(hash);
        loop {
            let slot = &self.slots[at];
            if slot.hash == hash {
                return Some(slot);
            }
            if slot.hash == 0 {
                return None;
            }
            at = self.after(at);
        }
    }

    /// The slot where that hash stands if nothing is in its way, whatever stands there.
    #[inline]
    pub(crate) fn first(&self, hash: u64) -> &Slot {
        &self.slots[self.home(hash)]
    }

    /// Changes the marks of a number, if it is there.
    pub(crate) fn mark(&mut self, hash: u64, number: u32, marks: u32) {
        if let Some(at) = self.place_of(hash, number) {
            self.slots[at].marks = marks;
        }
    }

    /// Adds a number, unmarked.
    pub(crate) fn insert(&mut self, hash: u64, number: u32) {
        if (self.used + 1) * SPARSENESS > self.slots.len() {
            self.resize(self.slots.len() * 2);
        }
        self.used += 1;
        self.place(Slot { hash: hash | USED, number, marks: 0 });
    }

    /// Takes a number away, if it is there.
    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        let Some(hole) = self.place_of(hash, number) else { return };
        self.used -= 1;
        self.close(hole);
        if self.used * SPARSEST < self.slots.len() && self.slots.len() > SMALLEST {
            self.resize(self.slots.len() / 2);
        }
    }

    /// The marks that all of those have whose hashes are the same as this one under a mask, which says at least where they would
    /// stand if nothing were in their way. All marks, where there is none.
    pub(crate) fn common_marks(&self, hash: u64, mask: u64) -> u32 {
        let (mut at, mut common) = (self.home(hash), !0);
        while !self.slots[at].is_empty() {
            let slot = &self.slots[at];
            common &= if (slot.hash ^ hash) & mask == 0 { slot.marks } else { !0 };
            at = self.after(at);
        }
        common
    }

    /// How many slots there are, in use or not: a power of two, 64 at least.
    #[inline]
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// What stands there, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| !slot.is_empty())
    }

    /// Takes away the numbers that are not to be kept: for many at once quicker than [`Self::remove`] for each, whose slots lie
    /// anywhere.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        let is_kept = |slot: &Slot| !slot.is_empty() && is_kept(slot.number);
        self.used = self.slots.iter().filter(|slot| is_kept(slot)).count();
        self.rebuild((self.used * SPARSENESS + 1).next_power_of_two().max(SMALLEST), is_kept);
    }

    fn resize(&mut self, count: usize) {
        self.rebuild(count, |slot| !slot.is_empty());
    }

    /// Puts the slots that are kept into so many new ones.
    fn rebuild(&mut self, count: usize, is_kept: impl Fn(&Slot) -> bool) {
        let slots = std::mem::replace(&mut self.slots, vec![Slot::default(); count]);
        slots.into_iter().filter(is_kept).for_each(|slot| self.place(slot));
    }

    /// Empties a slot.
    fn close(&mut self, mut hole: usize) {
        // Those behind it that would no longer be found from their home move into the hole.
        let mut at = hole;
        loop {
            self.slots[hole] = Slot::default();
            loop {
                at = self.after(at);
                let slot = self.slots[at];
                if slot.hash == 0 {
                    return;
                }
                let mask = self.slots.len() - 1;
                let distance = |from: usize| at.wrapping_sub(from) & mask;
                if distance(self.home(slot.hash)) >= distance(hole) {
                    self.slots[hole] = slot;
                    hole = at;
                    break;
                }
            }
        }
    }

    fn place_of(&self, hash: u64, number: u32) -> Option<usize> {
        let hash = hash | USED;
        let mut at = self.home(hash);
        while self.slots[at].hash != 0 {
            if self.slots[at].hash == hash && self.slots[at].number == number {
                return Some(at);
            }
            at = self.after(at);
        }
        None
    }

    fn place(&mut self, slot: Slot) {
        let mut at = self.home(slot.hash);
        while self.slots[at].hash != 0 {
            at = self.after(at);
        }
        self.slots[at] = slot;
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_map_would_hold(steps in prop::collection::vec((0_u8..4, 0_u64..24, any::<u32>()), 0..300)) {
            let mut table = FlowTable::default();
            let mut map: HashMap<u64, (u32, u32)> = HashMap::new();
            for (step, low, number) in steps {
                // Few homes, so that there is something to probe past.
                let hash = (low << 32) | (low % 4);
                match (step, map.get(&hash).copied()) {
                    (0, None) => {
                        table.insert(hash, number);
                        map.insert(hash, (number, 0));
                    }
                    (1, Some((there, _))) => {
                        table.mark(hash, there, number);
                        map.insert(hash, (there, number));
                    }
                    (2, Some((there, _))) => {
                        table.remove(hash, there);
                        map.remove(&hash);
                    }
                    (3, _) if low < 4 => {
                        // Every second number.
                        table.retain(|number| number % 2 == 0);
                        map.retain(|_, (number, _)| *number % 2 == 0);
                    }
                    _ => table.remove(hash, number ^ 1),
                }
                for of in (0..24).map(|low| (low << 32) | (low % 4)) {
                    let found = table.find(of).map(|slot| (slot.number, slot.marks));
                    prop_assert_eq!(found, map.get(&of).copied());
                    for mask in [!USED, 0xff] {
                        let same = map.iter().filter(|(hash, _)| (*hash ^ of) & mask == 0);
                        let common = same.fold(!0, |common, (_, (_, marks))| common & marks);
                        prop_assert_eq!(table.common_marks(of, mask), common);
                    }
                }
            }
        }
    }

    #[test]
    fn it_grows_and_shrinks_as_it_must() {
        let mut table = FlowTable::default();
        (0..10_000_u32).for_each(|n| table.insert(u64::from(n) << 3, n));
        assert!((0..10_000_u32).all(|n| table.find(u64::from(n) << 3).is_some_and(|slot| slot.number == n)));
        (0..10_000_u32).for_each(|n| table.remove(u64::from(n) << 3, n));
        assert_eq!((table.used, table.slots.iter().all(|slot| slot.hash == 0)), (0, true));
        assert_eq!(table.slots.len(), SMALLEST, "it shrinks again");
    }
}
