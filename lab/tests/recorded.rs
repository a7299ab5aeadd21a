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
    read_at(case, Side::Client)
}

/// Reads a recorded case at a capture point.
fn read_at(case: &Path, side: Side) -> Capture {
    let file = match side {
        Side::Client => "client.pcap",
        Side::Server => "server.pcap",
    };
    accuracy::read(&case.join(file)).expect("a recording that can be read")
}

/// Makes recordings in a new folder.
fn make(folder: &str, names: &[&str]) -> PathBuf {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = std::fs::remove_dir_all(&out);
    let status = Command::new(env!("CARGO_BIN_EXE_syncookie-lab"))
        .arg("record")
        .arg(&out)
        .args(names)
        .status()
        .expect("it runs");
    assert!(status.success(), "a recording failed, or its counters contradict its label: see above");
    out
}

#[test]
fn the_running_kernels_handshakes_get_the_right_verdict() {
    if skipped() {
        return;
    }
    let all = std::env::var("LAB_RECORD").is_ok_and(|v| v == "all");
    let out = make("recorded", if all { &[] } else { QUICK });

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
    let twins = ["cookie_nots", "plain_srv_minimal_nots"];
    let out = make("twins", &twins);
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

#[test]
fn failures_on_the_path_are_named_at_each_capture_point_that_shows_them() {
    if skipped() {
        return;
    }
    let cases = [
        ("icmp_rejected", &[Side::Client][..]),
        ("icmp_rejected_on_server", &[Side::Client, Side::Server]),
        ("icmp_rejected_v6", &[Side::Client]),
        ("answered_elsewhere", &[Side::Client]),
        ("answered_elsewhere_port", &[Side::Client]),
        ("bad_checksum", &[Side::Server]),
        ("path_mtu", &[Side::Client, Side::Server]),
    ];
    let out = make("path", &cases.map(|(name, _)| name));
    for (name, sides) in cases {
        for &side in sides {
            let capture = read_at(&out.join(name), side);
            let score = Score::of(&capture.truth, side, &judge::in_process(&capture), |_, _| {});
            let failed = capture.truth.more["result"][0]["errors"].as_object().expect("errors").values();
            let failed: u64 = failed.filter_map(serde_json::Value::as_u64).sum();
            assert_eq!((score.cause.all, score.cause.right), (failed, failed), "{name}, {side:?}: {:?}", score.causes);
        }
    }
}
