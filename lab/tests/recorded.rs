//! Fresh recordings of the running kernel, where it can make them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use syncookie_lab::expect::Side;
use syncookie_lab::score::Score;
use syncookie_lab::{Capture, accuracy, judge, record, synth};

/// A few that cover every label quickly; `LAB_RECORD=all` records everything.
const QUICK: &[&str] = &[
    "plain_ts",
    "plain_srv_minimal_nots",
    "cookie_ts",
    "cookie_nots",
    "episode_nots",
    "synproxy_opts",
    "synproxy_leaked",
    "fw_reset",
];

/// Whether nothing can be recorded here. Says so past the test harness, which would keep it to itself.
fn skipped() -> bool {
    let Some(why) = record::impossible() else { return false };
    let words = format!(
        "\n*** SKIPPED: nothing was recorded on this kernel: {why}\n*** Run as root, with network namespaces.\n"
    );
    std::io::stderr().write_all(words.as_bytes()).expect("standard error is open");
    true
}

/// Reads a recorded case: what the client saw.
fn read(case: &Path) -> Capture {
    accuracy::read(&case.join("client.pcap")).expect("a recording that can be read")
}

#[test]
fn the_running_kernels_handshakes_get_the_right_verdict() {
    if skipped() {
        return;
    }
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("recorded");
    let _ = std::fs::remove_dir_all(&out);
    let all = std::env::var("LAB_RECORD").is_ok_and(|v| v == "all");
    let names: &[&str] = if all { &[] } else { QUICK };
    let status = Command::new(env!("CARGO_BIN_EXE_syncookie-lab"))
        .arg("record")
        .arg(&out)
        .args(names)
        .status()
        .expect("it runs");
    assert!(status.success(), "a recording failed, or its counters contradict its label: see above");

    let mut total = Score::default();
    let mut wrong = Vec::new();
    for case in synth::sorted(&out).expect("recordings").into_iter().filter(|c| c.join("truth.json").exists()) {
        let capture = read(&case);
        total += &Score::of(&capture.truth, Side::Client, &judge::in_process(&capture), |what, j| {
            wrong.push(format!("{}: {what}: {} {} {}", capture.truth.name, j.verdict, j.confidence, j.why()));
        });
    }
    assert!(total.hits > 100, "too little was recorded: {total:?}");
    assert_eq!(total.false_alarms, 0, "{wrong:#?}");
    assert!(total.recall() >= 0.95 && total.cause_right() >= 0.95, "{total:?} {wrong:#?}");
}

#[test]
fn a_cookie_and_its_ordinary_twin_get_the_same_answer_when_they_are_alone() {
    if skipped() {
        return;
    }
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("twins");
    let _ = std::fs::remove_dir_all(&out);
    let twins = ["cookie_nots", "plain_srv_minimal_nots"];
    let status = Command::new(env!("CARGO_BIN_EXE_syncookie-lab"))
        .arg("record")
        .arg(&out)
        .args(twins)
        .status()
        .expect("it runs");
    assert!(status.success(), "a recording failed: see above");
    let answers = twins.map(|name| {
        let mut said: Vec<_> =
            judge::in_process(&read(&out.join(name))).into_iter().map(|j| (j.verdict, j.confidence)).collect();
        said.sort();
        said.dedup();
        said
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].len(), 1, "and to every handshake the same");
}
