//! Byte order of the fields of a capture file.

use byteorder::{BigEndian, ByteOrder as _, LittleEndian};

/// Order of the bytes in a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Most significant byte first.
    Big,
    /// Least significant byte first.
    Little,
}

impl Order {
    /// Returns the 16-bit number at this offset; `None` if the bytes end before.
    pub fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let field = bytes.get(at..at.checked_add(2)?)?;
        Some(match self {
            Self::Big => BigEndian::read_u16(field),
            Self::Little => LittleEndian::read_u16(field),
        })
    }

    /// Returns the 32-bit number at this offset; `None` if the bytes end before.
    #[inline]
    pub fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let field = bytes.get(at..at.checked_add(4)?)?;
        Some(match self {
            Self::Big => BigEndian::read_u32(field),
            Self::Little => LittleEndian::read_u32(field),
        })
    }

    /// Returns the signed 64-bit number at this offset; `None` if the bytes end before.
    pub fn i64(self, bytes: &[u8], at: usize) -> Option<i64> {
        let field = bytes.get(at..at.checked_add(8)?)?;
        Some(match self {
            Self::Big => BigEndian::read_i64(field),
            Self::Little => LittleEndian::read_i64(field),
        })
    }
}
