//! A packet that was captured twice is one packet.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syncookie_testkit::ByteOrder;
use syncookie_testkit::pcap::{Capture, Record};
use syncookie_testkit::pcapng::Pcapng;
use syncookie_tests::analyze::analyze;
use syncookie_tests::tshark::private_folder;
use syncookie_tests::{assert_none, complaints, samples};

/// The capture as two interfaces see it: every packet again after `delay` nanoseconds, `changed` on its way.
fn seen_twice(capture: &Capture, delay: u64, changed: fn(&mut Record)) -> Vec<u8> {
    let mut section = Pcapng::new(ByteOrder::Little);
    section.interface(capture.link, 0, &[(9, &[9])]).interface(capture.link, 0, &[(9, &[9])]);
    for record in &capture.records {
        let mut again = record.clone();
        changed(&mut again);
        section.enhanced(0, record.nanos, record).enhanced(1, record.nanos + delay, &again);
    }
    section.bytes
}

/// What a router does to an Ethernet frame with an IP packet: the hop limit goes down, and the checksum of IPv4 up.
fn routed(record: &mut Record) {
    let bytes = &mut record.bytes;
    if bytes[12] == 0x86 {
        bytes[21] -= 1;
    } else {
        bytes[22] -= 1;
        bytes[24] = bytes[24].wrapping_add(1);
    }
}

/// Returns handshakes without the fields that differ between the captures. Frame numbers of a
/// doubled capture are those of the first copies.
fn handshakes(path: &Path, is_doubled: bool) -> Vec<String> {
    let number = |frame: &Value| frame.as_u64().map(|frame| if is_doubled { frame.div_ceil(2) } else { frame });
    let essence = |one: Value| {
        let frames = ["syn", "syn_ack", "ack", "reset"].map(|role| number(&one["frames"][role]));
        let evidence: Vec<_> =
            one["evidence"].as_array().into_iter().flatten().map(|one| one["kind"].clone()).collect();
        let keys = ["time", "client", "server", "verdict", "confidence", "log_odds", "outcome"];
        format!("{} {frames:?} {evidence:?}", keys.map(|key| one[key].to_string()).join(" "))
    };
    analyze([path]).objects("handshake").into_iter().map(essence).collect()
}

/// Checks every third sample, from this one on.
fn check(first: usize, delay: u64, changed: fn(&mut Record)) {
    let some: Vec<PathBuf> = samples().into_iter().skip(first).step_by(3).collect();
    assert_none(&complaints(&some, |path: &PathBuf| {
        let folder = private_folder();
        let doubled = folder.path().join("doubled.pcapng");
        fs::write(&doubled, seen_twice(&Capture::read(path), delay, changed)).expect("the folder is ours");
        let (once, twice) = (handshakes(path, false), handshakes(&doubled, true));
        let differing: Vec<_> = once.iter().zip(&twice).filter(|(a, b)| a != b).collect();
        if once.len() == twice.len() && differing.is_empty() {
            return Vec::new();
        }
        vec![format!(
            "{}: {} of {} ({}): {:#?}",
            path.display(),
            differing.len(),
            once.len(),
            twice.len(),
            differing.first()
        )]
    }));
}

#[test]
fn findings_are_the_same_when_two_interfaces_saw_every_packet() {
    check(0, 3_000, |_| {});
}

#[test]
fn findings_are_the_same_when_every_packet_was_seen_before_and_behind_a_router() {
    check(1, 20_000, routed);
}
