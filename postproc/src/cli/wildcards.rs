//! File names with wildcards in arguments. A shell on Unix expands them; cmd.exe and PowerShell pass
//! them to the program.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use glob::{MatchOptions, Pattern};

/// Names of Windows file systems have no case.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: false, require_literal_separator: true, require_literal_leading_dot: false };

/// Replaces each argument that matches files by their paths, in the order of names. The name of the
/// program, options, and arguments that match nothing stay as they are.
pub fn expand(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args = args.into_iter();
    let mut expanded: Vec<OsString> = args.next().into_iter().collect();
    for arg in args {
        match matches(&arg) {
            paths if paths.is_empty() => expanded.push(arg),
            paths => expanded.extend(paths),
        }
    }
    expanded
}

/// Returns the paths that an argument matches.
fn matches(arg: &OsStr) -> Vec<OsString> {
    let Some(text) = arg.to_str() else { return Vec::new() };
    // Brackets may be part of a name on Windows, asterisks and question marks may not.
    if text.starts_with('-') || !text.contains(['*', '?']) || Path::new(text).exists() {
        return Vec::new();
    }
    let pattern: String = text.split_inclusive(['*', '?']).map(escape_brackets).collect();
    let found = glob::glob_with(&pattern, OPTIONS).into_iter().flatten();
    found.filter_map(|path| Some(path.ok()?.into_os_string())).collect()
}

/// Escapes the brackets of a part of a pattern whose last character may be a wildcard.
fn escape_brackets(part: &str) -> String {
    let literal = part.trim_end_matches(['*', '?']);
    Pattern::escape(literal) + &part[literal.len()..]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn wildcards_match_files_and_all_other_arguments_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).into_os_string();
        for name in ["b.pcap", "a.PCAP", "a1.pcapng", "x[1].pcap", "x1.pcap"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let expanded = |arg: &str| expand([OsString::from("*"), path(arg)])[1..].to_vec();
        assert_eq!(expanded("?.pcap"), [path("a.PCAP"), path("b.pcap")]);
        assert_eq!(expanded("x[1]*"), [path("x[1].pcap")], "brackets are part of a name");
        assert_eq!(expanded("x[1].pcap"), [path("x[1].pcap")]);
        assert_eq!(expanded("missing*"), [path("missing*")]);
        assert_eq!(expanded("a***b"), [path("a***b")], "not a pattern");
        let options = ["syncookie", "analyze", "--filter=*", "-*", "--filter", "server=*", "*:80"].map(OsString::from);
        assert_eq!(expand(options.clone()), options);
    }

    #[test]
    fn wildcards_match_in_folders_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).join("trace.pcap");
        for name in ["one", "two"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(file(name), "").unwrap();
        }
        let arg = folder.path().join("*").join("*.pcap").into_os_string();
        assert_eq!(expand(["syncookie".into(), arg])[1..], [file("one"), file("two")]);
    }
}
