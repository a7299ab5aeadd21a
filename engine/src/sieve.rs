//! Which segments may be of a watched connection: a counting filter, asked once for every packet. A bit each for what it lets
//! through is small enough to stay in the processor's nearest cache, where the table of connections is not.

/// Places for every slot of that table, which has two to eight slots for each connection.
const PER_SLOT: usize = 2;

/// Slots from which on it grows no more: in a flood its numbers are changed for every SYN, and have to be near, too.
const MOST_SLOTS: usize = 1 << 16;

/// Kinds of segments that are told apart of a connection.
const KINDS: usize = 4;

/// For every place, which kinds are wanted of the connections that stand there.
#[derive(Debug)]
pub(crate) struct Sieve {
    /// Whether any wants it: for each kind a bit, places one behind the other. A power of two of words.
    bits: Vec<u64>,
    /// How many want it. A number that reached the largest stays there.
    counts: Vec<u8>,
}

impl Sieve {
    /// For a table of so many slots, a power of two of at least 8.
    pub(crate) fn new(slots: usize) -> Self {
        let count = Self::size(slots);
        Self { bits: vec![0; count / u64::BITS as usize], counts: vec![0; count] }
    }

    /// Whether it is for a table of so many.
    #[inline]
    pub(crate) fn is_for(&self, slots: usize) -> bool {
        self.counts.len() == Self::size(slots)
    }

    fn size(slots: usize) -> usize {
        slots.min(MOST_SLOTS) * PER_SLOT * KINDS
    }

    /// Whether segments of that kind may be wanted of that connection. Without a branch.
    #[inline(always)]
    pub(crate) fn lets_through(&self, hash: u64, kind: u32) -> bool {
        let (word, bit) = Self::bit((hash as usize).wrapping_mul(KINDS) | kind as usize);
        self.bits[word & (self.bits.len() - 1)] & bit != 0
    }

    /// A connection wants segments of these kinds, a bit each.
    pub(crate) fn add(&mut self, hash: u64, kinds: u32) {
        for place in self.places(hash, kinds) {
            let (word, bit) = Self::bit(place);
            self.counts[place] = self.counts[place].saturating_add(1);
            self.bits[word] |= bit;
        }
    }

    /// One that wanted them no longer does.
    pub(crate) fn remove(&mut self, hash: u64, kinds: u32) {
        for place in self.places(hash, kinds) {
            let (word, bit) = Self::bit(place);
            match &mut self.counts[place] {
                // Nobody knows how many there were.
                &mut u8::MAX => {}
                count => {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        self.bits[word] &= !bit;
                    }
                }
            }
        }
    }

    /// Where these kinds of a connection stand.
    fn places(&self, hash: u64, kinds: u32) -> impl Iterator<Item = usize> + use<> {
        let first = (hash as usize).wrapping_mul(KINDS) & (self.counts.len() - 1);
        (0..KINDS).filter(move |kind| kinds >> kind & 1 != 0).map(move |kind| first + kind)
    }

    /// The word and the bit of a place.
    #[inline(always)]
    const fn bit(place: usize) -> (usize, u64) {
        (place / u64::BITS as usize, 1 << (place % u64::BITS as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_it_can_count_are_let_through_for_good() {
        let mut sieve = Sieve::new(8);
        (0..300).for_each(|_| sieve.add(7, 0b0101));
        (0..300).for_each(|_| sieve.remove(7, 0b0101));
        assert_eq!([0, 1, 2, 3].map(|kind| sieve.lets_through(7, kind)), [true, false, true, false]);
        sieve.add(6, 0b0010);
        sieve.remove(6, 0b0010);
        assert!(!sieve.lets_through(6, 1));
    }
}
