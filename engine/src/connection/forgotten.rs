//! Handshakes that were judged early and forgotten, and whose SYN-ACK may be retransmitted later.

use std::collections::HashSet;
use std::mem;

use crate::connection::handshake::Handshake;
use crate::intake::keyed_hash::KeyedHash;
use crate::packet::seq::SeqNumber;

/// Connections of these handshakes with the number that their SYN-ACK acknowledges, so that a late
/// retransmission is not taken for a handshake of its own, and a new connection of the same
/// four-tuple is one. The keys are derived from hashes under a secret key.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    latest: HashSet<u64, KeyedHash>,
    earlier: HashSet<u64, KeyedHash>,
}

impl Forgotten {
    /// Adds a SYN-ACK of a connection. Keeps the latest `limit` ones, and at most twice as many.
    pub(super) fn add(&mut self, hash: u64, acknowledged: SeqNumber, limit: usize) {
        if self.latest.len() >= limit {
            self.earlier = mem::take(&mut self.latest);
        }
        self.latest.insert(key(hash, acknowledged));
    }

    /// Returns whether a SYN-ACK of this connection was added that acknowledges the same number.
    pub(super) fn contains(&self, hash: u64, acknowledged: SeqNumber) -> bool {
        let key = key(hash, acknowledged);
        self.latest.contains(&key) || self.earlier.contains(&key)
    }
}

/// Returns the number that the SYN-ACK of a handshake acknowledges, or will.
pub(super) fn acknowledged(handshake: &Handshake) -> Option<SeqNumber> {
    handshake.syn_ack.map(|syn_ack| syn_ack.ack).or_else(|| Some(handshake.client_isn()?.plus(1)))
}

const fn key(hash: u64, acknowledged: SeqNumber) -> u64 {
    hash ^ (acknowledged.0 as u64) << 16
}
