//! Why a file gave no facts.

use std::io;
use std::path::{Path, PathBuf};

use syncookie_terminal::{count, escape_controls};

/// Reason why a file gave no facts.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {error}", shown(path))]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        #[source]
        error: io::Error,
    },
    /// No line of the file has a known format.
    #[error(
        "{}: format not recognised ({} read). Supported is the output of netstat -s, nstat -az, sysctl -a, \
         ss -lntm, ip -s link, ethtool -S, nft list ruleset, iptables-save -c, dmesg, perf script, tail -n +1 /proc/net/*, and syncookie kernel snapshot",
        shown(path),
        count(*lines, "line")
    )]
    Unrecognised {
        /// Path of the file.
        path: PathBuf,
        /// Number of lines in the file.
        lines: u64,
    },
}

fn shown(path: &Path) -> String {
    escape_controls(&path.to_string_lossy()).into_owned()
}
