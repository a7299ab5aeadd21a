//! Signals, filters, `--list-files`, duplicates, and a system without threads.
#![cfg(unix)] // It sends signals.

mod sandbox;

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sandbox::{Run, Sandbox};
use serde_json::{Value, json};
use syncookie_testkit::example::handshake_between;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;

/// Returns a capture of handshakes a second apart. The clients have ports from 20000 on; the server
/// is 192.0.2.2:80, for every third handshake :81.
fn capture(count: u16) -> Vec<u8> {
    let mut builder = Pcap::ethernet();
    for number in 0..count {
        let server = (2, if number % 3 == 0 { 81 } else { 80 });
        for (step, packet) in (0..).zip(handshake_between((1, 20_000 + number), server)) {
            builder.record(1_700_000_000 + u32::from(number), step * 100, &ethernet(&packet));
        }
    }
    builder.bytes
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
    assert!(sent.expect("kill can be started").success());
}

/// Waits until `done`, or fails the test.
fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain: {what}");
        sleep(Duration::from_millis(10));
    }
}

fn summary(run: &Run) -> Value {
    run.objects("summary").remove(0)
}

/// Starts a program that has read all of these bytes from standard input and waits for more.
fn waiting(sandbox: &Sandbox, args: &[&str], bytes: &[u8]) -> Child {
    let mut child = sandbox.command(args).stdin(Stdio::piped()).spawn().expect("cargo built the program");
    let input = child.stdin.as_mut().expect("it was asked for");
    input.write_all(bytes).expect("the program reads it");
    wait("the program reads its input", || rustix::io::ioctl_fionread(&*input).is_ok_and(|left| left == 0));
    child
}

/// Ends a program by a signal, with its input still open.
fn interrupted(mut child: Child, name: &str) -> Run {
    let input = child.stdin.take();
    signal(&child, name);
    let run = Run::of(child.wait_with_output().expect("it can be waited for"));
    drop(input);
    run
}

#[test]
fn an_interrupted_run_writes_its_results_and_marks_them_as_partial() {
    let sandbox = Sandbox::new("interrupted");
    sandbox.file("after.pcap", &capture(1));
    sandbox.file("last.pcap", &capture(1));
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        // With more threads, the others would be read at the same time.
        let args = [
            "-",
            "after.pcap",
            "last.pcap",
            "--threads",
            "1",
            "--format",
            "jsonl",
            "-o",
            "out.jsonl",
            "--fail-on",
            "possible",
        ];
        let mut run = interrupted(waiting(&sandbox, &args, &capture(5)), name);
        run.stdout = std::fs::read_to_string(sandbox.path("out.jsonl")).expect("it is written, and has its name");
        assert_eq!((run.code, run.objects("handshake").len()), (code, 5), "{}", run.stderr);
        let summary = summary(&run);
        assert_eq!((&summary["interrupted"], &summary["handshakes"]), (&json!(true), &json!(5)));
        let errors = summary["errors"].as_array().unwrap();
        assert!(errors.iter().all(|error| error["kind"] == "interrupted"), "{errors:?}");
        let said = "syncookie: standard input was read only up to frame 15: interrupted\n\
                    syncookie: after.pcap and 1 more capture were not read: interrupted\n";
        assert_eq!(run.stderr, said);
    }
    let run = interrupted(waiting(&sandbox, &["-"], &capture(5)), "INT");
    assert!(run.stdout.replace('\n', " ").contains("Interrupted: the rest was not read."), "{}", run.stdout);
}

#[test]
fn a_second_signal_ends_the_program_at_once() {
    let sandbox = Sandbox::new("twice");
    let pipe = sandbox.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // The pipe has no writer, so that it cannot even be opened.
    let mut child = sandbox.command(&["pipe", "--format", "jsonl"]).spawn().unwrap();
    let catches = |child: &Child| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
    };
    wait("the program listens for signals", || catches(&child));
    signal(&child, "INT");
    sleep(Duration::from_millis(100));
    assert!(child.try_wait().unwrap().is_none(), "it waits for the pipe");
    signal(&child, "INT");
    assert_eq!(Run::of(child.wait_with_output().unwrap()).code, 130);
}

#[test]
fn a_filter_excludes_findings_from_every_count_and_reports_their_number() {
    let sandbox = Sandbox::new("filter");
    sandbox.file("a.pcap", &capture(9));
    let all = sandbox.analyze(&["a.pcap", "--format", "jsonl"]).objects("handshake");
    for (conditions, count) in [
        (&["server=192.0.2.2:81"][..], 3),
        (&["server=192.0.2.2:81", "server=:80"], 9),
        (&["server=192.0.2.0/24"], 9),
        (&["server=192.0.2.1"], 0),
        (&["client=192.0.2.1:20004"], 1),
        (&["since=2023-11-14T22:13:22Z", "until=@1700000005"], 3),
        (&["since=2023-11-14T22:13:22Z", "until=@1700000005", "server=:81"], 1),
        (&["verdict=undetermined"], 9),
        (&["verdict=syn-cookie", "verdict=undetermined", "server=:81"], 3),
        (&["outcome=unanswered"], 0),
        (&["cause=silent-drop"], 0),
        (&["min-delay=0s"], 9),
        (&["min-delay=1h"], 0),
    ] {
        let mut args = vec!["a.pcap", "--format", "jsonl"];
        conditions.iter().for_each(|condition| args.extend(["--filter", condition]));
        let run = sandbox.analyze(&args);
        let reported = run.objects("handshake");
        assert_eq!((run.code, reported.len()), (0, count), "{conditions:?}");
        assert!(reported.iter().all(|one| all.contains(one)), "findings are the same as without a filter");
        let summary = summary(&run);
        assert_eq!(summary["handshakes"], count);
        assert_eq!(summary["filtered_out"], 9 - count);
        assert_eq!(summary["captures"][0]["handshakes"], count);
        let outcomes: u64 = summary["outcomes"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(outcomes, count as u64);
        let listeners = run.objects("listener");
        let counted: u64 = listeners.iter().map(|one| one["handshakes"].as_u64().unwrap()).sum();
        assert_eq!(counted, count as u64);
        assert!(listeners.iter().all(|one| one["handshakes"] != 0));
    }
    let table = sandbox.analyze(&["a.pcap", "--filter", "server=:81"]).stdout;
    assert!(table.contains("6 handshakes excluded by the filter"), "{table}");
    let table = sandbox.analyze(&["a.pcap", "--filter", "server=192.0.2.1"]).stdout;
    assert!(table.starts_with("No listener matches the filter.\n"), "{table}");
}

#[test]
fn an_invalid_filter_is_wrong_usage() {
    let sandbox = Sandbox::new("invalid-filter");
    sandbox.file("a.pcap", &capture(1));
    for wrong in ["server", "server=nobody", "port=80", "since=noon", "verdict=guilty", "cause=", "min-delay=5"] {
        let run = sandbox.analyze(&["a.pcap", "--filter", wrong]);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{wrong}");
        assert!(run.stderr.contains("expected"), "{}", run.stderr);
    }
}

#[test]
fn list_files_lists_captures_without_reading_them() {
    let sandbox = Sandbox::new("list");
    sandbox.file("in/a.pcap", &capture(3)[..100]);
    sandbox.file("in/b", &zstd::encode_all(&capture(1)[..], 1).unwrap());
    sandbox.file("in/notes.txt", b"nothing");
    let run = sandbox.analyze(&["in", "-", "--list-files"]);
    let compressed = std::fs::metadata(sandbox.path("in/b")).unwrap().len();
    assert_eq!(run.stdout, format!("pcap\t100\tin/a.pcap\npcap+zstd\t{compressed}\tin/b\n-\t-\t-\n"));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let lines = sandbox.analyze(&["in", "--list-files", "--format", "jsonl"]);
    assert_eq!((lines.objects("capture").len(), lines.stdout.lines().count()), (2, 2));

    sandbox.file("in/c.pcap", b"nothing");
    let run = sandbox.analyze(&["in", "--list-files"]);
    assert_eq!((run.code, run.stdout.lines().count()), (2, 2));
    assert!(run.stderr.contains("in/c.pcap is not a capture"), "{}", run.stderr);
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    assert_eq!(sandbox.analyze(&["empty", "--list-files"]).code, 1);
}

#[test]
fn duplicate_handshakes_are_counted_and_with_once_reported_once() {
    let sandbox = Sandbox::new("once");
    sandbox.file("in/a.pcap", &capture(5));
    sandbox.file("in/b.pcap", &capture(3));
    let run = sandbox.analyze(&["in", "--format", "jsonl"]);
    assert_eq!((run.objects("handshake").len(), &summary(&run)["handshakes"]), (8, &json!(8)));
    assert_eq!(summary(&run)["connections"], 5);
    let both = json!({"same_packets": 3, "differing": 0, "not_compared": 0, "handshakes": [], "disagreements": []});
    assert_eq!(summary(&run)["comparison"], both);
    let run = sandbox.analyze(&["in", "--format", "jsonl", "--once"]);
    assert_eq!((run.objects("handshake").len(), &summary(&run)["handshakes"]), (5, &json!(5)));
    assert_eq!(summary(&run)["connections"], 5);
    assert!(run.objects("handshake").iter().all(|one| one["capture"] == "in/a.pcap"));
    assert_eq!(summary(&run)["comparison"], both);
    let table = sandbox.analyze(&["in"]).unwrapped();
    assert!(table.contains("who answered 5 connections."), "{table}");
    assert!(table.contains("3 connections are in a.pcap and in b.pcap; each counts once."), "{table}");
    assert!(table.contains("3 connections: another capture has the same packets (each counts once)"), "{table}");
    assert!(!sandbox.analyze(&["in", "--once"]).stdout.contains("are in a.pcap"));
    assert!(summary(&sandbox.analyze(&["in/a.pcap", "--format", "jsonl"])).get("comparison").is_none());
}

#[test]
fn formats_that_programs_read_have_each_handshake_of_each_capture_unless_once_is_given() {
    let sandbox = Sandbox::new("once-formats");
    sandbox.file("in/a.pcap", &capture(5));
    sandbox.file("in/b.pcap", &capture(3));
    for (once, expected) in [(&[][..], 8), (&["--once"][..], 5)] {
        let written = |format| sandbox.analyze(&[&["in", "--format", format], once].concat()).stdout;
        let document: Value = serde_json::from_str(&written("json")).unwrap();
        let records = |format, is_record: fn(&&str) -> bool| written(format).lines().filter(is_record).count();
        assert_eq!(document["handshakes"].as_array().map(Vec::len), Some(expected), "{once:?}");
        assert_eq!(records("csv", |_| true), expected + 1, "{once:?}");
        assert_eq!(records("zeek", |line| !line.starts_with('#')), expected, "{once:?}");
        assert_eq!(records("ecs", |_| true), expected, "{once:?}");
        // People see connections in any case.
        for format in ["table", "html"] {
            assert!(written(format).contains("who answered 5 "), "{once:?}: {format}");
        }
    }
}

#[test]
fn one_thread_does_everything_if_no_other_can_be_started() {
    let sandbox = Sandbox::new("no-threads");
    sandbox.file("in/a.pcap", &capture(5));
    sandbox.file("in/b.pcap", &capture(3));
    for files in [&["in/a.pcap"][..], &["in/a.pcap", "in/b.pcap"]] {
        let args = [files, &["--threads", "4", "--format", "jsonl"]].concat();
        // Too much memory for the stack of a thread.
        let without =
            Run::of(sandbox.command(&args).env("RUST_MIN_STACK", (1_u64 << 62).to_string()).output().unwrap());
        let with = sandbox.analyze(&args);
        assert_eq!((without.code, without.stderr), (with.code, with.stderr));
        assert_eq!(without.stdout, with.stdout);
    }
}
