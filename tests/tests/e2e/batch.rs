//! The command-line tool's outputs and exit codes (contracts 1 and 3).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use syncookie_testkit::pcap::Capture;
use syncookie_testkit::rng::XorShift;
use syncookie_tests::analyze::{Analyzed, Handshake, analyze, command, run, unwrapped};
use syncookie_tests::programs::programs;
use syncookie_tests::tshark::{is_root, private_folder, unprivileged};
use syncookie_tests::{assert_none, complaints, contract, package, sample, samples};

fn user_trace() -> PathBuf {
    sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap")
}

fn cut_trace() -> PathBuf {
    package().join("cases/truncated-tail/capture.pcap")
}

fn plain() -> PathBuf {
    sample("linux-6.18/plain_ts/client.pcap")
}

/// A file with these bytes in a folder of its own.
fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = private_folder();
    let path = folder.path().join("hostile.pcap");
    fs::write(&path, bytes).expect("the folder is ours");
    (folder, path)
}

/// An input that cannot be read: named on standard error, exit code 2, no crash.
fn assert_refused(analyzed: &Analyzed, path: &Path) {
    assert!(analyzed.survived(), "{analyzed:?}");
    assert_eq!(analyzed.code, Some(2), "{analyzed:?}");
    assert!(
        analyzed.stderr.contains(&path.display().to_string()),
        "{} is not named: {}",
        path.display(),
        analyzed.stderr
    );
    assert_none(&contract::violations(&analyzed.stdout));
}

#[test]
fn every_object_has_every_key_in_every_sample() {
    let check = |path: &PathBuf| {
        let sign = |violation| format!("{}: {violation}", path.display());
        contract::violations(&analyze([path]).stdout).into_iter().map(sign).take(5).collect()
    };
    assert_none(&complaints(&samples(), check));
}

#[test]
fn acks_without_a_syn_in_the_servers_capture_are_in_the_table() {
    let folder = user_trace().parent().expect("it is in a folder").to_owned();
    let mut command = Command::new(&programs().syncookie);
    let table = run(command.arg("analyze").arg(&folder).env("COLUMNS", "200")).stdout;
    let words = unwrapped(&table);
    let said = "ACKs without a SYN For 3 connections without a SYN in the capture, 10.9.2.1:8080 answered the ACK with a reset";
    assert!(words.contains(said) && words.contains("This fits proxy-leaked-ack"), "{table}");
}

#[test]
fn every_key_that_is_written_is_described() {
    let described = fs::read_to_string(package().join("../docs/json-schema.md")).unwrap();
    let analyzed = analyze([user_trace(), cut_trace(), plain(), sample("linux-6.18/episode_ts/client.pcap")]);
    let mut keys = BTreeSet::new();
    for line in analyzed.stdout.lines() {
        collect_keys(&serde_json::from_str(line).unwrap(), &mut keys);
    }
    assert!(keys.len() > 50, "too few keys were written: {keys:?}");
    let is_missing =
        |key: &&String| !described.contains(&format!("`{key}`")) && !described.contains(&format!("\"{key}\""));
    let missing: Vec<_> = keys.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "docs/json-schema.md does not name {missing:?}");
}

fn collect_keys(value: &Value, keys: &mut BTreeSet<String>) {
    if let Some(object) = value.as_object() {
        keys.extend(object.keys().cloned());
        object.values().for_each(|inner| collect_keys(inner, keys));
    }
    value.as_array().into_iter().flatten().for_each(|inner| collect_keys(inner, keys));
}

#[test]
fn a_folder_is_one_run_with_every_capture_in_it() {
    let analyzed = analyze([package().join("captures")]);
    assert_eq!(analyzed.code, Some(0), "{}", analyzed.stderr);
    let violations = contract::violations(&analyzed.stdout);
    assert_none(&violations[..violations.len().min(20)]);
    assert_eq!(analyzed.objects("capture").len(), samples().len());
}

#[test]
fn frames_and_times_are_those_of_the_capture() {
    assert_none(&complaints(&samples(), |path: &PathBuf| {
        let capture = Capture::read(path);
        let handshakes = analyze([path]).handshakes();
        let wrong = handshakes.iter().filter_map(|handshake| mismatch(&capture, handshake));
        wrong.map(|complaint| format!("{}: {complaint}", path.display())).collect()
    }));
}

/// SYN, ACK and RST flags as the frames of a handshake must have them, and the time of its first frame.
fn mismatch(capture: &Capture, handshake: &Handshake) -> Option<String> {
    let frames = handshake.frames;
    let record = |frame: u32| &capture.records[frame as usize - 1];
    let flags = |frame: u32| {
        let bytes = &record(frame).bytes;
        let header = if bytes[12] == 0x86 { 54 } else { 14 + usize::from(bytes[14] & 15) * 4 };
        bytes[header + 13] & 0b1_0110
    };
    let roles = [("SYN", frames.syn, 0b10), ("SYN-ACK", frames.syn_ack, 0b1_0010), ("ACK", frames.ack, 0b1_0000)];
    for (role, frame, wanted) in roles {
        if frame.is_some_and(|frame| flags(frame) != wanted) {
            return Some(format!("frame {frame:?} is not the {role}: {handshake:?}"));
        }
    }
    if frames.reset.is_some_and(|frame| flags(frame) & 0b100 == 0) {
        return Some(format!("frame {:?} is not an RST: {handshake:?}", frames.reset));
    }
    let first = [frames.syn, frames.syn_ack, frames.ack].into_iter().flatten().min()?;
    let time = contract::nanos(&handshake.time);
    (time != Some(record(first).nanos as i64)).then(|| format!("time is not that of frame {first}: {handshake:?}"))
}

#[test]
fn the_same_capture_gives_the_same_output_every_time() {
    let path = sample("linux-6.18/cookie_flood/client.pcap");
    let lines = |analyzed: Analyzed| {
        let found = analyzed.stdout.lines().filter(|line| line.contains(r#""type":"handshake""#));
        found.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(analyze([&path])), lines(analyze([&path])));
}

#[test]
fn standard_input_is_analysed_like_a_file() {
    let input = fs::File::open(user_trace()).unwrap();
    let analyzed = run(command(["-"]).stdin(Stdio::from(input)));
    assert_eq!(analyzed.code, Some(0), "{}", analyzed.stderr);
    let frames = |analyzed: &Analyzed| -> Vec<_> {
        analyzed.handshakes().into_iter().map(|handshake| (handshake.frames.syn_ack, handshake.verdict)).collect()
    };
    assert_eq!(frames(&analyzed), frames(&analyze([user_trace()])));
}

#[test]
fn a_capture_without_findings_is_a_success() {
    let analyzed = analyze([plain()]);
    assert_eq!((analyzed.code, analyzed.stderr.as_str()), (Some(0), ""));
}

#[test]
fn findings_change_the_exit_code_only_when_asked() {
    let with = |path: PathBuf, level: &str| run(command([path]).args(["--fail-on", level])).code;
    assert_eq!(analyze([user_trace()]).code, Some(0));
    assert_eq!(with(user_trace(), "possible"), Some(3));
    assert_eq!(with(user_trace(), "likely"), Some(3));
    assert_eq!(with(plain(), "likely"), Some(0));
    assert_eq!(with(plain(), "certain"), Some(0));
}

#[test]
fn wrong_usage_is_exit_code_1() {
    let trace = user_trace();
    let usages: [&[&str]; 5] =
        [&[], &["--no-such-flag"], &["no-such-command"], &["analyze"], &["analyze", "--format", "no-such-format"]];
    for arguments in usages {
        let mut wrong = std::process::Command::new(&programs().syncookie);
        let analyzed = run(wrong.args(arguments).args((arguments.len() == 3).then_some(&trace)));
        assert_eq!(analyzed.code, Some(1), "{arguments:?}: {analyzed:?}");
        assert!(!analyzed.stderr.is_empty(), "{arguments:?} says nothing");
    }
}

#[test]
fn a_folder_without_captures_is_exit_code_1() {
    let folder = private_folder();
    let analyzed = analyze([folder.path()]);
    assert_eq!(analyzed.code, Some(1), "{analyzed:?}");
    assert!(analyzed.stderr.contains(&folder.path().display().to_string()), "{}", analyzed.stderr);
}

#[test]
fn a_path_that_does_not_exist_is_named() {
    let analyzed = analyze(["/no/such/capture.pcap"]);
    assert!(matches!(analyzed.code, Some(1 | 2)), "{analyzed:?}");
    assert!(analyzed.stderr.contains("/no/such/capture.pcap"), "{}", analyzed.stderr);
}

#[test]
fn an_empty_file_is_refused() {
    let (_folder, path) = file(b"");
    assert_refused(&analyze([&path]), &path);
}

#[test]
fn the_null_device_is_refused() {
    let path = Path::new("/dev/null");
    assert_refused(&analyze([path]), path);
}

#[test]
fn ten_bytes_are_refused() {
    let whole = fs::read(user_trace()).unwrap();
    for bytes in [&whole[..10], b"ten bytes!"] {
        let (_folder, path) = file(bytes);
        assert_refused(&analyze([&path]), &path);
    }
}

#[test]
fn random_bytes_are_refused() {
    let mut random = XorShift::new(1);
    let bytes: Vec<u8> = (0..100_000).map(|_| random.next_u64() as u8).collect();
    let (_folder, path) = file(&bytes);
    assert_refused(&analyze([&path]), &path);
}

#[test]
fn a_file_without_read_permission_is_refused_and_the_rest_analysed() {
    let (folder, path) = file(&fs::read(user_trace()).unwrap());
    let good = folder.path().join("good.pcap");
    fs::copy(user_trace(), &good).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read every file, so another user tries; with a copy of the program that this user may run.
    let program = folder.path().join("syncookie");
    fs::copy(&programs().syncookie, &program).unwrap();
    let mut command = std::process::Command::new(program);
    command.args(["analyze", "--format", "jsonl"]).args([&path, &good]).current_dir("/");
    let analyzed = run(unprivileged(&mut command));
    assert_refused(&analyzed, &path);
    assert_eq!(analyzed.handshakes().len(), 3, "root: {}: {analyzed:?}", is_root());
}

#[test]
fn a_cut_capture_names_file_frame_and_offset_and_keeps_what_came_before() {
    let analyzed = analyze([cut_trace()]);
    assert_refused(&analyzed, &cut_trace());
    assert_eq!(analyzed.handshakes().len(), 3);
    // The twelfth record starts after the file header and eleven records.
    let capture = Capture::read(&user_trace());
    let offset: usize = 24 + capture.records[..11].iter().map(|record| 16 + record.bytes.len()).sum::<usize>();
    assert!(analyzed.stderr.contains("12"), "frame 12 is not named: {}", analyzed.stderr);
    assert!(analyzed.stderr.contains(&offset.to_string()), "offset {offset} is not named: {}", analyzed.stderr);
}

#[test]
fn one_bad_file_never_stops_the_run() {
    let (_folder, bad) = file(b"ten bytes!");
    let analyzed = analyze([bad.clone(), user_trace(), cut_trace()]);
    assert_refused(&analyzed, &bad);
    assert!(analyzed.stderr.contains("truncated-tail"), "{}", analyzed.stderr);
    assert!(analyzed.stdout.contains(&bad.display().to_string()), "the bad file is not named in the output");
    assert_eq!(analyzed.handshakes().len(), 6);
}

#[test]
fn a_file_of_a_folder_that_is_a_capture_by_name_only_is_named() {
    let (folder, bad) = file(b"");
    fs::copy(user_trace(), folder.path().join("good.pcap")).unwrap();
    let analyzed = analyze([folder.path()]);
    assert_refused(&analyzed, &bad);
    assert_eq!(analyzed.handshakes().len(), 3);
}

#[test]
fn the_table_reports_the_user_s_trace_as_a_leaking_proxy() {
    let mut table = std::process::Command::new(&programs().syncookie);
    let analyzed = run(table.args(["analyze", "--format", "table"]).arg(user_trace()));
    assert_eq!(analyzed.code, Some(0), "{}", analyzed.stderr);
    for words in ["10.9.2.1:8080", "syn-proxy", "proxy-leaked-ack"] {
        assert!(analyzed.stdout.contains(words), "no '{words}' in:\n{}", analyzed.stdout);
    }
}
