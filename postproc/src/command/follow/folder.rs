//! The files of a folder, and which of them are finished.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::source::series;

/// A file that was not written to for as long is taken for finished. If it grows after all, it is read again.
const QUIET: Duration = Duration::from_secs(10);

/// A file as it is seen at one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified: SystemTime,
}

/// The regular files that are in the folder itself, by name.
pub(super) fn files(folder: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // One that went away meanwhile is none.
        if let Ok(metadata) = fs::metadata(&path)
            && metadata.is_file()
        {
            let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push(File { path, bytes: metadata.len(), modified });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

impl File {
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What it has in common with the others of its series.
    pub(super) fn series(&self) -> String {
        series::pattern(&self.path)
    }

    /// Whether a newer file of the same series is there: capture programs close one before they open the next.
    pub(super) fn is_superseded(&self, others: &[Self]) -> bool {
        others
            .iter()
            .any(|other| (other.modified, &other.path) > (self.modified, &self.path) && other.path != self.path)
    }

    /// Whether nothing more is expected to be written to it.
    pub(super) fn is_finished(&self, others: &[Self], now: SystemTime) -> bool {
        let is_quiet = now.duration_since(self.modified).is_ok_and(|age| age >= QUIET);
        self.bytes > 0 && (is_quiet || self.is_superseded(others))
    }
}
