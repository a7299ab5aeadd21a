//! Series: files that are one capture, rotated by a ring buffer of dumpcap or by `tcpdump -C` or
//! `-G`.
//!
//! Files of one folder whose names differ only in digits belong together. Of these, a file
//! continues the one that ends last before it begins, at most a pause earlier (*open_ends*); the
//! others begin a series of their own. The end of a compressed file is known only after reading it:
//! such a file is placed before the file that begins next. A file without frames, from a quiet
//! time, continues any other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syncookie_engine::Timestamp;

use super::chains::chains;
use super::file_times::Start;
use super::walk::{Origin, Source};

/// Maximum pause between two files of one capture, in nanoseconds. No handshake lasts longer.
pub const PAUSE: i64 = 300_000_000_000;

/// File of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// Index in the list of sources.
    pub source: usize,
    /// Time of the first frame; examined only if there are several files.
    pub start: Start,
}

impl Member {
    /// Returns whether the file continues one that ends at this time.
    pub fn follows(&self, end: Option<Timestamp>) -> bool {
        let pause = self.start.time().zip(end).map(|(start, end)| start.as_nanos().saturating_sub(end.as_nanos()));
        self.start == Start::NoFrame || pause.is_some_and(|pause| (0..=PAUSE).contains(&pause))
    }

    /// Returns the key that sorts the files of a series in the order of reading.
    pub fn order(&self) -> impl Ord + use<> {
        let time = self.start.time();
        (time.is_none(), time, self.source)
    }
}

/// Groups all sources by series, each in the order of reading; series are in the order of the first
/// sources whose names differ only in digits from theirs.
pub fn series(sources: &[Source]) -> Vec<Vec<Member>> {
    let mut families: BTreeMap<Family, usize> = BTreeMap::new();
    let mut found: Vec<Vec<usize>> = Vec::new();
    for (source, named) in sources.iter().enumerate() {
        let place = match &named.origin {
            Origin::File(path) => *families.entry(family(path)).or_insert(found.len()),
            Origin::Stored(_) => *families.entry(family(Path::new(&named.name))).or_insert(found.len()),
            Origin::StandardInput => found.len(),
        };
        match found.get_mut(place) {
            Some(family) => family.push(source),
            None => found.push(vec![source]),
        }
    }
    let series = |family: Vec<usize>| match family[..] {
        [source] => vec![vec![Member { source, start: Start::Unknown }]],
        _ => chains(&family, sources),
    };
    found.into_iter().flat_map(series).collect()
}

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
