//! A low `--max-handshakes` changes few verdicts of the sample captures, whatever they contain.

mod sandbox;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sandbox::Sandbox;

/// Share of the verdicts that may differ.
const MOST_DIFFERING: f64 = 0.01;

/// Files below this size have too few handshakes.
const SMALLEST: u64 = 100_000;

/// Returns all sample captures of some size.
fn samples() -> Vec<PathBuf> {
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures")];
    let mut found = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending
                .extend(fs::read_dir(path).expect("it is a folder").map(|entry| entry.expect("it is listed").path()));
        } else if path.extension().is_some_and(|name| name == "pcap" || name == "pcapng")
            && path.metadata().is_ok_and(|metadata| metadata.len() >= SMALLEST)
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Returns the verdicts by frames.
fn verdicts(sandbox: &Sandbox, capture: &str, limit: &str) -> BTreeMap<String, String> {
    let args = [capture, "--format", "jsonl", "--max-flood", "1000000", "--max-handshakes", limit];
    let handshakes = sandbox.analyze(&args).objects("handshake");
    handshakes.iter().map(|one| (one["frames"].to_string(), one["verdict"].to_string())).collect()
}

#[test]
fn with_2000_handshakes_at_a_time_at_most_one_verdict_in_a_hundred_differs() {
    let sandbox = Sandbox::new("few-at-a-time");
    let mut compared = 0;
    for path in samples() {
        let capture = path.to_str().expect("its name is ASCII");
        let whole = verdicts(&sandbox, capture, "131072");
        if whole.len() <= 2000 {
            continue;
        }
        let bounded = verdicts(&sandbox, capture, "2000");
        let differing = whole.iter().filter(|(frames, verdict)| bounded.get(*frames) != Some(verdict)).count();
        let added = bounded.len().abs_diff(whole.len());
        println!("{capture}: {differing} of {} verdicts differ", whole.len());
        assert!((differing + added) as f64 <= MOST_DIFFERING * whole.len() as f64, "{capture}: {differing}, {added}");
        compared += 1;
    }
    assert!(compared >= 2, "the samples contain floods");
}
