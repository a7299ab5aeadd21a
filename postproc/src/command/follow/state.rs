//! What one run leaves for the next.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use serde::{Deserialize, Serialize};
use syncookie_engine::Timestamp;

use crate::command::failure::Failure;

/// Raised when a field changes its meaning.
const VERSION: u32 = 1;

/// The state of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub version: u32,
    /// By what the names of their files have in common.
    pub series: BTreeMap<String, Progress>,
}

/// How far a series of files was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// By name of the file.
    pub taken: BTreeMap<String, Taken>,
    /// Handshakes that began before this time were reported, in nanoseconds since 1970.
    #[serde(rename = "told_until")]
    pub reported_until: Option<i64>,
}

impl Progress {
    /// Notes that handshakes that began before this time were reported.
    pub(super) fn reported(&mut self, until: Option<Timestamp>) {
        self.reported_until = self.reported_until.max(until.map(Timestamp::as_nanos));
    }
}

/// A file that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// As long as it was then.
    pub bytes: u64,
    /// Time of its latest frame; none where it is no capture.
    pub last: Option<i64>,
}

impl Default for State {
    fn default() -> Self {
        Self { version: VERSION, series: BTreeMap::new() }
    }
}

impl State {
    /// Reads the state in this file; returns that of a first run where there is none.
    pub(super) fn load(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let error = |reason| Failure::State { path: path.into(), reason };
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(other) => return Err(error(other.to_string())),
        };
        let state: Self = serde_json::from_slice(&text).map_err(|wrong| error(format!("is no state: {wrong}")))?;
        match state.version {
            VERSION => Ok(state),
            other => Err(error(format!("is of version {other}; version {VERSION} is known"))),
        }
    }

    /// Replaces the file, which is the old one or the new one at any moment.
    pub(super) fn save(&self, path: &Path) -> Result<(), Failure> {
        self.write(path).map_err(|error| Failure::State { path: path.into(), reason: error.to_string() })
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
