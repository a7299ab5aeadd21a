//! Index of the latest handshake of each connection, by the connection's hash.
//!
//! Nearly all packets are data of connections whose handshake is long over or was never captured. A
//! filter of 64 KiB rejects most of them without a branch and stays in the processor's caches.

use hashbrown::HashTable;
use hashbrown::hash_table::{Entry, OccupiedEntry};

use crate::intake::flow::{Direction, Flow};

/// Entry of a connection, in sixteen bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    hash: u64,
    /// Low half of the id of the connection's handshake.
    number: u32,
    /// Kinds of data segments that are no longer informative.
    done: Done,
}

/// Set of kinds of data segments, one bit each: with and without payload, in each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Done(u8);

impl Done {
    #[inline]
    const fn contains(self, direction: Direction, is_pure_ack: bool) -> bool {
        self.0 >> (2 * direction as u8 + is_pure_ack as u8) & 1 != 0
    }

    #[inline]
    const fn insert(&mut self, direction: Direction, data: bool, pure_acks: bool) {
        self.0 |= (data as u8 | (pure_acks as u8) << 1) << (2 * direction as u8);
    }
}

/// Number of active connections for each value of 16 bits of their hashes.
#[derive(Debug)]
struct CountingFilter(Box<[u8; 1 << 16]>);

impl Default for CountingFilter {
    fn default() -> Self {
        Self(Box::new([0; 1 << 16]))
    }
}

impl CountingFilter {
    #[inline(always)]
    const fn slot(hash: u64) -> usize {
        // Other bits than those that the hash tables use: the lowest ones and the highest seven.
        (hash >> 40 & 0xffff) as usize
    }

    #[inline(always)]
    fn contains(&self, hash: u64) -> bool {
        self.0[Self::slot(hash)] != 0
    }

    fn add(&mut self, hash: u64) {
        let count = &mut self.0[Self::slot(hash)];
        *count = count.saturating_add(1);
    }

    /// Removes one connection. A count at its maximum stays, because it may have overflowed.
    fn remove(&mut self, hash: u64) {
        let count = &mut self.0[Self::slot(hash)];
        *count -= u8::from(*count < u8::MAX);
    }
}

/// Connections whose handshakes are kept, by hash. Two connections share a hash with a probability
/// of 1 in 2⁶⁴.
#[derive(Debug, Default)]
pub(crate) struct ConnectionIndex {
    filter: CountingFilter,
    /// Connections with some kind of data segment that is still informative.
    active: HashTable<Connection>,
    /// All other connections.
    inactive: HashTable<Connection>,
}

/// Active connection of a data segment that may be informative.
pub(crate) struct Relevant<'a> {
    entry: OccupiedEntry<'a, Connection>,
    filter: &'a mut CountingFilter,
    inactive: &'a mut HashTable<Connection>,
}

impl Relevant<'_> {
    /// Returns the low half of the id of the connection's handshake.
    #[inline]
    pub(crate) fn number(&self) -> u32 {
        self.entry.get().number
    }

    /// Marks kinds of segments of this direction as no longer informative: `data` with payload,
    /// `pure_acks` without.
    #[inline]
    pub(crate) fn mark_done(mut self, direction: Direction, data: bool, pure_acks: bool) {
        self.entry.get_mut().done.insert(direction, data, pure_acks);
    }

    /// Makes the connection inactive.
    pub(crate) fn deactivate(self) {
        let (connection, _) = self.entry.remove();
        self.filter.remove(connection.hash);
        self.inactive.insert_unique(connection.hash, connection, |connection| connection.hash);
    }
}

impl ConnectionIndex {
    /// Returns whether the connection may be active. `false` is certain; `true` is rarely wrong.
    #[inline(always)]
    pub(crate) fn may_be_active(&self, hash: u64) -> bool {
        self.filter.contains(hash)
    }

    /// Returns the low half of the id of a data segment's handshake, if the segment may be
    /// informative.
    #[inline]
    pub(crate) fn find_relevant(&self, flow: Flow, is_pure_ack: bool) -> Option<u32> {
        let found = self.active.find(flow.hash, |connection| connection.hash == flow.hash)?;
        (!found.done.contains(flow.direction, is_pure_ack)).then_some(found.number)
    }

    /// Returns the connection of a data segment for modification, if the segment may be
    /// informative.
    #[inline]
    pub(crate) fn relevant(&mut self, flow: Flow, is_pure_ack: bool) -> Option<Relevant<'_>> {
        let entry = self.active.find_entry(flow.hash, |connection| connection.hash == flow.hash).ok()?;
        let is_relevant = !entry.get().done.contains(flow.direction, is_pure_ack);
        is_relevant.then_some(Relevant { entry, filter: &mut self.filter, inactive: &mut self.inactive })
    }

    /// Returns the low half of the id of a connection's latest handshake.
    pub(crate) fn find(&self, hash: u64) -> Option<u32> {
        let is_same = |connection: &Connection| connection.hash == hash;
        let found = self.active.find(hash, is_same).or_else(|| self.inactive.find(hash, is_same));
        found.map(|connection| connection.number)
    }

    /// Adds an active connection. It replaces an earlier connection with the same hash.
    pub(crate) fn open(&mut self, hash: u64, number: u32) {
        let is_same = |connection: &Connection| connection.hash == hash;
        if let Ok(earlier) = self.inactive.find_entry(hash, is_same) {
            earlier.remove();
        }
        let connection = Connection { hash, number, done: Done::default() };
        match self.active.entry(hash, is_same, |connection| connection.hash) {
            Entry::Occupied(mut earlier) => *earlier.get_mut() = connection,
            Entry::Vacant(place) => {
                place.insert(connection);
                self.filter.add(hash);
            }
        }
    }

    /// Makes a connection inactive if `number` is still the one of its latest handshake.
    pub(crate) fn deactivate(&mut self, hash: u64, number: u32) {
        let is_same = |connection: &Connection| connection.hash == hash && connection.number == number;
        if let Ok(entry) = self.active.find_entry(hash, is_same) {
            Relevant { entry, filter: &mut self.filter, inactive: &mut self.inactive }.deactivate();
        }
    }

    /// Forgets the connections for whose hash and number `is_kept` returns `false`.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(u64, u32) -> bool) {
        self.inactive.retain(|connection| is_kept(connection.hash, connection.number));
        self.active.retain(|connection| is_kept(connection.hash, connection.number));
        self.filter.0.fill(0);
        self.active.iter().for_each(|connection| self.filter.add(connection.hash));
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
                    prop_assert!(index.may_be_active(hash) || !relevant);
                    prop_assert_eq!(index.find_relevant(flow, is_pure_ack).is_some(), relevant);
                    prop_assert_eq!(index.relevant(flow, is_pure_ack).is_some(), relevant);
                }
            }
        }
    }
}
