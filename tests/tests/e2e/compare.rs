//! `script/compare` finds the differences between two programs, and only those.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use syncookie_tests::programs::programs;
use syncookie_tests::{package, sample};

const SAMPLE: &str = "linux-6.18/abort_on_overflow";

/// Runs the script with the built program as BEFORE; returns its exit code and what it printed.
fn compare(after: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut script = Command::new(package().join("../script/compare"));
    script.arg(&programs().syncookie).arg(after).args(arguments);
    let output = script.output().expect("python3 is installed");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Writes a program that is the built one, but for what `edit`, a script for sed, changes in its output.
fn edited(folder: &Path, name: &str, edit: &str) -> PathBuf {
    let (path, real) = (folder.join(name), programs().syncookie.display());
    fs::write(&path, format!("#!/bin/bash\nset -o pipefail\n'{real}' \"$@\" | sed -E '{edit}'\n"))
        .expect("the folder is ours");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    path
}

#[test]
fn compare_finds_no_difference_between_a_program_and_itself() {
    let folder = sample(SAMPLE);
    for flags in [&[][..], &["--texts"]] {
        let (code, printed) = compare(&programs().syncookie, &[&[folder.to_str().unwrap()], flags].concat());
        assert!(code == Some(0) && printed.starts_with("no difference: 3 files, 1 folders"), "{printed}");
    }
}

#[test]
fn compare_finds_one_changed_number_but_not_changed_words() {
    let folder = tempfile::tempdir().unwrap();
    let capture = sample(SAMPLE).join("client.pcap");
    let capture = capture.to_str().unwrap();

    let number = edited(folder.path(), "number", r#"0,/("kind":"window-recomputed".*"nats":)3\.0/s//\13.5/"#);
    let (code, printed) = compare(&number, &[capture]);
    let expected =
        format!("{capture}, frame 1 (threads: 1, 2)\n    evidence[window-recomputed].nats: 3.0 -> 3.5\n1 difference:");
    assert!(code == Some(1) && printed.starts_with(&expected), "{printed}");
    assert_eq!(compare(&number, &[capture, "--ignore", "evidence.nats"]).0, Some(0));
    assert_eq!(compare(&number, &[capture, "--ignore", "cause.nats"]).0, Some(1));

    let rounded = edited(folder.path(), "rounded", r#"s/"nats":3\.0/"nats":3.0000000000001/"#);
    assert_eq!(compare(&rounded, &[capture]).0, Some(0));

    let wording = edited(folder.path(), "wording", r#"s/"(detail|check)":"/&In other words: /g"#);
    assert_eq!(compare(&wording, &[capture]).0, Some(0));
    assert_eq!(compare(&wording, &[capture, "--texts"]).0, Some(1));
}

#[test]
fn compare_follows_renamed_keys() {
    let folder = tempfile::tempdir().unwrap();
    let capture = sample(SAMPLE).join("client.pcap");
    let capture = capture.to_str().unwrap();
    let renamed = edited(folder.path(), "renamed", r#"s/"for":"/"favours":"/g; s/"for":\[/"supported_by":[/g"#);
    assert_eq!(compare(&renamed, &[capture]).0, Some(1));
    let renames = ["--rename", "evidence.for=favours", "--rename", "cause.for=supported_by"];
    let (code, printed) = compare(&renamed, &[&[capture], &renames[..]].concat());
    assert_eq!(code, Some(0), "{printed}");
}

#[test]
fn compare_refuses_wrong_usage_and_programs_that_report_nothing() {
    let capture = sample(SAMPLE).join("client.pcap");
    let capture = capture.to_str().unwrap();
    assert_eq!(compare(Path::new("/nowhere/syncookie"), &[capture]).0, Some(2));
    assert_eq!(compare(&programs().syncookie, &["/nowhere/client.pcap"]).0, Some(2));
    assert_eq!(compare(&programs().syncookie, &[]).0, Some(2));
    let silent = Command::new(package().join("../script/compare")).args(["true", "true", capture]).output().unwrap();
    assert_eq!(silent.status.code(), Some(1));
}
