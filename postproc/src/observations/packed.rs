//! The column `facts`: the fields of an observation one after the other, as bytes.
//!
//! To write a field takes a few instructions here. As a column of its own it takes fifty to a
//! hundred, even if it is null, and an observation has about two hundred.

use syncookie_engine::{Field, Fields};

/// Bit of a byte that says that another byte of the number follows.
const CONTINUES: u8 = 0x80;

/// Maximum length of a number in bytes: 65 bits, seven in each byte.
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

    /// Writes the number after a value, or 0 if there is none.
    #[inline]
    fn optional(&mut self, value: Option<u64>) {
        match value.map(|value| value.checked_add(1)) {
            None => self.bytes.push(0),
            Some(Some(next)) => self.plain(next),
            Some(None) => self.bytes.extend([CONTINUES; LONGEST as usize - 1].into_iter().chain([2])),
        }
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
    fn number(&mut self, _: &'static Field, value: Option<u32>) -> Result<Option<u32>, Self::Error> {
        self.optional(value.map(u64::from));
        Ok(value)
    }

    #[inline]
    fn difference(&mut self, _: &'static Field, value: Option<i32>) -> Result<Option<i32>, Self::Error> {
        self.optional(value.map(|value| fold(value.into())));
        Ok(value)
    }

    #[inline]
    fn long(&mut self, _: &'static Field, value: Option<i64>) -> Result<Option<i64>, Self::Error> {
        self.optional(value.map(fold));
        Ok(value)
    }

    #[inline]
    fn flag(&mut self, _: &'static Field, value: bool) -> Result<bool, Self::Error> {
        self.bytes.push(value.into());
        Ok(value)
    }

    #[inline]
    fn word(
        &mut self,
        _: &'static Field,
        value: Option<usize>,
        _: &'static [&'static str],
    ) -> Result<Option<usize>, Self::Error> {
        self.optional(value.map(|place| place as u64));
        Ok(value)
    }

    #[inline]
    fn bytes(
        &mut self,
        field: &'static Field,
        value: &mut [u8],
        length: Option<usize>,
    ) -> Result<Option<usize>, Self::Error> {
        self.optional(length.map(|length| length as u64));
        if let Some(length) = length {
            self.bytes.extend_from_slice(value.get(..length).ok_or(field)?);
        }
        Ok(length)
    }

    #[inline]
    fn list(&mut self, _: &'static Field, length: usize, _: usize) -> Result<usize, Self::Error> {
        self.plain(length as u64);
        Ok(length)
    }

    #[inline]
    fn item(&mut self) {}

    #[inline]
    fn end_list(&mut self) {}

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

    #[inline]
    fn plain(&mut self, field: &'static Field) -> Result<u128, &'static Field> {
        let mut number = 0;
        for place in 0..LONGEST {
            let byte = self.byte(field)?;
            number |= u128::from(byte & !CONTINUES) << (7 * place);
            if byte < CONTINUES {
                return Ok(number);
            }
        }
        Err(field)
    }

    #[inline]
    fn optional(&mut self, field: &'static Field) -> Result<Option<u64>, &'static Field> {
        let value = self.plain(field)?.checked_sub(1);
        value.map(|value| u64::try_from(value).map_err(|_| field)).transpose()
    }
}

impl Fields for Unpacker<'_> {
    type Error = &'static Field;

    const READS: bool = true;

    #[inline]
    fn number(&mut self, field: &'static Field, _: Option<u32>) -> Result<Option<u32>, Self::Error> {
        let value = self.optional(field)?;
        value.map(|value| u32::try_from(value).map_err(|_| field)).transpose()
    }

    #[inline]
    fn difference(&mut self, field: &'static Field, _: Option<i32>) -> Result<Option<i32>, Self::Error> {
        let value = self.optional(field)?;
        value.map(|value| i32::try_from(unfold(value)).map_err(|_| field)).transpose()
    }

    #[inline]
    fn long(&mut self, field: &'static Field, _: Option<i64>) -> Result<Option<i64>, Self::Error> {
        Ok(self.optional(field)?.map(unfold))
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
    fn word(
        &mut self,
        field: &'static Field,
        _: Option<usize>,
        words: &'static [&'static str],
    ) -> Result<Option<usize>, Self::Error> {
        let place = self.optional(field)?;
        let place = place.map(|place| usize::try_from(place).ok().filter(|&place| place < words.len()).ok_or(field));
        place.transpose()
    }

    #[inline]
    fn bytes(
        &mut self,
        field: &'static Field,
        value: &mut [u8],
        _: Option<usize>,
    ) -> Result<Option<usize>, Self::Error> {
        let Some(length) = self.optional(field)? else { return Ok(None) };
        let length = usize::try_from(length).map_err(|_| field)?;
        let (bytes, rest) = self.bytes.split_at_checked(length).ok_or(field)?;
        value.get_mut(..length).ok_or(field)?.copy_from_slice(bytes);
        self.bytes = rest;
        Ok(Some(length))
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

    #[inline]
    fn item(&mut self) {}

    #[inline]
    fn end_list(&mut self) {}

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
        let numbers = edges.into_iter().flat_map(|edge| [edge, -edge, !edge]).map(Some).chain([None]);
        let mut bytes = Vec::new();
        for number in numbers {
            bytes.clear();
            Packer { bytes: &mut bytes }.long(&FIELD, number).unwrap();
            let mut unpacker = Unpacker { bytes: &bytes, captures: 1 };
            assert_eq!(unpacker.long(&FIELD, None).ok(), Some(number));
            assert!(unpacker.bytes.is_empty());
        }
    }

    #[test]
    fn bytes_that_are_no_value_of_a_field_are_refused() {
        let unpacker = |bytes| Unpacker { bytes, captures: 1 };
        assert!(unpacker(&[]).flag(&FIELD, false).is_err());
        assert!(unpacker(&[2]).flag(&FIELD, false).is_err());
        assert!(unpacker(&[0x80]).number(&FIELD, None).is_err(), "the number does not end");
        assert!(unpacker(&[0x82, 0x80, 0x80, 0x80, 0x10]).number(&FIELD, None).is_err(), "2^32 + 1 is too large");
        assert!(unpacker(&[0xff; 20]).long(&FIELD, None).is_err(), "the number has more than 65 bits");
        assert!(unpacker(&[3]).word(&FIELD, None, &["one", "two"]).is_err());
        assert!(unpacker(&[3, 0]).bytes(&FIELD, &mut [0; 4], None).is_err(), "one of two bytes is missing");
        assert!(unpacker(&[4, 0, 0, 0]).bytes(&FIELD, &mut [0; 2], None).is_err(), "there is room for two bytes");
        assert!(unpacker(&[3]).list(&FIELD, 0, 2).is_err(), "there are two items at most");
    }
}
