//! Wireshark as Debian and Ubuntu released it, where `script/matrix` unpacked it and built the plugin for it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tshark::is_root;

/// The folder that `script/matrix` prepared.
const VARIABLE: &str = "SYNCOOKIE_RELEASES";

/// A release whose programs can be run here.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its version, for example 4.4.18.
    pub version: String,
    /// The folder that is the root of all paths for its programs.
    pub root: PathBuf,
    /// The plugin that was built for it.
    pub plugin: PathBuf,
}

impl Release {
    /// The release of a suite of Debian or Ubuntu; says so where there is none.
    ///
    /// # Panics
    /// When it was prepared, but without the plugin.
    #[must_use]
    pub fn of(suite: &str) -> Option<Self> {
        let Some(folder) = std::env::var_os(VARIABLE) else {
            eprintln!(
                "SKIPPED: nothing was tried in the Wireshark of {suite}: run script/matrix, which sets {VARIABLE}"
            );
            return None;
        };
        let folder = Path::new(&folder).join(suite);
        if !folder.join("root.complete").exists() {
            eprintln!("SKIPPED: script/matrix could not unpack the Wireshark of {suite}; its warning says why");
            return None;
        }
        if !is_root() {
            eprintln!("SKIPPED: nothing was tried in the Wireshark of {suite}: chroot needs root");
            return None;
        }
        let version = fs::read_to_string(folder.join("headers.version")).expect("script/matrix wrote it");
        let plugin = folder.join("syncookie.so");
        assert!(plugin.exists(), "{} is missing: script/matrix builds it", plugin.display());
        Some(Self { version: version.trim().to_owned(), root: folder.join("root"), plugin })
    }

    /// Whether it is at least this release.
    ///
    /// # Panics
    /// When its version is none.
    #[must_use]
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.version.split('.').map(|number| number.parse::<u32>().expect("a version of numbers"));
        (numbers.next(), numbers.next()) >= (Some(major), Some(minor))
    }
}
