//! CSV (RFC 4180) for spreadsheets: one row per handshake.
//!
//! A byte order mark comes first only if it is asked for: Excel needs it to read UTF-8, but
//! programs such as awk and csvkit take it for a part of the first column's name.

use std::borrow::Cow;
use std::io::{self, Write};

use syncookie_engine::{DetailLevel, Finding};
use syncookie_terminal::escape_controls;

use super::Report;
use super::columns::{COLUMNS, Column, Value};
use super::model::{Evidence, Handshake};
use crate::source::walk::Source;
use crate::text::Rfc3339;
use crate::totals::{CaptureTotals, Totals};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Separator of the entries of a list in one cell.
const BETWEEN: &str = " | ";

/// Report with one row per handshake.
pub struct Rows<W> {
    output: W,
    has_byte_order_mark: bool,
}

impl<W: Write> Rows<W> {
    pub fn new(output: W, has_byte_order_mark: bool) -> Self {
        Self { output, has_byte_order_mark }
    }

    fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cow<'a, str>>) -> io::Result<()> {
        let line = cells.into_iter().map(|cell| quoted(cell).into_owned()).collect::<Vec<_>>().join(",");
        write!(self.output, "{line}\r\n")
    }
}

impl<W: Write> Report for Rows<W> {
    fn detail(&self) -> DetailLevel {
        DetailLevel::All
    }

    fn draws(&self) -> bool {
        false
    }

    fn has_signatures(&self) -> bool {
        true
    }

    fn begin(&mut self, _: &[Source]) -> io::Result<()> {
        if self.has_byte_order_mark {
            self.output.write_all(BYTE_ORDER_MARK)?;
        }
        self.row(columns().map(|column| column.name.into()))?;
        self.output.flush()
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        let handshake = Handshake::new(captures, finding);
        self.row(columns().map(|column| cell(column.value, &handshake)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn end(&mut self, _: &Totals) -> io::Result<()> {
        self.output.flush()
    }
}

/// Quotes a cell that contains a comma, a quote or a line break, and doubles the quotes in it (RFC
/// 4180).
fn quoted(cell: Cow<'_, str>) -> Cow<'_, str> {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")).into() } else { cell }
}

fn columns() -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(|column| column.formats.has_csv())
}

/// Writes a value as a cell: lists are joined, a missing value is an empty cell, and text is
/// guarded against spreadsheets.
fn cell<'a>(value: Value, handshake: &'a Handshake<'_>) -> Cow<'a, str> {
    match value {
        Value::Text(read) => text(read(handshake).into()),
        Value::OptionalText(read) => text(read(handshake).unwrap_or_default().into()),
        Value::Texts(read) => text(read(handshake).join(BETWEEN).into()),
        Value::Time(read) => Rfc3339(read(handshake)).to_string().into(),
        Value::Nanoseconds(read) => read(handshake).as_nanos().to_string().into(),
        Value::Address(read) | Value::AddressBytes(read) => read(handshake).to_string().into(),
        Value::Port(read) => read(handshake).to_string().into(),
        Value::Count(read) => optional(read(handshake)),
        Value::Decimal(read) => optional(read(handshake)),
        Value::Flag(read) => read(handshake).to_string().into(),
        Value::OtherFiles(read) => list(read(handshake), |other| format!("{}: {}", other.frame, other.capture)),
        Value::Evidence(read) => list(read(handshake), evidence),
        Value::Causes(read) => list(read(handshake).unwrap_or_default(), |cause| cause.kind.to_owned()),
    }
}

/// Formats a piece of evidence: `zero-window 10 for syn-proxy: the SYN-ACK announces a window of
/// 0`.
fn evidence(piece: &Evidence<'_>) -> String {
    format!("{} {} for {}: {}", piece.kind, piece.nats, piece.bearing, piece.detail)
}

fn list<'a, T>(entries: &[T], write: impl Fn(&T) -> String) -> Cow<'a, str> {
    text(entries.iter().map(write).collect::<Vec<_>>().join(BETWEEN).into())
}

/// Returns the text of a number; empty if it is missing.
fn optional<'a>(number: Option<impl ToString>) -> Cow<'a, str> {
    number.map(|number| number.to_string()).unwrap_or_default().into()
}

/// Guards text from outside, such as a capture's name. A terminal acts upon control characters, so
/// they are escaped. A spreadsheet takes a cell with such a
/// beginning for a formula and evaluates it; an apostrophe, the spreadsheets' own mark for text,
/// prevents that.
fn text(cell: Cow<'_, str>) -> Cow<'_, str> {
    const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    // A single `-` is not a formula: it is standard input.
    let is_formula = cell.len() > 1 && cell.starts_with(FORMULA);
    match escape_controls(&cell) {
        shown if is_formula => format!("'{shown}").into(),
        Cow::Owned(shown) => shown.into(),
        Cow::Borrowed(_) => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_commas_quotes_or_line_breaks_are_quoted() {
        for (cell, written) in [("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\r\nb", "\"a\r\nb\""), ("a b", "a b")] {
            assert_eq!(quoted(cell.into()), written);
        }
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_evaluate_is_marked_as_text() {
        for formula in ["=cmd|'/c calc'!A1.pcap", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(text(formula.into()), format!("'{}", escape_controls(formula)));
        }
        for plain in ["-", "", "a=b.pcap", "caps/-x.pcap", "10.0.0.1"] {
            assert_eq!(text(plain.into()), plain);
        }
    }
}
