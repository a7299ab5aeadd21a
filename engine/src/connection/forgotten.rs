//! Handshakes that were judged early and forgotten, and whose SYN or SYN-ACK may be retransmitted
//! later.

use std::collections::HashSet;
use std::mem;

use crate::connection::handshake::Handshake;
use crate::intake::keyed_hash::KeyedHash;
use crate::packet::seq::SeqNumber;

/// Connections of these handshakes with the sequence number of their SYN, so that a retransmission
/// is not taken for a handshake of its own, and a new connection of the same four-tuple is one. The
/// keys are derived from hashes under a secret key.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    latest: HashSet<u64, KeyedHash>,
    earlier: HashSet<u64, KeyedHash>,
}

impl Forgotten {
    /// Adds a connection. Keeps the latest `limit` ones, and at most twice as many.
    pub(super) fn add(&mut self, hash: u64, [isn, acknowledged]: Syns, limit: usize) {
        if self.latest.len() >= limit {
            mem::swap(&mut self.latest, &mut self.earlier);
            self.latest.clear();
        }
        self.latest.insert(key(hash, isn));
        if acknowledged != isn {
            self.latest.insert(key(hash, acknowledged));
        }
    }

    /// Returns whether a connection was added whose SYN has this sequence number.
    #[inline]
    pub(super) fn contains(&self, hash: u64, isn: SeqNumber) -> bool {
        let key = key(hash, isn);
        self.latest.contains(&key) || self.earlier.contains(&key)
    }
}

/// Sequence number of the SYN of a handshake, and the one that the SYN-ACK acknowledges, which may
/// be another: Fast Open acknowledges payload.
pub(super) type Syns = [SeqNumber; 2];

/// Returns the sequence numbers of the SYN of a handshake.
pub(super) fn syns(handshake: &Handshake) -> Syns {
    let isn = handshake.client_isn().unwrap_or_default();
    [isn, handshake.syn_ack.map_or(isn, |syn_ack| acknowledged(syn_ack.ack))]
}

/// Returns the sequence number of the SYN that a SYN-ACK acknowledges.
pub(super) const fn acknowledged(ack: SeqNumber) -> SeqNumber {
    ack.plus(u32::MAX)
}

const fn key(hash: u64, isn: SeqNumber) -> u64 {
    hash ^ (isn.0 as u64) << 16
}
