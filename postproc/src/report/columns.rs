//! Columns of CSV and Parquet: one table, from which both formats and the list in
//! docs/json-schema.md are generated.

use std::net::IpAddr;

use syncookie_engine::Timestamp;

use super::model::{Cause, Evidence, Handshake, OtherFile};

/// Column of the table of handshakes.
pub struct Column {
    /// Name, the same in every format.
    pub name: &'static str,
    /// Formats that have the column.
    pub formats: Formats,
    /// Reads the value of a handshake; the variant is the type of the column.
    pub value: Value,
    /// Description of the column, for docs/json-schema.md.
    #[cfg_attr(not(test), expect(dead_code, reason = "the document is checked by a test"))]
    pub description: &'static str,
}

/// Formats that have a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formats {
    /// Both CSV and Parquet.
    Both,
    /// CSV only: its cells hold lists and objects as text.
    Csv,
    /// Parquet only: it has types and lists.
    Parquet,
}

impl Formats {
    /// Returns whether CSV has the column.
    pub fn has_csv(self) -> bool {
        self != Self::Parquet
    }

    /// Returns whether Parquet has the column.
    #[cfg(any(test, feature = "parquet"))]
    pub fn has_parquet(self) -> bool {
        self != Self::Csv
    }
}

/// Reader of a value that a handshake owns.
pub type Read<T> = fn(&Handshake<'_>) -> T;
/// Reader of a text of a handshake.
pub type ReadText = for<'a> fn(&'a Handshake<'_>) -> &'a str;
/// Reader of a text that may be missing.
pub type ReadOptionalText = for<'a> fn(&'a Handshake<'_>) -> Option<&'a str>;
/// Reader of a list of texts.
pub type ReadTexts = for<'a> fn(&'a Handshake<'_>) -> Vec<&'a str>;
/// Reader of the frames that are in other captures.
pub type ReadOtherFiles = for<'a> fn(&'a Handshake<'_>) -> &'a [OtherFile<'a>];
/// Reader of the evidence.
pub type ReadEvidence = for<'a> fn(&'a Handshake<'_>) -> &'a [Evidence<'a>];
/// Reader of the causes; only handshakes that failed or were delayed have any.
pub type ReadCauses = for<'a> fn(&'a Handshake<'_>) -> Option<&'a [Cause<'a>]>;

/// Reader of a column's value.
#[derive(Clone, Copy)]
pub enum Value {
    /// Text that is never missing.
    Text(ReadText),
    /// Text that may be missing.
    OptionalText(ReadOptionalText),
    /// List of texts.
    Texts(ReadTexts),
    /// Time in nanoseconds; Parquet holds microseconds in UTC.
    Time(Read<Timestamp>),
    /// Time as a number of nanoseconds since 1970.
    Nanoseconds(Read<Timestamp>),
    /// Address as text.
    Address(Read<IpAddr>),
    /// Address as 16 bytes; IPv4 as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2), so that all
    /// addresses sort together.
    AddressBytes(Read<IpAddr>),
    /// Port number.
    Port(Read<u16>),
    /// Frame number or count that may be missing.
    Count(Read<Option<u32>>),
    /// Number of nats or seconds that may be missing.
    Decimal(Read<Option<f64>>),
    /// Whether something holds.
    Flag(Read<bool>),
    /// Frames that are in another capture.
    OtherFiles(ReadOtherFiles),
    /// Pieces of evidence.
    Evidence(ReadEvidence),
    /// Ranked causes; missing if the handshake did not fail.
    Causes(ReadCauses),
}

/// All columns, in the order of the formats.
pub const COLUMNS: &[Column] = &[
    both("capture", Value::Text(|h| h.capture), "the capture's name"),
    both("time", Value::Time(|h| h.time.0), "the time of the first frame"),
    parquet(
        "time_ns",
        Value::Nanoseconds(|h| h.time.0),
        "the same, to the nanosecond; a number, because Spark refuses timestamps in nanoseconds",
    ),
    both("connection_id", Value::OptionalText(|handshake| handshake.connection_id.as_deref()), "as in JSON"),
    both("community_id", Value::Text(|h| &h.community_id), "as in JSON"),
    both("syn_p0f", Value::OptionalText(|h| h.syn_p0f), "as in JSON"),
    both("syn_ack_p0f", Value::OptionalText(|h| h.syn_ack_p0f), "as in JSON"),
    both("client_ip", Value::Address(|h| h.client.ip), "the client's address"),
    parquet("client_ip_bytes", Value::AddressBytes(|h| h.client.ip), ADDRESS_BYTES),
    both("client_port", Value::Port(|h| h.client.port), "the client's port"),
    both("server_ip", Value::Address(|h| h.server.ip), "the server's address"),
    parquet("server_ip_bytes", Value::AddressBytes(|h| h.server.ip), ADDRESS_BYTES),
    both("server_port", Value::Port(|h| h.server.port), "the server's port"),
    both("verdict", Value::Text(|h| h.verdict), "as in JSON"),
    both("confidence", Value::OptionalText(|h| h.confidence), "as in JSON"),
    both("log_odds", Value::Decimal(|h| h.log_odds), "as in JSON"),
    both("runner_up", Value::OptionalText(|h| h.runner_up), "as in JSON"),
    both("prior_nats", Value::Decimal(|h| h.prior_nats), "as in JSON"),
    both("listener_nats", Value::Decimal(|h| h.listener_nats), "as in JSON"),
    both("cap_nats", Value::Decimal(|h| h.cap_nats), "as in JSON"),
    both("implementations", Value::Texts(|h| h.implementations.clone()), "as in JSON"),
    both("outcome", Value::Text(|h| h.outcome), "as in JSON"),
    both("syns", Value::Count(|h| Some(h.syns)), "as in JSON"),
    both("seconds", Value::Decimal(|h| h.seconds), "as in JSON"),
    both("failed", Value::Flag(|h| h.failed), "as in JSON"),
    both("syn_frame", Value::Count(|h| h.frames.syn), "`frames.syn` in JSON"),
    both("syn_ack_frame", Value::Count(|h| h.frames.syn_ack), "`frames.syn_ack` in JSON"),
    both("ack_frame", Value::Count(|h| h.frames.ack), "`frames.ack` in JSON"),
    both("reset_frame", Value::Count(|h| h.frames.reset), "`frames.reset` in JSON"),
    both("other_files", Value::OtherFiles(|h| &h.other_files), "frames that are in another file"),
    csv("evidence_kinds", Value::Texts(|h| h.evidence_kinds()), "the kinds of evidence, strongest first"),
    both("evidence", Value::Evidence(|h| &h.evidence), "the evidence, strongest first"),
    both("missing", Value::Texts(|h| texts(h.missing)), "as in JSON"),
    parquet("cause", Value::Causes(|h| h.cause.as_deref()), CAUSES),
    csv("cause", Value::OptionalText(|h| first(h).map(|cause| cause.kind)), "the kind of the first cause"),
    csv("cause_for", Value::Texts(|h| first(h).map_or_else(Vec::new, |cause| texts(cause.supporting))), OF_FIRST),
    csv("cause_against", Value::Texts(|h| first(h).map_or_else(Vec::new, |cause| texts(cause.against))), OF_FIRST),
    csv("cause_not_observable", Value::Texts(not_observable), OF_FIRST),
    csv("check", Value::OptionalText(|h| first(h).map(|cause| cause.check)), OF_FIRST),
    csv("other_causes", Value::Texts(other_causes), "the kinds of further causes that are not ruled out"),
    csv("ruled_out", Value::Texts(ruled_out), "the kinds of causes that are ruled out"),
];

const CAUSES: &str = "the ranked causes; null if the handshake neither failed nor was delayed and \
                      its connection did not get stuck";

const ADDRESS_BYTES: &str =
    "the same in 16 bytes (IPv4 as IPv4-mapped IPv6), for range queries and joins; sorts in the order of the addresses";
const OF_FIRST: &str = "of the first cause, as in JSON";

const fn both(name: &'static str, value: Value, description: &'static str) -> Column {
    Column { name, formats: Formats::Both, value, description }
}

const fn csv(name: &'static str, value: Value, description: &'static str) -> Column {
    Column { name, formats: Formats::Csv, value, description }
}

const fn parquet(name: &'static str, value: Value, description: &'static str) -> Column {
    Column { name, formats: Formats::Parquet, value, description }
}

fn texts<T: AsRef<str>>(texts: &[T]) -> Vec<&str> {
    texts.iter().map(AsRef::as_ref).collect()
}

fn causes<'a>(handshake: &'a Handshake<'_>) -> &'a [Cause<'a>] {
    handshake.cause.as_deref().unwrap_or_default()
}

fn first<'a>(handshake: &'a Handshake<'_>) -> Option<&'a Cause<'a>> {
    causes(handshake).first()
}

fn not_observable<'a>(handshake: &'a Handshake<'_>) -> Vec<&'a str> {
    first(handshake).map_or_else(Vec::new, |cause| texts(cause.not_observable))
}

fn other_causes<'a>(handshake: &'a Handshake<'_>) -> Vec<&'a str> {
    handshake.likely_causes().skip(1).map(|cause| cause.kind).collect()
}

fn ruled_out<'a>(handshake: &'a Handshake<'_>) -> Vec<&'a str> {
    causes(handshake).iter().filter(|cause| cause.ruled_out).map(|cause| cause.kind).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Returns the descriptions of the value in CSV and in Parquet.
    fn written(value: Value) -> [&'static str; 2] {
        match value {
            Value::Text(_) => ["text", "text"],
            Value::OptionalText(_) => ["text, empty for `null`", "text or null"],
            Value::Texts(_) => ["list", "list of texts"],
            Value::Time(_) => ["RFC 3339, nanoseconds", "timestamp in UTC, microseconds"],
            Value::Nanoseconds(_) => ["number", "64-bit number of nanoseconds since 1970"],
            Value::Address(_) => ["text", "text"],
            Value::AddressBytes(_) => ["", "16 bytes"],
            Value::Port(_) => ["number", "16-bit number"],
            Value::Count(_) => ["number or empty", "32-bit number or null"],
            Value::Decimal(_) => ["number or empty", "64-bit floating-point number or null"],
            Value::Flag(_) => ["true or false", "boolean"],
            Value::OtherFiles(_) => ["list of `syn: other.pcap`", "list of `frame`, `capture`"],
            Value::Evidence(_) => [
                "list of `zero-window 10 for syn-proxy: …`",
                "list of `kind`, `for`, `nats`, `contribution`, `frames` (a list), `detail`",
            ],
            Value::Causes(_) => {
                ["", "list of `kind`, `rank`, `for`, `against`, `not_observable`, `ruled_out`, `nats`, `check`"]
            }
        }
    }

    fn table() -> String {
        let mut table = String::from("| column | CSV | Parquet | value |\n|---|---|---|---|\n");
        for column in COLUMNS {
            let [csv, parquet] = written(column.value);
            let csv = if column.formats.has_csv() { csv } else { "" };
            let parquet = if column.formats.has_parquet() { parquet } else { "" };
            table += &format!("| `{}` | {csv} | {parquet} | {} |\n", column.name, column.description);
        }
        table
    }

    #[test]
    fn the_document_lists_these_columns() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/json-schema.md");
        let document = fs::read_to_string(&path).unwrap();
        let (before, rest) =
            document.split_once("<!-- columns: made from postproc/src/report/columns.rs -->\n").unwrap();
        let (listed, after) = rest.split_once("<!-- end of columns -->").unwrap();
        if std::env::var_os("SYNCOOKIE_BLESS").is_some() {
            let mark = "<!-- columns: made from postproc/src/report/columns.rs -->";
            fs::write(&path, format!("{before}{mark}\n{}<!-- end of columns -->{after}", table())).unwrap();
            return;
        }
        assert_eq!(listed, table(), "SYNCOOKIE_BLESS=1 cargo test -p syncookie writes the list again");
    }

    #[test]
    fn column_names_are_unique_within_a_format() {
        for has in [Formats::has_csv, Formats::has_parquet] {
            let names: Vec<&str> =
                COLUMNS.iter().filter(|column| has(column.formats)).map(|column| column.name).collect();
            assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        }
    }
}
