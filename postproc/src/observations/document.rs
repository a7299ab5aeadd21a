//! Checks that docs/scale.md has the fields of an observation as the engine lists them.

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use syncookie_engine::{Endpoint, Field, Fields, ObservedHandshake, Opening, Timestamp};

/// Length of an IPv4 address in bytes.
const IPV4: usize = 4;

/// Field of an observation.
#[derive(Debug)]
struct Listing {
    field: &'static Field,
    kind: Kind,
}

/// Values of a field.
#[derive(Debug)]
enum Kind {
    Number,
    Optional,
    Random,
    Difference,
    OptionalDifference,
    Flag,
    Word(&'static [&'static str]),
    Bytes,
    Mac,
    /// Lists of objects with these fields.
    List(Vec<Listing>),
}

/// Returns the fields of an observation, in the order in which they are visited.
fn fields() -> Vec<Listing> {
    let mut listed = Listed::default();
    // All values are valid, so all fields are visited.
    let nobody = Endpoint { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), port: 0 };
    let opening = Opening { client: nobody, server: nobody, time: Timestamp::from_nanos(0) };
    let _ = ObservedHandshake::read(opening, &mut listed);
    listed.fields
}

/// Lists the fields that are visited, each with a value that is valid.
#[derive(Default)]
struct Listed {
    fields: Vec<Listing>,
    /// Fields before the list that is being visited, and its field.
    outer: Option<(Vec<Listing>, &'static Field)>,
}

impl Listed {
    fn add(&mut self, field: &'static Field, kind: Kind) {
        self.fields.push(Listing { field, kind });
    }
}

impl Fields for Listed {
    type Error = &'static Field;

    const READS: bool = true;

    fn number(&mut self, field: &'static Field, _: u32) -> Result<u32, Self::Error> {
        self.add(field, Kind::Number);
        Ok(0)
    }

    // Bits say which fields follow.
    fn bits(&mut self, field: &'static Field, _: u32, count: usize) -> Result<u32, Self::Error> {
        self.add(field, Kind::Number);
        Ok((1 << count) - 1)
    }

    fn random(&mut self, field: &'static Field, _: u32) -> Result<u32, Self::Error> {
        self.add(field, Kind::Random);
        Ok(0)
    }

    fn difference(&mut self, field: &'static Field, _: i32) -> Result<i32, Self::Error> {
        self.add(field, Kind::Difference);
        Ok(0)
    }

    fn long(&mut self, field: &'static Field, _: i64) -> Result<i64, Self::Error> {
        self.add(field, Kind::Difference);
        Ok(0)
    }

    fn optional(&mut self, field: &'static Field, _: Option<u32>) -> Result<Option<u32>, Self::Error> {
        self.add(field, Kind::Optional);
        Ok(Some(0))
    }

    fn optional_long(&mut self, field: &'static Field, _: Option<i64>) -> Result<Option<i64>, Self::Error> {
        self.add(field, Kind::OptionalDifference);
        Ok(Some(0))
    }

    fn flag(&mut self, field: &'static Field, _: bool) -> Result<bool, Self::Error> {
        self.add(field, Kind::Flag);
        Ok(true)
    }

    fn word(&mut self, field: &'static Field, _: usize, words: &'static [&'static str]) -> Result<usize, Self::Error> {
        self.add(field, Kind::Word(words));
        Ok(0)
    }

    fn bytes(&mut self, field: &'static Field, _: &mut [u8], _: usize) -> Result<usize, Self::Error> {
        self.add(field, Kind::Bytes);
        Ok(IPV4)
    }

    fn mac(&mut self, field: &'static Field, _: [u8; 6]) -> Result<[u8; 6], Self::Error> {
        self.add(field, Kind::Mac);
        // Zeros are no address.
        Ok([1; 6])
    }

    fn list(&mut self, field: &'static Field, _: usize, _: usize) -> Result<usize, Self::Error> {
        self.outer = Some((std::mem::take(&mut self.fields), field));
        Ok(1)
    }

    fn end_list(&mut self) {
        if let Some((outer, field)) = self.outer.take() {
            let inner = std::mem::replace(&mut self.fields, outer);
            self.add(field, Kind::List(inner));
        }
    }

    fn invalid(&self, field: &'static Field) -> Self::Error {
        field
    }
}

const MARK: &str = "<!-- fields: made from engine/src/observed -->\n";
const END: &str = "<!-- end of fields -->";

/// Writes a row for each field, the fields of a list after it.
fn rows(table: &mut String, fields: &[Listing], list: &str) {
    for Listing { field, kind } in fields {
        let data_type = match kind {
            Kind::Number => "number",
            Kind::Difference => "difference",
            Kind::Optional => "number or null",
            Kind::Random => "4 bytes",
            Kind::OptionalDifference => "difference or null",
            Kind::Flag => "flag",
            Kind::Word(words) => &format!("one of `{}`", words.join("`, `")),
            Kind::Bytes => "bytes",
            Kind::Mac => "6 bytes",
            Kind::List(_) => "list",
        };
        writeln!(table, "| `{list}{}` | {data_type} | {} |", field.name, field.about).unwrap();
        if let Kind::List(inner) = kind {
            rows(table, inner, &format!("{}.", field.name));
        }
    }
}

#[test]
fn the_document_lists_the_fields_of_observations() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scale.md");
    let document = fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(MARK).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    let mut table = String::from("| field | type | meaning |\n|---|---|---|\n");
    rows(&mut table, &fields(), "");
    if std::env::var_os("SYNCOOKIE_BLESS").is_some() {
        fs::write(&path, format!("{before}{MARK}{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(listed, table, "SYNCOOKIE_BLESS=1 cargo test -p syncookie --features parquet writes the list again");
}

#[test]
fn names_of_fields_are_unique_within_their_list() {
    let fields = fields();
    let inner = fields.iter().filter_map(|column| match &column.kind {
        Kind::List(inner) => Some(inner),
        _ => None,
    });
    for fields in inner.chain([&fields]) {
        let names: HashSet<_> = fields.iter().map(|column| column.field.name).collect();
        assert_eq!(names.len(), fields.len(), "{names:?}");
    }
}
