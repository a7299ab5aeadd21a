//! The Internet checksum (RFC 1071).

/// Returns the sum of the 16-bit words of `bytes`, carries not yet folded in. An odd last byte is padded with zero.
#[must_use]
pub fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word.get(1).copied().unwrap_or(0))).sum()
}

/// Folds the carries of a [`sum`] in.
#[must_use]
pub fn fold(mut sum: u32) -> u16 {
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
