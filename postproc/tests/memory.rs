//! Memory does not grow with the texts of the findings, whatever the format, the number of threads
//! and the number of files.
//!
//! By default the captures are small. With `SYNCOOKIE_COMPLEXITY=1` they have 300,000 handshakes.
#![cfg(target_os = "linux")]

mod measured;
mod sandbox;

use std::io::Read as _;
use std::thread;
use std::time::Duration;

use measured::{is_full, measure, measure_with};
use sandbox::Sandbox;
use syncookie_testkit::example::segment;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, RST, SYN};

/// Number of handshakes, all of them with a finding of several kilobytes.
fn handshakes() -> u32 {
    if is_full() { 300_000 } else { 12_000 }
}

/// Returns a capture of handshakes that a SYN proxy answers and a server resets, from one second on.
fn proxied(handshakes: u32, second: u32) -> Vec<u8> {
    let mut capture = Pcap::ethernet();
    let server = (2, 443);
    for number in 0..handshakes {
        let client = (10 + (number / 60_000) as u8, 1024 + (number % 60_000) as u16);
        let isn = number.wrapping_mul(2_654_435_761) >> 1;
        let packets = [
            segment(client, server, isn, 0, SYN, 64_240),
            segment(server, client, 7000, isn + 1, SYN | ACK, 0),
            segment(client, server, isn + 1, 7001, ACK, 502),
            segment(server, client, 7001, 0, RST, 0),
        ];
        for (packet, micros) in packets.iter().zip([0, 10, 20, 30]) {
            let micros = number % 1000 * 1000 + micros;
            capture.record(second + number / 1000, micros, &ethernet(packet));
        }
    }
    capture.bytes
}

#[test]
fn findings_of_many_failed_handshakes_take_little_memory_in_every_format() {
    // Of the small capture: 13 MB of handshakes, the program, buffers, and two thousand findings. The
    // texts of all would take 60 MB more.
    let most = if is_full() { 300.0 } else { 64.0 };
    let sandbox = Sandbox::new("memory-formats");
    let capture = sandbox.file("all.pcap", &proxied(handshakes(), 1_700_000_000));
    for (format, threads) in
        [("table", "1"), ("summary", "2"), ("jsonl", "1"), ("jsonl", "2"), ("csv", "1"), ("html", "1")]
    {
        let args = [&capture, "--quiet", "--format", format, "--threads", threads];
        let megabytes = measure(&mut sandbox.command(&args), Duration::MAX).peak / 1e6;
        println!("{format}, {threads} threads: {megabytes:.0} MB");
        assert!(megabytes > 0.0 && megabytes <= most, "{format}, {threads} threads: {megabytes} MB");
    }
}

/// Time after which a slow receiver begins to read. Until then, most captures are analysed.
const SLOW: Duration = Duration::from_secs(8);

#[test]
fn captures_that_are_read_before_their_turn_share_the_memory_for_results() {
    // The findings of the small captures take 260 MB.
    let (each, most) = if is_full() { (handshakes() / 6, 300.0) } else { (8_000, 200.0) };
    let sandbox = Sandbox::new("memory-captures");
    // Files whose names differ only in digits would be read one after the other.
    let names: Vec<String> = ["a", "b", "c", "d", "e", "f"]
        .iter()
        .zip(0..)
        .map(|(name, number)| sandbox.file(&format!("{name}.pcap"), &proxied(each, 1_700_000_000 + number * 100_000)))
        .collect();
    let mut args = vec!["--quiet", "--format", "jsonl", "--threads", "2"];
    args.extend(names.iter().map(String::as_str));
    let (measured, read) = measure_with(&mut sandbox.command(&args), Duration::MAX, |child| {
        let mut output = child.stdout.take().expect("it is a pipe");
        thread::spawn(move || {
            thread::sleep(SLOW);
            let mut text = String::new();
            output.read_to_string(&mut text).map(|_| text)
        })
    });
    let megabytes = measured.peak / 1e6;
    println!("{megabytes:.0} MB");
    let text = read.join().expect("it does not panic").expect("results are UTF-8");
    assert_eq!(text.lines().filter(|line| line.starts_with("{\"type\":\"handshake\"")).count(), 6 * each as usize);
    assert!(megabytes > 0.0 && megabytes <= most, "{megabytes} MB");
}
