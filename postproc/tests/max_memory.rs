//! `--max-memory` decides what is kept, and therefore what is reported; the number of threads does
//! not.
#![cfg(target_os = "linux")]

mod measured;
mod sandbox;

use std::time::Duration;

use measured::{is_full, measure};
use sandbox::{Run, Sandbox};
use serde_json::Value;
use syncookie_testkit::example::segment;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, RST, SYN};

/// Number of SYNs in a capture, more than the least memory has room for.
const SYNS: u16 = 19_000;

/// Returns a capture of SYNs that nobody answers, a thousand a second, to this number of listeners.
fn unanswered(listeners: u16) -> Vec<u8> {
    let mut capture = Pcap::ethernet();
    for number in 0..SYNS {
        let syn = segment((1, 1024 + number), (2, 1 + number % listeners), 1000, 0, SYN, 64_240);
        let micros = u32::from(number % 1000) * 1000;
        capture.record(1_700_000_000 + u32::from(number / 1000), micros, &ethernet(&syn));
    }
    capture.bytes
}

/// Returns a capture of handshakes that a SYN proxy answers and a server resets, a thousand a
/// second.
fn reset(handshakes: u16) -> Vec<u8> {
    let mut capture = Pcap::ethernet();
    for number in 0..handshakes {
        let (client, server) = ((1, 1024 + number), (2, 443));
        let packets = [
            segment(client, server, 1000, 0, SYN, 64_240),
            segment(server, client, 7000, 1001, SYN | ACK, 0),
            segment(client, server, 1001, 7001, ACK, 502),
            segment(server, client, 7001, 0, RST, 0),
        ];
        for (packet, micros) in packets.iter().zip([0, 10, 20, 30]) {
            let micros = u32::from(number % 1000) * 1000 + micros;
            capture.record(1_700_000_000 + u32::from(number / 1000), micros, &ethernet(packet));
        }
    }
    capture.bytes
}

/// Returns the arguments that analyse captures `a`, `b` and so on. They are not parts of a series.
fn captures(sandbox: &Sandbox, bytes: &[Vec<u8>]) -> Vec<String> {
    ('a'..).zip(bytes).map(|(name, bytes)| sandbox.file(&format!("{name}.pcap"), bytes)).collect()
}

fn summary(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().expect("something was written")).expect("every line is JSON")
}

#[test]
fn little_memory_changes_what_is_kept_and_the_report_says_so_and_threads_change_nothing() {
    let sandbox = Sandbox::new("max-memory");
    let names = captures(&sandbox, &[unanswered(1), unanswered(SYNS)]);
    let run = |memory: &str, threads: &str| {
        let mut args = vec!["--format", "jsonl", "--max-memory", memory, "--threads", threads];
        args.extend(names.iter().map(String::as_str));
        sandbox.analyze(&args).stdout
    };
    let [little, ample] = ["256MiB", "1GiB"].map(|memory| run(memory, "1"));
    assert_eq!(little, run("256MiB", "8"));
    let [little, ample] = [little, ample].map(|stdout| summary(&stdout));
    let early = |summary: &Value| [0, 1].map(|capture| summary["captures"][capture]["evicted_early"].as_u64());
    assert_eq!(early(&ample), [Some(0); 2]);
    assert!(early(&little).iter().all(|early| *early > Some(0)), "{little}");
    assert!(
        little["handshakes_of_other_listeners"].as_u64() > Some(0) && ample["handshakes_of_other_listeners"] == 0,
        "{little}"
    );
    for counts in ["handshakes", "verdicts", "outcomes"] {
        assert_eq!(little[counts], ample[counts]);
    }
}

#[test]
fn a_limit_that_does_not_fit_into_the_memory_is_named_and_lowered() {
    let sandbox = Sandbox::new("max-memory-lowered");
    let names = captures(&sandbox, &[unanswered(1)]);
    let run =
        sandbox.analyze(&[&names[0], "--format", "jsonl", "--max-memory", "256MiB", "--max-handshakes", "1000000"]);
    assert!(run.code == 0 && run.stderr.contains("--max-memory leaves room for 18724 handshakes"), "{}", run.stderr);
    assert!(summary(&run.stdout)["captures"][0]["evicted_early"].as_u64() > Some(0));
    for (command, name) in [("explain", "1"), ("annotate", "out")] {
        let run = Run::of(
            sandbox.program(command).args([&names[0], "--max-memory", "256MiB", name]).output().expect("it starts"),
        );
        assert!(run.code == 1 && run.stderr.contains("--max-memory"), "{command}: {}", run.stderr);
    }
}

#[test]
fn one_limit_of_listeners_is_for_all_captures_together() {
    let sandbox = Sandbox::new("max-listeners-together");
    let of = |server: u8| {
        let mut capture = Pcap::ethernet();
        for port in [80, 443] {
            capture.record(1_700_000_000, 0, &ethernet(&segment((1, 1024), (server, port), 1000, 0, SYN, 64_240)));
        }
        capture.bytes
    };
    let names = captures(&sandbox, &[of(2), of(3)]);
    let run = sandbox.analyze(&[&names[0], &names[1], "--format", "jsonl", "--max-listeners", "3"]);
    assert_eq!((run.objects("listener").len(), &summary(&run.stdout)["handshakes_of_other_listeners"]), (3, &1.into()));
}

#[test]
fn captures_that_many_threads_read_at_the_same_time_stay_within_the_limit() {
    let sandbox = Sandbox::new("max-memory-peak");
    let handshakes = if is_full() { 60_000 } else { 3000 };
    let names = captures(&sandbox, &vec![reset(handshakes); 8]);
    let mut args = vec!["--quiet", "--format", "html", "--threads", "8", "--max-memory", "256MiB"];
    args.extend(names.iter().map(String::as_str));
    let megabytes = measure(&mut sandbox.command(&args), Duration::MAX).peak / f64::from(1 << 20);
    println!("{megabytes:.0} MiB");
    assert!(megabytes > 0.0 && megabytes <= 256.0, "{megabytes} MiB");
}
