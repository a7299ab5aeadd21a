//! Byte order of a capture's own fields.

use byteorder::{BigEndian, ByteOrder as _, LittleEndian};

/// The order in which the writer of a capture stored its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The most significant byte first.
    Big,
    /// The least significant byte first.
    Little,
}

impl Order {
    /// The 16-bit number `at` this place, if it is there.
    pub fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let field = bytes.get(at..at.checked_add(2)?)?;
        Some(match self {
            Self::Big => BigEndian::read_u16(field),
            Self::Little => LittleEndian::read_u16(field),
        })
    }

    /// The 32-bit number `at` this place, if it is there.
    #[inline]
    pub fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let field = bytes.get(at..at.checked_add(4)?)?;
        Some(match self {
            Self::Big => BigEndian::read_u32(field),
            Self::Little => LittleEndian::read_u32(field),
        })
    }

    /// The signed 64-bit number `at` this place, if it is there.
    pub fn i64(self, bytes: &[u8], at: usize) -> Option<i64> {
        let field = bytes.get(at..at.checked_add(8)?)?;
        Some(match self {
            Self::Big => BigEndian::read_i64(field),
            Self::Little => LittleEndian::read_i64(field),
        })
    }
}
