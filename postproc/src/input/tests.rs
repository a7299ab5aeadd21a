use std::io::{Cursor, Write};

use proptest::prelude::*;

use super::*;

const COMPRESSIONS: [Compression; 3] = [Compression::Gzip, Compression::Zstd, Compression::Lz4];

/// Returns bytes that compress a little and repeat at irregular distances.
fn plain(length: u32) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect()
}

fn compressed(compression: Compression, plain: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        // With checksums, as gzip, zstd and lz4 write them.
        Compression::Zstd => {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Lz4 => {
            let info = lz4_flex::frame::FrameInfo::new().content_checksum(true);
            let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
    }
}

/// Returns the decompressed bytes, and the error that ended them.
fn unpack(bytes: Vec<u8>) -> (Vec<u8>, Option<io::Error>) {
    let mut input = match open(Box::new(Cursor::new(bytes))) {
        Ok(input) => input,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut out = Vec::new();
    let mut piece = [0; 1000];
    loop {
        match input.reader.read(&mut piece) {
            Ok(0) => return (out, None),
            Ok(count) => out.extend_from_slice(&piece[..count]),
            Err(error) => {
                assert!(input.reader.read(&mut piece).is_err(), "an error is final");
                return (out, Some(error));
            }
        }
        assert!(out.len() < 64 << 20, "no end");
    }
}

#[test]
fn uncompressed_bytes_pass_through_unchanged() {
    for length in [0, 1, 15, 16, 17, 5000] {
        assert_eq!(unpack(plain(length)).0, plain(length));
    }
}

#[test]
fn every_compression_is_detected_by_its_first_bytes_and_decompressed() {
    for compression in COMPRESSIONS {
        for length in [0, 1, 70_000, 3 << 20] {
            let (out, error) = unpack(compressed(compression, &plain(length)));
            assert!(error.is_none(), "{compression}: {error:?}");
            assert!(out == plain(length), "{compression}, {length}");
        }
    }
}

#[test]
fn consecutive_members_and_frames_are_one_stream() {
    for compression in COMPRESSIONS {
        let parts = [plain(40_000), Vec::new(), plain(7)];
        let whole: Vec<u8> = parts.iter().flat_map(|part| compressed(compression, part)).collect();
        let (out, error) = unpack(whole);
        assert!(error.is_none(), "{compression}: {error:?}");
        assert!(out == parts.concat(), "{compression}");
    }
}

#[test]
fn skippable_frames_and_the_zeros_after_gzip_are_skipped() {
    let skippable = [0x52, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    for compression in [Compression::Zstd, Compression::Lz4] {
        let frame = compressed(compression, b"some bytes");
        let (out, error) = unpack([&frame[..], &skippable, &frame, &skippable].concat());
        assert!(error.is_none(), "{compression}: {error:?}");
        assert_eq!(out, b"some bytessome bytes", "{compression}");
    }
    let padded = [compressed(Compression::Gzip, b"some bytes"), vec![0; 300_000]].concat();
    assert!(matches!(unpack(padded), (out, None) if out == b"some bytes"));
}

#[test]
fn a_truncated_stream_gives_all_earlier_bytes_and_is_reported_as_truncated() {
    for compression in COMPRESSIONS {
        let original = plain(400_000);
        let whole = compressed(compression, &original);
        let mut longest = 0;
        for length in (4..300).chain((300..whole.len()).step_by(9973)).chain(whole.len() - 20..whole.len()) {
            let (out, error) = unpack(whole[..length].to_vec());
            assert!(original.starts_with(&out), "{compression} cut at {length}");
            let error = error.unwrap_or_else(|| panic!("{compression} cut at {length}: the cut is not noticed"));
            let broken = Broken::of(&error).unwrap_or_else(|| panic!("{compression} cut at {length}: {error}"));
            assert_eq!((broken.compression, &broken.damage), (compression, &Damage::Cut), "{compression} at {length}");
            assert_eq!(broken.taken, length as u64, "{compression}");
            longest = longest.max(out.len());
        }
        assert_eq!(longest, original.len(), "{compression}");
    }
}

#[test]
fn a_corrupt_stream_gives_the_earlier_bytes_and_the_offset() {
    for compression in COMPRESSIONS {
        let original = plain(2 << 20);
        let mut damaged = compressed(compression, &original);
        let middle = damaged.len() / 2;
        damaged[middle..middle + 200].fill(0xa5);
        let (out, error) = unpack(damaged);
        let broken = Broken::of(error.as_ref().expect("a checksum at least")).cloned().expect("not the source's fault");
        assert!(matches!(broken.damage, Damage::Corrupt(_)), "{compression}: {broken}");
        let sound = out.iter().zip(&original).take_while(|(a, b)| a == b).count();
        assert!(sound > original.len() / 4, "{compression}: {sound} bytes of {} were kept", original.len());
    }
}

#[test]
fn bytes_after_the_last_member_are_not_part_of_it() {
    for compression in COMPRESSIONS {
        let (out, error) = unpack([compressed(compression, b"some bytes"), b"other bytes".to_vec()].concat());
        assert_eq!(out, b"some bytes", "{compression}");
        assert!(error.is_some_and(|error| Broken::of(&error).is_some()), "{compression}");
    }
}

#[test]
fn a_zstd_window_that_is_too_large_is_rejected() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(&plain(1000)).unwrap();
    let (out, error) = unpack(encoder.finish().unwrap());
    assert!(out.is_empty());
    let error = error.expect("a quarter of a gibibyte is more than is given").to_string();
    assert!(error.contains("too much memory"), "{error}");
}

#[test]
fn an_io_error_is_not_reported_as_a_damaged_stream() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    for compression in COMPRESSIONS {
        let whole = compressed(compression, &plain(100_000));
        let source = Cursor::new(whole[..whole.len() / 2].to_vec()).chain(Failing);
        let mut input = open(Box::new(source)).unwrap();
        let error = input.reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "the disk is gone", "{compression}");
    }
}

#[test]
fn a_source_that_signals_interrupt_is_read_to_its_end() {
    /// Source whose every second read is interrupted.
    struct Interrupted(Cursor<Vec<u8>>, bool);
    impl Read for Interrupted {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(into) }
        }
    }
    for compression in [Compression::Gzip, Compression::Lz4, Compression::Zstd] {
        let source = Interrupted(Cursor::new(compressed(compression, &plain(1000))), false);
        let mut read = Vec::new();
        open(Box::new(source)).unwrap().reader.read_to_end(&mut read).unwrap();
        assert_eq!(read, plain(1000), "{compression:?}");
    }
}

#[test]
fn the_position_counts_compressed_bytes() {
    for compression in COMPRESSIONS {
        let whole = compressed(compression, &plain(100_000));
        let mut input = open(Box::new(Cursor::new(whole.clone()))).unwrap();
        input.reader.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(input.position.map(|position| position.taken()), Some(whole.len() as u64), "{compression}");
    }
}

#[test]
fn no_flipped_byte_causes_a_panic() {
    for compression in COMPRESSIONS {
        let whole = compressed(compression, &plain(700));
        for at in 0..whole.len() {
            for mask in [1, 0x10, 0x80, 0xff] {
                let mut flipped = whole.clone();
                flipped[at] ^= mask;
                unpack(flipped);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_after_a_magic_number_are_survived(which in 0..4_usize, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let magics: [&[u8]; 4] = [b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\x50\x2a\x4d\x18"];
        unpack([magics[which], &bytes].concat());
    }
}
