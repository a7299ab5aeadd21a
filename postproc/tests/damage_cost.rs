//! Damage to a capture costs no more than reading it, however dense it is.
#![cfg(target_os = "linux")]

mod measured;
mod sandbox;

use std::fs;
use std::time::Duration;

use measured::{Measured, measure};
use sandbox::{Run, Sandbox};
use syncookie_testkit::ByteOrder;
use syncookie_testkit::example::segment;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::pcapng::Pcapng;
use syncookie_testkit::tcp::ACK;

/// Number of frames of a capture, and bytes of each.
const FRAMES: usize = 60_000;
const LENGTH: usize = 600;

/// Factor that damage may cost, and densities: one damaged record in this number. Without
/// optimisation, the search for records is much slower in comparison.
const MOST: f64 = if cfg!(debug_assertions) { 6.0 } else { 3.0 };
const DENSITIES: &[usize] = if cfg!(debug_assertions) { &[100, 10] } else { &[100, 10, 3, 2] };

/// Returns a capture of data segments in each format, and the offsets of its records.
fn captures() -> [(&'static str, Vec<u8>, Vec<usize>); 2] {
    let mut data = segment((1, 40_000), (2, 80), 1, 1, ACK, 502);
    data.extend((0..LENGTH).map(|byte| (byte * 7) as u8));
    let frame = ethernet(&data);
    let (mut pcap, mut pcapng) = (Pcap::ethernet(), Pcapng::new(ByteOrder::Little));
    pcapng.interface(1, 0, &[]);
    let (mut records, mut blocks) = (Vec::new(), Vec::new());
    for number in 0..FRAMES as u32 {
        records.push(pcap.bytes.len());
        pcap.record(1_700_000_000 + number / 1000, number % 1000, &frame);
        blocks.push(pcapng.bytes.len());
        pcapng.enhanced(0, 1_700_000_000_000_000 + u64::from(number) * 1000, &frame);
    }
    [("pcap", pcap.bytes, records), ("pcapng", pcapng.bytes, blocks)]
}

/// Returns the CPU time of reading a capture, the least of three runs, and the number of frames.
fn read(sandbox: &Sandbox, capture: &str) -> (f64, u64) {
    let args = [capture, "--quiet", "--format", "jsonl", "--threads", "1", "--output", "out"];
    let least = (0..3).map(|_| measure(&mut sandbox.command(&args), Duration::MAX)).reduce(Measured::least);
    let stdout = fs::read_to_string(sandbox.path("out")).expect("the results are there");
    let run = Run { code: 0, stdout, stderr: String::new() };
    let frames = run.objects("summary")[0]["captures"][0]["frames"].as_u64().expect("a number");
    (least.expect("it ran three times").seconds, frames)
}

#[test]
fn damage_at_any_density_costs_at_most_three_times_the_undamaged_bytes() {
    let sandbox = Sandbox::new("damage-cost");
    for (format, bytes, starts) in captures() {
        let (whole, frames) = read(&sandbox, &sandbox.file(&format!("whole.{format}"), &bytes));
        assert_eq!(frames, FRAMES as u64);
        for &every in DENSITIES {
            let mut damaged = bytes.clone();
            let places = starts.iter().skip(every - 1).step_by(every);
            let expected = FRAMES - places.clone().count();
            places.for_each(|&start| damaged[start..start + 16].fill(0xff));
            let (time, frames) = read(&sandbox, &sandbox.file(&format!("damaged.{format}"), &damaged));
            println!("{format}, damage in every record of {every}: {time:.3} s, undamaged {whole:.3} s");
            assert_eq!(frames, expected as u64, "{format}, every {every}");
            assert!(time <= MOST * whole, "{format}, every {every}: {time} s, undamaged {whole} s");
        }
    }
}
