//! Why something could not be done, with the facts and the remedy.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::wireshark::Release;

/// Why something could not be done.
#[derive(Debug)]
pub enum Failure {
    /// tshark cannot be run.
    NoTshark { program: PathBuf, error: io::Error },
    /// tshark does not say what is needed.
    Unclear { program: PathBuf, what: &'static str },
    /// No plugin at hand.
    NoPlugin { looked: Vec<PathBuf> },
    /// The file is no plugin.
    NotAPlugin { file: PathBuf, why: String },
    /// The plugin was built for another release.
    Mismatch { file: PathBuf, built_for: Release, running: Release, program: PathBuf },
    /// A file or folder could not be read or written.
    Io { what: &'static str, path: PathBuf, error: io::Error },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTshark { program, error } => write!(
                f,
                "{} cannot be run ({error}): install Wireshark's tshark, which names the folders for plugins, or name \
                 another with --tshark",
                program.display()
            ),
            Self::Unclear { program, what } => {
                write!(f, "{} does not say {what}: is it Wireshark's tshark?", program.display())
            }
            Self::NoPlugin { looked } => {
                write!(f, "no plugin found; looked for")?;
                for path in looked {
                    write!(f, " {}", path.display())?;
                }
                write!(f, ": build it with `cargo build --release -p syncookie-plugin`, or name the file with --file")
            }
            Self::NotAPlugin { file, why } => write!(f, "{} is no Wireshark plugin: {why}", file.display()),
            Self::Mismatch { file, built_for, running, program } => write!(
                f,
                "{} was built for Wireshark {built_for}, and {} is Wireshark {running}, which would refuse it: take the \
                 plugin for {running}, or build it on a machine with the headers of {running}",
                file.display(),
                program.display()
            ),
            Self::Io { what, path, error } => {
                write!(f, "cannot {what} {}: {error}", path.display())?;
                if error.kind() == io::ErrorKind::PermissionDenied {
                    write!(f, " (run it as a user who may, for instance with sudo)")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Failure {}
