//! Sequence numbers (RFC 9293 section 3.4): 32 bits, compared modulo 2^32.

use std::fmt;

/// A TCP sequence number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct SeqNumber(pub u32);

impl SeqNumber {
    /// Adds `n` octets, modulo 2^32.
    pub(crate) const fn plus(self, n: u32) -> Self {
        Self(self.0.wrapping_add(n))
    }

    /// Returns the signed distance from `other` to `self`, positive if `self` is ahead.
    pub(crate) const fn ahead_of(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }
}

impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_survives_the_wrap() {
        assert_eq!(SeqNumber(2).ahead_of(SeqNumber(u32::MAX)), 3);
        assert_eq!(SeqNumber(u32::MAX).ahead_of(SeqNumber(2)), -3);
        assert_eq!(SeqNumber(u32::MAX).plus(1), SeqNumber(0));
    }
}
