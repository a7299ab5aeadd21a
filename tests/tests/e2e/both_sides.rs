//! Captures of both sides of the same failures: the capture that sees more decides the cause in the
//! other one, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syncookie_tests::analyze::analyze;
use syncookie_tests::{assert_none, complaints, package};

/// Client ports of the recordings whose connections meet the cause (lab/README.md).
const MEETS_CAUSE: std::ops::Range<u64> = 20_000..30_000;

/// Smallest share of failed connections that have the right first cause.
const LEAST: f64 = 0.95;

/// Recordings of one cause at the client and at the server.
fn recordings() -> Vec<PathBuf> {
    let folders = fs::read_dir(package().join("causes")).expect("the recordings are kept").flatten();
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.join("truth.json").exists());
    folders.sort();
    folders
}

/// Returns the first cause of a handshake, unless it is ruled out.
fn first_cause(handshake: &Value) -> Option<&str> {
    let first = handshake["cause"].as_array()?.first()?;
    (first["ruled_out"] != true).then(|| first["kind"].as_str().expect("a kind"))
}

/// Compares the first causes of a recording, read from both captures, with the true one.
fn wrong(folder: &Path) -> Vec<String> {
    let truth = fs::read_to_string(folder.join("truth.json")).expect("each recording has its truth");
    let truth: Value = serde_json::from_str(&truth).expect("JSON");
    let truth = truth["cause"].as_str().expect("a cause");
    let is_of_flood = |handshake: &Value| handshake["client"]["ip"].as_str().is_some_and(|ip| ip.starts_with("198."));
    let is_judged = |handshake: &Value| match truth {
        "syn-flood" => is_of_flood(handshake),
        _ => handshake["client"]["port"].as_u64().is_some_and(|port| MEETS_CAUSE.contains(&port)),
    };
    let mut prepared = BTreeSet::new();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    let (mut named, mut right) = (0, 0);
    let mut handshakes = analyze([folder]).objects("handshake");
    handshakes.sort_by_key(|handshake| handshake["time"].to_string());
    for handshake in handshakes.iter().filter(|handshake| is_judged(handshake)) {
        let place = (handshake["capture"].to_string(), handshake["client"]["port"].to_string());
        // The first connection of each port only prepares one that goes stale.
        if truth == "stale-connection" && prepared.insert(place) {
            continue;
        }
        let Some(first) = first_cause(handshake) else { continue };
        named += 1;
        if first == truth {
            right += 1;
        } else {
            *others.entry(first.to_owned()).or_default() += 1;
        }
    }
    let is_right = named > 0 && f64::from(right) >= LEAST * f64::from(named);
    if is_right { Vec::new() } else { vec![format!("{}: {right} of {named}, others {others:?}", folder.display())] }
}

#[test]
fn no_capture_names_a_cause_that_the_other_side_contradicts() {
    assert_none(&complaints(&recordings(), |folder| wrong(folder)));
}
