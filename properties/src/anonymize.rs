//! Anonymised captures: they can be read without errors, contain no payload, and give the verdicts
//! of the original.

use std::ffi::OsStr;
use std::io::Cursor;

use serde_json::Value;
use syncookie::capture::Capture;
use syncookie::pipeline::Options;
use syncookie::report::Format;

use crate::choices::Choices;
use crate::file::file;
use crate::place::Place;
use crate::program::{analyze, handshakes};
use crate::traffic::SECRET;

/// Number of bytes of an input before those of its capture file.
pub(crate) const BEFORE: usize = 1;

/// Checks `annotate --anonymize` with an input.
///
/// # Panics
/// When a property does not hold.
pub fn check(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let [form]: [u8; BEFORE] = std::array::from_fn(|_| choices.u8());
    let only_findings = form & 1 != 0;
    let bytes = file(&mut choices);
    let place = Place::new();
    let input = place.write("input.pcap", &bytes);
    let exit = annotate(&place, only_findings);
    let Some(output) = place.read("output.pcapng") else {
        return assert_ne!(exit, 0, "there is no output");
    };
    assert!(!output.windows(SECRET.len()).any(|part| part == SECRET), "the output contains the payload");
    let frames = frames(output);
    if exit != 0 || only_findings {
        return;
    }
    let read = |path| analyze(&[path], &Options::default(), Format::Jsonl);
    let Some((original, totals)) = read(input) else { return };
    assert_eq!(frames, totals.captures.iter().map(|capture| capture.frames).sum::<u64>(), "number of frames");
    let (anonymised, _) = read(place.path("output.pcapng")).expect("the output is a capture");
    // ICMP errors, which end a handshake, are removed.
    let has_outcomes = totals.captures.iter().all(|capture| capture.statistics.not_tcp == 0);
    assert_eq!(verdicts(&anonymised, has_outcomes), verdicts(&original, has_outcomes));
}

fn annotate(place: &Place, only_findings: bool) -> u8 {
    let (input, output) = (place.path("input.pcap"), place.path("output.pcapng"));
    let mut words = ["syncookie", "annotate", "--anonymize", "--quiet", "--output"].map(OsStr::new).to_vec();
    words.extend([output.as_os_str(), input.as_os_str()]);
    words.extend(only_findings.then(|| OsStr::new("--only-findings")));
    syncookie::run_with(words, false)
}

/// Returns the number of frames of a capture that can be read without errors.
fn frames(bytes: Vec<u8>) -> u64 {
    let mut capture = Capture::open(Cursor::new(bytes)).expect("the output is a capture");
    while let Some(frame) = capture.next_frame() {
        frame.expect("the output can be read");
    }
    capture.frames()
}

/// Returns who answered each handshake and, if asked for, how it ended.
fn verdicts(lines: &[u8], has_outcomes: bool) -> Vec<[Value; 4]> {
    let part = |handshake: &Value| {
        let [verdict, outcome] = ["verdict", "outcome"].map(|key| handshake[key].clone());
        let outcome = if has_outcomes { outcome } else { Value::Null };
        [handshake["client"]["port"].clone(), handshake["server"]["port"].clone(), verdict, outcome]
    };
    handshakes(lines).iter().map(part).collect()
}
