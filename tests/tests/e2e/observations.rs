//! `syncookie observe` and `syncookie judge`: together, they print what `syncookie analyze` prints.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syncookie_testkit::rng::XorShift;
use syncookie_tests::analyze::{Analyzed, run};
use syncookie_tests::mutate::flip;
use syncookie_tests::programs::programs;
use syncookie_tests::{assert_none, complaints, package, sample, samples};

fn syncookie(arguments: &[&dyn AsRef<OsStr>]) -> Analyzed {
    run(Command::new(&programs().syncookie).args(arguments))
}

/// Observes captures; returns the folder, the file in it, and what was printed.
fn observe(paths: &[PathBuf], options: &[&str]) -> (tempfile::TempDir, PathBuf, Analyzed) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("observations.parquet");
    let mut command = Command::new(&programs().syncookie);
    let observed = run(command.arg("observe").args(paths).args(options).arg("-o").arg(&file));
    (folder, file, observed)
}

/// Compares what is printed about captures, and about observations of them, in some formats.
fn differences(paths: &[PathBuf], files: &[PathBuf], options: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for format in ["jsonl", "table"] {
        let print = |command: &str, paths: &[PathBuf]| {
            let mut program = Command::new(&programs().syncookie);
            run(program.arg(command).args(paths).args(["--format", format]).args(options))
        };
        let (analyzed, judged) = (print("analyze", paths), print("judge", files));
        if (&analyzed.stdout, analyzed.code, &analyzed.stderr) != (&judged.stdout, judged.code, &judged.stderr) {
            found.push(format!("{paths:?} {format}: {:?} {:?} {}", analyzed.code, judged.code, judged.stderr));
        }
    }
    found
}

#[test]
fn judged_observations_give_the_bytes_that_analyze_prints_for_every_sample() {
    assert_none(&complaints(&samples(), |path| {
        let paths = [path.clone()];
        let (_folder, file, observed) = observe(&paths, &[]);
        assert_eq!((observed.code, observed.stderr.as_str()), (Some(0), ""), "{}", path.display());
        differences(&paths, &[file], &[])
    }));
}

#[test]
fn captures_that_are_observed_together_are_compared_and_read_as_series_as_by_analyze() {
    let paths = ["captures", "cases"].map(|folder| package().join(folder));
    let (_one, file, one) = observe(&paths, &["--threads", "1", "--quiet"]);
    let (_two, again, _) = observe(&paths, &["--threads", "2", "--quiet"]);
    assert_eq!(fs::read(&file).unwrap(), fs::read(again).unwrap(), "the number of threads changes nothing");
    assert_eq!(one.code, syncookie(&[&"analyze", &paths[0], &paths[1]]).code);
    assert_none(&differences(&paths, &[file], &["--quiet"]));
}

#[test]
fn options_of_a_report_apply_to_observations() {
    let captures = ["cookie_flood/client", "cookie_flood/server", "episode_ts/client"];
    let paths = captures.map(|name| sample(&format!("linux-6.18/{name}.pcap")));
    let (_folder, file, _) = observe(&paths, &[]);
    let files = [file];
    for options in [
        &["--once", "--verbose"][..],
        &["--filter", "outcome=established", "--threads", "1"],
        &["--max-flood", "5", "--max-listeners", "1", "--max-episodes", "1"],
        &["--capture-point", "server", "--fail-on", "failure"],
    ] {
        assert_none(&differences(&paths, &files, options));
    }
}

#[test]
fn several_files_are_judged_together() {
    let paths = ["client", "server"].map(|side| sample(&format!("linux-6.18/cookie_ts/{side}.pcap")));
    let observed = paths.clone().map(|path| observe(&[path], &[]));
    let files = observed.each_ref().map(|(_, file, _)| file.clone());
    assert_none(&differences(&paths, &files, &[]));
}

#[test]
fn what_could_not_be_read_is_reported_when_it_is_observed_and_when_it_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.pcap");
    let whole = fs::read(sample("linux-6.18/cookie_ts/client.pcap")).unwrap();
    fs::write(&cut, &whole[..whole.len() - 7]).unwrap();
    let paths = [cut, folder.path().join("missing.pcap"), package().join("Cargo.toml")];
    let (_folder, file, observed) = observe(&paths, &[]);
    assert_eq!(observed.code, Some(2));
    assert_eq!(observed.stderr.lines().count(), 3, "{}", observed.stderr);
    assert_none(&differences(&paths, &[file], &[]));

    let (_nothing, file, missing) = observe(&paths[1..2], &[]);
    assert!(missing.code == Some(1) && missing.stderr.contains("no capture found"), "{}", missing.stderr);
    assert!(!file.exists(), "nothing is written");
}

#[test]
fn handshakes_that_find_no_room_are_observed_and_judged_early() {
    let path = sample("linux-6.18/cookie_flood/client.pcap");
    let summary = |analyzed: &Analyzed| analyzed.objects("summary").remove(0);
    let judge = |file: &Path, limit: &str| {
        summary(&syncookie(&[&"judge", &file, &"--format", &"jsonl", &"--max-handshakes", &limit]))
    };
    let whole = summary(&syncookie(&[&"analyze", &path, &"--format", &"jsonl"]));
    let (_folder, all, _) = observe(std::slice::from_ref(&path), &[]);
    let (_early, cut, _) = observe(&[path], &["--max-handshakes", "16"]);
    for summary in [judge(&all, "16"), judge(&cut, "131072")] {
        assert_eq!(summary["handshakes"], whole["handshakes"]);
        assert!(summary["captures"][0]["evicted_early"].as_u64() > Some(0), "{summary}");
    }
}

#[test]
fn a_file_without_observations_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let findings = folder.path().join("findings.parquet");
    syncookie(&[&"analyze", &sample("linux-6.18/cookie_ts/client.pcap"), &"-o", &findings]);
    for (path, reason) in [
        (findings, "is not a file of observations; write one with syncookie observe"),
        (package().join("Cargo.toml"), "cannot be read as Parquet"),
        (folder.path().join("missing.parquet"), "cannot be opened"),
    ] {
        let judged = syncookie(&[&"judge", &path]);
        assert_eq!((judged.code, judged.stdout.as_str()), (Some(1), ""));
        assert!(judged.stderr.contains(reason), "{}", judged.stderr);
    }
}

#[test]
fn a_damaged_file_of_observations_is_read_or_refused() {
    let (folder, file, _) = observe(&[sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap")], &[]);
    let (whole, mut random) = (fs::read(&file).unwrap(), XorShift::new(7));
    let damaged: Vec<_> = (0..200)
        .map(|number| {
            let mut bytes = whole.clone();
            flip(&mut bytes, &mut random);
            let path = folder.path().join(format!("{number}.parquet"));
            fs::write(&path, bytes).unwrap();
            path
        })
        .collect();
    assert_none(&complaints(&damaged, |path| {
        let judged = syncookie(&[&"judge", path]);
        let is_well = judged.survived() && matches!(judged.code, Some(0..=2));
        (!is_well).then(|| format!("{}: {:?} {}", path.display(), judged.code, judged.stderr)).into_iter().collect()
    }));
}
