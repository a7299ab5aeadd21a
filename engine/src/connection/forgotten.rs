//! Connections whose handshakes were judged early and forgotten before anybody completed them.

use std::collections::HashSet;
use std::mem;

use crate::intake::keyed_hash::KeyedHash;

/// Hashes of these connections, so that a late retransmission of a SYN-ACK is not taken for a
/// handshake of its own. The keys are hashes under a secret key.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    latest: HashSet<u64, KeyedHash>,
    earlier: HashSet<u64, KeyedHash>,
}

impl Forgotten {
    /// Adds a connection. Keeps the latest `limit` ones, and at most twice as many.
    pub(super) fn add(&mut self, hash: u64, limit: usize) {
        if self.latest.len() >= limit {
            self.earlier = mem::take(&mut self.latest);
        }
        self.latest.insert(hash);
    }

    pub(super) fn contains(&self, hash: u64) -> bool {
        self.latest.contains(&hash) || self.earlier.contains(&hash)
    }
}
