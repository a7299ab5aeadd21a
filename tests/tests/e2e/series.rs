//! A capture in several files is one capture.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syncookie_testkit::ByteOrder;
use syncookie_testkit::pcap::{Capture, Resolution};
use syncookie_tests::analyze::analyze;
use syncookie_tests::tshark::private_folder;
use syncookie_tests::{assert_none, complaints, samples};

/// Every handshake without what depends on the file its frames are in.
fn handshakes(path: &Path) -> Vec<String> {
    let mut found: Vec<String> = analyze([path])
        .objects("handshake")
        .into_iter()
        .map(|mut object| {
            for key in ["capture", "frames", "other_files"] {
                object.as_object_mut().expect("an object").remove(key);
            }
            for evidence in object["evidence"].as_array_mut().expect("a list") {
                evidence.as_object_mut().expect("an object").remove("frames");
            }
            object.to_string()
        })
        .collect();
    found.sort();
    found
}

/// The records of a capture in files of `each`, whose names say their order backwards.
fn write_in_parts(capture: &Capture, folder: &Path, each: usize) {
    let parts = capture.records.chunks(each);
    let count = parts.len();
    for (index, records) in parts.enumerate() {
        let part = Capture { records: records.to_vec(), ..capture.clone() };
        let name = folder.join(format!("ring_{:05}.pcap", count - index));
        fs::write(name, part.write(ByteOrder::Little, Resolution::Nano)).expect("the folder is ours");
    }
}

#[test]
fn findings_are_the_same_for_a_capture_and_for_its_parts_in_any_order() {
    let check = |path: &PathBuf| {
        let folder = private_folder();
        let capture = Capture::read(path);
        write_in_parts(&capture, folder.path(), 37);
        let (whole, parts) = (handshakes(path), handshakes(folder.path()));
        let differ = whole.iter().zip(&parts).filter(|(a, b)| a != b).count() + whole.len().abs_diff(parts.len());
        if differ == 0 { Vec::new() } else { vec![format!("{}: {differ} of {}", path.display(), whole.len())] }
    };
    assert_none(&complaints(&samples(), check));
}

#[test]
fn frames_that_are_in_another_file_are_said_to_be() {
    let path = syncookie_tests::sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap");
    let folder = private_folder();
    write_in_parts(&Capture::read(&path), folder.path(), 2);
    let first: Value = analyze([folder.path()]).objects("handshake").remove(0);
    assert_eq!(first["frames"], serde_json::json!({"syn": 1, "syn_ack": 2, "ack": 1, "reset": 2}));
    let other_files = first["other_files"].as_array().expect("a list");
    assert_eq!(other_files.len(), 2, "ACK and reset are in the next file: {first}");
    assert!(other_files.iter().all(|e| e["capture"] != first["capture"]));
}
