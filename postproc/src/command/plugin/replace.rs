//! Atomic replacement of an installed file.

use std::fs;
use std::path::Path;

use super::Done;
use super::failure::Failure;

/// Replaces a file atomically. A running Wireshark keeps the old file.
pub fn replace(path: &Path, bytes: &[u8]) -> Done<()> {
    let failed = |what, path: &Path| {
        let path = path.to_owned();
        move |error| Failure::Io { what, path, error }
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("create the folder", folder))?;
    }
    // Under an extension that Wireshark does not load.
    let new = path.with_extension(format!("new-{}", std::process::id()));
    fs::write(&new, bytes).map_err(failed("write", &new))?;
    fs::rename(&new, path).map_err(|error| {
        let _ = fs::remove_file(&new);
        failed("write", path)(error)
    })
}
