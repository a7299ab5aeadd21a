use std::io;

use proptest::prelude::*;
use syncookie_engine::Timestamp;
use syncookie_testkit::ByteOrder;
use syncookie_testkit::pcap::{Packet, Pcap, Resolution};
use syncookie_testkit::pcapng::{IF_TSOFFSET, IF_TSRESOL, Pcapng};

use super::*;

/// Link type, time, and bytes of a frame.
type Seen = (u16, Option<i64>, Vec<u8>);

/// Source that delivers at most this number of bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(into.len());
        self.0.read(&mut into[..count])
    }
}

/// Frames with their numbers and places.
#[derive(Default)]
struct Buffered(Vec<(u32, usize, Seen)>);

impl FrameSink for Buffered {
    fn frame(&mut self, frame: FrameView<'_>) {
        let seen = (frame.link.0, frame.time.map(Timestamp::as_nanos), frame.data.to_vec());
        self.0.push((frame.number, frame.place, seen));
    }
}

/// Returns the same as [`read_one_by_one`], but takes buffered frames at once and reads their bytes
/// from the swapped buffer.
fn read_buffered(source: impl Read) -> (Vec<Seen>, Vec<Fault>) {
    let (mut frames, mut faults, mut buffer) = (Vec::new(), Vec::new(), Buffer::default());
    let mut capture = match Capture::open(source) {
        Ok(capture) => capture,
        Err(OpenError::Fault(fault)) => return (frames, vec![fault]),
        Err(other) => panic!("{other:?}"),
    };
    let mut last = 0;
    loop {
        let mut places = Vec::new();
        let mut buffered = Buffered::default();
        capture.take_buffered(&mut buffered);
        for (number, place, seen) in buffered.0 {
            assert!(number > last);
            last = number;
            places.push((place, frames.len()));
            frames.push(seen);
        }
        assert_eq!(capture.frames().max(last.into()), capture.frames());
        if capture.has_frame() || places.is_empty() {
            match capture.next_frame() {
                Some(Ok(frame)) => {
                    assert!(frame.number > last);
                    last = frame.number;
                    places.push((frame.place, frames.len()));
                    frames.push((frame.link.0, frame.time.map(Timestamp::as_nanos), frame.data.to_vec()));
                }
                Some(Err(fault)) => faults.push(fault),
                None => return (frames, faults),
            }
        }
        capture.swap_buffer(&mut buffer);
        for (place, index) in places {
            let data = &frames[index].2;
            assert_eq!(&buffer.bytes()[place..place + data.len()], data);
        }
    }
}

/// Returns all frames and faults of a capture; checks that they do not depend on how it is read.
fn read(bytes: &[u8]) -> (Vec<Seen>, Vec<Fault>) {
    let (frames, faults) = read_one_by_one(bytes);
    let texts = |faults: &[Fault]| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
    for at_a_time in [usize::MAX, 300] {
        let (buffered, wrong) = read_buffered(Pieces(bytes, at_a_time));
        assert!(buffered == frames, "{} and {} frames, {at_a_time} bytes at a time", buffered.len(), frames.len());
        assert_eq!(texts(&wrong), texts(&faults));
    }
    (frames, faults)
}

/// Checks that frames are numbered in order.
fn read_one_by_one(bytes: &[u8]) -> (Vec<Seen>, Vec<Fault>) {
    let (mut frames, mut faults) = (Vec::new(), Vec::new());
    let mut capture = match Capture::open(bytes) {
        Ok(capture) => capture,
        Err(OpenError::Fault(fault)) => return (frames, vec![fault]),
        Err(other) => panic!("{other:?}"),
    };
    let mut last = 0;
    while let Some(next) = capture.next_frame() {
        match next {
            Ok(frame) => {
                assert!(frame.number > last);
                last = frame.number;
                frames.push((frame.link.0, frame.time.map(Timestamp::as_nanos), frame.data.to_vec()));
            }
            Err(fault) => faults.push(fault),
        }
        assert!(frames.len() + faults.len() <= bytes.len(), "no end");
    }
    assert!(capture.next_frame().is_none(), "the end is not the end");
    assert!(capture.offset() <= bytes.len() as u64);
    (frames, faults)
}

/// Returns the frames of a capture without faults.
fn sound(bytes: &[u8]) -> Vec<Seen> {
    let (frames, faults) = read(bytes);
    assert!(faults.is_empty(), "{faults:?}");
    frames
}

/// Returns the message of the only fault.
fn said(bytes: &[u8]) -> String {
    let (_, faults) = read(bytes);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].to_string()
}

fn pcap_of_two(order: ByteOrder) -> Pcap {
    let mut builder = Pcap::new(order, Resolution::Micro, 1);
    builder.record(5, 7, b"first").record(6, 8, b"second");
    builder
}

/// Returns a pcap file with this magic number, version and link type whose record headers continue
/// after second and fraction with what `lengths` returns for the captured length and the length on
/// the wire.
fn unusual(order: ByteOrder, magic: u32, minor: u16, link: u32, lengths: impl Fn(u32, u32) -> Vec<u8>) -> Vec<u8> {
    let version = [order.u16(2), order.u16(minor)].concat();
    let mut file = [&order.u32(magic)[..], &version, &words(order, &[0, 0, 65_535, link])].concat();
    for (second, data) in (1_000_000_000..).zip([&b"first"[..], b"the second", b"3"]) {
        let captured = data.len() as u32;
        file.extend([order.u32(second), order.u32(7)].concat());
        file.extend(lengths(captured, captured + 1000));
        file.extend(data);
    }
    file
}

/// Returns the bytes of several numbers, one after another.
fn words(order: ByteOrder, values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|&value| order.u32(value)).collect()
}

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const PATCHED: u32 = 0xa1b2_cd34;

/// Returns what [`unusual`] writes, as it should be read.
fn three(link: u16, nanos_per_fraction: i64) -> Vec<Seen> {
    let times = (1_000_000_000..).map(|second: i64| Some(second * 1_000_000_000 + 7 * nanos_per_fraction));
    times.zip([&b"first"[..], b"the second", b"3"]).map(|(time, data)| (link, time, data.to_vec())).collect()
}

#[test]
fn pcap_before_version_2_4_is_read_with_either_order_of_the_lengths() {
    for order in ByteOrder::ALL {
        for minor in 0..=3 {
            let wire_first = unusual(order, MICROSECONDS, minor, 1, |captured, wire| words(order, &[wire, captured]));
            assert_eq!(sound(&wire_first), three(1, 1000), "2.{minor}");
            let usual = unusual(order, MICROSECONDS, minor, 1, |captured, wire| words(order, &[captured, wire]));
            assert_eq!(sound(&usual), three(1, 1000), "2.{minor}");
        }
    }
}

#[test]
fn pcap_of_aix_is_read_with_nanoseconds_and_its_own_link_types() {
    for (number, link) in [(6, 1), (24, 0)] {
        let order = ByteOrder::Big;
        let file = unusual(order, MICROSECONDS, 2, number, |captured, wire| words(order, &[wire, captured]));
        assert_eq!(sound(&file), three(link, 1));
    }
}

#[test]
fn patched_pcap_is_read_under_either_magic_number() {
    for order in ByteOrder::ALL {
        let patched = |extra: &'static [u8]| {
            move |captured, wire| {
                let interface = [&order.u32(2)[..], &order.u16(0x800), &[0], extra].concat();
                [words(order, &[captured, wire]), interface].concat()
            }
        };
        for (magic, extra) in [(MICROSECONDS, &[9][..]), (PATCHED, &[9]), (PATCHED, &[9, 9, 9, 9, 9])] {
            let file = unusual(order, magic, 4, 1, patched(extra));
            assert_eq!(sound(&file), three(1, 1000), "{magic:x}, {extra:?}");
            // One packet alone, which is the end of the file.
            let one = file.len() - 2 * (16 + 7 + extra.len()) - 11;
            assert_eq!(sound(&file[..one]), three(1, 1000)[..1], "{magic:x}, {extra:?}");
        }
    }
}

#[test]
fn damage_to_an_unusual_pcap_is_passed() {
    let order = ByteOrder::Little;
    let mut file = unusual(order, MICROSECONDS, 2, 1, |captured, wire| words(order, &[wire, captured]));
    let whole = file.clone();
    file.extend([0xff; 40]);
    file.extend(&whole[24..]);
    let (frames, faults) = read(&file);
    assert_eq!(frames, [three(1, 1000), three(1, 1000)].concat());
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[test]
fn pcap_is_read_in_both_byte_orders_and_resolutions() {
    for order in ByteOrder::ALL {
        for resolution in Resolution::ALL {
            let mut builder = Pcap::new(order, resolution, 113);
            let nanos = resolution.nanos() as i64;
            builder.record(5, 7, b"first").record(4_000_000_000, 999_999, b"");
            assert_eq!(
                sound(&builder.bytes),
                [
                    (113, Some(5_000_000_000 + 7 * nanos), b"first".to_vec()),
                    (113, Some(4_000_000_000_000_000_000 + 999_999 * nanos), vec![]),
                ]
            );
        }
    }
}

#[test]
fn the_check_sequence_bits_are_not_part_of_the_link_type() {
    let mut builder = Pcap::new(ByteOrder::Big, Resolution::Micro, 0x4400_0001);
    assert_eq!(sound(&builder.record(0, 0, b"x").bytes)[0].0, 1);
}

#[test]
fn a_packet_truncated_by_the_snap_length_is_not_a_fault() {
    let mut builder = Pcap::ethernet();
    builder.record(5, 7, Packet { bytes: b"first", original: 105 });
    assert_eq!(sound(&builder.bytes), [(1, Some(5_000_007_000), b"first".to_vec())]);
}

#[test]
fn a_truncated_file_is_reported_with_frame_offset_and_missing_bytes() {
    let whole = pcap_of_two(ByteOrder::Little).bytes;
    let second = 24 + 16 + 5;
    let cut = |length: usize| said(&whole[..length]);
    assert_eq!(
        cut(second + 3),
        "ends in the middle of frame 2, which begins at byte offset 45: 13 bytes of the record are missing"
    );
    assert_eq!(
        cut(second + 21),
        "ends in the middle of frame 2, which begins at byte offset 45: 1 byte of the record is missing"
    );
    assert_eq!(
        cut(20),
        "ends in the middle of the file header, which begins at byte offset 0: 4 bytes of it are missing"
    );
    assert!(sound(&whole[..second]).len() == 1 && sound(&whole[..24]).is_empty());
}

#[test]
fn an_impossible_record_length_is_rejected_and_earlier_frames_are_kept() {
    let mut builder = pcap_of_two(ByteOrder::Big);
    builder.bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 9, 1, 2, 3]);
    let (frames, faults) = read(&builder.bytes);
    assert_eq!(frames.len(), 2);
    assert_eq!(
        faults[0].to_string(),
        "is corrupt at frame 3, byte offset 67: the record claims 4294967295 bytes; the limit is 262144; \
         no valid record follows in the remaining 19 bytes"
    );
}

#[test]
fn pcapng_is_read_in_both_byte_orders_with_every_packet_block() {
    for order in ByteOrder::ALL {
        let mut builder = Pcapng::new(order);
        builder.interface(1, 0, &[]).interface(113, 4, &[(IF_TSRESOL, &[9])]);
        builder.enhanced(0, 1_500_000, b"enhanced").obsolete(1, 77, 1_500_000_000, b"obsolete").simple(b"simple");
        let second = Some(1_500_000_000);
        assert_eq!(
            sound(&builder.bytes),
            [(1, second, b"enhanced".to_vec()), (113, second, b"obsolete".to_vec()), (1, None, b"simple".to_vec()),]
        );
    }
}

#[test]
fn time_resolution_and_offset_come_from_the_interface() {
    for order in ByteOrder::ALL {
        let mut builder = Pcapng::new(order);
        let offset = order.i64(-1);
        builder.interface(1, 0, &[(2, b"eth0"), (IF_TSRESOL, &[0x80 | 10]), (IF_TSOFFSET, &offset)]).interface(
            1,
            0,
            &[(IF_TSRESOL, &[3])],
        );
        builder.enhanced(0, 2048 + 512, b"").enhanced(1, 7, b"");
        let times: Vec<_> = sound(&builder.bytes).into_iter().map(|(_, time, _)| time).collect();
        assert_eq!(times, [Some(1_500_000_000), Some(7_000_000)]);
    }
}

#[test]
fn a_new_section_discards_the_interfaces_of_the_previous_one() {
    let mut builder = Pcapng::new(ByteOrder::Little);
    builder.interface(1, 0, &[]).enhanced(0, 1, b"a");
    builder.section(ByteOrder::Big).interface(276, 0, &[]).enhanced(0, 2, b"b").enhanced(1, 3, b"c");
    let (frames, faults) = read(&builder.bytes);
    assert_eq!(frames, [(1, Some(1_000), b"a".to_vec()), (276, Some(2_000), b"b".to_vec())]);
    assert!(
        faults[0].to_string().contains("the packet names interface 1, but the section describes 1 interface"),
        "{faults:?}"
    );
}

#[test]
fn a_simple_packet_ends_at_the_snap_length_not_in_the_padding() {
    let mut builder = Pcapng::new(ByteOrder::Big);
    builder
        .interface(1, 5, &[])
        .simple(Packet { bytes: b"12345", original: 100 })
        .simple(b"123")
        .section(ByteOrder::Big);
    builder.interface(1, 0, &[]).simple(b"12");
    let data: Vec<_> = sound(&builder.bytes).into_iter().map(|(.., data)| data).collect();
    assert_eq!(data, [b"12345".to_vec(), b"123".to_vec(), b"12".to_vec()]);
}

#[test]
fn frames_are_numbered_as_wireshark_does() {
    let mut builder = Pcapng::new(ByteOrder::Little);
    builder.interface(1, 0, &[]).enhanced(0, 0, b"1");
    // Statistics, names, secrets and unknown blocks have no number; journal entries and custom
    // blocks have one.
    for unnumbered in [4, 5, 10, 0x8000_0001] {
        builder.block(unnumbered, &[0; 12]);
    }
    builder.enhanced(0, 0, b"2").block(9, b"MESSAGE=3").block(0xbad, &[0; 8]).block(0x4000_0bad, &[0; 8]);
    builder.enhanced(9, 0, b"damaged: 6").enhanced(0, 0, b"7");
    let mut capture = Capture::open(&builder.bytes[..]).unwrap();
    let mut numbers = Vec::new();
    while let Some(next) = capture.next_frame() {
        numbers.push(next.map_or_else(|fault| fault.frame.unwrap(), |frame| u64::from(frame.number)));
    }
    assert_eq!(numbers, [1, 2, 6, 7]);
    assert_eq!(capture.frames(), 7);
}

#[test]
fn a_damaged_packet_block_with_valid_lengths_is_skipped() {
    let mut builder = Pcapng::new(ByteOrder::Little);
    builder.interface(1, 0, &[]).block(6, &[0; 16]).enhanced(0, 0, b"sound");
    let (frames, faults) = read(&builder.bytes);
    assert_eq!(frames.len(), 1);
    assert_eq!(
        faults[0].to_string(),
        "is corrupt at frame 1, byte offset 48: the block has 16 bytes of content but needs 20"
    );
}

#[test]
fn impossible_block_lengths_are_reported_with_their_offset() {
    for (length, said_of_it) in [
        (0_u32, "a block claims 0 bytes"),
        (u32::MAX - 3, "a block claims 4294967292 bytes"),
        (13, "a block claims 13 bytes"),
    ] {
        let mut builder = Pcapng::new(ByteOrder::Little);
        builder.interface(1, 0, &[]).enhanced(0, 0, b"x");
        let offset = builder.bytes.len();
        builder.bytes.extend([6_u32.to_le_bytes(), length.to_le_bytes(), [0; 4], [0; 4]].concat());
        let (frames, faults) = read(&builder.bytes);
        assert_eq!((frames.len(), faults.len()), (1, 1));
        let text = faults[0].to_string();
        assert!(text.contains(&format!("is corrupt at byte offset {offset}: {said_of_it}")), "{text}");
    }
}

#[test]
fn both_lengths_of_a_block_are_reported_if_they_differ() {
    let mut builder = Pcapng::new(ByteOrder::Big);
    builder.interface(1, 0, &[]).enhanced(0, 0, b"xxxx");
    *builder.bytes.last_mut().unwrap() ^= 4;
    assert_eq!(
        said(&builder.bytes),
        "is corrupt at frame 1, byte offset 48: the length of a block is 36 bytes at its start and 32 at its end; \
         no valid record follows in the remaining 36 bytes"
    );
}

#[test]
fn a_truncated_block_is_reported_as_a_frame_only_if_it_holds_a_packet() {
    let mut builder = Pcapng::new(ByteOrder::Little);
    builder.interface(1, 0, &[]).enhanced(0, 0, b"xxxx");
    let end = builder.bytes.len();
    assert!(
        said(&builder.bytes[..end - 1])
            .starts_with("ends in the middle of frame 1, which begins at byte offset 48: 1 byte")
    );
    assert!(
        said(&builder.bytes[..40])
            .starts_with("ends in the middle of a block of type 0x1, which begins at byte offset 28: 8 bytes")
    );
    assert!(
        said(&builder.bytes[..6])
            .starts_with("ends in the middle of a block of type 0xa0d0d0a, which begins at byte offset 0: 6")
    );
}

#[test]
fn an_unusual_interface_description_does_not_end_the_reading() {
    let mut builder = Pcapng::new(ByteOrder::Little);
    // A name that is not UTF-8, an address of a wrong length, an option longer than the block.
    builder.interface(1, 0, &[(2, &[0xff, 0xfe]), (4, &[1]), (IF_TSRESOL, &[])]);
    let tail = builder.bytes.len();
    builder.interface(1, 0, &[(IF_TSRESOL, &[9, 0, 0, 0])]);
    builder.bytes[tail + 18] = 200;
    builder.enhanced(0, 5, b"x").enhanced(1, 5, b"y");
    assert_eq!(sound(&builder.bytes).len(), 2);
}

#[test]
fn too_many_interfaces_are_rejected() {
    let mut builder = Pcapng::new(ByteOrder::Little);
    for _ in 0..70_000 {
        builder.interface(1, 0, &[]);
    }
    assert!(said(&builder.bytes).contains("too many interfaces"));
}

#[test]
fn a_block_longer_than_the_buffer_is_read_completely() {
    let long = vec![7; 3 << 20];
    let mut builder = Pcapng::new(ByteOrder::Little);
    builder.interface(1, 0, &[]).enhanced(0, 1, &long).enhanced(0, 2, b"next");
    let frames = sound(&builder.bytes);
    assert_eq!((frames[0].2.len(), frames[1].2.len()), (long.len(), 4));
}

/// Source that cannot be read.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is gone"))
    }
}

#[test]
fn a_read_error_is_reported_with_its_offset() {
    let whole = pcap_of_two(ByteOrder::Little).bytes;
    let mut capture = Capture::open(whole[..45].chain(Broken)).unwrap();
    assert!(capture.next_frame().unwrap().is_ok());
    let fault = capture.next_frame().unwrap().unwrap_err();
    assert_eq!(fault.to_string(), "could not be read further at frame 2, byte offset 45: the disk is gone");
    assert!(capture.next_frame().is_none());
}

/// Source that delivers the same bytes this number of times.
struct Repeated<'a> {
    bytes: &'a [u8],
    times: u32,
    at: usize,
}

impl Read for Repeated<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.times == 0 {
            return Ok(0);
        }
        let count = (&self.bytes[self.at..]).read(into)?;
        self.at += count;
        if self.at == self.bytes.len() {
            (self.at, self.times) = (0, self.times - 1);
        }
        Ok(count)
    }
}

#[test]
fn a_fault_beyond_4_gib_has_its_offset_and_frames_after_it_are_read() {
    let mut builder = Pcap::new(ByteOrder::Little, Resolution::Micro, 1);
    let header = builder.bytes.len();
    // Records of 256 KiB.
    builder.record(5, 7, &vec![7; (1 << 18) - 16][..]);
    let (header, record) = builder.bytes.split_at(header);
    let damage = pcap_of_two(ByteOrder::Little).bytes.split_off(header.len());
    let damage = [&[0xff; 100][..], &damage.repeat(10)].concat();
    let records = Repeated { bytes: record, times: 1 << 14, at: 0 };
    let mut capture = Capture::open(header.chain(records).chain(&damage[..])).unwrap();
    let (mut buffer, mut faults) = (Buffer::default(), Vec::new());
    while let Some(next) = capture.next_frame() {
        faults.extend(next.err().map(|fault| fault.to_string()));
        capture.swap_buffer(&mut buffer);
    }
    assert_eq!(faults.len(), 1);
    assert!(faults[0].contains("frame 16385, byte offset 4294967320"), "{faults:?}");
    assert!(faults[0].ends_with("reading resumed at byte offset 4294967420"), "{faults:?}");
    assert!(capture.frames() > 16_384 + 10, "{} frames", capture.frames());
}

/// Returns a capture of each format and order with this number of packets, and the offsets of its
/// records or blocks.
fn long(count: u32) -> Vec<(Vec<u8>, Vec<usize>)> {
    let mut captures = Vec::new();
    for order in ByteOrder::ALL {
        let packet = |number: u32| vec![number as u8; 40 + number as usize % 7];
        let (mut builder, mut starts) = (Pcap::new(order, Resolution::Micro, 1), Vec::new());
        for number in 0..count {
            starts.push(builder.bytes.len());
            builder.record(1_700_000_000 + number, number, &packet(number));
        }
        captures.push((builder.bytes, starts));
        let (mut builder, mut starts) = (Pcapng::new(order), Vec::new());
        builder.interface(1, 0, &[]);
        for number in 0..count {
            starts.push(builder.bytes.len());
            builder.enhanced(0, u64::from(1_700_000_000 + number) * 1_000_000, &packet(number));
        }
        captures.push((builder.bytes, starts));
    }
    captures
}

#[test]
fn valid_buffered_frames_are_all_taken_at_once() {
    for (whole, _) in long(100) {
        let mut capture = Capture::open(&whole[..]).unwrap();
        let first = capture.next_frame().unwrap().unwrap().number;
        let mut numbers = vec![first];
        let mut buffered = Buffered::default();
        capture.take_buffered(&mut buffered);
        numbers.extend(buffered.0.iter().map(|(number, ..)| number));
        assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
        assert!(capture.next_frame().is_none());
    }
}

#[test]
fn reading_resumes_after_an_overwritten_record() {
    for (whole, starts) in long(40) {
        let all = sound(&whole);
        for at in [0, 1, 17, 38, 39] {
            let mut damaged = whole.clone();
            damaged[starts[at]..starts[at] + 16].fill(0xff);
            let (frames, faults) = read(&damaged);
            let expected = [&all[..at], &all[at + 1..]].concat();
            assert!(frames == expected, "record {at}: {} frames, {faults:?}", frames.len());
            assert_eq!(faults.len(), 1);
            let end = starts.get(at + 1).copied().unwrap_or(whole.len());
            let aftermath = Aftermath { passed: (end - starts[at]) as u64, resumed: at < 39 };
            assert_eq!((faults[0].offset, faults[0].aftermath), (starts[at] as u64, Some(aftermath)));
            assert_eq!(faults[0].name(), "corrupt");
        }
    }
}

#[test]
fn records_between_damage_and_a_read_error_are_read_for_any_size_of_reads() {
    for (whole, starts) in long(40) {
        let all = sound(&whole);
        let mut damaged = whole.clone();
        damaged[starts[30]..starts[30] + 16].fill(0xff);
        for size in [1, 100, usize::MAX] {
            let mut capture = Capture::open(Pieces(&damaged, size).chain(Broken)).unwrap();
            let (mut frames, mut faults) = (0, Vec::new());
            while let Some(next) = capture.next_frame() {
                match next {
                    Ok(_) => frames += 1,
                    Err(fault) => faults.push(fault.name()),
                }
            }
            assert_eq!((frames, faults), (all.len() - 1, vec!["corrupt", "io"]), "reads of {size} bytes");
        }
    }
}

#[test]
fn missing_or_inserted_bytes_lose_only_the_records_that_contain_them() {
    for (whole, starts) in long(40) {
        let all = sound(&whole);
        let place = starts[20] + 30;
        let noise: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for damaged in [
            [&whole[..place], &whole[place + 7..]].concat(),
            [&whole[..place], &noise[..11], &whole[place..]].concat(),
            [&whole[..starts[20]], &noise, &whole[starts[20]..]].concat(),
        ] {
            let (frames, faults) = read(&damaged);
            assert!(!faults.is_empty() && faults.len() < 3, "{faults:?}");
            assert!(frames.starts_with(&all[..20]) && frames.ends_with(&all[22..]), "{} frames", frames.len());
        }
    }
}

#[test]
fn damage_in_two_places_is_reported_twice_with_the_skipped_bytes() {
    for (whole, starts) in long(60) {
        let mut damaged = whole.clone();
        for at in [10, 40] {
            damaged[starts[at]..starts[at] + 16].fill(0xff);
        }
        let (frames, faults) = read(&damaged);
        assert_eq!((frames.len(), faults.len()), (58, 2));
        let passed = starts[11] - starts[10];
        let said = format!("; {passed} bytes skipped, reading resumed at byte offset {}", starts[11]);
        assert!(faults[0].to_string().ends_with(&said), "{}", faults[0]);
        assert_eq!((faults[0].frame.unwrap_or(11), faults[1].frame.unwrap_or(40)), (11, 40), "numbered on");
    }
}

#[test]
fn short_runs_between_damage_are_read_and_only_damaged_records_are_skipped() {
    for every in 2..10 {
        for (whole, starts) in long(60) {
            let all = sound(&whole);
            let is_damaged = |record: &usize| record % every == every - 1;
            let mut damaged = whole.clone();
            for record in (0..60).filter(is_damaged) {
                damaged[starts[record]..starts[record] + 16].fill(0xff);
            }
            let (frames, faults) = read(&damaged);
            let expected: Vec<_> = all
                .iter()
                .enumerate()
                .filter(|(record, _)| !is_damaged(record))
                .map(|(_, frame)| frame.clone())
                .collect();
            assert!(frames == expected, "every {every}: {} of {} frames", frames.len(), expected.len());
            let ends: Vec<usize> = starts.iter().skip(1).copied().chain([whole.len()]).collect();
            let lengths = |record: usize| (ends[record] - starts[record]) as u64;
            let skipped: u64 = faults.iter().filter_map(Fault::skipped_bytes).sum();
            assert_eq!(faults.len(), 60 / every, "every {every}");
            assert_eq!(skipped, (0..60).filter(is_damaged).map(lengths).sum::<u64>(), "every {every}");
        }
    }
}

#[test]
fn a_short_run_of_older_records_is_not_read_because_a_packet_may_contain_it() {
    for order in ByteOrder::ALL {
        let mut inner = Pcap::new(order, Resolution::Micro, 1);
        for number in 0..5 {
            inner.record(1_700_000_000 + number, 0, b"within");
        }
        let mut builder = Pcap::new(order, Resolution::Micro, 1);
        builder.record(1_700_000_100, 0, b"first");
        let damaged = builder.bytes.len();
        // Bytes behind the records, so that they do not lead to the next one.
        builder.record(1_700_000_101, 0, &[&inner.bytes[..], &[0xaa; 9]].concat()[..]);
        for number in 0..3 {
            builder.record(1_700_000_102 + number, 0, b"afterwards");
        }
        builder.bytes[damaged..damaged + 16].fill(0xff);
        let (frames, faults) = read(&builder.bytes);
        let data: Vec<_> = frames.iter().map(|(.., data)| &data[..]).collect();
        assert_eq!(data, [&b"first"[..], b"afterwards", b"afterwards", b"afterwards"], "{faults:?}");
    }
}

#[test]
fn a_capture_inside_a_packet_is_not_read_as_records() {
    // Seven records in a packet, of the same day; then forty of another.
    for (inner, base) in [(long(7), 1_700_000_000), (long(40), 1_500_000_000)] {
        let mut builder = Pcap::ethernet();
        let damaged = builder.record(base, 0, b"first").bytes.len();
        builder.record(base, 0, &inner[0].0);
        for number in 0..20 {
            builder.record(base + number, 0, b"afterwards");
        }
        builder.bytes[damaged..damaged + 16].fill(0xff);
        let (frames, faults) = read(&builder.bytes);
        assert_eq!((frames.len(), faults.len()), (21, 1), "{faults:?}");
        assert!(frames[1..].iter().all(|(.., data)| data == b"afterwards"));
    }
}

#[test]
fn a_length_beyond_the_end_is_damage_if_records_follow_and_truncation_otherwise() {
    for (mut whole, starts) in long(40) {
        let is_pcap = whole[0] != 0x0a;
        let field = starts[30] + if is_pcap { 8 } else { 4 };
        let is_big = is_pcap && whole[0] == 0xa1 || !is_pcap && whole[8] == 0x1a;
        let claimed = 0x0001_0000_u32;
        whole[field..field + 4].copy_from_slice(&if is_big { claimed.to_be_bytes() } else { claimed.to_le_bytes() });
        let (frames, faults) = read(&whole);
        assert_eq!((frames.len(), faults.len(), faults[0].name()), (39, 1, "corrupt"), "{faults:?}");
        assert!(faults[0].to_string().contains("bytes more than the file has"), "{}", faults[0]);
    }
}

/// Returns one capture of each format, with every kind of record or block.
fn samples() -> Vec<Vec<u8>> {
    let mut samples = Vec::new();
    for order in ByteOrder::ALL {
        let mut builder = pcap_of_two(order);
        builder.record(9, 9, &[3; 40]);
        samples.push(builder.bytes);
        let mut builder = Pcapng::new(order);
        builder
            .interface(1, 0, &[(IF_TSRESOL, &[9])])
            .enhanced(0, 1, &[1; 9])
            .obsolete(0, 77, 2, &[2; 6])
            .simple(Packet { bytes: &[3; 7], original: 7 });
        builder.block(9, b"x=y").section(ByteOrder::Big).interface(113, 5, &[]).enhanced(0, 4, b"last");
        samples.push(builder.bytes);
    }
    samples
}

#[test]
fn every_truncation_keeps_the_earlier_frames_and_never_panics() {
    for whole in samples() {
        let all = sound(&whole);
        for length in 4..whole.len() {
            let (frames, faults) = read(&whole[..length]);
            assert_eq!(frames[..], all[..frames.len()]);
            assert!(faults.len() <= 1);
        }
    }
}

#[test]
fn no_flipped_bit_causes_a_panic() {
    for whole in samples() {
        for at in 4..whole.len() {
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << bit;
                read(&flipped);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_behind_a_magic_are_survived(magic in 0..5_usize, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let magics: [&[u8]; 5] = [
            b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\n\r\r\n",
            b"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\0\0\0\0\0\0\0\0\x1c\0\0\0", b"\xa1\xb2\x3c\x4d",
        ];
        read(&[magics[magic], &bytes].concat());
    }
}
