//! Memory does not grow with the texts of the findings, whatever the format, the number of threads
//! and the number of files.
#![cfg(target_os = "linux")]

mod sandbox;

use std::fs;
use std::io::Read as _;
use std::time::Duration;

use sandbox::Sandbox;
use syncookie_testkit::example::segment;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, RST, SYN};

/// Number of handshakes, all of them with a finding of several kilobytes.
const HANDSHAKES: u32 = 12_000;

/// Peak in MiB that a run with all of them may take: 13 MiB of handshakes, the program, buffers, and
/// two thousand findings. The texts of all would take 60 MiB more.
const MOST: u64 = 64;

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

/// Returns the peak of a run in MiB, and what it wrote. The output is read after `delay`.
fn peak(sandbox: &Sandbox, args: &[&str], delay: Duration) -> (u64, String) {
    let mut child = sandbox.command(args).spawn().expect("cargo built the program");
    let status = format!("/proc/{}/status", child.id());
    let mut output = child.stdout.take().expect("it is a pipe");
    let read = std::thread::spawn(move || {
        std::thread::sleep(delay);
        let mut all = String::new();
        output.read_to_string(&mut all).map(|_| all)
    });
    let mut most = 0;
    while child.try_wait().expect("it is our child").is_none() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    (most / 1024, read.join().expect("it does not panic").expect("results are UTF-8"))
}

#[test]
fn findings_of_twelve_thousand_failed_handshakes_take_little_memory_in_every_format() {
    let sandbox = Sandbox::new("memory-formats");
    let capture = sandbox.file("all.pcap", &proxied(HANDSHAKES, 1_700_000_000));
    for (format, threads) in
        [("table", "1"), ("summary", "2"), ("jsonl", "1"), ("jsonl", "2"), ("csv", "1"), ("html", "1")]
    {
        let (peak, text) =
            peak(&sandbox, &[&capture, "--quiet", "--format", format, "--threads", threads], Duration::ZERO);
        println!("{format}, {threads} threads: {peak} MiB");
        assert!(!text.is_empty() && peak > 0 && peak <= MOST, "{format}, {threads} threads: {peak} MiB");
    }
}

/// Peak in MiB of a run that reads four captures of a third of them at a time. The findings of all
/// take 130 MiB.
const MOST_OF_SEVERAL: u64 = 150;

/// Time after which a slow receiver begins to read. Until then, most captures are analysed.
const SLOW: Duration = Duration::from_secs(8);

#[test]
fn captures_that_are_read_before_their_turn_share_the_memory_for_results() {
    let sandbox = Sandbox::new("memory-captures");
    // Files whose names differ only in digits would be read one after the other.
    let names: Vec<String> = ["a", "b", "c", "d", "e", "f"]
        .iter()
        .zip(0..)
        .map(|(name, number)| {
            let capture = proxied(HANDSHAKES / 3, 1_700_000_000 + number * 100_000);
            sandbox.file(&format!("{name}.pcap"), &capture)
        })
        .collect();
    let mut args = vec!["--quiet", "--format", "jsonl", "--threads", "4"];
    args.extend(names.iter().map(String::as_str));
    let (peak, text) = peak(&sandbox, &args, SLOW);
    println!("{peak} MiB");
    assert_eq!(
        text.lines().filter(|line| line.starts_with("{\"type\":\"handshake\"")).count(),
        2 * HANDSHAKES as usize
    );
    assert!(peak > 0 && peak <= MOST_OF_SEVERAL, "{peak} MiB");
}
