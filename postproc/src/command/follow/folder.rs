//! Files of a folder, and which of them are finished.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::source::series;

/// Time after which a file that was not written to counts as finished. If it grows later, it is
/// read again.
const QUIET: Duration = Duration::from_secs(10);

/// File in the folder, at the time of one read of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified: SystemTime,
}

/// Returns the regular files of the folder itself, in order of names.
pub(super) fn files(folder: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A file that was deleted meanwhile is left out.
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

    /// Returns the common part of the file names of its series.
    pub(super) fn series(&self) -> String {
        series::pattern(&self.path)
    }

    /// Returns whether a newer file of the same series exists: capture programs close one file
    /// before they open the next.
    pub(super) fn is_superseded(&self, others: &[Self]) -> bool {
        others
            .iter()
            .any(|other| (other.modified, &other.path) > (self.modified, &self.path) && other.path != self.path)
    }

    /// Returns whether the file is expected to be complete.
    pub(super) fn is_finished(&self, others: &[Self], now: SystemTime) -> bool {
        let is_quiet = now.duration_since(self.modified).is_ok_and(|age| age >= QUIET);
        self.bytes > 0 && (is_quiet || self.is_superseded(others))
    }
}
