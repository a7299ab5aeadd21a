//! Hashing for tables that are asked once for every packet: a multiplication for 16 bytes, under a key that is drawn anew
//! for every table, since whoever sends the packets chooses what is hashed.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A map under such a key.
pub(crate) type Map<K, V> = HashMap<K, V, KeyedHash>;

/// The key of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyedHash([u64; 2]);

impl Default for KeyedHash {
    fn default() -> Self {
        let random = RandomState::new();
        Self([random.hash_one(0_u8), random.hash_one(1_u8)])
    }
}

impl KeyedHash {
    /// The product of two words under the key, folded together.
    #[inline]
    pub(crate) fn mix(self, a: u64, b: u64) -> u64 {
        let product = u128::from(a ^ self.0[0]) * u128::from(b ^ self.0[1]);
        product as u64 ^ (product >> 64) as u64
    }
}

impl BuildHasher for KeyedHash {
    type Hasher = KeyedHasher;

    #[inline]
    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher { state: self.0[0], key: self.0 }
    }
}

/// Takes in words, each by a multiplication whose halves are folded together.
pub(crate) struct KeyedHasher {
    state: u64,
    key: [u64; 2],
}

impl KeyedHasher {
    #[inline]
    fn fold(&mut self, a: u64, b: u64) {
        let product = u128::from(a ^ self.state) * u128::from(b ^ self.key[1]);
        self.state = product as u64 ^ (product >> 64) as u64 ^ self.key[0];
    }
}

impl Hasher for KeyedHasher {
    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.fold(word, word.rotate_left(32));
    }

    #[inline]
    fn write_u128(&mut self, words: u128) {
        self.fold(words as u64, (words >> 64) as u64);
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word) ^ (chunk.len() as u64) << 56);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        let product = u128::from(self.state) * u128::from(self.key[1] | 1);
        product as u64 ^ (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_in_a_row_spread_over_all_buckets() {
        let keyed = KeyedHash::default();
        let low: HashSet<u64> = (0..4096_u128).map(|n| keyed.hash_one(n << 64 | n) & 0xffff).collect();
        let high: HashSet<u64> = (0..4096_u64).map(|n| keyed.hash_one(n) >> 57).collect();
        assert!(low.len() > 3500 && high.len() == 128, "{} {}", low.len(), high.len());
    }

    #[test]
    fn two_tables_hash_differently() {
        let hash = || KeyedHash::default().hash_one(1_u64);
        assert!((0..8).any(|_| hash() != hash()));
    }
}
