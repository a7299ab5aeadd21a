//! Serialises values as compact JSON that is safe to print.
//!
//! `serde_json` looks at every byte of every key and text for characters to escape, which takes most
//! of its time. Here keys are copied, because they are names in the source, and so are texts in which
//! a quick check finds nothing to escape. `serde_json` writes everything else.

use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Error;
use syncookie_terminal::escape_json_controls;

/// Adds a value to a text in JSON. In its strings, characters that a terminal acts upon are escaped.
pub(super) fn write(json: &mut Vec<u8>, value: &impl Serialize) -> Result<(), Error> {
    value.serialize(Json(json))
}

/// Serializer that adds to a text.
struct Json<'a>(&'a mut Vec<u8>);

/// Array or object whose elements are being added. A comma follows each of them.
struct Elements<'a> {
    json: &'a mut Vec<u8>,
    end: &'static str,
}

impl<'a> Json<'a> {
    #[inline]
    fn begin(self, start: &str, end: &'static str) -> Elements<'a> {
        self.0.extend_from_slice(start.as_bytes());
        Elements { json: self.0, end }
    }

    /// Begins an object whose only value is a variant of an enum.
    fn begin_variant(self, variant: &'static str, start: &str, end: &'static str) -> Elements<'a> {
        self.0.push(b'{');
        add_key(self.0, variant);
        self.begin(start, end)
    }
}

impl Elements<'_> {
    #[inline]
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Json(self.json))?;
        self.json.push(b',');
        Ok(())
    }

    #[inline]
    fn close(self) {
        if self.json.last() == Some(&b',') {
            self.json.pop();
        }
        self.json.extend_from_slice(self.end.as_bytes());
    }
}

/// Adds a key that is a name in the source, which needs no escape.
#[inline]
fn add_key(json: &mut Vec<u8>, key: &'static str) {
    debug_assert!(is_plain(key), "{key}");
    json.reserve(key.len() + 3);
    json.push(b'"');
    json.extend_from_slice(key.as_bytes());
    json.extend_from_slice(b"\":");
}

/// Returns whether a text needs no escape. It looks at all bytes without a decision between them, so
/// that the compiler uses vector instructions.
#[inline]
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\'))
}

macro_rules! by_serde_json {
    ($($serialize:ident($type:ty);)+) => {
        $(#[inline]
        fn $serialize(self, value: $type) -> Result<(), Error> {
            serde_json::to_writer(self.0, &value)
        })+
    };
}

impl<'a> Serializer for Json<'a> {
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
        serialize_f64(f64);
        serialize_bytes(&[u8]);
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        if is_plain(text) {
            self.0.reserve(text.len() + 2);
            self.0.push(b'"');
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(b'"');
        } else {
            self.0.extend_from_slice(&escape_json_controls(&serde_json::to_vec(text)?));
        }
        Ok(())
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
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
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
        let mut object = self.begin_variant(variant, "", "}");
        object.add(value)?;
        object.close();
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'a>, Error> {
        Ok(self.begin("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements<'a>, Error> {
        Ok(self.begin("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>, Error> {
        Ok(self.begin("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'a>, Error> {
        Ok(self.begin_variant(variant, "[", "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Elements<'a>, Error> {
        Ok(self.begin("{", "}"))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>, Error> {
        Ok(self.begin("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'a>, Error> {
        Ok(self.begin_variant(variant, "{", "}}"))
    }
}

impl SerializeMap for Elements<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let start = self.json.len();
        key.serialize(Json(self.json))?;
        if self.json.get(start) != Some(&b'"') {
            return Err(Error::custom("a key must be a string"));
        }
        self.json.push(b':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.add(value)
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

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                add_key(self.json, key);
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
        let mut json = b"before ".to_vec();
        write(&mut json, value).expect("it can be written");
        String::from_utf8(json.split_off("before ".len())).expect("it is text")
    }

    fn by_serde_json(value: &impl Serialize) -> String {
        let json = serde_json::to_vec(value).expect("it can be written");
        String::from_utf8(escape_json_controls(&json).into_owned()).expect("it is text")
    }

    proptest! {
        #[test]
        fn every_value_is_written_as_by_serde_json(text in any::<String>(), number: f64, c: char, n: u64) {
            let value = Outer {
                number,
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
            assert!(!written(&text).contains(|c: char| c.is_control() && c != '\u{7f}'), "{text:?}");
        }
    }

    #[test]
    fn a_key_that_is_not_text_is_an_error() {
        assert!(write(&mut Vec::new(), &BTreeMap::from([(1, 2)])).is_err());
    }
}
