//! State file of `--follow`: data that one run keeps for the next.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use serde::{Deserialize, Serialize};
use syncookie_engine::Timestamp;

use crate::command::failure::Failure;
use crate::command::state_error::StateError;

/// Version of the state file. Raised when a field changes its meaning.
const VERSION: u32 = 1;

/// Content of the state file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub version: u32,
    /// Progress of each series, by the common part of its file names.
    pub series: BTreeMap<String, Progress>,
}

/// Progress in reading a series of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Files that were read, by name.
    pub taken: BTreeMap<String, Taken>,
    /// Time in nanoseconds since 1970. Handshakes that began before it were reported. Called
    /// `told_until` in early state files.
    #[serde(alias = "told_until")]
    pub reported_until: Option<i64>,
}

impl Progress {
    /// Records that handshakes that began before this time were reported.
    pub(super) fn reported(&mut self, until: Option<Timestamp>) {
        self.reported_until = self.reported_until.max(until.map(Timestamp::as_nanos));
    }
}

/// File that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// Length of the file at that time.
    pub bytes: u64,
    /// Time of its latest frame in nanoseconds since 1970; `None` if it is not a capture.
    pub last: Option<i64>,
}

impl Default for State {
    fn default() -> Self {
        Self { version: VERSION, series: BTreeMap::new() }
    }
}

impl State {
    /// Reads the state file. Returns the state of a first run if the file does not exist.
    pub(super) fn load(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let error = |reason| Failure::State { path: path.into(), reason };
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(other) => return Err(error(StateError::Read(other))),
        };
        let state: Self = serde_json::from_slice(&text).map_err(|wrong| error(StateError::Form(wrong)))?;
        match state.version {
            VERSION => Ok(state),
            found => Err(error(StateError::Version { found, supported: VERSION })),
        }
    }

    /// Replaces the state file atomically.
    pub(super) fn save(&self, path: &Path) -> Result<(), Failure> {
        self.write(path).map_err(|error| Failure::State { path: path.into(), reason: StateError::Write(error) })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".part");
        let temporary = path.with_file_name(name);
        let mut file = File::create(&temporary)?;
        serde_json::to_writer(&mut file, self)?;
        file.sync_data()?;
        fs::rename(temporary, path)
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn the_old_name_of_the_reported_time_is_still_read() {
        for name in ["reported_until", "told_until"] {
            let progress: Progress = serde_json::from_str(&format!(r#"{{"taken":{{}},"{name}":7}}"#)).unwrap();
            assert_eq!(progress.reported_until, Some(7), "{name}");
        }
        assert!(serde_json::to_string(&Progress::default()).unwrap().contains("\"reported_until\""));
    }
}
