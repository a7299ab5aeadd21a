//! Rotated captures, and runs of `--follow` over them.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs::{self, File};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use syncookie_testkit::example::{handshake_between, segment};
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::ACK;

use crate::sandbox::{Run, Sandbox};

/// Length in bytes of a pcap record with a handshake segment on Ethernet.
pub const RECORD: usize = 16 + 14 + 40;

/// Returns the file header and the records of handshakes half a minute apart, whose clients have
/// ports from 20000 on.
pub fn capture(count: u16) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut builder = Pcap::ethernet();
    for number in 0..count {
        for (step, packet) in (0..).zip(handshake_between((1, 20_000 + number), (2, 80))) {
            builder.record(1_700_000_000 + u32::from(number) * 30, step * 100, &ethernet(&packet));
        }
    }
    let (head, records) = builder.bytes.split_at(24);
    (head.to_vec(), records.chunks(RECORD).map(<[u8]>::to_vec).collect())
}

/// Writes a file of a series with some of the records.
pub fn put(sandbox: &Sandbox, number: usize, head: &[u8], records: &[Vec<u8>]) -> String {
    sandbox.file(&format!("in/ring_{number:05}.pcap"), &[head, &records.concat()].concat())
}

/// Makes a file look as if nothing was written to it for a while.
pub fn make_quiet(sandbox: &Sandbox, name: &str) {
    let file = File::options().write(true).open(sandbox.path(name)).expect("it was written");
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).expect("it is ours");
}

/// Writes a finished file much later than all others, so that earlier handshakes are old enough.
pub fn put_late(sandbox: &Sandbox, number: usize) {
    let name = sandbox.file(&format!("in/ring_{number:05}.pcap"), &late());
    make_quiet(sandbox, &name);
}

/// Returns a file whose only frame is much later than all handshakes.
pub fn late() -> Vec<u8> {
    let mut late = Pcap::ethernet();
    late.record(1_700_100_000, 0, &ethernet(&segment((9, 9), (8, 8), 1, 1, ACK, 1)));
    late.bytes
}

pub fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        sleep(Duration::from_millis(20));
    }
}

pub fn follow(sandbox: &Sandbox, args: &[&str]) -> Child {
    let args = [&["in", "--follow", "-o", "out.jsonl", "--format", "jsonl"][..], args].concat();
    sandbox.command(&args).spawn().expect("cargo built the program")
}

pub fn stop(child: Child) -> Run {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.expect("kill can be started").success());
    Run::of(child.wait_with_output().expect("it can be waited for"))
}

/// Returns the handshakes that all runs reported so far.
pub fn reported(sandbox: &Sandbox) -> Vec<Value> {
    let text = fs::read_to_string(sandbox.path("out.jsonl")).unwrap_or_default();
    // The last line may be incomplete.
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|object| object["type"] == "handshake").collect()
}

/// Returns endpoints, time, frames and outcome: the parts that do not depend on other handshakes.
pub fn essence(handshakes: &[Value]) -> Vec<String> {
    let keys = ["time", "client", "capture", "frames", "other_files", "verdict", "outcome"];
    let mut all: Vec<String> = handshakes.iter().map(|one| keys.map(|key| one[key].to_string()).join(" ")).collect();
    all.sort();
    all
}

pub fn is_in_state(sandbox: &Sandbox, name: &str) -> bool {
    fs::read_to_string(sandbox.path("state")).is_ok_and(|state| state.contains(name))
}
