//! From a connection's hash to its latest handshake.
//!
//! Nearly all packets are data of connections whose handshake was over long ago, or never seen. A filter of 64 KiB, which
//! stays in the processor's caches and is asked without a branch, says of most of them that they are not active.

use hashbrown::HashTable;
use hashbrown::hash_table::{Entry, OccupiedEntry};

use crate::intake::flow::{Direction, Flow};

/// One connection, in sixteen bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    hash: u64,
    /// Low half of the id of its handshake.
    number: u32,
    /// Kinds of data segments that can show nothing more, a bit each.
    done: Done,
}

/// A set of kinds of data segments: for each direction those with payload, and those without.
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

/// How many active connections there are for each value of 16 bits of their hashes.
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
        // Not the bits that the tables use: those of a bucket and the highest seven.
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

    /// Takes one away; a count that reached its maximum stays, as it may stand for more.
    fn remove(&mut self, hash: u64) {
        let count = &mut self.0[Self::slot(hash)];
        *count -= u8::from(*count < u8::MAX);
    }
}

/// The connections whose handshakes are kept, by their hash. Two connections share one with a chance of one in 2⁶⁴.
#[derive(Debug, Default)]
pub(crate) struct ConnectionIndex {
    filter: CountingFilter,
    /// Connections of which some data segments may still show something.
    active: HashTable<Connection>,
    /// All others.
    inactive: HashTable<Connection>,
}

/// An active connection for which a data segment came that may show something.
pub(crate) struct Relevant<'a> {
    entry: OccupiedEntry<'a, Connection>,
    filter: &'a mut CountingFilter,
    inactive: &'a mut HashTable<Connection>,
}

impl Relevant<'_> {
    /// Low half of the id of its handshake.
    #[inline]
    pub(crate) fn number(&self) -> u32 {
        self.entry.get().number
    }

    /// Notes that segments of this direction can show nothing more: those with payload, or pure ACKs.
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
    /// Whether that connection may be active; of most that are not, this is certain.
    #[inline(always)]
    pub(crate) fn may_be_active(&self, hash: u64) -> bool {
        self.filter.contains(hash)
    }

    /// Finds the connection of a data segment, if that may show something: the low half of the id of its handshake.
    #[inline]
    pub(crate) fn find_relevant(&self, flow: Flow, is_pure_ack: bool) -> Option<u32> {
        let found = self.active.find(flow.hash, |connection| connection.hash == flow.hash)?;
        (!found.done.contains(flow.direction, is_pure_ack)).then_some(found.number)
    }

    /// Finds the connection of a data segment, if that may show something, to change it.
    #[inline]
    pub(crate) fn relevant(&mut self, flow: Flow, is_pure_ack: bool) -> Option<Relevant<'_>> {
        let entry = self.active.find_entry(flow.hash, |connection| connection.hash == flow.hash).ok()?;
        let is_relevant = !entry.get().done.contains(flow.direction, is_pure_ack);
        is_relevant.then_some(Relevant { entry, filter: &mut self.filter, inactive: &mut self.inactive })
    }

    /// Finds a connection: the low half of the id of its latest handshake.
    pub(crate) fn find(&self, hash: u64) -> Option<u32> {
        let is_same = |connection: &Connection| connection.hash == hash;
        let found = self.active.find(hash, is_same).or_else(|| self.inactive.find(hash, is_same));
        found.map(|connection| connection.number)
    }

    /// Adds a connection as active, in place of an earlier one with the same hash.
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

    /// Makes a connection inactive, if its latest handshake still is the one of that number.
    pub(crate) fn deactivate(&mut self, hash: u64, number: u32) {
        let is_same = |connection: &Connection| connection.hash == hash && connection.number == number;
        if let Ok(entry) = self.active.find_entry(hash, is_same) {
            Relevant { entry, filter: &mut self.filter, inactive: &mut self.inactive }.deactivate();
        }
    }

    /// Forgets the connections whose number is not to be kept.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        self.inactive.retain(|connection| is_kept(connection.number));
        self.active.retain(|connection| is_kept(connection.number));
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

    /// What a connection is in the model: its number, and whether its data segments matter, by direction and kind.
    type Model = HashMap<u64, (u32, [[bool; 2]; 2])>;

    proptest! {
        #[test]
        fn the_index_holds_what_a_map_would_hold(
            steps in prop::collection::vec((0_u8..8, 0_u64..60, any::<bool>(), any::<[bool; 2]>()), 0..900),
        ) {
            let (mut index, mut model) = (ConnectionIndex::default(), Model::new());
            // Few buckets, so that there is something to probe past.
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
                        index.retain(|number| number % 2 == 0);
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
