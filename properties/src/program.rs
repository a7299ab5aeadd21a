//! The whole program: every format reports the same findings, and no output contains control
//! characters.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::Value;
use syncookie::filter::Rules;
use syncookie::pipeline::{self, Options, Silent};
use syncookie::report::{self, Format, Style};
use syncookie::source::walk;
use syncookie::totals::Totals;
use syncookie_engine::Limits;
use syncookie_terminal::Terminal;

use crate::choices::Choices;
use crate::file::file;
use crate::place::Place;

/// Number of bytes of an input before those of its capture file.
pub(crate) const BEFORE: usize = 2;

/// Checks the analysis and all formats with an input.
///
/// # Panics
/// When a property does not hold.
pub fn check(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let [form, limit]: [u8; BEFORE] = std::array::from_fn(|_| choices.u8());
    let bytes = file(&mut choices);
    let place = Place::new();
    let mut paths = vec![place.write("first.pcap", &bytes)];
    if form & 1 != 0 {
        // The same traffic, captured at another place.
        paths.push(place.write("second.pcap", &bytes[..bytes.len() - bytes.len() / 8]));
    }
    let options = |threads| options(form, limit, threads);
    let lines = analyze(&paths, &options(1), Format::Jsonl);
    let number = lines.as_ref().map_or(0, |(lines, _)| handshakes(lines).len());
    for &format in Format::value_variants() {
        let written = analyze(&paths, &options(1), format);
        assert_eq!(written.is_some(), lines.is_some(), "{format:?}");
        if let (Some((text, totals)), Some((_, expected))) = (&written, &lines) {
            assert_eq!(totals.tally, expected.tally, "{format:?}");
            assert_eq!(totals.problems, expected.problems, "{format:?}");
            check_text(format, text, number);
        }
    }
    let text = |written: Option<(Vec<u8>, Totals)>| written.map(|(text, _)| text);
    assert_eq!(text(analyze(&paths, &options(2), Format::Jsonl)), text(lines), "threads change the results");
}

fn options(form: u8, limit: u8, threads: usize) -> Options {
    let small = usize::from(limit >> 4);
    let limits = match limit & 3 {
        0 => Limits::default(),
        1 => Limits { handshakes: small, ..Limits::default() },
        2 => Limits { flood: small as u64, ..Limits::default() },
        _ => Limits { handshakes: small, flood: 1, listeners: small, episodes: small },
    };
    Options { limits, threads, rules: Rules { once: form & 2 != 0, ..Rules::default() }, ..Options::default() }
}

/// Returns the report in a format, and the totals; `None` without a capture.
///
/// # Panics
/// When the report cannot be written.
#[must_use]
pub(crate) fn analyze(paths: &[PathBuf], options: &Options, format: Format) -> Option<(Vec<u8>, Totals)> {
    let mut text = Vec::new();
    let terminal = Terminal { width: 100, is_coloured: false };
    let style = Style { terminal, is_verbose: true, has_byte_order_mark: false };
    let mut report = report::new(format, style, &mut text);
    let totals = pipeline::analyze(&walk::plan(paths), options, &mut *report, &mut Silent);
    drop(report);
    totals.expect("memory takes all results").map(|totals| (text, totals))
}

/// Returns the handshakes of a report in JSON Lines.
///
/// # Panics
/// When a line is not JSON.
#[must_use]
pub(crate) fn handshakes(lines: &[u8]) -> Vec<Value> {
    let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let objects = lines.map(|line| serde_json::from_slice(line).expect("each line is JSON"));
    objects.filter(|object: &Value| object["type"] == "handshake").collect()
}

fn check_text(format: Format, text: &[u8], handshakes: usize) {
    // By its name: other crates decide whether the program has it.
    if format.to_possible_value().is_some_and(|value| value.get_name() == "parquet") {
        assert!(text.starts_with(b"PAR1") && text.ends_with(b"PAR1"));
        return;
    }
    // Tabs separate the fields of a log.
    let tab = if format == Format::Zeek { b'\t' } else { b'\n' };
    let text: Vec<u8> = text.iter().map(|&byte| if byte == tab { b'\n' } else { byte }).collect();
    let text = plain_text(&text);
    match format {
        Format::Json => {
            let document: Value = serde_json::from_str(text).expect("the document is JSON");
            assert_eq!(document["handshakes"].as_array().map(Vec::len), Some(handshakes));
        }
        Format::Ecs => assert_eq!(text.lines().count(), handshakes, "{text}"),
        Format::Csv => assert_eq!(text.lines().count(), 1 + handshakes, "{text}"),
        Format::Summary => assert_eq!(text.lines().count(), 1, "{text}"),
        _ => assert!(!text.is_empty()),
    }
}

/// Checks that a text is UTF-8 and contains no control characters but ends of lines.
///
/// # Panics
/// When it does.
pub(crate) fn plain_text(text: &[u8]) -> &str {
    let text = std::str::from_utf8(text).expect("the output is UTF-8");
    let control = text.chars().find(|&char| char.is_control() && !matches!(char, '\n' | '\r'));
    assert_eq!(control, None, "{text}");
    text
}
