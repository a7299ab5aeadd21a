//! Objects as JSON, quickly: a capture of a day has millions of them.
//!
//! What takes time in writing JSON is to look at every byte of every string for what must be escaped, names of fields
//! included. Here sixteen bytes are looked at together, and names not at all; whatever is rare is left to `serde_json`, and what
//! is written is the same.

use serde::Serialize;
use serde::ser::{self, Impossible, SerializeSeq, SerializeStruct, Serializer};
use serde_json::{Error, to_writer};

/// Adds the value's JSON to what was written.
pub fn write(written: &mut Vec<u8>, value: &impl Serialize) -> Result<(), Error> {
    let begin = written.len();
    value.serialize(Writer(written)).or_else(|_| {
        // It has a form that handshakes have not.
        written.truncate(begin);
        to_writer(written, value)
    })
}

/// What is written to.
struct Writer<'a>(&'a mut Vec<u8>);

/// A list or an object that is being written.
struct Members<'a> {
    written: &'a mut Vec<u8>,
    begun: bool,
    end: u8,
}

impl<'a> Members<'a> {
    fn begin(written: &'a mut Vec<u8>, begin: u8, end: u8) -> Self {
        written.push(begin);
        Self { written, begun: false, end }
    }

    #[inline]
    fn next(&mut self) {
        if self.begun {
            self.written.push(b',');
        }
        self.begun = true;
    }

    fn end(self) {
        self.written.push(self.end);
    }
}

/// Whether some byte must be escaped: quotes, backslashes, and control characters, those below a space.
fn has_special(bytes: &[u8]) -> bool {
    let is_special = |byte: &u8| (*byte < b' ') | (*byte == b'"') | (*byte == b'\\');
    if let Some(last) = bytes.last_chunk::<16>() {
        any(last, is_special) || bytes.as_chunks::<16>().0.iter().any(|chunk| any(chunk, is_special))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        any(first, is_special) | any(last, is_special)
    } else {
        bytes.iter().any(is_special)
    }
}

/// All of so many at once: it takes no longer than one of them.
#[inline]
fn any<const N: usize>(bytes: &[u8; N], is: impl Fn(&u8) -> bool) -> bool {
    bytes.iter().fold(false, |any, byte| any | is(byte))
}

fn string(written: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    if has_special(text.as_bytes()) {
        return to_writer(written, text);
    }
    written.reserve(text.len() + 2);
    written.push(b'"');
    written.extend_from_slice(text.as_bytes());
    written.push(b'"');
    Ok(())
}

/// Forms that are left to `serde_json`, with everything that has one.
fn foreign<T>(form: &str) -> Result<T, Error> {
    Err(ser::Error::custom(format_args!("{form} cannot be written")))
}

/// What `serde_json` writes as well.
macro_rules! plain {
    ($($name:ident($type:ty);)+) => {
        $(fn $name(self, value: $type) -> Result<(), Error> {
            to_writer(self.0, &value)
        })+
    };
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Members<'a>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    plain! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_bytes(&[u8]);
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        string(self.0, text)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

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
        _: &T,
    ) -> Result<(), Error> {
        foreign(variant)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'a>, Error> {
        Ok(Members::begin(self.0, b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        foreign("a tuple")
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        foreign(name)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        foreign(name)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        foreign("a map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, Error> {
        Ok(Members::begin(self.0, b'{', b'}'))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        foreign(name)
    }
}

impl SerializeSeq for Members<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.next();
        value.serialize(Writer(self.written))
    }

    fn end(self) -> Result<(), Error> {
        Self::end(self);
        Ok(())
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Error;

    /// Where the name is written in the program, it is known here when it is compiled.
    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        debug_assert!(!has_special(name.as_bytes()), "names are chosen so that nothing in them is escaped: {name}");
        self.next();
        self.written.push(b'"');
        self.written.extend_from_slice(name.as_bytes());
        self.written.extend_from_slice(b"\":");
        value.serialize(Writer(self.written))
    }

    fn end(self) -> Result<(), Error> {
        Self::end(self);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Serialize)]
    struct Object<'a> {
        text: &'a str,
        numbers: Vec<f64>,
        nothing: Option<u8>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        objects: Vec<Self>,
        foreign: Option<[u8; 2]>,
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_serde_json_writes(
            text in ".{0,40}",
            other in "[ -~\u{0}\u{1f}\u{7f}é\"\\\\]*",
            number: f64,
            foreign: Option<[u8; 2]>,
        ) {
            let (numbers, objects) = (vec![number, f64::NAN], vec![]);
            let inner = Object { text: &other, numbers, nothing: Some(7), objects, foreign };
            let object = Object { text: &text, numbers: vec![], nothing: None, objects: vec![inner], foreign: None };
            let mut written = b"before ".to_vec();
            write(&mut written, &object).unwrap();
            let usual = serde_json::to_string(&object).unwrap();
            prop_assert_eq!(String::from_utf8(written).unwrap(), format!("before {usual}"));
        }
    }

    #[test]
    fn a_special_byte_is_found_wherever_it_stands_and_no_other() {
        for byte in 0..=255_u8 {
            for length in 1..20 {
                for at in 0..length {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = byte;
                    let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
                    assert_eq!(has_special(&bytes), is_special, "{byte} at {at} of {length}");
                }
            }
        }
    }
}
