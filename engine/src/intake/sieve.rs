//! Which segments may be of a watched connection: a filter that is asked once for every packet. A bit each for what it lets
//! through is small enough to stay in the processor's nearest cache, where the table of connections is not.

/// Places for every slot of that table, which has two to eight slots for each connection.
const PER_SLOT: usize = 2;

/// Kinds of segments that are told apart of a connection.
const KINDS: usize = 4;

/// Places in a word of bits.
const PLACES: usize = u64::BITS as usize / KINDS;

/// For every place, which kinds are wanted of the connections that stand there: a bit each, places one behind the other. A power of
/// two of words.
#[derive(Debug)]
pub(crate) struct Sieve(Vec<u64>);

impl Sieve {
    /// For a table of so many slots, a power of two of at least 8, that lets nothing through.
    pub(crate) fn new(slots: usize) -> Self {
        Self(vec![0; Self::words(slots)])
    }

    /// Whether it is for a table of so many.
    #[inline]
    pub(crate) fn is_for(&self, slots: usize) -> bool {
        self.0.len() == Self::words(slots)
    }

    const fn words(slots: usize) -> usize {
        slots * PER_SLOT / PLACES
    }

    /// The part of a hash that is the same for all connections of a place. The table's slots are fewer: those connections are
    /// neighbours there.
    pub(crate) fn place(&self) -> u64 {
        (self.0.len() * PLACES - 1) as u64
    }

    /// Whether segments of that kind may be wanted of that connection. Without a branch.
    #[inline(always)]
    pub(crate) fn lets_through(&self, hash: u64, kind: u32) -> bool {
        let (word, shift) = self.at(hash);
        self.0[word] >> shift >> kind & 1 != 0
    }

    /// Lets these kinds through, a bit each, and no other, of all connections of that one's place.
    #[inline]
    pub(crate) fn set(&mut self, hash: u64, kinds: u32) {
        let ((word, shift), all) = (self.at(hash), (1 << KINDS) - 1);
        self.0[word] = self.0[word] & !(all << shift) | (u64::from(kinds) & all) << shift;
    }

    /// The word and the first bit of a connection's place.
    #[inline(always)]
    fn at(&self, hash: u64) -> (usize, usize) {
        ((hash as usize / PLACES) & (self.0.len() - 1), hash as usize % PLACES * KINDS)
    }
}
