//! The program as users run it: arguments, output, files and exit codes.

mod sandbox;

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use sandbox::{Run, Sandbox};
use serde_json::Value;
use syncookie_testkit::ByteOrder;
use syncookie_testkit::example::{endpoint, handshake, segment};
use syncookie_testkit::link::{self, ethernet};
use syncookie_testkit::pcap::{Pcap, Resolution};
use syncookie_testkit::pcapng::{IF_TSRESOL, Pcapng};
use syncookie_testkit::tcp::{ACK, RST, SYN, Segment, TcpOption};

/// Returns a capture of ordinary handshakes.
fn capture() -> Pcap {
    let mut builder = Pcap::ethernet();
    for (number, packet) in handshake().iter().enumerate() {
        builder.record(1_700_000_000, number as u32 * 100, &ethernet(packet));
    }
    builder
}

/// Returns a capture of a SYN proxy whose ACK leaked: a SYN-ACK with window 0 and no options, then
/// a reset.
fn leaked() -> Vec<u8> {
    let mut builder = Pcap::ethernet();
    for number in 0..5 {
        let (client, server) = ((1, 40_000 + number), (2, 80));
        use TcpOption::{Mss, Nop, SackPermitted, Timestamps, WindowScale};
        let options = vec![Mss(1460), SackPermitted, Timestamps(9, 0), Nop, WindowScale(7)];
        let syn = Segment {
            ttl: 64,
            dont_fragment: true,
            flags: SYN,
            seq: 1000,
            window: 64_240,
            options,
            ..Segment::default()
        };
        let packets = [
            syn.packet(endpoint(client), endpoint(server)),
            segment(server, client, 5000, 1001, SYN | ACK, 0),
            segment(client, server, 1001, 5001, ACK, 502),
            segment(server, client, 5001, 0, RST, 0),
        ];
        for (step, packet) in packets.iter().enumerate() {
            builder.record(1_700_000_000 + u32::from(number), step as u32 * 1000, &ethernet(packet));
        }
    }
    builder.bytes
}

fn summary(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().expect("something was written")).expect("every line is JSON")
}

fn frames_of(stdout: &str) -> Vec<u64> {
    let summary = summary(stdout);
    let captures = summary["captures"].as_array().expect("the summary lists the captures");
    captures.iter().map(|one| one["frames"].as_u64().expect("frames are counted")).collect()
}

#[test]
fn a_valid_capture_exits_with_0_even_without_packets_or_tcp() {
    let sandbox = Sandbox::new("valid");
    let mut arp = Pcap::new(ByteOrder::Big, Resolution::Micro, 1);
    arp.record(1, 1, &[&[0xff; 12][..], &[8, 6], &[0; 28]].concat());
    let names = [
        sandbox.file("whole.pcap", &capture().bytes),
        sandbox.file("empty.pcap", &capture().bytes[..24]),
        sandbox.file("arp.pcap", &arp.bytes),
    ];
    for name in &names {
        let run = sandbox.analyze(&[name, "--format", "jsonl"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{name}");
    }
    let run = sandbox.analyze(&[&names[0], &names[1], &names[2], "--format", "jsonl"]);
    assert_eq!(frames_of(&run.stdout), [3, 0, 1]);
}

#[test]
fn handshakes_are_found_in_both_formats_and_byte_orders_with_their_frame_numbers() {
    let sandbox = Sandbox::new("formats");
    for order in ByteOrder::ALL {
        let mut pcap = Pcap::new(order, Resolution::Nano, link::RAW);
        let mut pcapng = Pcapng::new(order);
        pcapng.interface(link::ETHERNET, 0, &[]).interface(link::LINUX_SLL, 0, &[(IF_TSRESOL, &[9])]);
        for (number, packet) in handshake().iter().enumerate() {
            let nanos = 1_700_000_000_000_000_000 + number as u64 * 1000;
            pcap.record(1_700_000_000, number as u32 * 1000, packet);
            pcapng.enhanced(1, nanos, &[&[0; 14][..], &[8, 0], packet].concat());
        }
        for bytes in [pcap.bytes, pcapng.bytes] {
            let run = sandbox.analyze(&[&sandbox.file("x", &bytes), "--format", "jsonl"]);
            let handshakes: Vec<Value> = run.objects("handshake");
            assert_eq!(handshakes.len(), 1, "{}", run.stdout);
            assert_eq!(handshakes[0]["frames"], serde_json::json!({"syn": 1, "syn_ack": 2, "ack": 3, "reset": null}));
            assert_eq!(handshakes[0]["time"], "2023-11-14T22:13:20.000000000Z");
            assert_eq!(handshakes[0]["server"], serde_json::json!({"ip": "192.0.2.2", "port": 80}));
        }
    }
}

#[test]
fn a_truncated_capture_exits_with_2_and_the_rest_and_the_other_files_are_analysed() {
    let sandbox = Sandbox::new("truncated");
    let whole = capture().bytes;
    let cut = sandbox.file("cut.pcap", &whole[..whole.len() - 1]);
    let good = sandbox.file("good.pcap", &whole);
    let run = sandbox.analyze(&[&cut, &good, "--format", "jsonl"]);
    assert_eq!(run.code, 2);
    assert_eq!(frames_of(&run.stdout), [2, 3]);
    let said = "ends in the middle of frame 3, which begins at byte offset 164: 1 byte of the record is missing (2 frames were read before)";
    assert_eq!(run.stderr, format!("syncookie: {cut} {said}\n"));
    let error = &summary(&run.stdout)["errors"][0];
    assert_eq!((&error["kind"], &error["frame"], &error["offset"]), (&"truncated".into(), &3.into(), &164.into()));
    assert!(sandbox.analyze(&[&cut]).stdout.contains("ends in the middle of frame 3"));
}

#[test]
fn an_unsupported_link_type_is_named_once_with_its_number_and_exits_with_2() {
    let sandbox = Sandbox::new("link");
    let mut builder = Pcap::new(ByteOrder::Little, Resolution::Micro, 143);
    for _ in 0..100 {
        builder.record(1, 1, &[0; 40]);
    }
    let file = sandbox.file("docsis.pcap", &builder.bytes);
    let table = sandbox.analyze(&[&file]).stdout;
    let headline = "No frame could be analysed: link type 143 (DOCSIS) is not supported.\n";
    assert!(table.starts_with(headline), "{table}");
    let run = sandbox.analyze(&[&file, "--format", "jsonl"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.stderr.lines().count(), 1);
    assert!(
        run.stderr.contains("has 100 frames of the unsupported link type 143 (DOCSIS), first in frame 1"),
        "{}",
        run.stderr
    );
}

#[test]
fn annotate_reports_an_unsupported_link_type_once_under_the_name_of_the_capture() {
    let sandbox = Sandbox::new("annotate-link");
    let mut builder = Pcap::new(ByteOrder::Little, Resolution::Micro, 143);
    for _ in 0..7 {
        builder.record(1, 1, &[0; 40]);
    }
    let docsis = sandbox.file("docsis.pcap", &builder.bytes);
    for options in [&[][..], &["--only-findings"], &["--anonymize"]] {
        let mut command = sandbox.program("annotate");
        command.args([&docsis, "--output", "out.pcapng"]).args(options);
        let run = Run::of(command.output().expect("cargo built the program"));
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(
            run.stderr,
            "syncookie: docsis.pcap has 7 frames of the unsupported link type 143 (DOCSIS), first in frame 1; they were \
             not analysed\n"
        );
    }
}

#[test]
fn a_named_file_that_is_not_a_capture_exits_with_2_and_is_reported_with_the_remedy() {
    let sandbox = Sandbox::new("none");
    let good = sandbox.file("good.pcap", &capture().bytes);
    let noise: Vec<u8> = (0..100_000u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (bytes, said) in [
        (&b""[..], "is empty"),
        (b"ten bytes!", "is not a capture"),
        (&capture().bytes[..3], "is not a capture"),
        (&noise, "is not a capture"),
        (b"\x1f\x8b\x08\0", "is compressed with gzip, but cannot be decompressed"),
        (b"\x28\xb5\x2f\xfd\0", "is compressed with zstd, but cannot be decompressed"),
        (b"\xfd7zXZ\0\0", "`xz -d`"),
        (b"snoop\0\0\0\0\0\0\x02", "editcap -F pcap"),
    ] {
        let name = sandbox.file("x", bytes);
        let run = sandbox.analyze(&[&name, "--format", "jsonl"]);
        assert_eq!((run.code, frames_of(&run.stdout)), (2, vec![]));
        assert!(run.stderr.starts_with("syncookie: x ") && run.stderr.contains(said), "{}", run.stderr);
        let error = &summary(&run.stdout)["errors"][0];
        assert_eq!((&error["capture"], &error["kind"]), (&"x".into(), &"not-a-capture".into()));
        let run = sandbox.analyze(&[&name, &good, "--format", "jsonl"]);
        assert_eq!((run.code, frames_of(&run.stdout)), (2, vec![3]));
    }
    for device in ["/dev/null", "-"] {
        let run = sandbox.analyze(&[device]);
        assert_eq!(run.code, 2);
        assert!(
            run.stderr.contains("is empty") && run.stdout.starts_with("No capture could be read."),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn a_missing_file_exits_with_1_alone_and_with_2_next_to_a_capture() {
    let sandbox = Sandbox::new("missing");
    let good = sandbox.file("good.pcap", &capture().bytes);
    for missing in ["not-there.pcap", "good.pcap/x"] {
        let run = sandbox.analyze(&[missing]);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""));
        assert!(run.stderr.contains(&format!("{missing} cannot be opened: N")), "{}", run.stderr);
        assert!(run.stderr.ends_with("syncookie: no capture found\n"), "{}", run.stderr);
        let run = sandbox.analyze(&[missing, &good, "--format", "jsonl"]);
        assert_eq!((run.code, frames_of(&run.stdout)), (2, vec![3]));
        assert_eq!(summary(&run.stdout)["errors"][0]["kind"], "missing");
    }
    assert_eq!(sandbox.analyze(&["not-there.pcap", "/dev/null"]).code, 2);
}

#[test]
fn wrong_usage_exits_with_1_and_help_with_0() {
    let sandbox = Sandbox::new("usage");
    for wrong in [&[][..], &["--format", "xml", "x"], &["x", "--fail-on", "maybe"], &["x", "-q", "-v"]] {
        let run = sandbox.analyze(wrong);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{wrong:?}");
        assert!(!run.stderr.is_empty());
    }
    let help = sandbox.analyze(&["--help"]);
    assert_eq!(help.code, 0);
    assert!(help.stdout.contains("Examples:") && help.stdout.contains("Exit codes:"));
    assert_eq!(sandbox.analyze(&["--version"]).code, 0);
}

#[test]
fn findings_change_the_exit_code_only_with_fail_on() {
    let sandbox = Sandbox::new("fail-on");
    let found = sandbox.file("leaked.pcap", &leaked());
    let plain = sandbox.file("plain.pcap", &capture().bytes);
    let cut = sandbox.file("cut.pcap", &capture().bytes[..100]);
    assert_eq!(sandbox.analyze(&[&found]).code, 0);
    assert_eq!(sandbox.analyze(&[&found, "--fail-on", "possible"]).code, 3);
    assert_eq!(sandbox.analyze(&[&plain, "--fail-on", "possible"]).code, 0);
    assert_eq!(sandbox.analyze(&[&found, &cut, "--fail-on", "possible"]).code, 3);
    assert_eq!(sandbox.analyze(&[&plain, &cut, "--fail-on", "possible"]).code, 2);
    assert_eq!(sandbox.analyze(&[&found, "--fail-on", "failure"]).code, 3);
    assert_eq!(sandbox.analyze(&[&plain, "--fail-on", "failure"]).code, 0);
    let unmatched = ["--fail-on", "failure", "--filter", "outcome=refused"];
    assert_eq!(sandbox.analyze(&[&[found.as_str()][..], &unmatched].concat()).code, 0);
}

#[test]
fn captures_in_folders_are_found_by_content_in_order_and_read_once() {
    let sandbox = Sandbox::new("folder");
    let bytes = capture().bytes;
    sandbox.file("in/b/second.txt", &bytes);
    sandbox.file("in/a.pcap", &bytes[..24]);
    sandbox.file("in/notes.md", b"no capture");
    sandbox.file("in/c.pcap", &bytes);
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        use std::process::Command;
        symlink("..", sandbox.path("in/b/loop")).unwrap();
        symlink("c.pcap", sandbox.path("in/d.pcap")).unwrap();
        symlink("nowhere", sandbox.path("in/e.pcap")).unwrap();
        fs::hard_link(sandbox.path("in/c.pcap"), sandbox.path("in/f.pcap")).unwrap();
        assert!(Command::new("mkfifo").arg(sandbox.path("in/pipe")).status().unwrap().success());
    }
    let run = sandbox.analyze(&["in", "in/c.pcap", "--format", "jsonl"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let names: Vec<_> = run.objects("capture").iter().map(|one| one["capture"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["in/a.pcap", "in/b/second.txt", "in/c.pcap"]);
    let verbose = sandbox.analyze(&["in", "--verbose"]);
    assert!(verbose.stderr.contains("skipped: in/notes.md is not a capture"), "{}", verbose.stderr);
    assert!(verbose.stderr.contains("in/f.pcap was already found under another path"), "{}", verbose.stderr);
}

#[test]
fn a_file_in_a_folder_that_is_only_named_like_a_capture_is_reported_and_exits_with_2() {
    let sandbox = Sandbox::new("called");
    sandbox.file("in/good.pcap", &capture().bytes);
    let names = ["in/b.pcapng", "in/c.CAP", "in/d.pcap.gz", "in/e.pcap7", "in/f.snoop"];
    let contents = [&b""[..], b"noise noise", b"\x1f\x8b\x08\0", &[0xd4, 0xc3], b"snoop\0\0\0\0\0\0\x02"];
    for (name, content) in names.iter().zip(contents) {
        sandbox.file(name, content);
    }
    sandbox.file("in/README.txt", b"notes on the captures");
    sandbox.file("in/truth.json.gz", b"\x1f\x8b\x08\0");
    let run = sandbox.analyze(&["in", "--format", "jsonl"]);
    assert_eq!((run.code, frames_of(&run.stdout)), (2, vec![3]));
    let errors = summary(&run.stdout)["errors"].clone();
    let named: Vec<_> = errors.as_array().unwrap().iter().map(|error| error["capture"].as_str().unwrap()).collect();
    assert_eq!(named, names);
    assert!(names.iter().all(|name| run.stderr.contains(name)), "{}", run.stderr);
    assert!(!run.stderr.contains("README") && !run.stderr.contains("truth"), "{}", run.stderr);

    fs::remove_file(sandbox.path("in/good.pcap")).unwrap();
    assert_eq!(sandbox.analyze(&["in"]).code, 2);
}

#[test]
fn a_folder_without_a_capture_exits_with_1_and_is_reported_with_the_skipped_files() {
    let sandbox = Sandbox::new("vain");
    sandbox.file("in/notes.txt", b"no capture");
    let run = sandbox.analyze(&["in"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    let said = "no capture found in in; 1 file skipped, for example: in/notes.txt is not a capture";
    assert!(run.stderr.contains(said), "{}", run.stderr);

    fs::create_dir(sandbox.path("other")).unwrap();
    let run = sandbox.analyze(&["other", "not-there", "in"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("no capture found in other and another folder"), "{}", run.stderr);

    let good = sandbox.file("good.pcap", &capture().bytes);
    let run = sandbox.analyze(&[&good, "other"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "syncookie: other contains no capture\n"));
    assert_eq!(sandbox.analyze(&[".", &good, "--quiet"]).stderr, "");
    assert_eq!(sandbox.analyze(&[&good, "."]).stderr, "");
}

#[test]
fn a_handshake_across_two_rotated_files_is_reported_once() {
    let sandbox = Sandbox::new("rotated");
    let whole = leaked();
    let (head, records) = whole.split_at(24);
    // The first file ends after the SYN: 16 bytes of record header, 14 of Ethernet, 60 of IP and
    // TCP.
    let (first, second) = records.split_at(90);
    sandbox.file("ring_00001_20231114221320.pcap", &[head, first].concat());
    sandbox.file("ring_00002_20231114221321.pcap", &[head, second].concat());
    let (first, second) = ("ring_00001_20231114221320.pcap", "ring_00002_20231114221321.pcap");
    for names in [[first, second], [second, first]] {
        let run = sandbox.analyze(&[names[0], names[1], "--format", "jsonl"]);
        let handshakes = run.objects("handshake");
        assert_eq!((run.code, handshakes.len()), (0, 5), "{}", run.stdout);
        assert_eq!(handshakes[0]["capture"], second, "where its SYN-ACK is");
        assert_eq!(handshakes[0]["frames"], serde_json::json!({"syn": 1, "syn_ack": 1, "ack": 2, "reset": 3}));
        assert_eq!(handshakes[0]["other_files"], serde_json::json!([{"frame": "syn", "capture": first}]));
        assert_eq!(handshakes[1].get("other_files"), None);
    }
    let table = sandbox.analyze(&[".", "--verbose"]).stdout;
    assert!(table.contains("SYN 1 of another file, SYN-ACK 1,"), "{table}");
}

#[test]
fn standard_input_is_read_as_a_stream() {
    let sandbox = Sandbox::new("stdin");
    let mut child = sandbox.command(&["-", "--format", "jsonl"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for byte in capture().bytes.chunks(7) {
        input.write_all(byte).unwrap();
        input.flush().unwrap();
    }
    drop(input);
    let run = sandbox::Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, frames_of(&run.stdout)), (0, vec![3]));
    assert_eq!(run.objects("capture")[0]["capture"], "-");

    fs::write(sandbox.path("in.pcap"), capture().bytes).unwrap();
    let input = fs::File::open(sandbox.path("in.pcap")).unwrap();
    let run = sandbox::Run::of(sandbox.command(&["-"]).stdin(input).output().unwrap());
    assert!(run.stdout.contains("3 frames in standard input,"), "{}", run.stdout);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let sandbox = Sandbox::new("head");
    let mut builder = Pcap::ethernet();
    for port in 1024..20_000 {
        let syn = segment((1, port), (2, 80), 1, 0, SYN, 1);
        builder.record(u32::from(port) * 10, 0, &ethernet(&syn));
        builder.record(u32::from(port) * 10, 9, &ethernet(&segment((2, 80), (1, port), 0, 2, RST | ACK, 0)));
    }
    let name = sandbox.file("many.pcap", &builder.bytes);
    let mut child = sandbox.command(&[&name, "--format", "jsonl"]).spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let run = sandbox::Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn an_output_file_is_written_atomically_and_never_replaces_an_input() {
    let sandbox = Sandbox::new("output");
    let name = sandbox.file("a.pcap", &capture().bytes);
    let run = sandbox.analyze(&[&name, "--format", "json", "-o", "out.json"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    let document: Value = serde_json::from_slice(&fs::read(sandbox.path("out.json")).unwrap()).unwrap();
    assert_eq!(document["summary"]["handshakes"], 1);

    let run = sandbox.analyze(&[&name, "-o", &name]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("the output file is one of the captures"));
    assert_eq!(fs::read(sandbox.path("a.pcap")).unwrap(), capture().bytes);

    assert_eq!(sandbox.analyze(&["out.json", "-o", "out.json"]).code, 1);
    assert_eq!(sandbox.analyze(&[&name, "-o", "no/such/folder.json"]).code, 1);
    let left: Vec<_> = fs::read_dir(sandbox.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(!fs::read(sandbox.path("out.json")).unwrap().is_empty());
}

#[test]
fn control_characters_in_file_names_are_escaped() {
    let sandbox = Sandbox::new("names");
    let name = sandbox.file("a\x1b[31m\nb.pcap", &capture().bytes[..30]);
    let run = sandbox.analyze(&[&name]);
    assert_eq!(run.code, 2);
    assert!(!run.stdout.contains('\x1b') && !run.stderr.contains('\x1b'));
    assert!(run.stderr.contains("a\\u{1b}[31m\\nb.pcap"));
}

#[test]
fn the_same_captures_give_identical_output() {
    let sandbox = Sandbox::new("same");
    sandbox.file("in/a.pcap", &leaked());
    sandbox.file("in/b.pcap", &capture().bytes);
    for format in ["table", "json", "jsonl"] {
        let once = sandbox.analyze(&["in", "--format", format]).stdout;
        assert_eq!(once, sandbox.analyze(&["in", "--format", format]).stdout);
    }
}
