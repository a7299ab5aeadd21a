//! Hashing under a random key, because senders of packets choose the hashed values.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Random key of a hash, different for every analyzer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyedHash([u64; 2]);

impl Default for KeyedHash {
    fn default() -> Self {
        let random = RandomState::new();
        Self([random.hash_one(0_u8), random.hash_one(1_u8)])
    }
}

impl KeyedHash {
    /// Hashes two words: multiplies them under the key and XORs the halves of the product.
    #[inline]
    pub(crate) fn mix(self, a: u64, b: u64) -> u64 {
        let product = u128::from(a ^ self.0[0]) * u128::from(b ^ self.0[1]);
        product as u64 ^ (product >> 64) as u64
    }
}

impl BuildHasher for KeyedHash {
    type Hasher = KeyedHasher;

    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher { keyed: *self, hash: 0 }
    }
}

/// Hasher of a map whose keys are numbers.
pub(crate) struct KeyedHasher {
    keyed: KeyedHash,
    hash: u64,
}

impl Hasher for KeyedHasher {
    fn finish(&self) -> u64 {
        self.hash
    }

    #[inline]
    fn write_u128(&mut self, number: u128) {
        self.hash = self.keyed.mix(self.hash ^ number as u64, (number >> 64) as u64);
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.write_u128(number.into());
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u128(byte.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn consecutive_numbers_spread_over_all_buckets_and_tags() {
        let keyed = KeyedHash([0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03]);
        let buckets: HashSet<u64> = (0..4096).map(|n| keyed.mix(n, n) & 0xffff).collect();
        let tags: HashSet<u64> = (0..4096).map(|n| keyed.mix(n, 0) >> 57).collect();
        assert!(buckets.len() > 3500 && tags.len() == 128, "{} {}", buckets.len(), tags.len());
    }

    #[test]
    fn two_keys_hash_differently() {
        let hash = || KeyedHash::default().mix(1, 2);
        assert!((0..8).any(|_| hash() != hash()));
    }
}
