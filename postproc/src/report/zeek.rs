//! Log in the format of Zeek's ASCII writer: one line per handshake, with tabs between the fields
//! and a header with their names and types, for zeek-cut and other readers of Zeek's logs.
//!
//! The header has no time at which the log was opened, so that equal runs write equal logs.

use std::borrow::Cow;
use std::io::{self, Write};

use syncookie_engine::{DetailLevel, Finding};
use syncookie_terminal::escape_controls;

use super::Report;
use super::model::Handshake;
use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};

/// Text of a field without a value, and of an empty set.
const UNSET: &str = "-";
const EMPTY: &str = "(empty)";

/// Name and type of a field, and the function that writes its value.
type Field = (&'static str, &'static str, for<'a> fn(&'a Handshake<'_>) -> Cow<'a, str>);

const FIELDS: [Field; 18] = [
    ("ts", "time", |h| seconds(h.time.0.as_nanos()).into()),
    ("uid", "string", |h| optional(h.connection_id.as_deref())),
    ("id.orig_h", "addr", |h| h.client.ip.to_string().into()),
    ("id.orig_p", "port", |h| h.client.port.to_string().into()),
    ("id.resp_h", "addr", |h| h.server.ip.to_string().into()),
    ("id.resp_p", "port", |h| h.server.port.to_string().into()),
    ("proto", "enum", |_| "tcp".into()),
    ("community_id", "string", |h| text(&h.community_id)),
    ("verdict", "string", |h| h.verdict.into()),
    ("confidence", "string", |h| optional(h.confidence)),
    ("log_odds", "double", |h| number(h.log_odds)),
    ("implementations", "set[string]", |h| set(&h.implementations)),
    ("outcome", "string", |h| h.outcome.into()),
    ("failed", "bool", |h| if h.failed { "T" } else { "F" }.into()),
    ("duration", "interval", |h| number(h.seconds.map(|seconds| format!("{seconds:.6}")))),
    ("syns", "count", |h| h.syns.to_string().into()),
    ("cause", "string", |h| optional(h.likely_causes().next().map(|cause| cause.kind))),
    ("capture", "string", |h| text(h.capture)),
];

/// Report with one line per handshake.
pub struct Log<W> {
    output: W,
}

impl<W: Write> Log<W> {
    pub fn new(output: W) -> Self {
        Self { output }
    }
}

impl<W: Write> Report for Log<W> {
    fn detail(&self) -> DetailLevel {
        DetailLevel::All
    }

    fn draws(&self) -> bool {
        false
    }

    fn begin(&mut self, _: &[Source]) -> io::Result<()> {
        let (names, types): (Vec<_>, Vec<_>) = FIELDS.iter().map(|(name, kind, _)| (*name, *kind)).unzip();
        writeln!(
            self.output,
            "#separator \\x09\n#set_separator\t,\n#empty_field\t{EMPTY}\n#unset_field\t{UNSET}\n#path\tsyncookie\n\
             #fields\t{}\n#types\t{}",
            names.join("\t"),
            types.join("\t")
        )?;
        self.output.flush()
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        let handshake = Handshake::new(captures, finding);
        let values: Vec<_> = FIELDS.iter().map(|(_, _, value)| value(&handshake)).collect();
        writeln!(self.output, "{}", values.join("\t"))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn end(&mut self, _: &Totals) -> io::Result<()> {
        self.output.flush()
    }
}

/// Formats a time as seconds since 1970, with microseconds as Zeek writes them.
fn seconds(nanos: i64) -> String {
    let micros = nanos.div_euclid(1000);
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000)
}

fn number<'a>(value: Option<impl ToString>) -> Cow<'a, str> {
    value.map_or(UNSET.into(), |value| value.to_string().into())
}

fn optional(value: Option<&str>) -> Cow<'_, str> {
    value.map_or(UNSET.into(), text)
}

/// Formats a set of words without commas.
fn set<'a>(words: &[&str]) -> Cow<'a, str> {
    if words.is_empty() { EMPTY.into() } else { words.join(",").into() }
}

/// Escapes a text: control characters, and a text that reads like a missing or an empty one.
fn text(value: &str) -> Cow<'_, str> {
    match value {
        "" => EMPTY.into(),
        UNSET => "\\x2d".into(),
        EMPTY => "\\x28empty)".into(),
        _ if matches!(escape_controls(value), Cow::Borrowed(_)) => value.into(),
        _ => value.chars().map(escaped).collect(),
    }
}

/// Escapes a character that a terminal acts upon, as Zeek does: each of its bytes in hexadecimal.
fn escaped(char: char) -> String {
    let text = char.to_string();
    match escape_controls(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(_) => text.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{leaked, unclear, written};

    #[test]
    fn a_log_has_the_header_of_zeek_and_a_line_for_each_handshake() {
        let log = written(&[leaked(0), unclear()], |output| Box::new(Log::new(output)));
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(
            lines[..5],
            ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tsyncookie"]
        );
        assert!(lines[5].starts_with("#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\t"));
        assert!(lines[6].starts_with("#types\ttime\tstring\taddr\tport\taddr\tport\tenum\t"));
        let first = "1795328901.637922\t-\t10.0.1.2\t54192\t2001:db8::2\t80\ttcp\t1:9A/hwd9HFheKIA69JQSdOB+U9Og=\t\
                     syn-proxy\tlikely\t6.25\tlinux-synproxy,pf-synproxy\treset-by-server\tT\t0.065000\t1\t\
                     proxy-leaked-ack\tcaps/a.pcap";
        assert_eq!(lines[7], first);
        assert!(lines[8].contains("\tundetermined\t-\t-\t(empty)\testablished\tF\t"), "{}", lines[8]);
        assert_eq!(lines.len(), 9);
        assert!(
            lines[5..].iter().all(|line| line.split('\t').count() == FIELDS.len() + usize::from(line.starts_with('#')))
        );
    }

    #[test]
    fn texts_and_times_that_zeek_would_read_differently_are_escaped() {
        assert_eq!(["", "-", "(empty)", "a-b"].map(text), ["(empty)", "\\x2d", "\\x28empty)", "a-b"]);
        assert_eq!(text("a\tb\u{9b}ü"), "a\\x09b\\xc2\\x9bü");
        assert_eq!([-1, 1_500_000_000].map(seconds), ["-0.000001", "1.500000"]);
    }
}
