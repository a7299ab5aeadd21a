//! Inputs: compressed captures, pipes and series.

mod sandbox;

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use sandbox::{Run, Sandbox};
use serde_json::Value;
use syncookie_testkit::ByteOrder;
use syncookie_testkit::example::handshake_between;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::pcapng::Pcapng;

/// Returns captures of consecutive handshakes, in both formats.
fn captures(count: u32) -> [Vec<u8>; 2] {
    let mut pcap = Pcap::ethernet();
    let mut pcapng = Pcapng::new(ByteOrder::Big);
    pcapng.interface(1, 0, &[]);
    for number in 0..count {
        for (step, packet) in (0..).zip(handshake_between((1, 20_000 + number as u16), (2, 80))) {
            pcap.record(1_700_000_000 + number, step * 100, &ethernet(&packet));
            pcapng.enhanced(
                0,
                u64::from(1_700_000_000 + number) * 1_000_000 + u64::from(step) * 100,
                &ethernet(&packet),
            );
        }
    }
    [pcap.bytes, pcapng.bytes]
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Returns the bytes in every compression, as one member and as two.
fn compressed(plain: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let lz4 = |plain: &[u8]| {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(plain).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    };
    let zstd = |plain: &[u8]| zstd::encode_all(plain, 3).expect("memory takes it");
    let (head, tail) = plain.split_at(plain.len() / 3);
    vec![
        ("gzip", gzip(plain)),
        ("gzip", [gzip(head), gzip(tail)].concat()),
        ("zstd", zstd(plain)),
        ("zstd", [zstd(head), zstd(tail)].concat()),
        ("lz4", lz4(plain)),
        ("lz4", [lz4(head), lz4(tail)].concat()),
    ]
}

/// Returns the handshakes without the name of their capture.
fn handshakes(run: &Run) -> Vec<Value> {
    let mut found = run.objects("handshake");
    for handshake in &mut found {
        handshake.as_object_mut().expect("an object").remove("capture");
    }
    found
}

fn errors(run: &Run) -> Vec<Value> {
    run.objects("summary")[0]["errors"].as_array().expect("a list").clone()
}

#[test]
fn a_compressed_capture_gives_the_same_results_as_a_file_in_a_folder_and_on_standard_input() {
    let sandbox = Sandbox::new("compressed");
    for plain in captures(50) {
        let expected = handshakes(&sandbox.analyze(&[&sandbox.file("plain", &plain), "--format", "jsonl"]));
        assert_eq!(expected.len(), 50);
        for (compression, bytes) in compressed(&plain) {
            // Under a name that is not that of a capture.
            let name = sandbox.file("in/trace.txt", &bytes);
            for argument in [name.as_str(), "in"] {
                let run = sandbox.analyze(&[argument, "--format", "jsonl"]);
                assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{compression}");
                assert!(handshakes(&run) == expected, "{compression}");
                let capture = &run.objects("capture")[0];
                assert_eq!(capture["compression"], compression);
                assert_eq!(capture["bytes"], bytes.len());
            }
            let mut child = sandbox.command(&["-", "--format", "jsonl"]).stdin(Stdio::piped()).spawn().unwrap();
            let mut input = child.stdin.take().unwrap();
            bytes.chunks(100).for_each(|chunk| input.write_all(chunk).unwrap());
            drop(input);
            let run = Run::of(child.wait_with_output().unwrap());
            assert!(run.code == 0 && handshakes(&run) == expected, "{compression} through a pipe");
        }
    }
}

#[test]
fn a_named_pipe_is_read_like_a_file_compressed_or_not() {
    let sandbox = Sandbox::new("fifo");
    let [plain, _] = captures(3);
    let pipe = sandbox.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for bytes in [plain.clone(), gzip(&plain)] {
        let child = sandbox.command(&["pipe", "--format", "jsonl"]).spawn().unwrap();
        File::options().write(true).open(&pipe).unwrap().write_all(&bytes).unwrap();
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!((run.code, handshakes(&run).len()), (0, 3), "{}", run.stderr);
        assert_eq!(run.objects("capture")[0]["format"], Value::Null);
    }
}

#[test]
fn a_truncated_compressed_capture_is_reported_with_both_offsets_and_its_earlier_frames_are_analysed() {
    let sandbox = Sandbox::new("cut-gzip");
    let [plain, _] = captures(500);
    let whole = gzip(&plain);
    let half = whole.len() / 2;
    let name = sandbox.file("half.pcap.gz", &whole[..half]);
    let good = sandbox.file("good.pcap", &plain);
    let run = sandbox.analyze(&[&name, &good, "--format", "jsonl"]);
    assert_eq!(run.code, 2);
    let found = run.objects("handshake").iter().filter(|found| found["capture"] == name.as_str()).count() as u64;
    assert!(found > 100, "{found}");
    let error = &errors(&run)[0];
    assert_eq!((&error["capture"], &error["kind"]), (&name.as_str().into(), &"truncated".into()));
    let frame = error["frame"].as_u64().unwrap();
    assert!(frame / 3 + 1 >= found, "frame {frame} for {found} handshakes");
    assert_eq!(error["offset"], 24 + (frame - 1) * 70, "in the decompressed data");
    let said = format!("the gzip stream is truncated after {half} compressed bytes");
    assert!(
        run.stderr.contains(&said) && run.stderr.contains(&format!("at frame {frame}, byte offset")),
        "{}",
        run.stderr
    );
}

#[test]
fn compressed_files_are_detected_by_content_not_by_name() {
    let sandbox = Sandbox::new("holds");
    let [plain, _] = captures(1);
    sandbox.file("in/notes.gz", &gzip(b"some notes on the captures in this folder"));
    sandbox.file("in/named.pcap.gz", &gzip(b"no capture at all, whatever its name says"));
    sandbox.file("in/old.snoop.gz", &gzip(b"snoop\0\0\0\0\0\0\x02\0\0\0\x04"));
    sandbox.file("in/bare", &gzip(&plain));
    let run = sandbox.analyze(&["in", "--format", "jsonl"]);
    assert_eq!((run.code, run.objects("handshake").len()), (2, 1));
    let named: Vec<_> = errors(&run).iter().map(|error| error["capture"].as_str().unwrap().to_owned()).collect();
    assert_eq!(named, ["in/named.pcap.gz", "in/old.snoop.gz"]);
    let said = "is compressed with gzip, and its content is a snoop capture, which is not supported: \
                convert it with `editcap -F pcapng IN OUT`";
    assert!(run.stderr.contains(said), "{}", run.stderr);
}

#[test]
fn files_of_a_series_may_have_different_compressions() {
    let sandbox = Sandbox::new("mixed-series");
    let [plain, _] = captures(2);
    let (head, records) = plain.split_at(24);
    let (first, second) = records.split_at(70);
    sandbox.file("ring_00001.pcap", &zstd::encode_all(&[head, first].concat()[..], 1).unwrap());
    sandbox.file("ring_00002.pcap", &gzip(&[head, second].concat()));
    let run = sandbox.analyze(&[".", "--format", "jsonl"]);
    assert_eq!((run.code, run.objects("handshake").len()), (0, 2), "{}", run.stdout);
}
