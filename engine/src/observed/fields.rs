//! The fields of an observation, as a list that a caller writes, reads or describes.
//!
//! One function visits all fields of an observation. It is the only place that knows them, so what
//! is written, what is read and what is documented cannot differ.

/// Field of an observation.
#[derive(Debug)]
pub struct Field {
    /// Name, unique among the fields of its list.
    pub name: &'static str,
    /// Meaning, as a sentence without its period.
    pub about: &'static str,
}

/// Creates a static [`Field`].
macro_rules! field {
    ($name:literal, $about:literal) => {
        &$crate::observed::fields::Field { name: $name, about: $about }
    };
}
pub(crate) use field;

/// Visits the fields of an observation, always in the same order. A visitor that writes returns each
/// value that it gets. A visitor that reads ignores it, and returns what was written.
pub trait Fields {
    /// Reason why an observation cannot be read or written.
    type Error;

    /// Whether the visitor reads. What is visited to be written is not built again.
    const READS: bool;

    /// Visits a number.
    ///
    /// # Errors
    /// Like every method here, fails if the value cannot be written or read.
    fn number(&mut self, field: &'static Field, value: u32) -> Result<u32, Self::Error>;

    /// Visits some bits, as a number below 2^`count`.
    fn bits(&mut self, field: &'static Field, value: u32, count: usize) -> Result<u32, Self::Error> {
        let bits = self.number(field, value)?;
        if bits >> count == 0 { Ok(bits) } else { Err(self.invalid(field)) }
    }

    /// Visits a number that is as often large as small.
    fn random(&mut self, field: &'static Field, value: u32) -> Result<u32, Self::Error>;

    /// Visits a signed difference of two numbers modulo 2^32.
    fn difference(&mut self, field: &'static Field, value: i32) -> Result<i32, Self::Error>;

    /// Visits a signed number of 64 bits.
    fn long(&mut self, field: &'static Field, value: i64) -> Result<i64, Self::Error>;

    /// Visits a number that may be missing.
    fn optional(&mut self, field: &'static Field, value: Option<u32>) -> Result<Option<u32>, Self::Error>;

    /// Visits a signed number of 64 bits that may be missing.
    fn optional_long(&mut self, field: &'static Field, value: Option<i64>) -> Result<Option<i64>, Self::Error>;

    /// Visits whether something holds.
    fn flag(&mut self, field: &'static Field, value: bool) -> Result<bool, Self::Error>;

    /// Visits one of several words, by its place among them.
    fn word(
        &mut self,
        field: &'static Field,
        value: usize,
        words: &'static [&'static str],
    ) -> Result<usize, Self::Error>;

    /// Visits bytes, the first `length` ones of `value`. Returns their number.
    fn bytes(&mut self, field: &'static Field, value: &mut [u8], length: usize) -> Result<usize, Self::Error>;

    /// Visits a MAC address.
    fn mac(&mut self, field: &'static Field, value: [u8; 6]) -> Result<[u8; 6], Self::Error>;

    /// Begins a list with at most `most` items; returns its length. The fields up to
    /// [`Self::end_list`] are visited once for each item.
    fn list(&mut self, field: &'static Field, length: usize, most: usize) -> Result<usize, Self::Error>;

    /// Ends the list.
    fn end_list(&mut self) {}

    /// Returns the number of captures that a frame may be in: a frame in another one is not valid.
    fn captures(&self) -> u32 {
        u32::MAX
    }

    /// Returns the error for a field whose value is missing or out of range.
    fn invalid(&self, field: &'static Field) -> Self::Error;
}
