//! Index of handshakes by listener.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::intake::flow::word;
use crate::intake::keyed_hash::KeyedHash;
use crate::{Endpoint, HandshakeId};

/// Ids of handshakes by listener, oldest first, under a keyed hash.
#[derive(Debug, Default)]
pub(crate) struct ByListener {
    keyed: KeyedHash,
    table: HashTable<(Endpoint, Vec<HandshakeId>)>,
}

impl ByListener {
    /// Adds a listener's newest handshake.
    pub(crate) fn push(&mut self, listener: Endpoint, id: HandshakeId) {
        let keyed = self.keyed;
        let is_same = |(other, _): &(Endpoint, _)| *other == listener;
        match self.table.entry(hash(keyed, listener), is_same, |(other, _)| hash(keyed, *other)) {
            Entry::Occupied(mut entry) => entry.get_mut().1.push(id),
            Entry::Vacant(entry) => {
                entry.insert((listener, vec![id]));
            }
        }
    }

    /// Returns the handshakes of a listener, oldest first.
    pub(crate) fn get(&self, listener: Endpoint) -> Option<&[HandshakeId]> {
        self.table.find(hash(self.keyed, listener), |(other, _)| *other == listener).map(|(_, ids)| &ids[..])
    }

    /// Returns the handshakes of each listener that has one before `end`, in order of the
    /// listeners' first handshakes.
    pub(crate) fn before(&self, end: HandshakeId) -> Vec<&[HandshakeId]> {
        let all = self.table.iter().map(|(_, ids)| &ids[..]);
        let mut listeners: Vec<_> = all.filter(|ids| ids.first() < Some(&end)).collect();
        listeners.sort_unstable_by_key(|ids| ids.first());
        listeners
    }

    /// Forgets the handshakes before `oldest`.
    pub(crate) fn forget_before(&mut self, oldest: HandshakeId) {
        self.table.retain(|(_, ids)| {
            ids.drain(..ids.partition_point(|&id| id < oldest));
            !ids.is_empty()
        });
    }
}

fn hash(keyed: KeyedHash, listener: Endpoint) -> u64 {
    keyed.mix(word(keyed, listener), 0)
}
