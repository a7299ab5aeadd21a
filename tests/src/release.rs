//! Wireshark releases as Debian and Ubuntu package them: the list of them, and what `script/matrix`
//! prepared of it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tshark::{Tshark, is_root};

include!(concat!(env!("OUT_DIR"), "/releases.rs"));

/// Names the folder that `script/matrix` prepared.
const VARIABLE: &str = "SYNCOOKIE_RELEASES";

/// Names the suites that `script/matrix` was asked to test. The plugins of others may be of an
/// earlier state of the source.
const SUITES: &str = "SYNCOOKIE_SUITES";

/// A release in `wireshark-headers/releases.tsv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Major and minor number, for example 4.4.
    pub release: &'static str,
    /// The suite that packages it, for example trixie.
    pub suite: &'static str,
    /// The distribution of that suite: debian or ubuntu.
    pub distribution: &'static str,
}

/// A release that `script/matrix` unpacked and built the plugin for, and that can be run here.
#[derive(Clone, Debug)]
pub struct Release {
    /// Full version, for example 4.4.18.
    pub version: String,
    /// The folder that its programs see as the root of all paths.
    pub root: PathBuf,
    /// The plugin built for this release.
    pub plugin: PathBuf,
}

impl Release {
    /// Returns the release of a suite of Debian or Ubuntu. Prints why when it is not available
    /// here.
    ///
    /// # Panics
    /// When the release was prepared without the plugin.
    #[must_use]
    pub fn of(suite: &str) -> Option<Self> {
        let Some(folder) = std::env::var_os(VARIABLE) else {
            eprintln!(
                "SKIPPED: nothing was tried in the Wireshark of {suite}: run script/matrix, which sets {VARIABLE}"
            );
            return None;
        };
        let suites = std::env::var(SUITES).unwrap_or_default();
        if !suites.split(' ').any(|chosen| chosen == suite) {
            eprintln!("SKIPPED: script/matrix was not asked to test the Wireshark of {suite}");
            return None;
        }
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

    /// Returns whether the release is this one or a later one.
    ///
    /// # Panics
    /// When the version does not consist of numbers.
    #[must_use]
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.version.split('.').map(|number| number.parse::<u32>().expect("a version of numbers"));
        (numbers.next(), numbers.next()) >= (Some(major), Some(minor))
    }
}

/// Runs a check in the release of a suite, when `script/matrix` prepared it.
pub fn check_in(suite: &str, check: fn(&Release, &Tshark)) {
    let Some(release) = Release::of(suite) else { return };
    println!("Wireshark {} of {suite}", release.version);
    check(&release, &Tshark::of(&release));
}
