//! Errors of `syncookie plugin`, with the facts and the remedy.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::packaging::{self, Packaging};
use super::release::Release;

/// Reason why an action failed.
#[derive(Debug, Error)]
pub enum Failure {
    /// tshark cannot be run.
    #[error(
        "{} cannot be run: {error}; install tshark, which reports the plugin folders, or name another with --tshark{}",
        program.display(),
        installed_packages()
    )]
    NoTshark {
        program: PathBuf,
        #[source]
        error: io::Error,
    },
    /// tshark does not print the needed information.
    #[error(
        "{} does not print {what}; check that it is Wireshark's tshark{}",
        program.display(),
        if complaint.is_empty() { String::new() } else { format!(". It printed this error: {complaint}") }
    )]
    Unclear { program: PathBuf, what: &'static str, complaint: String },
    /// No plugin file was found.
    #[error(
        "no plugin found: neither {}; {}build the plugin with `cargo build --release -p syncookie-plugin`, or name the \
         file with --file",
        looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" nor "),
        if cfg!(target_os = "linux") { "install the package wireshark-plugin-syncookie, " } else { "" }
    )]
    NoPlugin { looked: Vec<PathBuf> },
    /// The file is not a plugin.
    #[error("{} is not a Wireshark plugin: {why}", file.display())]
    NotAPlugin { file: PathBuf, why: String },
    /// The plugin was built for another release.
    #[error(
        "{} was built for Wireshark {built_for}, but {} is Wireshark {running}, which would refuse it; install the \
         plugin for {running}, or build it with the headers of {running}",
        file.display(),
        program.display()
    )]
    Mismatch { file: PathBuf, built_for: Release, running: Release, program: PathBuf },
    /// The file belongs to a package.
    #[error("{} belongs to the package {package}; remove or upgrade the package instead", file.display())]
    Packaged { file: PathBuf, package: String },
    /// The folder for all users is inside a package.
    #[error(
        "{} is inside the {}, which cannot be changed; run the command without --system",
        folder.display(),
        packaging.name()
    )]
    InsidePackage { folder: PathBuf, packaging: Packaging },
    /// A file or folder could not be read or written.
    #[error("cannot {what} {}: {error}{}", path.display(), remedy(error))]
    Io {
        what: &'static str,
        path: PathBuf,
        #[source]
        error: io::Error,
    },
}

/// Returns the values of `--tshark` that name an installed package of Wireshark.
fn installed_packages() -> String {
    let named = packaging::installed().into_iter();
    named.map(|(word, packaging)| format!(". For the installed {}: --tshark {word}", packaging.name())).collect()
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        // A plugin that is in use cannot be replaced there.
        io::ErrorKind::PermissionDenied if cfg!(windows) => {
            "; close Wireshark, and for the folder of all users run the command as an administrator"
        }
        io::ErrorKind::PermissionDenied => "; run the command with the needed rights, for example with sudo",
        _ => "",
    }
}
