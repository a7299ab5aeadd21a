//! Files that are one capture, cut up by whoever wrote it: a ring buffer of dumpcap, `tcpdump -C` or `-G`.
//!
//! Files of one folder whose names differ in nothing but digits are taken for such a series, in the order of their first
//! frames. Where one begins before the one before it ends, or long after, they are captures of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syncookie_engine::Timestamp;

use crate::capture::Capture;
use crate::source::walk::{Origin, Source};

/// A pause between two files, in seconds, that no handshake outlasts: they are read as captures of their own.
const PAUSE: f64 = 300.0;

/// One file of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// Its place in the list of sources.
    pub source: usize,
    /// Time of its first frame; only known where there are several files.
    pub start: Option<Timestamp>,
}

impl Member {
    /// Whether it goes on where a file ended whose latest frame is of that time.
    pub fn follows(&self, end: Option<Timestamp>) -> bool {
        let pause = self.start.zip(end).map(|(start, end)| start.seconds_since(end));
        pause.is_some_and(|pause| (0.0..=PAUSE).contains(&pause))
    }
}

/// All sources, by series, each in the order in which it is to be read; series in the order of their first sources.
pub fn series(sources: &[Source]) -> Vec<Vec<Member>> {
    let mut families: BTreeMap<Family, usize> = BTreeMap::new();
    let mut found: Vec<Vec<Member>> = Vec::new();
    for (source, named) in sources.iter().enumerate() {
        let member = Member { source, start: None };
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
        series.sort_by_key(|member| (member.start.is_none(), member.start, member.source));
    }
    found.iter().flat_map(|series| apart(series, sources)).collect()
}

/// Stretches of which one certainly does not go on where the one before it ended: whatever each holds, they can be read
/// at the same time.
fn apart(series: &[Member], sources: &[Source]) -> Vec<Vec<Member>> {
    series.chunk_by(|before, after| !overlap(before, after, sources)).map(<[Member]>::to_vec).collect()
}

/// Whether a file must still have been written when the next one was begun: no network brings so much in the time between
/// their first frames.
fn overlap(before: &Member, after: &Member, sources: &[Source]) -> bool {
    let bytes = sources[before.source].bytes.filter(|&bytes| bytes >= WORTH_IT);
    let seconds = after.start.zip(before.start).map(|(after, before)| after.seconds_since(before));
    bytes.zip(seconds).is_some_and(|(bytes, seconds)| bytes as f64 > seconds * FASTEST)
}

/// Bytes a second of the fastest Ethernet, of 800 Gbit/s (IEEE 802.3df).
const FASTEST: f64 = 1e11;

/// Files smaller than this are read before it matters what else could be read meanwhile.
const WORTH_IT: u64 = 1 << 24;

/// Folder, and name with every number replaced.
type Family = (Option<PathBuf>, String);

fn family(path: &Path) -> Family {
    (path.parent().map(Path::to_path_buf), pattern(path))
}

/// The name with every number replaced.
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

/// Time of the first frame that has one. Only regular files, which can be read again, are looked into.
pub fn start(source: &Source) -> Option<Timestamp> {
    source.bytes?;
    let mut capture = Capture::open(source.open().ok()?.reader).ok()?;
    loop {
        if let Ok(frame) = capture.next_frame()?
            && frame.time.is_some()
        {
            return frame.time;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_digits_alone_are_one_family() {
        let same = |a: &str, b: &str| family(Path::new(a)) == family(Path::new(b));
        assert!(same("d/ring_00001_20261122.pcapng", "d/ring_00017_20261123.pcapng"));
        assert!(same("d/trace.pcap1", "d/trace.pcap20"));
        assert!(!same("d/client.pcap", "d/server.pcap"));
        assert!(!same("d/trace1.pcap", "e/trace2.pcap"), "another folder");
    }

    #[test]
    fn large_files_of_one_time_are_no_series_and_rotated_ones_are() {
        let source = |bytes| Source {
            name: String::new(),
            origin: Origin::StandardInput,
            format: None,
            compression: None,
            bytes: Some(bytes),
        };
        let sources: Vec<Source> = [1 << 30, 1 << 30, 1 << 30, 1 << 10, 1 << 10].map(source).into();
        let starts: [i64; 5] = [0, 1_000, 20_000_000, 20_000_000, 20_000_000];
        let member = |(source, nanos)| Member { source, start: Some(Timestamp::from_nanos(nanos)) };
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
        let member = Member { source: 0, start: at(1000) };
        assert!(member.follows(at(1000)) && member.follows(at(990)));
        assert!(!member.follows(at(1001)), "they overlap");
        assert!(!member.follows(at(0)), "long before");
        assert!(!member.follows(None) && !Member { source: 0, start: None }.follows(at(1)));
    }
}
