//! SYNs that wait for an answer, by the client's end and the number that an answer acknowledges.
//!
//! An answer from another address or port belongs to no connection that is known, so its SYN is
//! found here: both the client's port and 32 bits of sequence number have to match.

use std::collections::VecDeque;

use hashbrown::HashTable;

use crate::Endpoint;
use crate::connection::handshake::Handshake;
use crate::intake::flow::word;
use crate::intake::keyed_hash::KeyedHash;
use crate::packet::seq::SeqNumber;

/// Index of handshakes whose SYN is not answered. It is filled only when an answer without a SYN
/// arrives, so that other captures need none.
#[derive(Debug, Default)]
pub(crate) struct PendingSyns {
    /// Hash, and low half of the handshake's id.
    table: HashTable<(u64, u32)>,
    /// Hash and id as in `table`, of SYN-ACKs whose SYN was not captured before them.
    orphans: HashTable<(u64, u32)>,
    /// Id of the first handshake that is not yet in the table.
    next: u64,
}

impl PendingSyns {
    /// Adds the SYNs of the handshakes that were opened since the last call; `first` is the id of
    /// the oldest.
    pub(super) fn update(&mut self, keyed: KeyedHash, handshakes: &VecDeque<Handshake>, first: u64) {
        let start = usize::try_from(self.next.saturating_sub(first)).unwrap_or(usize::MAX).min(handshakes.len());
        for handshake in handshakes.range(start..) {
            let Some(syn) = handshake.syn.as_ref().filter(|_| handshake.syn_ack.is_none()) else { continue };
            let hash = hash(keyed, handshake.client, syn.isn.plus(1));
            self.table.insert_unique(hash, (hash, handshake.id.0 as u32), |(hash, _)| *hash);
        }
        self.next = first + handshakes.len() as u64;
    }

    /// Adds a SYN-ACK whose SYN was not captured before it.
    pub(super) fn add_orphan(&mut self, keyed: KeyedHash, handshake: &Handshake) {
        let Some(syn_ack) = &handshake.syn_ack else { return };
        let hash = hash(keyed, handshake.client, syn_ack.ack);
        self.orphans.insert_unique(hash, (hash, handshake.id.0 as u32), |(hash, _)| *hash);
    }

    /// Returns the low halves of the ids of the handshakes whose SYN-ACK, captured before its SYN,
    /// may answer this SYN.
    pub(super) fn find_orphans(&self, keyed: KeyedHash, client: Endpoint, isn: SeqNumber) -> impl Iterator<Item = u32> {
        let hash = hash(keyed, client, isn.plus(1));
        self.orphans.iter_hash(hash).filter(move |(other, _)| *other == hash).map(|&(_, number)| number)
    }

    /// Returns whether there is a SYN-ACK whose SYN was not captured before it.
    #[inline]
    pub(super) fn has_orphans(&self) -> bool {
        !self.orphans.is_empty()
    }

    /// Returns the low halves of the ids of the handshakes that a segment to `client` with the
    /// acknowledgment number `ack` may answer.
    pub(super) fn find(&self, keyed: KeyedHash, client: Endpoint, ack: SeqNumber) -> impl Iterator<Item = u32> {
        let hash = hash(keyed, client, ack);
        self.table.iter_hash(hash).filter(move |(other, _)| *other == hash).map(|&(_, number)| number)
    }

    /// Forgets the handshakes for whose number `is_kept` returns `false`.
    pub(super) fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        self.table.retain(|&mut (_, number)| is_kept(number));
        self.orphans.retain(|&mut (_, number)| is_kept(number));
    }
}

fn hash(keyed: KeyedHash, client: Endpoint, ack: SeqNumber) -> u64 {
    keyed.mix(word(keyed, client), ack.0.into())
}
