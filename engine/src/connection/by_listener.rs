//! Index of handshakes by listener.

use std::collections::VecDeque;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::connection::handshake::Handshake;
use crate::intake::flow::word;
use crate::intake::keyed_hash::KeyedHash;
use crate::{Endpoint, HandshakeId};

/// Ids of handshakes by listener, oldest first, under a keyed hash.
///
/// [`Self::update`] adds many handshakes at a time: listeners are scattered over memory, and no
/// lookup waits for the previous one.
#[derive(Debug, Default)]
pub(crate) struct ByListener {
    keyed: KeyedHash,
    table: HashTable<(Endpoint, Vec<HandshakeId>)>,
    /// Id of the first handshake that is not added yet.
    end: HandshakeId,
}

impl ByListener {
    /// Adds the handshakes that were opened since the last call; `first` is the id of the oldest.
    pub(super) fn update(&mut self, first: u64, handshakes: &VecDeque<Handshake>) {
        let keyed = self.keyed;
        let start = usize::try_from(self.end.0.saturating_sub(first)).unwrap_or(usize::MAX).min(handshakes.len());
        for handshake in handshakes.range(start..) {
            let (listener, id) = (handshake.server, handshake.id);
            let is_same = |(other, _): &(Endpoint, _)| *other == listener;
            match self.table.entry(hash(keyed, listener), is_same, |(other, _)| hash(keyed, *other)) {
                Entry::Occupied(mut entry) => entry.get_mut().1.push(id),
                Entry::Vacant(entry) => {
                    entry.insert((listener, vec![id]));
                }
            }
        }
        self.end = HandshakeId(first + handshakes.len() as u64);
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
    pub(super) fn forget_before(&mut self, oldest: HandshakeId) {
        self.table.retain(|(_, ids)| {
            ids.drain(..ids.partition_point(|&id| id < oldest));
            !ids.is_empty()
        });
    }
}

fn hash(keyed: KeyedHash, listener: Endpoint) -> u64 {
    keyed.mix(word(keyed, listener), 0)
}
