use std::io::Read;

use syncookie_engine::{Analyzer, Limits};
use syncookie_testkit::ByteOrder;
use syncookie_testkit::example::handshake;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::{Pcap, Resolution};
use syncookie_testkit::pcapng::Pcapng;

use super::capture_reader::CaptureReader;
use super::defects::FAULTS_REPORTED;
use super::frame_batch::FrameBatch;
use super::idle_threads::IdleThreads;
use super::producer::read_capture;
use crate::capture::Capture;
use crate::link::{self, Content};

/// Analyses a capture in batches; returns the numbers of frames, handshakes and problems, and all
/// results as text.
fn analyse(bytes: &[u8]) -> (u64, u64, usize, String) {
    let Ok(mut capture) = Capture::open(bytes) else { return (0, 0, 0, String::new()) };
    let (mut reader, mut batch, mut analyzer) =
        (CaptureReader::new("x"), FrameBatch::default(), Analyzer::new(Limits::default()));
    let mut more = true;
    while more {
        let (frames, mut packets) = reader.split();
        more = frames.fill(&mut capture, &mut batch);
        packets.push(&batch, 0, &mut analyzer, &mut |_| ());
    }
    let (findings, problems) = (analyzer.finish(), reader.problems());
    let all = format!("{:?} {problems:?} {findings:?}", reader.totals);
    (capture.frames(), findings.tally.handshakes, problems.len(), all)
}

/// Analyses a capture frame by frame; returns the number of frames, and the findings as text.
fn one_by_one(bytes: &[u8]) -> (u64, String) {
    let Ok(mut capture) = Capture::open(bytes) else { return (0, String::new()) };
    let mut analyzer = Analyzer::new(Limits::default());
    while let Some(frame) = capture.next_frame() {
        let Ok(frame) = frame else { continue };
        let packet = match link::ip_packet(frame.link, frame.data) {
            Content::Ip(packet) => Some(packet),
            Content::Other | Content::Cut if frame.time.is_some() => None,
            _ => continue,
        };
        let one = (frame.number, frame.time.unwrap_or_default(), packet);
        analyzer.push_all_with_links(0, [one], |_| Some(link::path(frame.link, frame.data)), &mut |_| ());
    }
    (capture.frames(), format!("{:?}", analyzer.finish()))
}

/// Returns captures with a handshake, one per format and byte order.
fn samples() -> Vec<Vec<u8>> {
    let mut samples = Vec::new();
    for order in ByteOrder::ALL {
        let mut pcap = Pcap::new(order, Resolution::Micro, 1);
        let mut pcapng = Pcapng::new(order);
        pcapng.interface(1, 0, &[]);
        for (number, packet) in (0..).zip(handshake()) {
            pcap.record(number, 0, &ethernet(&packet));
            pcapng.enhanced(0, u64::from(number), &ethernet(&packet));
        }
        samples.extend([pcap.bytes, pcapng.bytes]);
    }
    samples
}

#[test]
fn any_truncated_or_corrupt_capture_is_analysed_as_far_as_it_is_readable() {
    for whole in samples() {
        let (frames, handshakes, problems, _) = analyse(&whole);
        assert_eq!((frames, handshakes, problems), (3, 1, 0));
        let check = |bytes: &[u8]| {
            let (frames, .., all) = analyse(bytes);
            let (frames_one_by_one, findings) = one_by_one(bytes);
            assert!(frames <= 3);
            assert_eq!(frames, frames_one_by_one);
            assert!(all.ends_with(&findings), "{all} and {findings}");
        };
        for at in 0..whole.len() {
            check(&whole[..at]);
            for mask in [1, 0x80, 0xff] {
                let mut flipped = whole.clone();
                flipped[at] ^= mask;
                check(&flipped);
            }
        }
    }
}

/// Reads a capture with one thread that becomes idle after `begin` batches; returns the numbers of
/// frames, of packets, and of batches that were read without help.
fn helped_from(bytes: &'static [u8], begin: usize) -> (u64, u64, usize) {
    let capture = Capture::open(Box::new(bytes) as Box<dyn Read + Send>).expect("a capture");
    let (mut reader, mut analyzer, spare) =
        (CaptureReader::new("x"), Analyzer::new(Limits::default()), IdleThreads::default());
    if begin == 0 {
        spare.add();
    }
    let (mut batches, mut alone) = (0, 0);
    let read = read_capture((capture, None), &mut reader, &mut analyzer, &spare, |analyzer, packets, batch, _| {
        packets.push(batch, 0, analyzer, &mut |_| ());
        batches += 1;
        alone += usize::from(spare.count() == 0 || spare.acquire().is_some());
        if batches == begin {
            spare.add();
        }
        Ok(())
    });
    assert!(read.is_ok() && spare.count() == usize::from(begin <= batches));
    assert!(spare.acquire().is_some() || spare.count() == 0, "who helped is idle again");
    (reader.totals.frames, analyzer.statistics().packets, alone)
}

#[test]
fn an_idle_thread_helps_with_the_rest_of_a_capture_and_no_frame_is_lost() {
    let mut builder = Pcap::new(ByteOrder::Big, Resolution::Micro, 1);
    let packets = handshake();
    for (number, packet) in (0..60_000).zip(packets.iter().cycle()) {
        builder.record(number, 0, &ethernet(packet));
    }
    let bytes = builder.bytes.leak();
    assert_eq!(helped_from(bytes, 0), (60_000, 60_000, 0));
    assert_eq!(helped_from(bytes, 3), (60_000, 60_000, 3));
    let (frames, packets, alone) = helped_from(bytes, usize::MAX);
    assert_eq!((frames, packets), (60_000, 60_000));
    assert!(alone > 5, "{alone}");
}

#[test]
fn frames_without_a_time_a_known_link_type_or_an_ip_packet_are_counted() {
    let mut builder = Pcapng::new(ByteOrder::Big);
    builder.interface(1, 0, &[]);
    builder.interface(999, 0, &[]);
    for (number, packet) in (0..).zip(handshake()) {
        builder.enhanced(1, number, b"of no known kind");
        let frame = ethernet(&packet);
        builder.simple(&frame);
        builder.enhanced(0, number, &frame);
        builder.enhanced(0, number, b"nothing that is an Ethernet's frame");
    }
    let (.., all) = analyse(&builder.bytes);
    for said in ["without_time: 3", "not_ip: 3", "handshakes: 1"] {
        assert!(all.contains(said), "{said}: {all}");
    }
    assert!(all.ends_with(&one_by_one(&builder.bytes).1));
}

#[test]
fn many_faults_are_counted_but_not_all_kept() {
    let mut builder = Pcapng::new(ByteOrder::Big);
    for _ in 0..10_000 {
        builder.enhanced(5, 0, b"");
    }
    let (frames, _, problems, _) = analyse(&builder.bytes);
    assert_eq!((frames, problems as u64), (10_000, FAULTS_REPORTED + 1));
}
