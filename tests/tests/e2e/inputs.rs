//! Compressed captures and doubled ones: the SYN-ACKs that tshark finds in them are those that the
//! command-line tool finds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syncookie_testkit::pcap::Capture;
use syncookie_testkit::pcapng::Pcapng;
use syncookie_testkit::{ByteOrder, memory};
use syncookie_tests::analyze::{analyze, command};
use syncookie_tests::tshark::{Tshark, private_folder};
use syncookie_tests::{assert_none, complaints, samples};

/// Wireshark of Debian reads what these programs write.
const PROGRAMS: [(&str, &str); 3] = [("gzip", "gz"), ("zstd", "zst"), ("lz4", "lz4")];

const SYN_ACK: &str = "tcp.flags.syn == 1 && tcp.flags.ack == 1";

/// Every twelfth sample: these tests are about what is around the packets.
fn some_samples() -> Vec<PathBuf> {
    samples().into_iter().step_by(12).collect()
}

/// What the program writes of a file; `None`, said loudly, where it is not installed.
fn compressed(program: &str, path: &Path) -> Option<Vec<u8>> {
    match Command::new(program).arg("-c").arg(path).output() {
        Ok(output) => Some(output.stdout),
        Err(error) => {
            eprintln!("skipped: {program} cannot be started: {error}");
            None
        }
    }
}

fn found(path: &Path) -> BTreeSet<u32> {
    analyze([path]).handshakes().into_iter().filter_map(|handshake| handshake.frames.syn_ack).collect()
}

#[test]
fn the_syn_acks_of_a_compressed_capture_are_those_that_tshark_finds_and_those_of_the_capture() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    for (program, ending) in PROGRAMS {
        assert_none(&complaints(&some_samples(), |path: &PathBuf| {
            let Some(bytes) = compressed(program, path) else { return Vec::new() };
            let staged = tshark.stage_bytes(&bytes);
            let seen: BTreeSet<u32> = tshark.frames(&staged, SYN_ACK).into_iter().collect();
            let ours = found(&staged);
            // Repetitions of a SYN-ACK are frames for tshark, and belong to a handshake here.
            let is_right = ours.is_subset(&seen) && ours == found(path) && ours.is_empty() == seen.is_empty();
            if is_right { Vec::new() } else { vec![format!("{} as .{ending}: {seen:?}, {ours:?}", path.display())] }
        }));
    }
}

#[test]
fn verdicts_of_a_compressed_capture_are_those_of_the_capture() {
    assert_none(&complaints(&some_samples(), |path: &PathBuf| {
        let folder = private_folder();
        let packed = folder.path().join("packed");
        let Some(bytes) = compressed("gzip", path) else { return Vec::new() };
        fs::write(&packed, bytes).expect("the folder is ours");
        let reported = |path: &Path| {
            let lines = analyze([path]).stdout.replace(&path.display().to_string(), "PATH");
            lines.lines().filter(|line| line.contains(r#""type":"handshake""#)).map(str::to_owned).collect::<Vec<_>>()
        };
        if reported(path) == reported(&packed) { Vec::new() } else { vec![path.display().to_string()] }
    }));
}

#[test]
fn of_packets_that_two_interfaces_saw_the_first_copies_are_the_syn_acks() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    assert_none(&complaints(&some_samples(), |path: &PathBuf| {
        let capture = Capture::read(path);
        let mut section = Pcapng::new(ByteOrder::Little);
        section.interface(capture.link, 0, &[(9, &[9])]).interface(capture.link, 0, &[(9, &[9])]);
        for record in &capture.records {
            section.enhanced(0, record.nanos, record).enhanced(1, record.nanos + 1000, record);
        }
        let doubled = tshark.stage_bytes(&section.bytes);
        let seen: BTreeSet<u32> = tshark.frames(&doubled, SYN_ACK).into_iter().collect();
        let ours = found(&doubled);
        let firsts: BTreeSet<u32> = seen.iter().copied().filter(|frame| frame % 2 == 1).collect();
        let is_right = ours.is_subset(&firsts) && ours.len() == found(path).len();
        if is_right { Vec::new() } else { vec![format!("{}: {seen:?}, {ours:?}", path.display())] }
    }));
}

#[test]
fn what_unpacks_to_very_much_takes_no_memory() {
    const MEBIBYTE: u32 = 1 << 20;
    let folder = private_folder();
    let (plain, packed) = (folder.path().join("plain"), folder.path().join("packed"));
    // Blocks of a type that is skipped, full of zeros.
    let mut section = Pcapng::new(ByteOrder::Little);
    for _ in 0..64 {
        section.block(0x99, &vec![0; MEBIBYTE as usize]);
    }
    fs::write(&plain, section.bytes).expect("the folder is ours");
    let Some(bytes) = compressed("gzip", &plain) else { return };
    fs::write(&packed, bytes).expect("the folder is ours");
    let mut child = command([&packed]).stdout(std::process::Stdio::piped()).spawn().expect("it was built");
    let (status, most) = memory::watch(&mut child).expect("it is ours");
    assert_eq!(status.code(), Some(0));
    let most = most / f64::from(MEBIBYTE);
    assert!(most > 0.0 && most < 48.0, "{most} MiB for 64 MiB");
}
