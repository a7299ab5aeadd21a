//! Damage to the bytes of captures, the same in every run.

use syncookie_testkit::rng::XorShift;

/// Overwrites one to five bytes.
pub fn flip(bytes: &mut [u8], random: &mut XorShift) {
    if bytes.is_empty() {
        return;
    }
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        // Values at which lengths and counters break occur more often than by chance.
        let edges = [0, 1, 0x7f, 0x80, 0xff, random.next_u64() as u8, bytes[at] ^ (1 << random.below(8))];
        bytes[at] = edges[random.below(edges.len())];
    }
}
