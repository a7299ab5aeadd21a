//! Damages captures, the same way in every run.

/// A small generator of pseudo-random numbers (xorshift64*).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Each seed gives its own sequence.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`.
    ///
    /// # Panics
    /// When `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() >> 16) as usize % bound
    }
}

/// Overwrites a few bytes.
pub fn flip(bytes: &mut [u8], random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        // Values at which lengths and counters break come up more often than by chance.
        let edges = [0, 1, 0x7f, 0x80, 0xff, random.draw() as u8, bytes[at] ^ (1 << random.below(8))];
        bytes[at] = edges[random.below(edges.len())];
    }
}
