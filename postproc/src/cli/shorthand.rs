//! `syncookie PATH`, which is short for `syncookie analyze PATH`.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Subcommand;

use super::Command;

/// Inserts the command `analyze` if the first argument after the program's name is a path. A name
/// of a command is always the command; a file of that name is given as `./NAME`.
pub fn expand(args: impl IntoIterator<Item = impl Into<OsString>>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    if args.get(1).is_some_and(|first| is_path(first)) {
        args.insert(1, "analyze".into());
    }
    args
}

fn is_path(first: &OsStr) -> bool {
    let text = first.to_string_lossy();
    if text == "-" {
        return true;
    }
    // A mistyped path is reported as a missing file, not as an unknown command.
    let is_written_like_one = text.contains('.') || text.contains(std::path::is_separator);
    !text.starts_with('-') && !is_command(&text) && (is_written_like_one || Path::new(first).exists())
}

fn is_command(name: &str) -> bool {
    name == "help" || Command::has_subcommand(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_is_analysed_without_a_command() {
        let expands = |first: &str| expand(["syncookie", first]).len() == 3;
        for path in ["-", "/", "src", "Cargo.toml", "missing.pcap", "./kernel", "folder/missing"] {
            assert!(expands(path), "{path}");
        }
        for other in ["analyze", "kernel", "help", "--help", "-h", "-x.pcap", "missing", ""] {
            assert!(!expands(other), "{other}");
        }
        assert_eq!(expand(["syncookie"]), ["syncookie"]);
    }
}
