//! Captures in formats that are not read: named, with the command that converts them, and the command works.

use std::fs;
use std::path::Path;
use std::process::Command;

use syncookie_tests::analyze::{analyze, run};
use syncookie_tests::sample;
use syncookie_tests::tshark::private_folder;

/// Wireshark's name of the format, and ours. These are the formats that editcap can write handshakes in.
const FORMATS: [(&str, &str); 11] = [
    ("5views", "an InfoVista 5View capture"),
    ("k12text", "a K12 text capture"),
    ("lanalyzer", "a Novell LANalyzer capture"),
    ("netmon1", "a Microsoft Network Monitor 1 capture"),
    ("netmon2", "a Microsoft Network Monitor 2 capture"),
    ("nettl", "an HP-UX nettl capture"),
    ("ngsniffer", "a Sniffer (DOS) capture"),
    ("ngwsniffer_1_1", "a NetXRay or Sniffer (Windows) capture"),
    ("ngwsniffer_2_0", "a NetXRay or Sniffer (Windows) capture"),
    ("snoop", "a snoop capture"),
    ("visual", "a Visual Networks capture"),
];

fn editcap(format: &str, from: &Path, to: &Path) {
    let done = Command::new("editcap").args(["-F", format]).args([from, to]).output().expect("editcap can be started");
    assert!(done.status.success(), "editcap -F {format}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Returns whether editcap, which comes with tshark, is missing; that is allowed only where tshark may
/// be missing.
fn is_missing() -> bool {
    let is_missing = Command::new("editcap").arg("--version").output().is_err();
    if is_missing {
        assert!(std::env::var_os("SYNCOOKIE_SKIP_TSHARK").is_some(), "editcap is needed: install wireshark-common");
        eprintln!("skipped: there is no editcap");
    }
    is_missing
}

#[test]
fn a_capture_of_another_format_is_named_with_the_command_that_converts_it_and_that_command_does() {
    if is_missing() {
        return;
    }
    let trace = sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap");
    for (format, name) in FORMATS {
        let folder = private_folder();
        let foreign = folder.path().join("x.cap");
        editcap(format, &trace, &foreign);
        let refused = analyze([&foreign]);
        assert_eq!(refused.code, Some(2), "{format}: {}", refused.stderr);
        let said = format!("is {name}, which is not supported: convert it with `editcap -F pcapng");
        assert!(refused.stderr.contains(&said), "{format}: {}", refused.stderr);
        // As the message says; what the format loses of a time it has lost before.
        let converted = folder.path().join("x.pcapng");
        let command = refused.stderr.split('`').nth(1).expect("a command");
        let mut words = command.split(' ').map(|word| match word {
            "IN" => foreign.clone(),
            "OUT" => converted.clone(),
            word => word.into(),
        });
        let mut converter = Command::new(words.next().expect("a program"));
        let done = run(converter.args(words));
        assert_eq!(done.code, Some(0), "{format}: {}", done.stderr);
        assert_eq!(analyze([&converted]).handshakes().len(), 3, "{format}");
    }
}

#[test]
fn an_erf_capture_has_no_magic_number_and_is_named_all_the_same() {
    if is_missing() {
        return;
    }
    // Only frames with room for a check sequence can be written as ERF, so its records are made here.
    let mut bytes = Vec::new();
    for second in 0..3_u32 {
        let frame = [0x5a; 60];
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend((1_700_000_000 + second).to_le_bytes());
        bytes.extend([2, 4]);
        bytes.extend([(16 + 2 + frame.len()) as u16, 0, frame.len() as u16].map(u16::to_be_bytes).concat());
        bytes.extend([0, 0]);
        bytes.extend(frame);
    }
    let folder = private_folder();
    let path = folder.path().join("x.erf");
    fs::write(&path, bytes).expect("the folder is ours");
    let about = Command::new("capinfos").arg("-t").arg(&path).output().expect("capinfos comes with editcap");
    let about = String::from_utf8_lossy(&about.stdout).into_owned();
    assert!(about.contains("ERF"), "Wireshark does not take it for ERF: {about}");
    let refused = analyze([&path]);
    assert!(refused.stderr.contains("is an ERF capture") && refused.stderr.contains("editcap"), "{}", refused.stderr);
}

#[test]
fn pcap_files_of_patched_programs_are_read_as_the_original() {
    if is_missing() {
        return;
    }
    let trace = sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap");
    let frames = |path: &Path| {
        let read = analyze([path]);
        assert_eq!(read.code, Some(0), "{}", read.stderr);
        read.handshakes().into_iter().map(|handshake| format!("{:?}", handshake.frames)).collect::<Vec<_>>()
    };
    for format in ["modpcap", "rh6_1pcap", "suse6_3pcap"] {
        let folder = private_folder();
        let patched = folder.path().join("x.cap");
        editcap(format, &trace, &patched);
        assert_eq!(frames(&patched), frames(&trace), "{format}");
    }
}
