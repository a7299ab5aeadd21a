//! CSV (RFC 4180) for spreadsheets: one row for each handshake.
//!
//! It begins with a byte order mark, without which Excel takes UTF-8 for a Windows code page; Excel, LibreOffice, pandas
//! and DuckDB all pass over it.

use std::borrow::Cow;
use std::io::{self, Write};

use syncookie_engine::Finding;

use super::Report;
use super::model::{Cause, Endpoint, Evidence, Handshake};
use crate::pipeline::totals::{CaptureTotals, Totals};
use crate::source::walk::Source;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Between the entries of a list that share a cell.
const BETWEEN: &str = " | ";

const COLUMNS: [&str; 26] = [
    "capture",
    "time",
    "client_ip",
    "client_port",
    "server_ip",
    "server_port",
    "verdict",
    "confidence",
    "log_odds",
    "implementations",
    "outcome",
    "syn_frame",
    "syn_ack_frame",
    "ack_frame",
    "reset_frame",
    "elsewhere",
    "evidence_kinds",
    "evidence",
    "missing",
    "cause",
    "cause_for",
    "cause_against",
    "cause_not_observable",
    "check",
    "other_causes",
    "ruled_out",
];

/// One row for each handshake.
pub struct Rows<W> {
    output: W,
}

impl<W: Write> Rows<W> {
    pub fn new(output: W) -> Self {
        Self { output }
    }

    fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cow<'a, str>>) -> io::Result<()> {
        let line = cells.into_iter().map(|cell| quoted(cell).into_owned()).collect::<Vec<_>>().join(",");
        write!(self.output, "{line}\r\n")
    }
}

impl<W: Write> Report for Rows<W> {
    fn begin(&mut self, _: &[Source]) -> io::Result<()> {
        self.output.write_all(BYTE_ORDER_MARK)?;
        self.row(COLUMNS.map(Cow::from))?;
        self.output.flush()
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        let handshake = Handshake::new(captures, finding);
        self.row(cells(&handshake))
    }

    fn end(&mut self, _: &Totals) -> io::Result<()> {
        self.output.flush()
    }
}

/// RFC 4180: what holds a comma, a quote or a line break stands in quotes, and quotes in it are doubled.
fn quoted(cell: Cow<'_, str>) -> Cow<'_, str> {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")).into() } else { cell }
}

/// The cells of a row, in the order of [`COLUMNS`].
fn cells<'a>(handshake: &Handshake<'a>) -> [Cow<'a, str>; COLUMNS.len()] {
    let causes = handshake.cause.as_deref().unwrap_or_default();
    let first = causes.first();
    let frames = &handshake.frames;
    let [client_ip, client_port] = endpoint(&handshake.client);
    let [server_ip, server_port] = endpoint(&handshake.server);
    [
        text(handshake.capture.into()),
        handshake.time.to_string().into(),
        client_ip,
        client_port,
        server_ip,
        server_port,
        handshake.verdict.into(),
        handshake.confidence.unwrap_or_default().into(),
        optional(handshake.log_odds),
        handshake.implementations.join(BETWEEN).into(),
        handshake.outcome.into(),
        optional(frames.syn),
        optional(frames.syn_ack),
        optional(frames.ack),
        optional(frames.reset),
        text(list(handshake.elsewhere.iter().map(|other| format!("{}: {}", other.frame, other.capture)))),
        list(handshake.evidence.iter().map(|piece| piece.kind.to_owned())),
        text(list(handshake.evidence.iter().map(evidence))),
        text(list(handshake.missing.iter().cloned())),
        first.map_or("", |cause| cause.kind).into(),
        text(list(first.into_iter().flat_map(|cause| cause.supporting).cloned())),
        text(list(first.into_iter().flat_map(|cause| cause.against).cloned())),
        text(list(first.into_iter().flat_map(|cause| cause.not_observable).cloned())),
        text(first.map_or("", |cause| cause.check).into()),
        kinds(causes.iter().skip(1).filter(|cause| !cause.ruled_out)),
        kinds(causes.iter().filter(|cause| cause.ruled_out)),
    ]
}

fn endpoint<'a>(endpoint: &Endpoint) -> [Cow<'a, str>; 2] {
    [endpoint.ip.to_string().into(), endpoint.port.to_string().into()]
}

/// `zero-window 10 for syn-proxy: SYN-ACK offers a window of 0`
fn evidence(piece: &Evidence<'_>) -> String {
    format!("{} {} for {}: {}", piece.kind, piece.nats, piece.bearing, piece.detail)
}

fn kinds<'a, 'c>(causes: impl Iterator<Item = &'c Cause<'c>>) -> Cow<'a, str> {
    list(causes.map(|cause| cause.kind.to_owned()))
}

fn list<'a>(entries: impl Iterator<Item = String>) -> Cow<'a, str> {
    entries.collect::<Vec<_>>().join(BETWEEN).into()
}

/// An empty cell for nothing.
fn optional<'a>(number: Option<impl ToString>) -> Cow<'a, str> {
    number.map(|number| number.to_string()).unwrap_or_default().into()
}

/// Text that comes from outside, such as a capture's name: a spreadsheet takes a cell with such a beginning for a formula
/// and calculates it, so that an apostrophe is put before it, the spreadsheets' own mark for text.
fn text(cell: Cow<'_, str>) -> Cow<'_, str> {
    const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    // A sign alone is none: `-` is standard input.
    if cell.len() > 1 && cell.starts_with(FORMULA) { format!("'{cell}").into() } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_quotes_and_line_breaks_stand_in_quotes() {
        for (cell, written) in [("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\r\nb", "\"a\r\nb\""), ("a b", "a b")] {
            assert_eq!(quoted(cell.into()), written);
        }
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_calculate_is_marked_as_text() {
        for formula in ["=cmd|'/c calc'!A1.pcap", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(text(formula.into()), format!("'{formula}"));
        }
        for plain in ["-", "", "a=b.pcap", "caps/-x.pcap", "10.0.0.1"] {
            assert_eq!(text(plain.into()), plain);
        }
    }
}
