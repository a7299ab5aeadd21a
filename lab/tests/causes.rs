//! The first cause of a failure, at the client and at the server.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use syncookie_engine::CauseKind;
use syncookie_lab::cause_points::{DISTURBED, LEAST, LEAST_DISTURBED, Row, SEEDS, is_acceptable, rows, table};
use syncookie_lab::disturb::Disturbance;
use syncookie_lab::record::{self, causes};

/// A few that are quick; `LAB_RECORD=all` records everything.
const QUICK: &[&str] = &["abort", "firewall_ack", "wrong_host", "injected_reset", "served_nothing", "closed_port"];

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/causes")
}

fn judged(folder: &Path, worse: Disturbance, seed: u64) -> Vec<Row> {
    rows(folder, &[], worse, seed).expect("recordings that can be read")
}

/// Causes of working handshakes, by recording.
fn causes_of_working(rows: &[Row]) -> Vec<String> {
    let cells = rows.iter().flat_map(|row| row.cells.iter().map(move |(cell, _)| (row, cell)));
    cells
        .filter(|(_, cell)| !cell.working.is_empty())
        .map(|(row, cell)| format!("{}: {:?}", row.name, cell.working))
        .collect()
}

#[test]
fn every_cause_is_named_first_wherever_a_capture_can_show_it() {
    let rows = judged(&kept(), Disturbance::default(), 1);
    assert!(is_acceptable(&rows, LEAST), "{}", table(&rows));
    assert_eq!(causes_of_working(&rows), [""; 0], "of handshakes that worked");
}

#[test]
fn most_first_causes_stay_right_with_jitter_and_two_percent_loss() {
    let all: Vec<Row> = SEEDS.flat_map(|seed| judged(&kept(), DISTURBED, seed)).collect();
    let cells = || all.iter().flat_map(|row| &row.cells).filter(|(_, is_nameable)| *is_nameable);
    let (handshakes, right) =
        cells().fold((0, 0), |(handshakes, right), (cell, _)| (handshakes + cell.handshakes, right + cell.right));
    assert!(right as f64 >= LEAST_DISTURBED * handshakes as f64, "{}", table(&all));
}

#[test]
fn every_cause_of_the_engine_has_a_recording() {
    let recorded: BTreeSet<&str> = causes::all().iter().map(|recording| recording.cause).collect();
    let missing: Vec<&str> =
        CauseKind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| !recorded.contains(kind)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_recording_is_kept_and_small() {
    for recording in causes::all() {
        for file in ["client.pcap", "server.pcap"] {
            let path = kept().join(recording.name).join(file);
            let size = path.metadata().unwrap_or_else(|e| panic!("{}: {e}", path.display())).len();
            assert!(size < 60_000, "{} has {size} bytes", path.display());
        }
    }
}

#[test]
fn the_running_kernels_failures_have_the_right_first_cause() {
    if let Some(why) = record::impossible() {
        println!("SKIPPED: nothing was recorded on this kernel: {why}");
        return;
    }
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("causes");
    let _ = std::fs::remove_dir_all(&out);
    let all = std::env::var("LAB_RECORD").is_ok_and(|v| v == "all");
    let run = Command::new(env!("CARGO_BIN_EXE_syncookie-lab"))
        .args(["causes", "--record"])
        .arg(&out)
        .args(if all { &[] } else { QUICK })
        .output()
        .expect("it runs");
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
}
