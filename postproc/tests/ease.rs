//! What the program understands without options: a path alone, the name of the output file, an
//! archive, and filters that cannot match.

mod sandbox;

use std::fs;

use sandbox::{Run, Sandbox};
use syncookie_testkit::example::handshake_between;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;

/// Returns a capture with one handshake of 192.0.2.2:80.
fn capture() -> Vec<u8> {
    let mut builder = Pcap::ethernet();
    for (step, packet) in (0..).zip(handshake_between((1, 20_000), (2, 80))) {
        builder.record(1_700_000_000, step * 100, &ethernet(&packet));
    }
    builder.bytes
}

/// Returns the header of a tar archive with one file.
fn archive() -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..10].copy_from_slice(b"trace.pcap");
    header[257..265].copy_from_slice(b"ustar\x0000");
    header
}

fn run(sandbox: &Sandbox, first: &str, others: &[&str]) -> Run {
    Run::of(sandbox.program(first).args(others).output().expect("cargo built the program"))
}

#[test]
fn a_path_alone_is_analysed() {
    let sandbox = Sandbox::new("path-alone");
    sandbox.file("trace.pcap", &capture());
    sandbox.file("kernel/trace.pcap", &capture());
    let analysed = sandbox.analyze(&["trace.pcap", "--format", "summary"]);
    for path in ["trace.pcap", "./trace.pcap", "./kernel", "kernel/trace.pcap"] {
        let run = run(&sandbox, path, &["--format", "summary"]);
        assert_eq!((run.code, &run.stdout), (0, &analysed.stdout), "{path}: {}", run.stderr);
    }
    let missing = run(&sandbox, "trase.pcap", &[]);
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("trase.pcap cannot be opened"), "{}", missing.stderr);
    let unknown = run(&sandbox, "analyse", &[]);
    assert!(unknown.code == 1 && unknown.stderr.contains("analyze"), "{}", unknown.stderr);
    let command = run(&sandbox, "kernel", &["--help"]);
    assert!(command.stdout.contains("syncookie kernel"), "a command wins over a folder of its name");
}

#[test]
fn the_name_of_the_output_file_implies_the_format() {
    let sandbox = Sandbox::new("implied");
    sandbox.file("trace.pcap", &capture());
    let begins = |args: &[&str], output: &str, with: &str| {
        let run = sandbox.analyze(&[&["trace.pcap", "-o", output], args].concat());
        let written = fs::read_to_string(sandbox.path(output)).expect("it was written");
        assert!(run.code == 0 && written.starts_with(with), "{output}: {written:.80}");
    };
    begins(&[], "a.html", "<!doctype html>");
    begins(&[], "a.json", "{\"run\":");
    begins(&[], "a.jsonl", "{\"type\":\"run\"");
    begins(&[], "a.CSV", "capture,time");
    begins(&[], "a.txt", "Nothing failed; ");
    begins(&["--csv-bom"], "b.csv", "\u{feff}capture,time");
    begins(&["--format", "json"], "a.csv", "{\"run\":");
    let follow = sandbox.analyze(&[".", "--follow", "-o", "a.html"]);
    assert!(follow.code == 1 && follow.stderr.contains("--follow writes lines"), "{}", follow.stderr);
    let mark = sandbox.analyze(&["trace.pcap", "--csv-bom"]);
    assert!(mark.code == 1 && mark.stderr.contains("--format csv"), "{}", mark.stderr);
    let explained = run(&sandbox, "explain", &["trace.pcap", "-o", "story.json", "--quiet"]);
    let story = fs::read_to_string(sandbox.path("story.json")).expect("it was written");
    assert!(explained.code == 0 && story.starts_with('{'), "{story:.80}");
    if cfg!(not(feature = "parquet")) {
        let parquet = sandbox.analyze(&["trace.pcap", "-o", "a.parquet"]);
        assert!(parquet.code == 1 && parquet.stderr.contains("cannot write Parquet"), "{}", parquet.stderr);
        assert!(!sandbox.path("a.parquet").exists());
    }
}

#[test]
fn a_tar_archive_is_refused_with_the_remedy() {
    let sandbox = Sandbox::new("tar");
    sandbox.file("all.tar", &archive());
    sandbox.file("all.tar.zst", &zstd::encode_all(&archive()[..], 1).expect("in memory"));
    for name in ["all.tar", "all.tar.zst"] {
        let run = sandbox.analyze(&[name]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("is a tar archive: extract it with `tar -xf FILE`"), "{}", run.stderr);
    }
    let folder = sandbox.analyze(&["."]);
    assert!(folder.code == 1 && folder.stderr.contains("tar -xf"), "{}", folder.stderr);
}

#[test]
fn a_filter_that_no_listener_matches_is_reported_with_the_listeners() {
    let sandbox = Sandbox::new("no-listener");
    sandbox.file("trace.pcap", &capture());
    let none = sandbox.analyze(&["trace.pcap", "--filter", "server=[fd02::2]:80"]);
    let said = "no listener of the captures matches server=[fd02::2]:80; their listeners: 192.0.2.2:80";
    assert!(none.code == 0 && none.stderr.contains(said), "{}", none.stderr);
    assert!(none.unwrapped().starts_with("No listener matches the filter. No listener of the captures"));
    let one = sandbox.analyze(&["trace.pcap", "--filter", "server=:80", "--filter", "server=:443"]);
    assert!(one.stderr.contains("no listener of the captures matches server=:443"), "{}", one.stderr);
    let other = sandbox.analyze(&["trace.pcap", "--filter", "server=:80", "--filter", "outcome=refused"]);
    assert!(other.stdout.starts_with("No TCP handshake matches the filter.") && other.stderr.is_empty());
}

#[test]
fn ambiguous_and_contradictory_filters_are_wrong_usage() {
    let sandbox = Sandbox::new("contradictory");
    sandbox.file("trace.pcap", &capture());
    let port = sandbox.analyze(&["trace.pcap", "--filter", "server=fd02::2:80"]);
    assert!(port.code == 1 && port.stderr.contains("[fd02::2]:80 (address and port)"), "{}", port.stderr);
    let times = sandbox.analyze(&["trace.pcap", "--filter", "since=2026-11-23", "--filter", "until=2026-11-22"]);
    assert_eq!((times.code, times.stdout.as_str()), (1, ""));
    assert!(times.stderr.contains("since must be before until"), "{}", times.stderr);
    let explained = run(&sandbox, "explain", &["trace.pcap", "--server", "fd02::2:80"]);
    assert!(explained.code == 1 && explained.stderr.contains("ambiguous"), "{}", explained.stderr);
}

#[test]
fn local_times_name_their_zone_and_are_refused_where_times_are_utc() {
    let sandbox = Sandbox::new("local-time");
    sandbox.file("trace.pcap", &capture());
    let analyze = |args: &[&str]| {
        let mut command = sandbox.command(&[&["trace.pcap"], args].concat());
        Run::of(command.env("TZ", "XYZ-2").output().expect("cargo built the program"))
    };
    assert!(analyze(&[]).stdout.contains("2023-11-14 22:13:20 UTC"));
    let local = analyze(&["--time", "local"]);
    assert!(local.stdout.contains("2023-11-15 00:13:20 XYZ"), "{}{}", local.stdout, local.stderr);
    assert!(!local.stdout.contains("UTC"), "{}", local.stdout);
    for format in ["jsonl", "html"] {
        let refused = analyze(&["--time", "local", "--format", format]);
        assert!(refused.code == 1 && refused.stderr.contains("are UTC"), "{}", refused.stderr);
    }
}
