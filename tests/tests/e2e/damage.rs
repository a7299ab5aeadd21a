//! Damaged captures: cut anywhere, bytes overwritten. Neither program may crash.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use syncookie_testkit::pcap::{Capture, Record};
use syncookie_testkit::rng::XorShift;
use syncookie_tests::analyze::{command, run};
use syncookie_tests::mutate::flip;
use syncookie_tests::tshark::{Printed, Tshark};
use syncookie_tests::{assert_none, complaints, package, sample, samples};

/// Number of first bytes of a capture; the capture is cut at each of them.
const CUTS: usize = 4096;

/// Environment variable with which all sample captures are cut at every byte. Without it, only the
/// representatives are, and the others at some bytes.
const EXHAUSTIVE: &str = "SYNCOOKIE_EXHAUSTIVE";

/// Returns one capture for each file format and header that is parsed in its own way.
fn representatives() -> Vec<PathBuf> {
    let samples = ["user-trace/synproxy_mid_misconfig_loose1", "linux-6.18/cookie_ts", "linux-6.18/plain_v6"];
    let cases = [
        "link-linux-sll2/capture.pcap",
        "link-ethernet-qinq/capture.pcap",
        "ipv6-extension-headers/capture.pcap",
        "pcapng-two-sections/capture.pcapng",
        "pcapng-two-interfaces/capture.pcapng",
        "pcapng-old-blocks/capture.pcapng",
    ];
    let samples = samples.iter().map(|name| sample(name).join("client.pcap"));
    samples.chain(cases.iter().map(|name| package().join("cases").join(name))).collect()
}

/// Gives the command-line tool a folder full of damaged files in one run, and says what went wrong.
fn analyze_damaged(name: &str, files: impl Iterator<Item = Vec<u8>>) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut count = 0;
    for (number, bytes) in files.enumerate() {
        fs::write(folder.path().join(format!("{number:05}.pcap")), bytes).expect("the folder is ours");
        count = number + 1;
    }
    let analyzed = run(&mut command([folder.path()]));
    // Each is in the output, or what is wrong with it is on standard error.
    let printed = [analyzed.stdout.as_str(), &analyzed.stderr];
    let parts = printed.iter().flat_map(|text| text.split('/'));
    let named: HashSet<_> = parts.filter_map(|part| part.split_once(".pcap")?.0.parse::<usize>().ok()).collect();
    let silent = count - named.len();
    let mut complaints = Vec::new();
    if !analyzed.survived() || !matches!(analyzed.code, Some(0 | 2)) {
        let about = analyzed.stderr.find("panicked").unwrap_or(0);
        let words: String = analyzed.stderr[about..].chars().take(300).collect();
        complaints.push(format!("{name}: exit code {:?}: {words}", analyzed.code));
    }
    if silent > 0 {
        complaints.push(format!("{name}: {silent} of {count} damaged files are silently skipped"));
    }
    complaints
}

fn short(path: &Path) -> String {
    path.strip_prefix(package()).unwrap_or(path).display().to_string()
}

#[test]
fn the_batch_tool_survives_a_capture_cut_at_every_byte() {
    let exhaustive = std::env::var_os(EXHAUSTIVE).is_some();
    let captures = if exhaustive { [representatives(), samples()].concat() } else { representatives() };
    assert_none(&complaints(&captures, |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        let cuts = 0..CUTS.min(bytes.len());
        analyze_damaged(&short(path), cuts.map(|length| bytes[..length].to_vec()))
    }));
}

#[test]
fn the_batch_tool_survives_every_sample_cut_at_some_bytes() {
    let captures: Vec<_> = samples().into_iter().enumerate().collect();
    assert_none(&complaints(&captures, |(number, path): &(usize, PathBuf)| {
        let bytes = fs::read(path).unwrap();
        // Another residue for each capture: together they cover every offset.
        let cuts = (number % 41..CUTS.min(bytes.len())).step_by(41);
        analyze_damaged(&short(path), cuts.map(|length| bytes[..length].to_vec()))
    }));
}

#[test]
fn the_batch_tool_survives_overwritten_bytes() {
    let captures: Vec<_> = [representatives(), samples()].concat().into_iter().enumerate().collect();
    assert_none(&complaints(&captures, |(number, path): &(usize, PathBuf)| {
        let bytes = fs::read(path).unwrap();
        let head = &bytes[..bytes.len().min(CUTS)];
        let mut random = XorShift::new(*number as u64);
        let damaged = (0..100).map(|_| {
            let mut bytes = head.to_vec();
            flip(&mut bytes, &mut random);
            bytes
        });
        analyze_damaged(&short(path), damaged.collect::<Vec<_>>().into_iter())
    }));
}

/// Returns an undamaged file with the packets of these captures, repeated, each time with other bytes
/// overwritten.
fn damaged_packets(link: u32, sources: &[PathBuf], times: usize) -> Capture {
    let mut random = XorShift::new(u64::from(link));
    let mut records: Vec<Record> = Vec::new();
    for source in sources {
        let capture = Capture::read(source);
        let few: Vec<_> = capture.records.into_iter().take(120).collect();
        for _ in 0..times {
            records.extend(few.iter().cloned().map(|mut record| {
                flip(&mut record.bytes, &mut random);
                record
            }));
        }
    }
    Capture { link, records }
}

fn ethernet_sources() -> Vec<PathBuf> {
    let names = ["cookie_ts", "synproxy_opts", "plain_v6", "cookie_app_reset", "fw_reset", "lossy_synproxy"];
    names.iter().map(|name| sample("linux-6.18").join(name).join("client.pcap")).collect()
}

fn assert_alive(printed: &Printed, what: &str) {
    let ended = matches!(printed.code, Some(0..=2));
    let complained = ["panicked", "syncookie", "SYNCOOKIE", "Dissector bug"];
    let clean = complained.iter().all(|words| !printed.stderr.contains(words));
    assert!(ended && clean, "{what}: exit code {:?}: {}", printed.code, printed.stderr);
}

#[test]
fn both_programs_survive_damaged_packets_in_a_sound_file() {
    let capture = damaged_packets(1, &ethernet_sources(), 20).write_plain();
    assert_none(&analyze_damaged("damaged packets", [capture.clone()].into_iter()));
    let Some(tshark) = Tshark::with_plugin() else { return };
    let staged = tshark.stage_bytes(&capture);
    let staged = staged.to_str().unwrap();
    for options in [&["-2", "-Y", "syncookie.verdict"][..], &["-q", "-z", "expert"], &["-2", "-V", "-Y", "syncookie"]] {
        let printed = tshark.run(["-r", staged].iter().chain(options));
        assert_alive(&printed, &format!("tshark {options:?}"));
    }
}

#[test]
fn tshark_survives_cut_captures() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let captures: Vec<_> = representatives().into_iter().enumerate().collect();
    assert_none(&complaints(&captures, |(number, path): &(usize, PathBuf)| {
        let bytes = fs::read(path).unwrap();
        for cut in (31 * number % 700..CUTS.min(bytes.len())).step_by(700) {
            let staged = tshark.stage_bytes(&bytes[..cut]);
            let printed = tshark.run(["-2", "-r", staged.to_str().unwrap(), "-Y", "syncookie.verdict"]);
            assert_alive(&printed, &format!("{} cut at {cut}", short(path)));
        }
        Vec::new()
    }));
}

#[test]
fn tshark_with_the_plugin_says_of_hostile_files_what_it_says_without() {
    let Some(tshark) = Tshark::with_plugin() else { return };
    let mut random = XorShift::new(7);
    let noise: Vec<u8> = (0..10_000).map(|_| random.next_u64() as u8).collect();
    for bytes in [&b""[..], b"ten bytes!", &noise] {
        let staged = tshark.stage_bytes(bytes);
        let printed = tshark.run(["-2", "-r", staged.to_str().unwrap()]);
        assert!(matches!(printed.code, Some(0..=2)), "{printed:?}");
        assert!(!printed.stderr.contains("panicked"), "{printed:?}");
        assert_eq!(printed.stdout, "");
    }
    let printed = tshark.run(["-r", "/dev/null"]);
    assert!(matches!(printed.code, Some(0..=2)) && !printed.stderr.contains("panicked"), "{printed:?}");
}
