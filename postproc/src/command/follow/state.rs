//! State file of `--follow`: data that one run keeps for the next.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::records::{Record, Records};
use crate::command::failure::Failure;
use crate::command::state_error::StateError;
use crate::output::sync_folder;

/// Version of the state file. Raised when a field changes its meaning.
const VERSION: u32 = 2;

/// State file that no other program uses.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    /// Lock file, locked until this is dropped. The state file itself is replaced at each write.
    _lock: File,
}

/// Content of the state file.
#[derive(Debug, Default, Deserialize)]
pub(super) struct State {
    /// Files in the order in which they were read.
    pub files: Vec<Record>,
    /// Results that were about to be written to the output file.
    pub pending: Option<Pending<'static>>,
}

/// Results, and the length in bytes of the output file before they are written to it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pending<'a> {
    pub offset: u64,
    pub text: Cow<'a, str>,
}

/// State as it is written.
#[derive(Serialize)]
struct Saved<'a> {
    version: u32,
    files: Vec<&'a Record>,
    pending: Option<Pending<'a>>,
}

/// Version of a state file.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// State of version 1: how far each series was reported, by time.
#[derive(Deserialize)]
struct ByTime {
    series: BTreeMap<String, SeriesByTime>,
}

#[derive(Deserialize)]
struct SeriesByTime {
    taken: BTreeMap<String, FileByTime>,
    /// Time in nanoseconds since 1970. Handshakes that began before it were reported. Called
    /// `told_until` in the first state files.
    #[serde(alias = "told_until")]
    reported_until: Option<i64>,
}

#[derive(Clone, Copy, Deserialize)]
struct FileByTime {
    bytes: u64,
    /// Time of its latest frame; `None` if it is not a capture.
    last: Option<i64>,
}

impl StateFile {
    /// Locks and reads the state file. Returns the state of a first run if the file does not exist.
    pub(super) fn open(path: &Path) -> Result<(Self, State), Failure> {
        let error = |reason| Failure::State { path: path.into(), reason };
        let lock = lock(path).map_err(error)?;
        let state = match fs::read(path) {
            Ok(text) => State::parse(&text).map_err(error)?,
            Err(missing) if missing.kind() == ErrorKind::NotFound => State::default(),
            Err(other) => return Err(error(StateError::Read(other))),
        };
        Ok((Self { path: path.into(), _lock: lock }, state))
    }

    /// Returns the paths of the files that belong to a state file with this path.
    pub(super) fn paths(path: &Path) -> [PathBuf; 3] {
        [path.into(), beside(path, ".part"), beside(path, ".lock")]
    }

    /// Replaces the state file atomically.
    pub(super) fn save(&self, records: &Records, pending: Option<Pending<'_>>) -> io::Result<()> {
        let temporary = beside(&self.path, ".part");
        let state = Saved { version: VERSION, files: records.iter().collect(), pending };
        let written = write(&temporary, &state).and_then(|()| fs::rename(&temporary, &self.path));
        written.and_then(|()| sync_folder(&self.path)).map_err(|error| {
            // Without room for the new state, the old one stays valid.
            let _ = fs::remove_file(&temporary);
            io::Error::new(error.kind(), format!("{} cannot be written: {error}", self.path.display()))
        })
    }
}

fn write(path: &Path, state: &Saved<'_>) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    serde_json::to_writer(&mut file, state)?;
    file.flush()?;
    file.get_ref().sync_data()
}

/// Locks the file beside the state file.
fn lock(path: &Path) -> Result<File, StateError> {
    let file = File::options().create(true).append(true).open(beside(path, ".lock")).map_err(StateError::Read)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(StateError::Locked),
        // A file system without locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Returns the path with something added to the name of the file.
fn beside(path: &Path, addition: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(addition);
    path.with_file_name(name)
}

impl State {
    fn parse(text: &[u8]) -> Result<Self, StateError> {
        let Version { version } = serde_json::from_slice(text).map_err(StateError::Form)?;
        match version {
            VERSION => serde_json::from_slice(text).map_err(StateError::Form),
            1 => serde_json::from_slice(text).map(ByTime::into_state).map_err(StateError::Form),
            found => Err(StateError::Version { found, supported: VERSION }),
        }
    }
}

impl ByTime {
    fn into_state(self) -> State {
        let mut files: Vec<Record> = self.series.into_values().flat_map(SeriesByTime::into_records).collect();
        files.sort_by_key(|record| record.end);
        State { files, pending: None }
    }
}

impl SeriesByTime {
    fn into_records(self) -> impl Iterator<Item = Record> {
        let until = self.reported_until;
        self.taken.into_iter().map(move |(name, file)| file.into_record(name, until))
    }
}

impl FileByTime {
    /// Returns the record of a file. Later handshakes than those of `until` were not reported.
    fn into_record(self, name: String, until: Option<i64>) -> Record {
        Record {
            name,
            inode: 0,
            bytes: self.bytes,
            modified: 0,
            opening: None,
            is_capture: self.last.is_some(),
            start: self.last,
            end: self.last,
            frames: u32::from(self.last >= until && self.last.is_some()),
            reported: 0,
            reported_until: until,
            missed: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn a_state_of_the_first_version_is_still_read() {
        for name in ["reported_until", "told_until"] {
            let text = format!(
                r#"{{"version":1,"series":{{"ring_#.pcap":{{"taken":{{"ring_2.pcap":{{"bytes":9,"last":8}},"ring_1.pcap":{{"bytes":7,"last":5}}}},"{name}":7}}}}}}"#
            );
            let files = State::parse(text.as_bytes()).unwrap().files;
            let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            assert_eq!(names, ["ring_1.pcap", "ring_2.pcap"], "in the order of their times");
            assert!(files.iter().all(|file| file.reported_until == Some(7)));
            assert_eq!([files[0].is_complete(), files[1].is_complete()], [true, false]);
        }
    }
}
