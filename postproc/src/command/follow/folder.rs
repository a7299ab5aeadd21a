//! Files of a folder, and which of them are finished.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::source::series;

/// Time after which a file that was not written to counts as finished. If it grows later, it is
/// read again.
const QUIET: Duration = Duration::from_secs(10);

/// File in the folder, at the time of one read of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub path: PathBuf,
    pub name: String,
    /// Number of the inode; 0 where there is none.
    pub inode: u64,
    pub bytes: u64,
    pub modified: SystemTime,
}

/// Files of one series.
#[derive(Debug, Default)]
pub(super) struct SeriesFiles {
    /// All files, by name.
    pub files: Vec<File>,
    /// Indexes of those that are expected to be complete.
    pub finished: Vec<usize>,
    /// Index of the file that was written to last.
    newest: usize,
}

impl SeriesFiles {
    /// Returns whether a newer file of the same series exists: capture programs close one file
    /// before they open the next.
    pub(super) fn is_superseded(&self, file: &File) -> bool {
        self.files.get(self.newest).is_some_and(|newest| newest.name != file.name)
    }
}

/// Folder that is read again and again.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Names of files that this program writes.
    ours: HashSet<OsString>,
    /// Number of reads so far.
    reads: u64,
    seen: HashMap<String, Seen>,
}

/// File as it was seen, and since when it is so. The clock of the files can be set, so that their
/// times alone do not show which was written to last.
#[derive(Debug)]
struct Seen {
    inode: u64,
    bytes: u64,
    modified: SystemTime,
    /// Number of the read at which it was first seen so, and the time of that read.
    read: u64,
    since: Instant,
}

impl Folder {
    /// Follows a folder, except for the files that this program writes there.
    pub(super) fn new(path: &Path, written: &[PathBuf]) -> Self {
        let is_inside = |file: &&PathBuf| match (file.parent().map(fs::canonicalize), fs::canonicalize(path)) {
            (Some(Ok(folder)), Ok(path)) => folder == path,
            _ => false,
        };
        let ours = written.iter().filter(is_inside).filter_map(|file| file.file_name().map(Into::into)).collect();
        Self { path: path.into(), ours, reads: 0, seen: HashMap::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the folder. Returns the files of every series, by the common part of their names.
    pub(super) fn read(&mut self) -> io::Result<HashMap<String, SeriesFiles>> {
        let files = self.files()?;
        self.reads += 1;
        self.seen.retain(|name, _| files.binary_search_by(|file| file.name.cmp(name)).is_ok());
        let mut found: HashMap<String, SeriesFiles> = HashMap::new();
        for file in files {
            self.see(&file);
            found.entry(series::pattern(&file.path)).or_default().files.push(file);
        }
        let now = SystemTime::now();
        found.values_mut().for_each(|series| self.judge(series, now));
        Ok(found)
    }

    /// Returns the regular files of the folder itself, in order of names.
    fn files(&self) -> io::Result<Vec<File>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            // A file that was deleted meanwhile is left out.
            if !self.ours.contains(name)
                && let Ok(metadata) = fs::metadata(&path)
                && metadata.is_file()
            {
                files.push(File {
                    name: name.to_string_lossy().into_owned(),
                    inode: inode(&path, &metadata),
                    bytes: metadata.len(),
                    modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                    path,
                });
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    fn see(&mut self, file: &File) {
        let now = Seen {
            inode: file.inode,
            bytes: file.bytes,
            modified: file.modified,
            read: self.reads,
            since: Instant::now(),
        };
        match self.seen.get_mut(&file.name) {
            Some(seen) if (seen.inode, seen.bytes, seen.modified) == (now.inode, now.bytes, now.modified) => {}
            Some(seen) => *seen = now,
            None => drop(self.seen.insert(file.name.clone(), now)),
        }
    }

    /// Determines which files of a series are finished.
    fn judge(&self, series: &mut SeriesFiles, now: SystemTime) {
        let changed = |file: &File| self.seen.get(&file.name).map(|seen| seen.read);
        let latest = series.files.iter().enumerate().max_by_key(|(_, file)| (changed(file), file.modified, &file.name));
        series.newest = latest.map_or(0, |(index, _)| index);
        let is_finished = |(index, file): (usize, &File)| {
            let is_quiet = now.duration_since(file.modified).is_ok_and(|age| age >= QUIET);
            is_quiet || self.is_at_rest(file, index != series.newest)
        };
        let files = || series.files.iter().enumerate().filter(|(_, file)| file.bytes > 0);
        let (finished, open): (Vec<_>, Vec<_>) = files().partition(|file| is_finished(*file));
        // A slow read of the folder can miss the last write to a file and see those after it. They
        // wait for it, because a file is read before those that continue it; not for long, because
        // a clock that was set back makes any file look like that.
        let earliest = open.iter().map(|(_, file)| file.modified).min();
        let has_waited = |file: &File| self.seen.get(&file.name).is_some_and(|seen| seen.since.elapsed() >= QUIET);
        let is_next = |file: &File| earliest.is_none_or(|earliest| file.modified < earliest) || has_waited(file);
        series.finished = finished.into_iter().filter(|(_, file)| is_next(file)).map(|(index, _)| index).collect();
    }

    /// Returns whether the file has not changed for a while, or since the last read if a newer file
    /// exists.
    fn is_at_rest(&self, file: &File, is_superseded: bool) -> bool {
        let Some(seen) = self.seen.get(&file.name) else { return false };
        is_superseded && (seen.read < self.reads || self.reads == 1) || seen.since.elapsed() >= QUIET
    }
}

#[cfg(unix)]
fn inode(_: &Path, metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ino()
}

/// Returns the index of a file, which stays the same when the file is renamed.
#[cfg(windows)]
fn inode(path: &Path, _: &Metadata) -> u64 {
    use winapi_util::{Handle, file};
    Handle::from_path_any(path).and_then(file::information).map_or(0, |information| information.file_index())
}

#[cfg(not(any(unix, windows)))]
fn inode(_: &Path, _: &Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Appends to a file, which then has this modification time.
    fn append(folder: &Path, name: &str, modified: SystemTime) {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(folder.join(name)).unwrap();
        file.write_all(b"frames").unwrap();
        file.set_modified(modified).unwrap();
    }

    #[test]
    fn a_file_waits_for_the_one_before_it_whose_last_write_was_seen_late() {
        let scratch = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(scratch.path(), &[]);
        let mut finished = || {
            let found = folder.read().unwrap();
            let series = found.into_values().next().unwrap_or_default();
            series.finished.iter().map(|&index| series.files[index].name.clone()).collect::<Vec<_>>()
        };
        let names = ["ring_1.pcap", "ring_2.pcap", "ring_3.pcap"];
        assert!(finished().is_empty());
        let now = SystemTime::now();
        let later = |millis| now + Duration::from_millis(millis);
        names.iter().zip([0, 2, 3]).for_each(|(name, millis)| append(scratch.path(), name, later(millis)));
        assert!(finished().is_empty(), "all of them are new");
        append(scratch.path(), names[0], later(1));
        assert!(finished().is_empty(), "the first has just changed");
        append(scratch.path(), names[2], later(4));
        assert_eq!(finished(), names[..2], "the last may still be written to");
    }
}
