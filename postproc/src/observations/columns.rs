//! The columns of an observation, as the engine lists its fields.

use parquet::basic::Encoding;
use parquet::file::properties::WriterPropertiesBuilder;
use parquet::schema::types::ColumnPath;
use syncookie_engine::{Field, Fields, ObservedHandshake, Packing};

/// Column of an observation.
#[derive(Debug)]
pub(super) struct Column {
    pub field: &'static Field,
    pub kind: ColumnKind,
}

/// Values of a column.
#[derive(Debug)]
pub(super) enum ColumnKind {
    Number,
    Difference,
    Long,
    Flag,
    Word,
    Bytes,
    /// Lists of objects with these columns.
    List(Vec<Column>),
}

/// Returns the columns of an observation, in the order in which its fields are visited.
pub(super) fn columns() -> Vec<Column> {
    let mut listed = Listed::default();
    // All values are valid, so all fields are visited.
    let _ = ObservedHandshake::read(&mut listed);
    listed.columns
}

/// Sets how the columns of an observation are stored.
pub(super) fn pack(mut properties: WriterPropertiesBuilder, columns: &[Column]) -> WriterPropertiesBuilder {
    for column in columns {
        let ColumnKind::List(inner) = &column.kind else {
            properties = pack_column(properties, column, &[column.field.name]);
            continue;
        };
        for inner in inner {
            properties = pack_column(properties, inner, &[column.field.name, "list", "element", inner.field.name]);
        }
    }
    properties
}

fn pack_column(properties: WriterPropertiesBuilder, column: &Column, path: &[&str]) -> WriterPropertiesBuilder {
    let path = ColumnPath::new(path.iter().map(|&part| part.to_owned()).collect());
    let encoding = match (column.field.packing, &column.kind) {
        (Packing::Repeated, _) => return properties,
        (Packing::Close, _) => Encoding::DELTA_BINARY_PACKED,
        (Packing::Random, ColumnKind::Bytes) => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        (Packing::Random, _) => Encoding::PLAIN,
    };
    properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding)
}

/// Lists the fields that are visited, each with a value that is valid.
#[derive(Default)]
struct Listed {
    columns: Vec<Column>,
    /// Columns before the list that is being visited, and its field.
    outer: Option<(Vec<Column>, &'static Field)>,
}

impl Listed {
    fn add(&mut self, field: &'static Field, kind: ColumnKind) {
        self.columns.push(Column { field, kind });
    }
}

impl Fields for Listed {
    type Error = &'static Field;

    fn number(&mut self, field: &'static Field, _: Option<u32>) -> Result<Option<u32>, Self::Error> {
        self.add(field, ColumnKind::Number);
        Ok(Some(0))
    }

    fn difference(&mut self, field: &'static Field, _: Option<i32>) -> Result<Option<i32>, Self::Error> {
        self.add(field, ColumnKind::Difference);
        Ok(Some(0))
    }

    fn long(&mut self, field: &'static Field, _: Option<i64>) -> Result<Option<i64>, Self::Error> {
        self.add(field, ColumnKind::Long);
        Ok(Some(1))
    }

    fn flag(&mut self, field: &'static Field, _: bool) -> Result<bool, Self::Error> {
        self.add(field, ColumnKind::Flag);
        Ok(false)
    }

    fn word(
        &mut self,
        field: &'static Field,
        _: Option<usize>,
        _: &'static [&'static str],
    ) -> Result<Option<usize>, Self::Error> {
        self.add(field, ColumnKind::Word);
        Ok(Some(0))
    }

    fn bytes(&mut self, field: &'static Field, _: &mut [u8], _: Option<usize>) -> Result<Option<usize>, Self::Error> {
        self.add(field, ColumnKind::Bytes);
        Ok(Some(4))
    }

    fn list(&mut self, field: &'static Field, _: usize, _: usize) -> Result<usize, Self::Error> {
        self.outer = Some((std::mem::take(&mut self.columns), field));
        Ok(1)
    }

    fn item(&mut self) {}

    fn end_list(&mut self) {
        if let Some((outer, field)) = self.outer.take() {
            let inner = std::mem::replace(&mut self.columns, outer);
            self.add(field, ColumnKind::List(inner));
        }
    }

    fn invalid(&self, field: &'static Field) -> Self::Error {
        field
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write;
    use std::fs;
    use std::path::Path;

    use super::*;

    const MARK: &str = "<!-- columns: made from engine/src/observed -->\n";
    const END: &str = "<!-- end of columns -->";

    /// Writes a row for each column, the columns of a list after it.
    fn rows(table: &mut String, columns: &[Column], list: &str) {
        for Column { field, kind } in columns {
            let data_type = match kind {
                ColumnKind::Number => "uint32",
                ColumnKind::Difference => "int32",
                ColumnKind::Long => "int64",
                ColumnKind::Flag => "bool",
                ColumnKind::Word => "string",
                ColumnKind::Bytes => "binary",
                ColumnKind::List(_) => "list of objects",
            };
            writeln!(table, "| `{list}{}` | {data_type} | {} |", field.name, field.about).unwrap();
            if let ColumnKind::List(inner) = kind {
                rows(table, inner, &format!("{}.", field.name));
            }
        }
    }

    #[test]
    fn the_document_lists_the_columns_of_observations() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scale.md");
        let document = fs::read_to_string(&path).unwrap();
        let (before, rest) = document.split_once(MARK).unwrap();
        let (listed, after) = rest.split_once(END).unwrap();
        let mut table = String::from("| column | type | meaning |\n|---|---|---|\n");
        rows(&mut table, &columns(), "");
        if std::env::var_os("SYNCOOKIE_BLESS").is_some() {
            fs::write(&path, format!("{before}{MARK}{table}{END}{after}")).unwrap();
            return;
        }
        assert_eq!(listed, table, "SYNCOOKIE_BLESS=1 cargo test -p syncookie --features parquet writes the list again");
    }

    #[test]
    fn names_of_columns_are_unique_within_their_list() {
        let columns = columns();
        let inner = columns.iter().filter_map(|column| match &column.kind {
            ColumnKind::List(inner) => Some(inner),
            _ => None,
        });
        for columns in inner.chain([&columns]) {
            let names: HashSet<_> = columns.iter().map(|column| column.field.name).collect();
            assert_eq!(names.len(), columns.len(), "{names:?}");
        }
    }
}
