//! The column `facts`: the fields of an observation one after the other, as bytes.
//!
//! To write a field takes ten to twenty instructions here. As a column of its own it takes up to two
//! hundred, even if it is null, and an observation has about a hundred.

use syncookie_engine::{Field, Fields};

/// Bit of a byte that says that another byte of the number follows.
const CONTINUES: u8 = 0x80;

/// Maximum length of a number in bytes: 64 bits, seven in each byte.
const LONGEST: u32 = 10;

/// Writes fields to the end of `bytes`.
pub(super) struct Packer<'a> {
    pub bytes: &'a mut Vec<u8>,
}

impl Packer<'_> {
    /// Writes a number: the lowest seven bits first.
    #[inline]
    fn plain(&mut self, mut number: u64) {
        while number >= u64::from(CONTINUES) {
            self.bytes.push(number as u8 | CONTINUES);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

/// Folds the sign of a number into its lowest bit, so that numbers close to 0 stay short.
const fn fold(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// Returns the number that [`fold`] folded.
const fn unfold(folded: u64) -> i64 {
    (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed()
}

impl Fields for Packer<'_> {
    type Error = &'static Field;

    const READS: bool = false;

    #[inline]
    fn number(&mut self, _: &'static Field, value: u32) -> Result<u32, Self::Error> {
        self.plain(value.into());
        Ok(value)
    }

    #[inline]
    fn random(&mut self, _: &'static Field, value: u32) -> Result<u32, Self::Error> {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        Ok(value)
    }

    #[inline]
    fn difference(&mut self, _: &'static Field, value: i32) -> Result<i32, Self::Error> {
        self.plain(fold(value.into()));
        Ok(value)
    }

    #[inline]
    fn long(&mut self, _: &'static Field, value: i64) -> Result<i64, Self::Error> {
        self.plain(fold(value));
        Ok(value)
    }

    #[inline]
    fn optional(&mut self, _: &'static Field, value: Option<u32>) -> Result<Option<u32>, Self::Error> {
        self.plain(value.map_or(0, |value| u64::from(value) + 1));
        Ok(value)
    }

    #[inline]
    fn optional_long(&mut self, field: &'static Field, value: Option<i64>) -> Result<Option<i64>, Self::Error> {
        self.flag(field, value.is_some())?;
        value.map(|value| self.long(field, value)).transpose()
    }

    #[inline]
    fn flag(&mut self, _: &'static Field, value: bool) -> Result<bool, Self::Error> {
        self.bytes.push(value.into());
        Ok(value)
    }

    #[inline]
    fn word(&mut self, _: &'static Field, value: usize, _: &'static [&'static str]) -> Result<usize, Self::Error> {
        self.plain(value as u64);
        Ok(value)
    }

    #[inline]
    fn bytes(&mut self, field: &'static Field, value: &mut [u8], length: usize) -> Result<usize, Self::Error> {
        self.plain(length as u64);
        self.bytes.extend_from_slice(value.get(..length).ok_or(field)?);
        Ok(length)
    }

    #[inline]
    fn mac(&mut self, _: &'static Field, value: [u8; 6]) -> Result<[u8; 6], Self::Error> {
        self.bytes.extend_from_slice(&value);
        Ok(value)
    }

    #[inline]
    fn list(&mut self, _: &'static Field, length: usize, _: usize) -> Result<usize, Self::Error> {
        self.plain(length as u64);
        Ok(length)
    }

    fn invalid(&self, field: &'static Field) -> Self::Error {
        field
    }
}

/// Reads fields from the start of `bytes`.
pub(super) struct Unpacker<'a> {
    pub bytes: &'a [u8],
    /// Number of captures that a frame may be in.
    pub captures: u32,
}

impl Unpacker<'_> {
    #[inline]
    fn byte(&mut self, field: &'static Field) -> Result<u8, &'static Field> {
        let (&first, rest) = self.bytes.split_first().ok_or(field)?;
        self.bytes = rest;
        Ok(first)
    }

    /// Reads a number of 64 bits.
    #[inline]
    fn plain(&mut self, field: &'static Field) -> Result<u64, &'static Field> {
        let mut number = 0;
        for place in 0..LONGEST {
            let byte = self.byte(field)?;
            let bits = u64::from(byte & !CONTINUES);
            number |= bits << (7 * place);
            if byte < CONTINUES {
                return if place + 1 < LONGEST || bits <= 1 { Ok(number) } else { Err(field) };
            }
        }
        Err(field)
    }

    #[inline]
    fn take(&mut self, field: &'static Field, length: usize) -> Result<&[u8], &'static Field> {
        let (bytes, rest) = self.bytes.split_at_checked(length).ok_or(field)?;
        self.bytes = rest;
        Ok(bytes)
    }
}

impl Fields for Unpacker<'_> {
    type Error = &'static Field;

    const READS: bool = true;

    #[inline]
    fn number(&mut self, field: &'static Field, _: u32) -> Result<u32, Self::Error> {
        u32::try_from(self.plain(field)?).map_err(|_| field)
    }

    #[inline]
    fn random(&mut self, field: &'static Field, _: u32) -> Result<u32, Self::Error> {
        self.take(field, size_of::<u32>())?.first_chunk().map(|&bytes| u32::from_le_bytes(bytes)).ok_or(field)
    }

    #[inline]
    fn difference(&mut self, field: &'static Field, _: i32) -> Result<i32, Self::Error> {
        i32::try_from(unfold(self.plain(field)?)).map_err(|_| field)
    }

    #[inline]
    fn long(&mut self, field: &'static Field, _: i64) -> Result<i64, Self::Error> {
        self.plain(field).map(unfold)
    }

    #[inline]
    fn optional(&mut self, field: &'static Field, _: Option<u32>) -> Result<Option<u32>, Self::Error> {
        let value = self.plain(field)?.checked_sub(1);
        value.map(|value| u32::try_from(value).map_err(|_| field)).transpose()
    }

    #[inline]
    fn optional_long(&mut self, field: &'static Field, _: Option<i64>) -> Result<Option<i64>, Self::Error> {
        if self.flag(field, false)? { self.long(field, 0).map(Some) } else { Ok(None) }
    }

    #[inline]
    fn flag(&mut self, field: &'static Field, _: bool) -> Result<bool, Self::Error> {
        match self.byte(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(field),
        }
    }

    #[inline]
    fn word(&mut self, field: &'static Field, _: usize, words: &'static [&'static str]) -> Result<usize, Self::Error> {
        let place = usize::try_from(self.plain(field)?).ok();
        place.filter(|&place| place < words.len()).ok_or(field)
    }

    #[inline]
    fn bytes(&mut self, field: &'static Field, value: &mut [u8], _: usize) -> Result<usize, Self::Error> {
        let length = usize::try_from(self.plain(field)?).map_err(|_| field)?;
        value.get_mut(..length).ok_or(field)?.copy_from_slice(self.take(field, length)?);
        Ok(length)
    }

    #[inline]
    fn mac(&mut self, field: &'static Field, value: [u8; 6]) -> Result<[u8; 6], Self::Error> {
        self.take(field, value.len())?.first_chunk().copied().ok_or(field)
    }

    #[inline]
    fn list(&mut self, field: &'static Field, _: usize, most: usize) -> Result<usize, Self::Error> {
        let length = usize::try_from(self.plain(field)?).map_err(|_| field)?;
        if length <= most { Ok(length) } else { Err(field) }
    }

    #[inline]
    fn captures(&self) -> u32 {
        self.captures
    }

    fn invalid(&self, field: &'static Field) -> Self::Error {
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static FIELD: Field = Field { name: "field", about: "A field" };

    #[test]
    fn numbers_of_every_size_are_read_as_they_were_written() {
        let edges = [0, 1, 63, 64, 127, 128, 1 << 31, i64::MAX - 1, i64::MAX];
        let mut bytes = Vec::new();
        for number in edges.into_iter().flat_map(|edge| [edge, -edge, !edge]) {
            bytes.clear();
            let mut packer = Packer { bytes: &mut bytes };
            packer.long(&FIELD, number).unwrap();
            packer.optional_long(&FIELD, Some(number)).unwrap();
            packer.random(&FIELD, number as u32).unwrap();
            packer.optional(&FIELD, Some(number as u32)).unwrap();
            packer.optional(&FIELD, None).unwrap();
            packer.difference(&FIELD, number as i32).unwrap();
            let mut unpacker = Unpacker { bytes: &bytes, captures: 1 };
            assert_eq!(unpacker.long(&FIELD, 0).ok(), Some(number));
            assert_eq!(unpacker.optional_long(&FIELD, None).ok(), Some(Some(number)));
            assert_eq!(unpacker.random(&FIELD, 0).ok(), Some(number as u32));
            assert_eq!(unpacker.optional(&FIELD, None).ok(), Some(Some(number as u32)));
            assert_eq!(unpacker.optional(&FIELD, None).ok(), Some(None));
            assert_eq!(unpacker.difference(&FIELD, 0).ok(), Some(number as i32));
            assert!(unpacker.bytes.is_empty());
        }
    }

    #[test]
    fn bytes_that_are_no_value_of_a_field_are_refused() {
        let unpacker = |bytes| Unpacker { bytes, captures: 1 };
        assert!(unpacker(&[]).flag(&FIELD, false).is_err());
        assert!(unpacker(&[2]).flag(&FIELD, false).is_err());
        assert!(unpacker(&[0x80]).number(&FIELD, 0).is_err(), "the number does not end");
        assert!(unpacker(&[0x80, 0x80, 0x80, 0x80, 0x10]).number(&FIELD, 0).is_err(), "2^32 is too large");
        assert!(unpacker(&[0xff; 20]).long(&FIELD, 0).is_err(), "the number has more than 64 bits");
        assert!(unpacker(&[0, 0, 0]).random(&FIELD, 0).is_err(), "one of four bytes is missing");
        assert!(unpacker(&[2]).word(&FIELD, 0, &["one", "two"]).is_err());
        assert!(unpacker(&[2, 0]).bytes(&FIELD, &mut [0; 4], 0).is_err(), "one of two bytes is missing");
        assert!(unpacker(&[3, 0, 0, 0]).bytes(&FIELD, &mut [0; 2], 0).is_err(), "there is room for two bytes");
        assert!(unpacker(&[3]).list(&FIELD, 0, 2).is_err(), "there are two items at most");
    }
}
