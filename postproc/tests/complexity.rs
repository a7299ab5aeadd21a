//! No capture costs much more CPU time or memory than an ordinary one of the same size.
//!
//! By default the captures are small, so that this takes seconds. With `SYNCOOKIE_COMPLEXITY=1` they
//! have a million packets or handshakes.
#![cfg(target_os = "linux")]

mod hostile;
mod measured;
mod sandbox;

use std::fs;
use std::time::Duration;

use hostile::{Hostile, ordinary};
use measured::{Measured, is_full, measure};
use sandbox::Sandbox;

/// Number of packets or handshakes of a capture.
fn size() -> usize {
    if is_full() { 1_000_000 } else { 10_000 }
}

/// Factor by which the limits are higher in short runs, in which the start of the program counts,
/// and without optimisation.
fn tolerance() -> f64 {
    if is_full() && !cfg!(debug_assertions) { 1.0 } else { 2.0 }
}

#[test]
fn hostile_captures_cost_little_more_than_ordinary_ones_of_their_size() {
    let sandbox = Sandbox::new("complexity");
    let mut over = Vec::new();
    println!(
        "| capture | MB | CPU s | ratio per MB | limit | peak MB | ratio | limit |\n|---|---|---|---|---|---|---|---|"
    );
    for case in hostile::ALL {
        let (stored, bytes) = (case.make)(size());
        let hostile = run(&sandbox, case.name, &stored);
        let usual = run(&sandbox, "ordinary", &ordinary(bytes));
        let [cpu, memory] = [hostile.seconds / usual.seconds, hostile.peak / usual.peak];
        let Hostile { name, cpu_limit, memory_limit, .. } = case;
        println!(
            "| {name} | {:.0} | {:.2} | {cpu:.1} | {cpu_limit} | {:.0} | {memory:.1} | {memory_limit} |",
            bytes as f64 / 1e6,
            hostile.seconds,
            hostile.peak / 1e6,
        );
        if cpu > cpu_limit * tolerance() || memory > memory_limit * tolerance() {
            over.push(name);
        }
    }
    assert!(over.is_empty(), "above their limits: {over:?}");
}

/// Analyses a capture, three times if it is small, and returns the least that it took.
fn run(sandbox: &Sandbox, name: &str, bytes: &[u8]) -> Measured {
    let file = sandbox.file(name, bytes);
    let args = [&file, "--quiet", "--threads", "1", "--output", "/dev/null"];
    let runs = if is_full() { 1 } else { 3 };
    let least = (0..runs).map(|_| measure(&mut sandbox.command(&args), Duration::MAX)).reduce(Measured::least);
    fs::remove_file(sandbox.path(name)).expect("we wrote it");
    least.expect("it ran at least once")
}

#[test]
fn following_many_files_costs_little_more_than_analysing_them() {
    /// Most CPU time of `--follow --state`, as a ratio to `analyze` without it.
    const MOST: f64 = 8.0;
    let (sandbox, files) = (Sandbox::new("many-files"), if is_full() { 10_000 } else { 300 });
    hostile::rotated(&sandbox, files);
    let usual =
        measure(&mut sandbox.command(&["ring", "--quiet", "--threads", "1", "--output", "/dev/null"]), Duration::MAX);
    let args =
        ["ring", "--follow", "--state", "state", "--quiet", "--threads", "1", "--format", "jsonl", "--output", "out"];
    // Long enough to read all, and then to wait for more.
    let follow = measure(&mut sandbox.command(&args), Duration::from_secs(if is_full() { 120 } else { 3 }));
    let lines = fs::read_to_string(sandbox.path("out")).expect("the results are there");
    // A further file may show more of the last handshakes.
    let reported = lines.matches("{\"type\":\"handshake\"").count();
    assert!((files - 5..=files).contains(&reported), "{reported} of {files} handshakes");
    let ratio = follow.seconds / usual.seconds;
    println!("{files} files: {:.2} s followed, {:.2} s analysed, ratio {ratio:.1}", follow.seconds, usual.seconds);
    assert!(ratio <= MOST * tolerance(), "{ratio}");
}
