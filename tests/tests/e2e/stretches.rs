//! `syncookie observe --stretch`: the stretches of a capture together give what the whole gives.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syncookie_testkit::ByteOrder;
use syncookie_testkit::example::{End, segment};
use syncookie_testkit::link::{ETHERNET, ethernet};
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::pcapng::Pcapng;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, FIN, RST, SYN};
use syncookie_tests::analyze::{Analyzed, run};
use syncookie_tests::programs::programs;
use syncookie_tests::{assert_none, complaints, samples};

/// One second and one millisecond in nanoseconds.
const SECOND: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;

/// Observes each of `of` stretches of captures, and returns the files.
fn observe(paths: &[PathBuf], of: u32, folder: &Path) -> Vec<PathBuf> {
    let part = |number| {
        let file = folder.join(format!("{number}-{of}.parquet"));
        let stretch = format!("{number}/{of}");
        let mut command = Command::new(&programs().syncookie);
        let observed = run(command.arg("observe").args(paths).args(["--stretch", &stretch, "-o"]).arg(&file));
        assert!(matches!(observed.code, Some(0 | 2)), "{paths:?} {stretch}: {}", observed.stderr);
        file
    };
    // In another order than that of the stretches.
    (1..=of).rev().map(part).collect()
}

/// Returns the sorted lines of a report, the exit code, and what was printed beside the report.
fn report(command: &str, paths: &[PathBuf]) -> (Vec<String>, Option<i32>, String) {
    let mut program = Command::new(&programs().syncookie);
    let Analyzed { stdout, code, stderr, .. } = run(program.arg(command).args(paths).args(["--format", "jsonl"]));
    let mut lines: Vec<String> = stdout.lines().map(str::to_owned).collect();
    lines.sort();
    (lines, code, stderr)
}

/// Compares what stretches and the whole captures give, for some numbers of stretches.
fn differences(paths: &[PathBuf], numbers: &[u32]) -> Vec<String> {
    let whole = report("analyze", paths);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut found = Vec::new();
    for &of in numbers {
        let judged = report("judge", &observe(paths, of, folder.path()));
        if judged != whole {
            let line = whole.0.iter().zip(&judged.0).find(|(a, b)| a != b);
            found.push(format!("{paths:?} in {of}: {:?} {}\n{line:#?}", judged.1, judged.2));
        }
    }
    found
}

#[test]
fn stretches_of_every_sample_give_the_bytes_that_analyze_prints() {
    let mut random = Rng::new(23);
    // Many stretches of each would take minutes.
    let number = |place| random.between(2, if place % 8 == 0 { 50 } else { 9 }) as u32;
    let numbers: Vec<u32> = (0..samples().len()).map(number).collect();
    assert_none(&complaints(&samples(), |path| {
        let place = samples().iter().position(|other| other == path).unwrap();
        differences(std::slice::from_ref(path), &[numbers[place]])
    }));
}

/// Packets of two hours, with what may cross the edge of a stretch.
fn packets() -> Vec<(u64, Vec<u8>)> {
    let (mut random, mut packets) = (Rng::new(1), Vec::new());
    for _ in 0..800 {
        let at = 1_700_000_000 * SECOND + random.below(7200 * SECOND);
        connection(&mut random, at, &mut packets);
    }
    packets.sort();
    packets
}

/// Adds a connection of some kind.
fn connection(random: &mut Rng, at: u64, packets: &mut Vec<(u64, Vec<u8>)>) {
    // Few ports, so that they are used again.
    let client = (random.between(1, 8) as u8, random.between(40_000, 40_024) as u16);
    let (server, other) = ((random.between(200, 202) as u8, 80), (210, 80));
    let (isn, answer) = (random.next_u32(), random.next_u32());
    let mut add = |after: u64, from: End, to: End, seq: u32, ack: u32, flags: u8, payload: usize| {
        let mut packet = segment(from, to, seq, ack, flags, 64_240);
        packet.resize(packet.len() + payload, 0);
        let length = packet.len() as u16;
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        packets.push((at + after, ethernet(&packet)));
    };
    let (first, second) = (isn.wrapping_add(1), answer.wrapping_add(1));
    let kind = random.below(14);
    // SYNs that are repeated, and SYN-ACKs.
    let repeats = [1, 3, 7, 15, 31, 63, 127].map(|second| second * SECOND);
    let syns = if kind == 5 { repeats.len() } else { random.below(3) as usize };
    std::iter::once(&0).chain(&repeats[..syns]).for_each(|&after| add(after, client, server, isn, 0, SYN, 0));
    if kind == 5 || kind == 12 {
        // Its SYN-ACK comes from elsewhere, or nothing comes.
        if kind == 12 {
            add(30 * MS, other, client, answer, first, SYN | ACK, 0);
        }
        return;
    }
    if kind == 13 {
        let late = (client.0, client.1 + 1000);
        add(0, other, late, answer, first, SYN | ACK, 0);
        add(200 * MS, late, server, isn, 0, SYN, 0);
        return;
    }
    let open = repeats[..syns].last().copied().unwrap_or_default() + 20 * MS;
    add(open, server, client, answer, first, SYN | ACK, 0);
    match kind {
        6 => repeats[..5].iter().for_each(|after| add(open + after, server, client, answer, first, SYN | ACK, 0)),
        7 => {
            // A connection whose handshake is not in the capture.
            let unknown = (client.0, client.1 + 2000);
            add(0, unknown, server, first, second, ACK, 100);
            add(10 * MS, server, unknown, second, 0, RST, 0);
        }
        8 => {
            // Packets that come late, but not ten minutes after the handshake.
            add(open + 20 * MS, client, server, first, second, ACK, 0);
            let late = random.between(300, 590) * SECOND;
            add(late, client, server, first, second, ACK, 300);
            add(late + 20 * MS, server, client, second, 0, RST, 0);
        }
        9 => [500, 1000, 1500].iter().for_each(|after| add(after * SECOND, client, server, isn, 0, SYN, 0)),
        10 => add(open + 20 * MS, server, client, second, first, RST | ACK, 0),
        _ => {
            add(open + 20 * MS, client, server, first, second, ACK, 0);
            add(open + 21 * MS, client, server, first, second, ACK, 400);
            for number in 0..8 {
                let seq = second.wrapping_add(1400 * number);
                add(open + (40 + u64::from(number)) * MS, server, client, seq, first.wrapping_add(400), ACK, 1400);
            }
            let (end, pause) = (second.wrapping_add(11_200), random.below(300) * SECOND);
            add(open + 50 * MS + pause, client, server, first.wrapping_add(400), end, FIN | ACK, 0);
            add(open + 60 * MS + pause, server, client, end, first.wrapping_add(401), FIN | ACK, 0);
            add(open + 70 * MS + 3 * pause, client, server, first.wrapping_add(401), end.wrapping_add(1), ACK, 0);
        }
    }
}

fn pcap(packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut file = Pcap::ethernet();
    packets.iter().for_each(|(nanos, packet)| _ = file.record_at(*nanos, &packet[..]));
    file.bytes
}

fn pcapng(packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut file = Pcapng::new(ByteOrder::Little);
    file.interface(ETHERNET, 0, &[]).interface(ETHERNET, 0, &[]);
    for (number, (nanos, packet)) in packets.iter().enumerate() {
        file.enhanced(number as u32 % 2, nanos / 1000, &packet[..]);
    }
    file.bytes
}

#[test]
fn stretches_of_a_long_capture_give_the_bytes_that_analyze_prints() {
    let (folder, packets) = (tempfile::tempdir().unwrap(), packets());
    let paths = [("one.pcap", pcap(&packets)), ("two.pcapng", pcapng(&packets))].map(|(name, bytes)| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    });
    assert_none(&complaints(&paths, |path| differences(std::slice::from_ref(path), &[2, 7])));
}

#[test]
fn stretches_of_a_rotated_capture_with_steps_of_its_clock_give_the_bytes_that_analyze_prints() {
    let (folder, mut random) = (tempfile::tempdir().unwrap(), Rng::new(9));
    let packets: Vec<(u64, Vec<u8>)> = packets();
    let (mut number, mut rest, mut step) = (0, &packets[..], 0_u64);
    while !rest.is_empty() {
        let (part, behind) = rest.split_at((random.between(1, 1500) as usize).min(rest.len()));
        rest = behind;
        number += 1;
        step = match number {
            3 => 40 * SECOND,
            // Longer ago than anything that matters.
            7 => 1200 * SECOND,
            9 => 100 * SECOND,
            _ => step,
        };
        let at = random.below(part.len() as u64) as usize;
        let stepped = |(place, (nanos, packet)): (usize, &(u64, Vec<u8>))| {
            (nanos - if place < at { 0 } else { step }, packet.clone())
        };
        let part: Vec<_> = part.iter().enumerate().map(stepped).collect();
        let mut bytes = if number % 2 == 0 { pcap(&part) } else { pcapng(&part) };
        if number == 5 {
            let middle = bytes.len() / 2;
            bytes[middle..][..4000].fill(0xee);
        }
        let name = folder.path().join(format!("ring_{number:05}.pcap"));
        if number == 8 {
            fs::write(folder.path().join("ring_00099.pcap"), pcap(&[])).unwrap();
        }
        if number == 10 {
            bytes.truncate(bytes.len() - 7);
        }
        fs::write(&name, bytes).unwrap();
        if number == 6 {
            assert!(Command::new("gzip").arg(&name).status().expect("gzip is there").success());
        }
    }
    assert_none(&differences(&[folder.path().to_owned()], &[3, 23]));
}

#[test]
fn a_stretch_is_judged_only_with_all_others() {
    let paths = &samples()[..1];
    let folder = tempfile::tempdir().unwrap();
    let files = observe(paths, 3, folder.path());
    let refused = |files: &[PathBuf], reason: &str| {
        let (lines, code, stderr) = report("judge", files);
        assert!(lines.is_empty() && code == Some(1) && stderr.contains(reason), "{code:?} {stderr}");
    };
    refused(&files[1..], "stretch 3 is missing");
    refused(&[&files[..], &files[..1]].concat(), "has a stretch that another file has, too");
    let mut whole = Command::new(&programs().syncookie);
    let wrong = run(whole.arg("observe").args(paths).args(["--stretch", "4/3", "-o", "-"]));
    assert!(wrong.code == Some(1) && wrong.stderr.contains("expected K/N"), "{}", wrong.stderr);
}

#[test]
fn a_section_in_the_middle_of_a_capture_is_not_read_with_the_interfaces_of_the_first() {
    let (folder, packets) = (tempfile::tempdir().unwrap(), packets());
    let path = folder.path().join("sections.pcapng");
    let (first, second) = packets.split_at(packets.len() / 50);
    // The last worker begins to read after the beginning of the section.
    fs::write(&path, [pcapng(first), pcapng(second)].concat()).unwrap();
    let files = observe(&[path], 4, folder.path());
    let (lines, code, stderr) = report("judge", &files);
    assert!(code == Some(1) && stderr.contains("observe these captures without --stretch"), "{lines:?} {stderr}");
}
