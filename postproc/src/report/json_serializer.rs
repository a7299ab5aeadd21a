//! Serialises values as compact JSON that is safe to print.
//!
//! `serde_json` looks at every byte of every key and text for characters to escape, which takes most
//! of its time. Here keys are copied, because they are names in the source, and so are texts in which
//! a quick check finds nothing to escape. `serde_json` writes everything else.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Error;
use syncookie_terminal::{DELETE, escape_json_controls};

/// Text in JSON. The memory of a text that was cleared is used again, and so is what was written to
/// it, so that adding a few bytes is one check and one copy.
#[derive(Default)]
pub(super) struct JsonText {
    bytes: Vec<u8>,
    length: usize,
}

impl JsonText {
    pub(super) const fn clear(&mut self) {
        self.length = 0;
    }

    /// Adds a value. In its strings, characters that a terminal acts upon are escaped.
    pub(super) fn add(&mut self, value: &impl Serialize) -> Result<(), Error> {
        value.serialize(Serialization(self))
    }

    #[inline(always)]
    pub(super) fn push(&mut self, text: &[u8]) {
        self.room(text.len()).copy_from_slice(text);
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Makes the text longer and returns the new bytes, which have any value.
    #[inline(always)]
    fn room(&mut self, bytes: usize) -> &mut [u8] {
        let (start, end) = (self.length, self.length + bytes);
        if end > self.bytes.len() {
            self.grow(end);
        }
        self.length = end;
        &mut self.bytes[start..end]
    }

    #[cold]
    fn grow(&mut self, length: usize) {
        self.bytes.resize(2 * length.max(1024), 0);
    }

    /// Adds a comma and a key that is a name in the source, which needs no escape.
    #[inline(always)]
    fn push_key(&mut self, key: &'static str) {
        debug_assert!(is_plain(key.as_bytes()), "{key}");
        self.push_between(b",\"", key, b"\":");
    }

    /// Adds a text between others.
    #[inline(always)]
    fn push_between<const A: usize, const B: usize>(&mut self, before: &[u8; A], text: &str, after: &[u8; B]) {
        let room = self.room(A + text.len() + B);
        room[..A].copy_from_slice(before);
        room[A..A + text.len()].copy_from_slice(text.as_bytes());
        room[A + text.len()..].copy_from_slice(after);
    }

    /// Adds a point and this number of millionths, without zeros at the end but for one.
    #[inline]
    fn push_decimals(&mut self, millionths: u32) {
        let thousandths = millionths / 1000;
        if millionths == 0 {
            self.push(b".0");
        } else if thousandths * 1000 == millionths {
            self.push_digits::<3>(thousandths);
        } else {
            self.push_digits::<6>(millionths);
        }
    }

    /// Adds a point and the last `N` digits of a number that is not 0, without zeros at the end.
    #[inline]
    fn push_digits<const N: usize>(&mut self, mut number: u32) {
        self.push(b".");
        let digits = self.room(N);
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.length -= digits.iter().rev().take_while(|&&digit| digit == b'0').count();
    }
}

impl Write for JsonText {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.push(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Serializer that adds to a text.
struct Serialization<'a>(&'a mut JsonText);

/// Array or object whose elements are being added. A comma is before each of them; the bracket
/// takes the place of the first.
struct Elements<'a> {
    json: &'a mut JsonText,
    start: usize,
    brackets: [u8; 2],
    /// Whether it is the only value of an object.
    is_wrapped: bool,
}

impl<'a> Serialization<'a> {
    #[inline]
    fn begin(self, brackets: &[u8; 2]) -> Elements<'a> {
        Elements { start: self.0.length, json: self.0, brackets: *brackets, is_wrapped: false }
    }

    /// Begins an object whose only value is a variant of an enum.
    fn begin_variant(self, variant: &'static str) -> Self {
        self.0.push_between(b"{\"", variant, b"\":");
        self
    }

    /// Begins a variant of an enum with several values.
    fn begin_wrapped(self, variant: &'static str, brackets: &[u8; 2]) -> Elements<'a> {
        Elements { is_wrapped: true, ..self.begin_variant(variant).begin(brackets) }
    }
}

impl Elements<'_> {
    #[inline]
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.json.push(b",");
        value.serialize(Serialization(self.json))
    }

    #[inline]
    fn close(self) {
        let Self { json, start, brackets: [open, close], is_wrapped } = self;
        if json.length == start {
            json.push(&[open, close]);
        } else {
            json.bytes[start] = open;
            json.push(&[close]);
        }
        if is_wrapped {
            json.push(b"}");
        }
    }
}

/// Number of bytes that [`is_plain`] looks at together: the compiler compares them at once.
const TOGETHER: usize = 16;

/// Returns whether a text needs no escape.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    // The last bytes of a long text are looked at with those before them, some of them twice.
    match text.last_chunk::<TOGETHER>() {
        Some(last) => !text.as_chunks().0.iter().chain([last]).any(|bytes| some_need_escape(bytes)),
        None => !some_need_escape(text),
    }
}

/// Returns whether some byte is not ASCII, a control character, a quotation mark or a backslash.
#[inline(always)]
fn some_need_escape(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |some, byte| some | !matches!(byte, b' '..DELETE) | matches!(byte, b'"' | b'\\'))
}

const MILLION: i64 = 1_000_000;

/// Returns how many millionths a number is without its sign, where it is whole, and has no exponent
/// in JSON. Most numbers of a report were rounded. With at most 15 digits, no other number has the
/// same decimals, so these are the shortest that mean the number.
#[inline]
fn whole_millionths(number: f64) -> Option<i64> {
    let number = number.abs();
    let millionths = (number * MILLION as f64 + 0.5) as i64;
    let is_plain = millionths == 0 || (100..1_000_000_000_000_000).contains(&millionths);
    (is_plain && millionths as f64 / MILLION as f64 == number).then_some(millionths)
}

macro_rules! by_serde_json {
    ($($serialize:ident($type:ty);)+) => {
        $(#[inline]
        fn $serialize(self, value: $type) -> Result<(), Error> {
            serde_json::to_writer(self.0, &value)
        })+
    };
}

impl<'a> Serializer for Serialization<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Elements<'a>;
    type SerializeTupleStruct = Elements<'a>;
    type SerializeTupleVariant = Elements<'a>;
    type SerializeMap = Elements<'a>;
    type SerializeStruct = Elements<'a>;
    type SerializeStructVariant = Elements<'a>;

    by_serde_json! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_f32(f32);
        serialize_bytes(&[u8]);
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        match whole_millionths(value) {
            Some(millionths) => {
                if value.is_sign_negative() {
                    self.0.push(b"-");
                }
                match (millionths / MILLION) as u64 {
                    digit @ 0..10 => self.0.push(&[b'0' + digit as u8]),
                    number => serde_json::to_writer(&mut *self.0, &number)?,
                }
                self.0.push_decimals((millionths % MILLION) as u32);
                Ok(())
            }
            None => serde_json::to_writer(self.0, &value),
        }
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        if is_plain(text.as_bytes()) {
            self.0.push_between(b"\"", text, b"\"");
        } else {
            self.0.push(&escape_json_controls(&serde_json::to_vec(text)?));
        }
        Ok(())
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        let start = self.0.length;
        self.0.push(b"\"");
        write!(self.0, "{value}").map_err(Error::io)?;
        let text = &self.0.as_bytes()[start + 1..];
        if is_plain(text) {
            self.0.push(b"\"");
            return Ok(());
        }
        let text = String::from_utf8_lossy(text).into_owned();
        self.0.length = start;
        self.serialize_str(&text)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Error> {
        self.0.push(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        debug_assert!(is_plain(variant.as_bytes()), "{variant}");
        self.0.push_between(b"\"", variant, b"\"");
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let variant = self.begin_variant(variant);
        value.serialize(Serialization(&mut *variant.0))?;
        variant.0.push(b"}");
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'a>, Error> {
        Ok(self.begin(b"[]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements<'a>, Error> {
        Ok(self.begin(b"[]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>, Error> {
        Ok(self.begin(b"[]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'a>, Error> {
        Ok(self.begin_wrapped(variant, b"[]"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Elements<'a>, Error> {
        Ok(self.begin(b"{}"))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>, Error> {
        Ok(self.begin(b"{}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'a>, Error> {
        Ok(self.begin_wrapped(variant, b"{}"))
    }
}

impl SerializeMap for Elements<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.json.push(b",");
        let start = self.json.length;
        key.serialize(Serialization(self.json))?;
        if self.json.as_bytes().get(start) != Some(&b'"') {
            return Err(Error::custom("a key must be a string"));
        }
        self.json.push(b":");
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Serialization(self.json))
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

macro_rules! array {
    ($($trait:ident::$add:ident;)+) => {
        $(impl $trait for Elements<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.add(value)
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        })+
    };
}

array! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! object {
    ($($trait:ident;)+) => {
        $(impl $trait for Elements<'_> {
            type Ok = ();
            type Error = Error;

            #[inline(always)]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.json.push_key(key);
                value.serialize(Serialization(self.json))
            }

            #[inline]
            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        })+
    };
}

object! {
    SerializeStruct;
    SerializeStructVariant;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Serialize)]
    enum Variant {
        Unit,
        Newtype(u8),
        Tuple(u8, f64),
        Struct { a: i64, b: Option<bool> },
    }

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Newtype<'a>(&'a str);

    #[derive(Serialize)]
    struct Tuple(char, u8);

    #[derive(Serialize)]
    struct Empty {}

    #[derive(Serialize)]
    struct Inner<'a> {
        text: &'a str,
        map: BTreeMap<&'a str, u64>,
    }

    #[derive(Serialize)]
    struct Outer<'a> {
        number: f64,
        rounded: [f64; 4],
        special: [f64; 12],
        none: Option<u32>,
        unit: Unit,
        newtype: Newtype<'a>,
        tuple: Tuple,
        pair: (u16, i8),
        empty: Empty,
        nothing: [u8; 0],
        variants: [Variant; 4],
        #[serde(skip_serializing_if = "str::is_empty")]
        skipped: &'a str,
        #[serde(flatten)]
        inner: Inner<'a>,
    }

    fn written(value: &impl Serialize) -> String {
        let mut json = JsonText::default();
        json.push(b"before ");
        json.add(value).expect("it can be written");
        let text = str::from_utf8(json.as_bytes()).expect("it is text");
        text.strip_prefix("before ").expect("it follows what was there").to_owned()
    }

    fn by_serde_json(value: &impl Serialize) -> String {
        let json = serde_json::to_vec(value).expect("it can be written");
        String::from_utf8(escape_json_controls(&json).into_owned()).expect("it is text")
    }

    proptest! {
        #[test]
        fn every_value_is_written_as_by_serde_json(text in any::<String>(), number: f64, rounded: i32, c: char, n: u64) {
            let value = Outer {
                number,
                rounded: [(f64::from(rounded) / 1e6), f64::from(rounded) / 1e3, f64::from(rounded) / -100.0, f64::from(rounded)],
                special: [0.0, -0.0, 1e-4, 9.9e-5, 1e-6, 0.1 + 0.2, 999_999_999.999_999, 1e9, 1e15, 1e16, f64::NAN, f64::INFINITY],
                none: None,
                unit: Unit,
                newtype: Newtype(&text),
                tuple: Tuple(c, 1),
                pair: (2, -3),
                empty: Empty {},
                nothing: [],
                variants: [Variant::Unit, Variant::Newtype(4), Variant::Tuple(5, number), Variant::Struct { a: 6, b: Some(true) }],
                skipped: "",
                inner: Inner { text: &text, map: BTreeMap::from([(&*text, n), ("b", 7)]) },
            };
            prop_assert_eq!(written(&value), by_serde_json(&value));
        }
    }

    #[test]
    fn each_character_is_written_as_by_serde_json_and_safe_to_print() {
        for c in ('\0'..='\u{2100}').chain(['\u{feff}', '\u{1f600}']) {
            let text = format!("a{c}b");
            assert_eq!(written(&text), by_serde_json(&text));
            assert!(!written(&text).contains(|c: char| c.is_control()), "{text:?}");
        }
    }

    #[test]
    fn a_key_that_is_not_text_is_an_error() {
        assert!(JsonText::default().add(&BTreeMap::from([(1, 2)])).is_err());
    }
}
