//! Places the files of a folder whose names differ only in digits one after the other.

use syncookie_engine::Timestamp;

use super::file_times::start_and_end;
use super::open_ends::OpenEnds;
use super::series::Member;
use super::walk::Source;

/// Bytes per second of the fastest Ethernet, at 800 Gbit/s (IEEE 802.3df).
const FASTEST: f64 = 1e11;

/// Size in bytes below which reading a file takes too little time to matter.
const WORTH_IT: u64 = 1 << 24;

/// Returns the series that these sources are, each in the order of reading.
pub(super) fn chains(family: &[usize], sources: &[Source]) -> Vec<Vec<Member>> {
    let mut files: Vec<File> = family.iter().map(|&source| File::examine(source, sources)).collect();
    files.sort_by_key(|file| file.member.order());
    let timed = files.partition_point(|file| file.member.start.time().is_some());
    let mut series = Links::of(&files[..timed]).series();
    // Files without a time come last. Whoever reads them finds out whether they continue anything.
    let rest = || files[timed..].iter().map(|file| file.member);
    match series.last_mut() {
        Some(last) => last.extend(rest()),
        None => series.push(rest().collect()),
    }
    series
}

/// File of a folder.
#[derive(Clone, Copy)]
struct File {
    member: Member,
    end: Option<Timestamp>,
    bytes: Option<u64>,
}

impl File {
    fn examine(source: usize, sources: &[Source]) -> Self {
        let (start, end) = start_and_end(&sources[source]);
        Self { member: Member { source, start }, end, bytes: sources[source].bytes }
    }

    /// Returns whether this file was certainly still being written when the next one was started:
    /// no network delivers its size in the time between their first frames.
    fn overlaps(&self, next: &Self) -> bool {
        let bytes = self.bytes.filter(|&bytes| bytes >= WORTH_IT);
        let seconds = next.member.start.time().zip(self.member.start.time());
        let seconds = seconds.map(|(next, start)| next.seconds_since(start));
        bytes.zip(seconds).is_some_and(|(bytes, seconds)| bytes as f64 > seconds * FASTEST)
    }
}

/// Files, by the time of their first frames, and which of them continue which.
struct Links<'f> {
    files: &'f [File],
    next: Vec<Option<usize>>,
    /// Index of the first file, at the place of the last file of each series, and the reverse.
    other_end: Vec<usize>,
}

impl<'f> Links<'f> {
    fn of(files: &'f [File]) -> Self {
        let count = files.len();
        let mut links = Self { files, next: vec![None; count], other_end: (0..count).collect() };
        let mut ends = OpenEnds::default();
        for (place, file) in files.iter().enumerate() {
            file.end.into_iter().for_each(|end| ends.add(end, place as u64));
        }
        for place in 0..count {
            if let Some(before) = links.before(place, &mut ends) {
                links.join(before, place);
            }
        }
        links
    }

    /// Returns the file that the one at this place continues. No series ends where it begins.
    fn before(&self, place: usize, ends: &mut OpenEnds) -> Option<usize> {
        let is_other = |before: usize| self.other_end[before] != place;
        let start = self.files[place].member.start.time()?;
        let known = ends.take(start, |before| is_other(before as usize));
        known.map(|before| before as usize).or_else(|| {
            let before = place.checked_sub(1).filter(|&before| self.may_continue(before, place))?;
            is_other(before).then_some(before)
        })
    }

    /// Returns whether a file may continue one whose end is not known before it is read.
    fn may_continue(&self, before: usize, place: usize) -> bool {
        let file = &self.files[before];
        file.end.is_none() && self.next[before].is_none() && !file.overlaps(&self.files[place])
    }

    fn join(&mut self, before: usize, place: usize) {
        let (first, last) = (self.other_end[before], self.other_end[place]);
        (self.other_end[first], self.other_end[last]) = (last, first);
        self.next[before] = Some(place);
    }

    fn series(&self) -> Vec<Vec<Member>> {
        let mut is_first = vec![true; self.files.len()];
        self.next.iter().flatten().for_each(|&place| is_first[place] = false);
        let firsts = (0..self.files.len()).filter(|&place| is_first[place]);
        let from = |first| std::iter::successors(Some(first), |&place| self.next[place]);
        firsts.map(|first| from(first).map(|place| self.files[place].member).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::file_times::Start;
    use super::*;

    /// Returns the places of files in each series; a file has a start and an end in seconds.
    fn series<const N: usize>(files: [(i64, Option<i64>, u64); N]) -> Vec<Vec<usize>> {
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let file = |(source, (start, end, bytes)): (usize, (i64, Option<i64>, u64))| File {
            member: Member { source, start: Start::At(at(start)) },
            end: end.map(at),
            bytes: Some(bytes),
        };
        let mut files: Vec<File> = files.into_iter().enumerate().map(file).collect();
        files.sort_by_key(|file| file.member.order());
        let sources = |series: &Vec<Member>| series.iter().map(|member| member.source).collect();
        Links::of(&files).series().iter().map(sources).collect()
    }

    #[test]
    fn a_clock_that_is_set_back_and_forward_in_a_file_splits_nothing() {
        let known = [(4000, 4100), (4101, 501), (502, 600), (601, 4302), (4303, 4400)];
        assert_eq!(series(known.map(|(start, end)| (start, Some(end), 1))), [[0, 1, 2, 3, 4]]);
    }

    #[test]
    fn captures_of_the_same_time_are_series_of_their_own() {
        let two_rings = [(0, 100), (5, 105), (101, 200), (106, 203), (201, 300), (204, 310)];
        assert_eq!(series(two_rings.map(|(start, end)| (start, Some(end), 1))), [[0, 2, 4], [1, 3, 5]]);
        assert_eq!(series([(0, Some(10), 1), (400, Some(500), 1)]), [[0], [1]], "a long pause");
    }

    #[test]
    fn files_that_each_end_where_the_other_begins_are_read_once() {
        assert_eq!(series([(1000, Some(500), 1), (500, Some(1000), 1)]), [[0, 1]]);
        assert_eq!(series([(500, Some(500), 1)]), [[0]]);
    }

    #[test]
    fn a_file_whose_end_is_not_known_comes_before_the_next_unless_they_certainly_overlap() {
        let large = 1 << 30;
        assert_eq!(
            series([(0, None, large), (0, None, large), (1, None, 1), (1, None, 1)]),
            [vec![0], vec![1, 2, 3]],
            "a gigabyte in a second is possible, in none not; small files are not asked"
        );
    }
}
