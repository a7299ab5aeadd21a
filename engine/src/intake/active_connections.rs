//! The connections that are watched: of which segments without SYN, RST and FIN are looked at, and of which kinds of them.

use crate::intake::flow::Flow;
use crate::intake::flow_table::{FlowTable, Slot};
use crate::intake::sieve::Sieve;

/// The kind of a segment without SYN, RST and FIN: which end it comes from, and whether it has no payload.
#[inline(always)]
const fn kind(from_low: bool, is_bare: bool) -> u32 {
    (!from_low as u32) << 1 | is_bare as u32
}

/// Connections that are watched, by their hash, with the low half of their handshakes' numbers. Their marks are the kinds of
/// segments that tell nothing more, a bit each.
#[derive(Debug)]
pub(crate) struct Watched {
    table: FlowTable,
    /// Holds back what none of them wants to see.
    sieve: Sieve,
}

impl Default for Watched {
    fn default() -> Self {
        let table = FlowTable::default();
        Self { sieve: Sieve::new(table.slots()), table }
    }
}

impl Watched {
    /// Whether such a segment of that connection may be wanted; where not, it is certain. Without a branch.
    #[inline(always)]
    pub(crate) fn may_want(&self, flow: Flow, is_bare: bool) -> bool {
        self.sieve.lets_through(flow.hash, kind(flow.from_low, is_bare))
    }

    /// The slot where that hash stands if nothing is in its way, whatever stands there.
    #[inline]
    pub(crate) fn first(&self, hash: u64) -> &Slot {
        self.table.first(hash)
    }

    /// What is watched under that hash.
    #[inline]
    pub(crate) fn find(&self, hash: u64) -> Option<&Slot> {
        self.table.find(hash)
    }

    /// The same, if such a segment of it is wanted.
    #[inline]
    pub(crate) fn wants(&self, flow: Flow, is_bare: bool) -> Option<Slot> {
        self.find(flow.hash).filter(|slot| slot.marks >> kind(flow.from_low, is_bare) & 1 == 0).copied()
    }

    /// Begins to watch one.
    pub(crate) fn insert(&mut self, hash: u64, number: u32) {
        self.table.insert(hash, number);
        self.sift(hash);
    }

    /// Of the end that this segment comes from, those with payload tell nothing more, or those without.
    #[inline]
    pub(crate) fn mark(&mut self, slot: Slot, flow: Flow, laden: bool, bare: bool) {
        let done = u32::from(laden) << kind(flow.from_low, false) | u32::from(bare) << kind(flow.from_low, true);
        if done & !slot.marks != 0 {
            self.table.mark(flow.hash, slot.number, slot.marks | done);
            self.sift(flow.hash);
        }
    }

    /// Ends the watch over one, if there is one.
    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        self.table.remove(hash, number);
        self.sift(hash);
    }

    /// Forgets those that are not to be kept.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        self.table.retain(is_kept);
        self.sift_all();
    }

    /// Has the sieve let through what the connections of that one's place want now.
    fn sift(&mut self, hash: u64) {
        if self.sieve.is_for(self.table.slots()) {
            self.sieve.set(hash, !self.table.common_marks(hash, self.sieve.place()));
        } else {
            self.sift_all();
        }
    }

    /// The same for all, with a sieve as large as the table wants it.
    fn sift_all(&mut self) {
        self.sieve = Sieve::new(self.table.slots());
        for slot in self.table.iter() {
            self.sieve.set(slot.hash(), !self.table.common_marks(slot.hash(), self.sieve.place()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_wanted_is_never_held_back_and_of_what_was_forgotten_nothing_is_let_through(
            steps in prop::collection::vec((0_u8..8, 0_u64..300, any::<bool>(), any::<[bool; 2]>()), 0..900),
        ) {
            let mut watched = Watched::default();
            let mut map: HashMap<u64, (u32, u32)> = HashMap::new();
            let flow = |n: u64, from_low| Flow { hash: (n << 3) | (n % 3), from_low };
            for (number, (step, n, from_low, [laden, bare])) in (0..).zip(steps) {
                let flow = flow(n, from_low);
                match (step, map.get_mut(&flow.hash)) {
                    (0..4, None) => {
                        watched.insert(flow.hash, number);
                        map.insert(flow.hash, (number, 0));
                    }
                    (4 | 5, Some((there, marks))) => {
                        let slot = *watched.find(flow.hash).expect("it is watched");
                        prop_assert_eq!((slot.number, slot.marks), (*there, *marks));
                        watched.mark(slot, flow, laden, bare);
                        *marks |= u32::from(laden) << kind(from_low, false) | u32::from(bare) << kind(from_low, true);
                    }
                    (6, Some((there, _))) => {
                        watched.remove(flow.hash, *there);
                        map.remove(&flow.hash);
                    }
                    (7, _) if n == 0 => {
                        watched.retain(|number| number % 2 == 0);
                        map.retain(|_, (number, _)| *number % 2 == 0);
                    }
                    _ => watched.remove(flow.hash, number),
                }
            }
            let all = |n| [(true, true), (true, false), (false, true), (false, false)].map(|(a, b)| (flow(n, a), b));
            for (flow, is_bare) in (0..300).flat_map(all) {
                let there = map.get(&flow.hash).filter(|(_, marks)| marks >> kind(flow.from_low, is_bare) & 1 == 0);
                prop_assert_eq!(watched.wants(flow, is_bare).map(|slot| slot.number), there.map(|(number, _)| *number));
                prop_assert!(watched.may_want(flow, is_bare) || there.is_none());
            }
            map.iter().for_each(|(hash, (number, _))| watched.remove(*hash, *number));
            prop_assert!(!(0..300).flat_map(all).any(|(flow, is_bare)| watched.may_want(flow, is_bare)));
        }
    }
}
