//! Times at which a file begins and ends, without reading all of it.

use std::io::Read;

use syncookie_engine::Timestamp;

use super::frame_times::FrameTimes;
use super::walk::Source;
use crate::capture::Capture;

/// Number of bytes at the end of a file that are searched for its last frames: more than the
/// largest frames that a network card passes on (64 KiB) need.
const TAIL: u64 = 256 << 10;

/// Bytes that no capture has in place of a frame. The search for frames that starts there accepts
/// only some that fit together.
const GAP: [u8; 32] = [0xff; 32];

/// First frame of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Time unknown: the file was not examined.
    Unknown,
    /// No frame has a time.
    NoFrame,
    /// Time of the first frame.
    At(Timestamp),
}

impl Start {
    /// Returns the time.
    pub const fn time(self) -> Option<Timestamp> {
        match self {
            Self::At(time) => Some(time),
            Self::Unknown | Self::NoFrame => None,
        }
    }
}

/// Returns the first frame that has a time. Examines only regular files, which can be read again.
pub fn start(source: &Source) -> Start {
    opening(source).map_or(Start::Unknown, |opening| opening.start())
}

/// Returns where a file begins and ends. The end is not known if the file is compressed or has no
/// frame with a time.
pub fn start_and_end(source: &Source) -> (Start, Option<Timestamp>) {
    let Some(opening) = opening(source) else { return (Start::Unknown, None) };
    (opening.start(), end(source, &opening))
}

/// First frames of a capture.
struct Opening {
    times: FrameTimes,
    /// Number of bytes of the file that they occupy.
    bytes: u64,
    /// Whether the capture has no others.
    is_all: bool,
}

impl Opening {
    fn start(&self) -> Start {
        self.times.start().map_or(Start::NoFrame, Start::At)
    }
}

/// Reads the first frames; returns `None` if the capture cannot be examined.
fn opening(source: &Source) -> Option<Opening> {
    source.bytes?;
    let mut capture = Capture::open(source.open().ok()?.reader).ok()?;
    let mut times = FrameTimes::default();
    while !times.has_start() {
        let Some(frame) = capture.next_frame() else {
            return Some(Opening { times, bytes: capture.offset(), is_all: true });
        };
        times.push_all(frame.ok().and_then(|frame| frame.time).into_iter());
    }
    Some(Opening { times, bytes: capture.offset(), is_all: false })
}

/// Returns the time at which a file ends. Reads only its end, after the file header and the first
/// frames: what is left out between them is like damage, after which frames are found again.
fn end(source: &Source, opening: &Opening) -> Option<Timestamp> {
    if opening.is_all {
        return opening.times.end();
    }
    let (None, Some(bytes)) = (source.compression, source.bytes) else { return None };
    let from = bytes.saturating_sub(TAIL).max(opening.bytes);
    let (rest, opened) = (source.open_at(from).ok()?, source.open_at(0).ok()?);
    let gap: &[u8] = if from == opening.bytes { &[] } else { &GAP };
    let (all, last) = read_times(opened.take(opening.bytes).chain(gap).chain(rest))?;
    // Two of the last frames do not show which of their times is wrong.
    let is_enough = gap.is_empty() || last.has_start();
    if is_enough { all.end() } else { None }
}

/// Returns the times of a capture, and those of the frames after its first ones.
fn read_times(bytes: impl Read) -> Option<(FrameTimes, FrameTimes)> {
    let mut capture = Capture::open(bytes).ok()?;
    let (mut all, mut rest) = (FrameTimes::default(), FrameTimes::default());
    while let Some(frame) = capture.next_frame() {
        let time = frame.ok().and_then(|frame| frame.time).into_iter();
        if all.has_start() {
            rest.push_all(time.clone());
        }
        all.push_all(time);
    }
    Some((all, rest))
}

#[cfg(test)]
mod tests {
    use std::{fs, io};

    use syncookie_testkit::ByteOrder;
    use syncookie_testkit::example::handshake;
    use syncookie_testkit::link::ethernet;
    use syncookie_testkit::pcap::Pcap;
    use syncookie_testkit::pcapng::Pcapng;

    use super::*;
    use crate::source::walk::plan_found;

    /// Returns the frame with this number: more than a kilobyte that looks like many lengths.
    fn frame(number: u64) -> Vec<u8> {
        let mut packet = ethernet(&handshake()[0]);
        packet.extend((0..1100).map(|at| if at % 4 == 0 { number as u8 } else { 0 }));
        packet
    }

    /// Returns what is known about a file with these bytes, and what reading all of it shows.
    fn both(bytes: &[u8]) -> [(Start, Option<Timestamp>); 2] {
        let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
        fs::write(file.path(), bytes).unwrap();
        let source = plan_found(file.path()).sources.pop().unwrap();
        let (mut capture, mut times) = (Capture::open(bytes).unwrap(), FrameTimes::default());
        while let Some(frame) = capture.next_frame() {
            times.push_all(frame.ok().and_then(|frame| frame.time).into_iter());
        }
        [start_and_end(&source), (times.start().map_or(Start::NoFrame, Start::At), times.end())]
    }

    #[test]
    fn the_times_are_those_that_reading_the_whole_file_shows() {
        for count in [0, 1, 3, 4, 200, 240, 2000] {
            let (mut old, mut new) = (Pcap::ethernet(), Pcapng::new(ByteOrder::Big));
            new.interface(1, 0, &[]);
            for number in 0..count {
                let micros = 1_700_000_000_000_000 + number * 1_234;
                old.record_at(micros * 1000, &frame(number)[..]);
                new.enhanced(0, micros, &frame(number)[..]);
            }
            for bytes in [&old.bytes, &new.bytes] {
                for cut in [0, 1, 1000] {
                    let bytes = &bytes[..bytes.len().saturating_sub(cut).max(24)];
                    let [known, read] = both(bytes);
                    assert_eq!(known, read, "{count} frames without {cut} bytes");
                    assert_eq!(known.1.is_some(), count > 1 || count == 1 && cut == 0);
                }
            }
        }
    }

    #[test]
    fn the_end_of_a_compressed_file_is_not_known() {
        let mut capture = Pcap::ethernet();
        for second in 0..9 {
            capture.record(second, 0, &frame(0)[..]);
        }
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut packed, &capture.bytes).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), packed.finish().unwrap()).unwrap();
        let source = plan_found(file.path()).sources.pop().unwrap();
        assert_eq!(start_and_end(&source), (Start::At(Timestamp::from_nanos(0)), None));
    }
}
