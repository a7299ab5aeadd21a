//! Index of the latest handshake of each connection, by the connection's hash.
//!
//! Nearly all packets are data of connections whose handshake is long over or was never captured. A
//! filter of 128 KiB rejects most of them without a branch and stays in the processor's caches.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::intake::flow::{Direction, Flow};

/// Entry of a connection, in sixteen bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    hash: u64,
    /// Low half of the id of the connection's handshake.
    number: u32,
    /// Kinds of data segments that are no longer informative.
    done: Kinds,
}

/// Kind of a data segment: with or without payload, in each direction.
#[inline]
const fn kind(direction: Direction, is_pure_ack: bool) -> u32 {
    2 * direction as u32 + is_pure_ack as u32
}

/// Set of kinds of data segments, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const ALL: Self = Self(0xf);

    #[inline]
    const fn of(direction: Direction, data: bool, pure_acks: bool) -> Self {
        Self((data as u8) << kind(direction, false) | (pure_acks as u8) << kind(direction, true))
    }

    #[inline]
    const fn contains(self, direction: Direction, is_pure_ack: bool) -> bool {
        self.0 >> kind(direction, is_pure_ack) & 1 != 0
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Number of active connections for which a kind of data segment is informative, for each kind and
/// each value of 16 bits of their hashes. A count has four bits.
#[derive(Debug)]
struct CountingFilter(Box<[u16; 1 << 16]>);

impl Default for CountingFilter {
    fn default() -> Self {
        Self(Box::new([0; 1 << 16]))
    }
}

impl CountingFilter {
    const MOST: u16 = 0xf;

    #[inline(always)]
    const fn slot(hash: u64) -> usize {
        // Other bits than those that the hash tables use: the lowest ones and the highest seven.
        (hash >> 40 & 0xffff) as usize
    }

    /// Adds a connection for which these kinds are informative. A count at its maximum stays.
    fn add(&mut self, hash: u64, kinds: Kinds) {
        self.change(hash, kinds, |count| u16::from(count < Self::MOST));
    }

    /// Removes kinds of a connection. A count at its maximum stays, because it may have overflowed.
    fn remove(&mut self, hash: u64, kinds: Kinds) {
        self.change(hash, kinds, |count| u16::from(count < Self::MOST).wrapping_neg());
    }

    /// Adds `difference` of each kind's count to the count.
    #[inline]
    fn change(&mut self, hash: u64, Kinds(kinds): Kinds, difference: impl Fn(u16) -> u16) {
        let counts = &mut self.0[Self::slot(hash)];
        for shift in (0..4).filter(|kind| kinds >> kind & 1 != 0).map(|kind| 4 * kind) {
            *counts = counts.wrapping_add(difference(*counts >> shift & Self::MOST) << shift);
        }
    }
}

/// Connections whose handshakes are kept, by hash. Two connections share a hash with a probability
/// of 1 in 2⁶⁴.
#[derive(Debug, Default)]
pub(crate) struct ConnectionIndex {
    filter: CountingFilter,
    connections: HashTable<Connection>,
}

/// Connection of a data segment that may be informative.
pub(crate) struct Relevant<'a> {
    connection: &'a mut Connection,
    filter: &'a mut CountingFilter,
}

impl Relevant<'_> {
    /// Returns the low half of the id of the connection's handshake.
    #[inline]
    pub(crate) const fn number(&self) -> u32 {
        self.connection.number
    }

    /// Marks kinds of segments of this direction as no longer informative: `data` with payload,
    /// `pure_acks` without.
    #[inline]
    pub(crate) fn mark_done(self, direction: Direction, data: bool, pure_acks: bool) {
        self.mark(Kinds::of(direction, data, pure_acks));
    }

    /// Marks all data segments as no longer informative.
    pub(crate) fn deactivate(self) {
        self.mark(Kinds::ALL);
    }

    #[inline]
    fn mark(self, kinds: Kinds) {
        let new = kinds.without(self.connection.done);
        if new != Kinds::default() {
            self.connection.done.0 |= new.0;
            self.filter.remove(self.connection.hash, new);
        }
    }
}

impl ConnectionIndex {
    /// Returns four bits for each kind of data segment: with payload and without, first in the one
    /// direction. A count of 0 means that segments of this kind are not informative. In rare cases,
    /// a count above 0 is a false positive.
    #[inline(always)]
    pub(crate) fn counts(&self, hash: u64) -> u16 {
        self.filter.0[CountingFilter::slot(hash)]
    }

    /// Returns the connection of a data segment for modification, if the segment may be
    /// informative.
    #[inline]
    pub(crate) fn relevant(&mut self, flow: Flow, is_pure_ack: bool) -> Option<Relevant<'_>> {
        let connection = self.connections.find_mut(flow.hash, |connection| connection.hash == flow.hash)?;
        let is_relevant = !connection.done.contains(flow.direction, is_pure_ack);
        is_relevant.then_some(Relevant { connection, filter: &mut self.filter })
    }

    /// Returns the low half of the id of a connection's latest handshake.
    #[inline]
    pub(crate) fn find(&self, hash: u64) -> Option<u32> {
        self.connections.find(hash, |connection| connection.hash == hash).map(|connection| connection.number)
    }

    /// Adds a connection. It replaces an earlier connection with the same hash.
    pub(crate) fn open(&mut self, hash: u64, number: u32) {
        let connection = Connection { hash, number, done: Kinds::default() };
        match self.connections.entry(hash, |connection| connection.hash == hash, |connection| connection.hash) {
            Entry::Occupied(mut earlier) => {
                let earlier = std::mem::replace(earlier.get_mut(), connection);
                self.filter.add(hash, earlier.done);
            }
            Entry::Vacant(place) => {
                place.insert(connection);
                self.filter.add(hash, Kinds::ALL);
            }
        }
    }

    /// Marks the data segments of a connection as no longer informative, if `number` is still the
    /// one of its latest handshake.
    pub(crate) fn deactivate(&mut self, hash: u64, number: u32) {
        let is_same = |connection: &Connection| connection.hash == hash && connection.number == number;
        if let Some(connection) = self.connections.find_mut(hash, is_same) {
            Relevant { connection, filter: &mut self.filter }.deactivate();
        }
    }

    /// Forgets the connections for whose hash and number `is_kept` returns `false`.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(u64, u32) -> bool) {
        self.filter.0.fill(0);
        self.connections.retain(|connection| {
            let is_kept = is_kept(connection.hash, connection.number);
            if is_kept {
                self.filter.add(connection.hash, Kinds::ALL.without(connection.done));
            }
            is_kept
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const DIRECTIONS: [Direction; 2] = [Direction::FromLower, Direction::FromHigher];

    /// Model of the index: a connection's number, and whether its data segments matter, by
    /// direction and kind.
    type Model = HashMap<u64, (u32, [[bool; 2]; 2])>;

    proptest! {
        #[test]
        fn the_index_agrees_with_a_plain_map(
            steps in prop::collection::vec((0_u8..8, 0_u64..60, any::<bool>(), any::<[bool; 2]>()), 0..900),
        ) {
            let (mut index, mut model) = (ConnectionIndex::default(), Model::new());
            // Few buckets, so that entries collide.
            let hash = |n: u64| (n << 38) | (n % 4);
            for (number, (step, n, higher, [data, pure_acks])) in (0..).zip(steps) {
                let direction = DIRECTIONS[usize::from(higher)];
                let hash = hash(n);
                match step {
                    0..3 => {
                        index.open(hash, number);
                        model.insert(hash, (number, [[true; 2]; 2]));
                    }
                    3..5 => if let Some(found) = index.relevant(Flow { hash, direction }, data) {
                        let (there, relevant) = model.get_mut(&hash).expect("a connection that was opened");
                        prop_assert_eq!(found.number(), *there);
                        found.mark_done(direction, data, pure_acks);
                        relevant[usize::from(higher)][0] &= !data;
                        relevant[usize::from(higher)][1] &= !pure_acks;
                    },
                    5 => if let Some((there, relevant)) = model.get_mut(&hash) {
                        index.deactivate(hash, *there);
                        *relevant = [[false; 2]; 2];
                    },
                    6 => index.deactivate(hash, number),
                    _ => if n == 0 {
                        index.retain(|_, number| number % 2 == 0);
                        model.retain(|_, (number, _)| *number % 2 == 0);
                    },
                }
            }
            for hash in (0..60).map(hash) {
                prop_assert_eq!(index.find(hash), model.get(&hash).map(|(number, _)| *number));
                for (direction, is_pure_ack) in [(0, false), (0, true), (1, false), (1, true)] {
                    let flow = Flow { hash, direction: DIRECTIONS[direction] };
                    let relevant = model.get(&hash).is_some_and(|(_, kinds)| kinds[direction][usize::from(is_pure_ack)]);
                    let count = index.counts(hash) >> (4 * kind(flow.direction, is_pure_ack)) & CountingFilter::MOST;
                    prop_assert!(count > 0 || !relevant);
                    prop_assert_eq!(index.relevant(flow, is_pure_ack).is_some(), relevant);
                }
            }
        }
    }
}
