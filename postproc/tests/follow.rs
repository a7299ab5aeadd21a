//! `--follow`: files appear, are finished, grow and are deleted, and the program is restarted.
#![cfg(unix)] // It sends signals.

mod following;
mod sandbox;

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use following::{capture, essence, follow, is_in_state, make_quiet, put, put_late, reported, stop, wait};
use sandbox::Sandbox;
use serde_json::Value;
use syncookie_testkit::example::{handshake_between, segment};
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, RST, SYN};

#[test]
fn every_handshake_is_reported_once_across_restarts_and_files() {
    let sandbox = Sandbox::new("restarts");
    let (head, records) = capture(40);
    // Seven records, so that most files begin or end within a handshake.
    let parts: Vec<&[Vec<u8>]> = records.chunks(7).collect();
    for (number, part) in parts.iter().enumerate() {
        put(&sandbox, number, &head, part);
    }
    let expected = essence(&sandbox.analyze(&["in", "--format", "jsonl"]).objects("handshake"));
    assert_eq!(expected.len(), 40);
    fs::remove_dir_all(sandbox.path("in")).unwrap();
    fs::create_dir(sandbox.path("in")).unwrap();

    let mut child = follow(&sandbox, &["--state", "state"]);
    for (number, part) in parts.iter().enumerate() {
        put(&sandbox, number, &head, part);
        if number > 0 {
            let before = format!("ring_{:05}.pcap", number - 1);
            wait(&before, || is_in_state(&sandbox, &before));
        }
        if number % 5 == 4 {
            if number == 9 {
                child.kill().unwrap();
                child.wait().unwrap();
            } else {
                assert_eq!(stop(child).code, 0);
            }
            child = follow(&sandbox, &["--state", "state"]);
        }
    }
    let so_far = reported(&sandbox).len();
    assert!((30..40).contains(&so_far), "{so_far} handshakes were reported as they came");
    make_quiet(&sandbox, &format!("in/ring_{:05}.pcap", parts.len() - 1));
    put_late(&sandbox, parts.len());
    wait("all are reported", || reported(&sandbox).len() >= 40);
    assert_eq!(stop(child).code, 0);
    let found = essence(&reported(&sandbox));
    let differing: Vec<_> = found.iter().zip(&expected).filter(|(found, expected)| found != expected).collect();
    assert!(found.len() == expected.len() && differing.is_empty(), "{} reported; {differing:#?}", found.len());
}

#[test]
fn without_a_state_file_the_remaining_handshakes_are_reported_at_the_end() {
    let sandbox = Sandbox::new("stateless");
    let (head, records) = capture(3);
    put(&sandbox, 1, &head, &records[..4]);
    let last = put(&sandbox, 2, &head, &records[4..]);
    make_quiet(&sandbox, &last);
    make_quiet(&sandbox, "in/ring_00001.pcap");
    let child = follow(&sandbox, &[]);
    wait("both are named", || {
        fs::read_to_string(sandbox.path("out.jsonl")).is_ok_and(|text| text.contains("ring_00002"))
    });
    let run = stop(child);
    assert_eq!((run.code, reported(&sandbox).len()), (0, 3), "{}", run.stderr);
    let text = fs::read_to_string(sandbox.path("out.jsonl")).unwrap();
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&summary["type"], &summary["handshakes"]), (&"summary".into(), &3.into()));
    assert_eq!(summary["captures"][1]["frames"], 5);
}

#[test]
fn a_file_that_grows_after_it_seemed_finished_is_read_again_without_a_fault() {
    let sandbox = Sandbox::new("grows");
    let (head, records) = capture(30);
    let whole = [&head[..], &records.concat()].concat();
    fs::create_dir(sandbox.path("in")).unwrap();
    let child = follow(&sandbox, &["--state", "state"]);
    let name = sandbox.file("in/ring_00001.pcap", &whole[..whole.len() * 2 / 3 + 20]);
    make_quiet(&sandbox, &name);
    wait("the old ones are reported", || reported(&sandbox).len() >= 10);
    let early = reported(&sandbox).len();
    assert!((10..20).contains(&early), "{early}");
    sandbox.file("in/ring_00001.pcap", &whole);
    put_late(&sandbox, 2);
    make_quiet(&sandbox, &name);
    wait("all are reported", || reported(&sandbox).len() >= 30);
    let run = stop(child);
    assert_eq!((run.code, reported(&sandbox).len()), (0, 30), "{}", run.stderr);
}

#[test]
fn a_truncated_file_is_reported_once_the_next_file_exists() {
    let sandbox = Sandbox::new("stays-cut");
    let (head, records) = capture(2);
    put(&sandbox, 1, &head, &records);
    let path = sandbox.path("in/ring_00001.pcap");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    make_quiet(&sandbox, "in/ring_00001.pcap");
    let child = follow(&sandbox, &["--state", "state"]);
    wait("it is read", || is_in_state(&sandbox, "ring_00001"));
    sandbox.file("in/ring_00002.pcap", &bytes);
    sandbox.file("in/ring_00003.pcap", &bytes);
    wait("the next is read", || is_in_state(&sandbox, "ring_00002"));
    let run = stop(child);
    assert_eq!(run.code, 2);
    assert_eq!(run.stderr.matches("ring_00001.pcap ends in the middle of frame 6").count(), 1, "{}", run.stderr);
}

#[test]
fn unsuitable_arguments_are_rejected() {
    let sandbox = Sandbox::new("refused");
    fs::create_dir(sandbox.path("in")).unwrap();
    sandbox.file("a.pcap", &capture(1).0);
    sandbox.file("odd", b"{\"version\":77,\"series\":{}}");
    for (args, said) in [
        (&["a.pcap", "--follow"][..], "--follow takes exactly one folder"),
        (&["in", "in", "--follow"], "--follow takes exactly one folder"),
        (&["in", "--follow", "--format", "json"], "--follow writes lines"),
        (&["in", "--follow", "--state", "odd"], "odd has version 77"),
        (&["in", "--follow", "--state", "a.pcap"], "a.pcap is not a state file"),
        (&["in", "--state", "x"], "--follow"),
    ] {
        let run = sandbox.analyze(args);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{args:?}");
        assert!(run.stderr.contains(said), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn the_table_format_writes_one_line_per_finding_as_it_is_found() {
    let sandbox = Sandbox::new("lines");
    let mut builder = Pcap::ethernet();
    let (client, server) = ((1, 40_000), (2, 80));
    builder.record(1_700_000_000, 0, &ethernet(&segment(client, server, 1000, 0, SYN, 64_240)));
    let refusal = segment(server, client, 0, 1001, RST | ACK, 0);
    builder.record(1_700_000_000, 90, &ethernet(&refusal));
    let name = sandbox.file("in/a.pcap", &builder.bytes);
    make_quiet(&sandbox, &name);
    let child = sandbox.command(&["in", "--follow", "-o", "out.txt"]).spawn().unwrap();
    sleep(Duration::from_millis(500));
    wait("it is read", || fs::exists(sandbox.path("out.txt")).unwrap());
    assert_eq!(stop(child).code, 0);
    let text = fs::read_to_string(sandbox.path("out.txt")).unwrap();
    let expected = "2023-11-14 22:13:20.000000 UTC 192.0.2.2:80: undetermined, refused, closed-port; client \
                    192.0.2.1:40000, frame 1 of in/a.pcap\n1 handshake in 1 capture, 0 answered by a SYN cookie or SYN proxy (0 of them possible)\n";
    assert_eq!(text, expected);
}

/// Returns a handshake whose SYN-ACK is retransmitted after a reset: most likely another host sent
/// the reset.
fn reset_by_another_host() -> Vec<u8> {
    let [syn, syn_ack, ack] = handshake_between((1, 40_000), (2, 80));
    let mut reset = segment((2, 80), (1, 40_000), 5001, 0, RST, 0);
    reset[4..6].fill(0); // IP identification, as a kernel writes it
    let mut builder = Pcap::ethernet();
    for (seconds, micros, packet) in
        [(0, 0, &syn), (0, 100, &syn_ack), (0, 200, &ack), (0, 300, &reset), (1, 300, &syn_ack)]
    {
        builder.record(1_700_000_000 + seconds, micros, &ethernet(packet));
    }
    builder.bytes
}

/// Returns the kinds of the causes, each with whether it is ruled out.
fn causes(handshake: &Value) -> Vec<(String, bool)> {
    let causes = handshake["cause"].as_array().expect("the handshake failed");
    let ruled_out = |cause: &Value| cause["ruled_out"].as_bool().expect("it is true or false");
    causes.iter().map(|cause| (cause["kind"].as_str().expect("it has a kind").to_owned(), ruled_out(cause))).collect()
}

#[test]
fn the_capture_point_rules_out_causes_in_analyze_explain_and_follow() {
    let sandbox = Sandbox::new("point");
    let name = sandbox.file("in/ring_00001.pcap", &reset_by_another_host());
    make_quiet(&sandbox, &name);
    let analyzed = |point| {
        let run = sandbox.analyze(&["in", "--format", "jsonl", "--capture-point", point]);
        causes(&run.objects("handshake")[0])
    };
    let wrong_host = |ruled_out| ("wrong-host".to_owned(), ruled_out);
    assert_eq!(analyzed("unknown")[0], wrong_host(false));
    let at_server = analyzed("server");
    assert!(at_server.contains(&wrong_host(true)) && at_server[0].0 != "wrong-host", "{at_server:?}");

    let mut explain = Command::new(env!("CARGO_BIN_EXE_syncookie"));
    let explain = explain.current_dir(sandbox.path("in")).args(["explain", "ring_00001.pcap", "--format", "json"]);
    let explained = explain.args(["--capture-point", "server"]).output().expect("cargo built the program");
    let explained: Value = serde_json::from_slice(&explained.stdout).expect("explain writes JSON");
    assert_eq!(causes(&explained["handshake"]), at_server);

    let child = follow(&sandbox, &["--capture-point", "server"]);
    wait("the file is named", || {
        fs::read_to_string(sandbox.path("out.jsonl")).is_ok_and(|text| text.contains("ring_00001"))
    });
    let run = stop(child);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(causes(&reported(&sandbox)[0]), at_server);
}
