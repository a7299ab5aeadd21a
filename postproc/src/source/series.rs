//! Series: files that are one capture, rotated by a ring buffer of dumpcap or by `tcpdump -C` or
//! `-G`.
//!
//! Files of one folder whose names differ only in digits are a series, in the order of their first
//! frames. A file that begins before the previous one ends, or long after, starts a capture of its
//! own. A file without frames, from a quiet time, continues any other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syncookie_engine::Timestamp;

use crate::capture::Capture;
use crate::source::frame_times::FrameTimes;
use crate::source::walk::{Origin, Source};

/// Maximum pause between two files of one capture, in seconds. No handshake lasts longer.
const PAUSE: f64 = 300.0;

/// File of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// Index in the list of sources.
    pub source: usize,
    /// Time of the first frame; examined only if there are several files.
    pub start: Start,
}

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

impl Member {
    /// Returns whether the file continues one that ends at this time.
    pub fn follows(&self, end: Option<Timestamp>) -> bool {
        let pause = self.start.time().zip(end).map(|(start, end)| start.seconds_since(end));
        self.start == Start::NoFrame || pause.is_some_and(|pause| (0.0..=PAUSE).contains(&pause))
    }

    /// Returns the key that sorts the files of a series in the order of reading.
    pub fn order(&self) -> impl Ord + use<> {
        let time = self.start.time();
        (time.is_none(), time, self.source)
    }
}

/// Groups all sources by series, each in the order of reading; series are in the order of their
/// first sources.
pub fn series(sources: &[Source]) -> Vec<Vec<Member>> {
    let mut families: BTreeMap<Family, usize> = BTreeMap::new();
    let mut found: Vec<Vec<Member>> = Vec::new();
    for (source, named) in sources.iter().enumerate() {
        let member = Member { source, start: Start::Unknown };
        let place = match &named.origin {
            Origin::File(path) => *families.entry(family(path)).or_insert(found.len()),
            Origin::StandardInput => found.len(),
        };
        match found.get_mut(place) {
            Some(series) => series.push(member),
            None => found.push(vec![member]),
        }
    }
    for series in found.iter_mut().filter(|series| series.len() > 1) {
        for member in series.iter_mut() {
            member.start = start(&sources[member.source]);
        }
        series.sort_by_key(Member::order);
    }
    found.iter().flat_map(|series| apart(series, sources)).collect()
}

/// Splits a series where a file certainly does not continue the previous one. The parts can be read
/// at the same time.
fn apart(series: &[Member], sources: &[Source]) -> Vec<Vec<Member>> {
    series.chunk_by(|before, after| !overlap(before, after, sources)).map(<[Member]>::to_vec).collect()
}

/// Returns whether a file was certainly still being written when the next one was started: no
/// network delivers its size in the time between their first frames.
fn overlap(before: &Member, after: &Member, sources: &[Source]) -> bool {
    let bytes = sources[before.source].bytes.filter(|&bytes| bytes >= WORTH_IT);
    let seconds = after.start.time().zip(before.start.time()).map(|(after, before)| after.seconds_since(before));
    bytes.zip(seconds).is_some_and(|(bytes, seconds)| bytes as f64 > seconds * FASTEST)
}

/// Bytes per second of the fastest Ethernet, at 800 Gbit/s (IEEE 802.3df).
const FASTEST: f64 = 1e11;

/// Size in bytes below which reading a file takes too little time to matter.
const WORTH_IT: u64 = 1 << 24;

/// Folder, and file name with every number replaced.
type Family = (Option<PathBuf>, String);

fn family(path: &Path) -> Family {
    (path.parent().map(Path::to_path_buf), pattern(path))
}

/// Returns the file name with every number replaced.
pub fn pattern(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut pattern = String::new();
    for letter in name.chars() {
        let letter = if letter.is_ascii_digit() { '#' } else { letter };
        if letter != '#' || !pattern.ends_with('#') {
            pattern.push(letter);
        }
    }
    pattern
}

/// Returns the first frame that has a time. Examines only regular files, which can be read again.
pub fn start(source: &Source) -> Start {
    match first_times(source).map(|times| times.start()) {
        None => Start::Unknown,
        Some(None) => Start::NoFrame,
        Some(Some(time)) => Start::At(time),
    }
}

/// Returns the times of the first frames; `None` if the capture cannot be examined.
fn first_times(source: &Source) -> Option<FrameTimes> {
    source.bytes?;
    let mut capture = Capture::open(source.open().ok()?.reader).ok()?;
    let mut times = FrameTimes::default();
    while !times.has_start()
        && let Some(frame) = capture.next_frame()
    {
        times.push_all(frame.ok().and_then(|frame| frame.time).into_iter());
    }
    Some(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_digits_have_one_pattern() {
        let same = |a: &str, b: &str| family(Path::new(a)) == family(Path::new(b));
        assert!(same("d/ring_00001_20261122.pcapng", "d/ring_00017_20261123.pcapng"));
        assert!(same("d/trace.pcap1", "d/trace.pcap20"));
        assert!(!same("d/client.pcap", "d/server.pcap"));
        assert!(!same("d/trace1.pcap", "e/trace2.pcap"), "another folder");
    }

    #[test]
    fn only_rotated_files_are_a_series_not_large_files_of_the_same_time() {
        let source = |bytes| Source {
            name: String::new(),
            origin: Origin::StandardInput,
            format: None,
            compression: None,
            bytes: Some(bytes),
        };
        let sources: Vec<Source> = [1 << 30, 1 << 30, 1 << 30, 1 << 10, 1 << 10].map(source).into();
        let starts: [i64; 5] = [0, 1_000, 20_000_000, 20_000_000, 20_000_000];
        let member = |(source, nanos)| Member { source, start: Start::At(Timestamp::from_nanos(nanos)) };
        let series: Vec<Member> = starts.into_iter().enumerate().map(member).collect();
        let apart: Vec<usize> = apart(&series, &sources).iter().map(Vec::len).collect();
        assert_eq!(
            apart,
            [1, 2, 2],
            "a gigabyte in 20 ms is possible, in a microsecond not; small files are not asked"
        );
    }

    #[test]
    fn a_file_follows_another_that_ended_just_before() {
        let at = |seconds: i64| Some(Timestamp::from_nanos(seconds * 1_000_000_000));
        let member = Member { source: 0, start: Start::At(Timestamp::from_nanos(1_000_000_000_000)) };
        assert!(member.follows(at(1000)) && member.follows(at(990)));
        assert!(!member.follows(at(1001)), "they overlap");
        assert!(!member.follows(at(0)), "long before");
        assert!(!member.follows(None) && !Member { source: 0, start: Start::Unknown }.follows(at(1)));
        assert!(Member { source: 0, start: Start::NoFrame }.follows(at(1)), "a quiet time");
    }
}
