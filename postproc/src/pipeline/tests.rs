use std::io::Read;

use syncookie_engine::{Analyzer, Frame, Limits, Observation, Packet};
use syncookie_testkit::ByteOrder;
use syncookie_testkit::example::handshake;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::{Pcap, Resolution};
use syncookie_testkit::pcapng::Pcapng;

use super::bundle::Bundle;
use super::idle_threads::IdleThreads;
use super::reading::{FAULTS_TOLD, Intake};
use super::supply::take_in;
use crate::capture::Capture;
use crate::link::{self, Content};

/// Reads a capture to its end; the frames, the handshakes and the problems there were.
fn analyse(bytes: &[u8]) -> (u64, u64, usize) {
    let Ok(mut capture) = Capture::open(bytes) else { return (0, 0, 0) };
    let (mut intake, mut bundle, mut analyzer) =
        (Intake::new("x"), Bundle::default(), Analyzer::new(Limits::default()));
    let mut more = true;
    while more {
        more = intake.fill(&mut capture, Some(analyzer.lookout()), &mut bundle);
        bundle.push(0, &mut analyzer);
    }
    (capture.frames(), analyzer.finish().tally.handshakes, intake.problems().len())
}

/// The same with every frame handed to the engine as soon as it was read.
fn one_by_one(bytes: &[u8]) -> (u64, u64) {
    let Ok(mut capture) = Capture::open(bytes) else { return (0, 0) };
    let mut analyzer = Analyzer::new(Limits::default());
    while let Some(frame) = capture.next_frame() {
        if let Ok(frame) = frame
            && let Content::Ip(packet) = link::ip_packet(frame.link, frame.data)
        {
            let place = Frame { capture: 0, number: frame.number };
            let time = frame.time.unwrap_or_default();
            analyzer.push(&Observation { frame: place, time, packet: Packet::Ip(packet) });
        }
    }
    (capture.frames(), analyzer.finish().tally.handshakes)
}

/// What comes of a capture if one intake finds the frames and looks at them, and if another one looks.
fn analysed_together_and_apart(bytes: &[u8]) -> [String; 2] {
    [false, true].map(|apart| {
        let Ok(mut capture) = Capture::open(bytes) else { return String::new() };
        let (mut intake, mut beside) = (Intake::new("x"), Intake::default());
        let (mut bundle, mut analyzer) = (Bundle::default(), Analyzer::new(Limits::default()));
        let mut more = true;
        while more {
            more = intake.fill(&mut capture, (!apart).then(|| analyzer.lookout()), &mut bundle);
            beside.look(analyzer.lookout(), &mut bundle);
            bundle.push(0, &mut analyzer);
        }
        intake.join(beside);
        let problems = intake.problems();
        format!("{:?} {problems:?} {:?}", intake.totals, analyzer.finish())
    })
}

/// A handshake in each format.
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
fn a_capture_cut_anywhere_or_with_any_byte_flipped_is_analysed_as_far_as_it_goes() {
    for whole in samples() {
        assert_eq!(analyse(&whole), (3, 1, 0));
        let check = |bytes: &[u8]| {
            let (frames, handshakes, _) = analyse(bytes);
            assert!(frames <= 3);
            assert_eq!((frames, handshakes), one_by_one(bytes));
            let [together, apart] = analysed_together_and_apart(bytes);
            assert_eq!(together, apart);
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

/// Reads a capture with one idle thread after `begin` bundles; the frames, the packets, and the bundles before it helped.
fn helped_from(bytes: &'static [u8], begin: usize) -> (u64, u64, usize) {
    let capture = Capture::open(Box::new(bytes) as Box<dyn Read + Send>).expect("a capture");
    let (mut intake, mut analyzer, spare) =
        (Intake::new("x"), Analyzer::new(Limits::default()), IdleThreads::default());
    if begin == 0 {
        spare.add();
    }
    let (mut bundles, mut alone) = (0, 0);
    let read = take_in((capture, None), &mut intake, &mut analyzer, 0, &spare, |_, _| {
        bundles += 1;
        alone += usize::from(spare.count() == 0 || spare.acquire().is_some());
        if bundles == begin {
            spare.add();
        }
        Ok(())
    });
    assert!(read.is_ok() && spare.count() == usize::from(begin <= bundles));
    assert!(spare.acquire().is_some() || spare.count() == 0, "who helped is idle again");
    (intake.totals.frames, analyzer.statistics().packets, alone)
}

#[test]
fn a_thread_that_becomes_idle_helps_with_what_is_left_of_a_capture_and_nothing_is_lost() {
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
fn frames_without_a_time_or_a_link_type_that_is_known_are_told_the_same_whoever_looks_at_them() {
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
    let [together, apart] = analysed_together_and_apart(&builder.bytes);
    assert_eq!(together, apart);
    for said in ["without_time: 3", "not_ip: 3", "handshakes: 1"] {
        assert!(together.contains(said), "{said}: {together}");
    }
}

#[test]
fn faults_without_end_are_counted_and_not_kept() {
    let mut builder = Pcapng::new(ByteOrder::Big);
    for _ in 0..10_000 {
        builder.enhanced(5, 0, b"");
    }
    let (frames, _, problems) = analyse(&builder.bytes);
    assert_eq!((frames, problems as u64), (10_000, FAULTS_TOLD + 1));
}
