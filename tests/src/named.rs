//! Checks that the files and modules that a document names exist.

use std::fs;
use std::path::{Path, PathBuf};

use crate::package;

/// Folders of the repository. A word in back-quotes that begins with one is a path from the
/// repository's root. A Rust file or folder that begins with `src` is a path from the document's
/// folder.
const FOLDERS: [&str; 11] =
    [".ci", "docs", "engine", "kernel", "lab", "plugin", "postproc", "script", "testkit", "tests", "wireshark-headers"];

/// Folders of the modules that ARCHITECTURE.md names between asterisks.
const SOURCES: [&str; 3] = ["engine/src", "postproc/src", "plugin/src"];

/// Returns the names in a document that do not exist: targets of links, with their headings, and
/// paths in back-quotes.
///
/// # Panics
/// When the document cannot be read.
#[must_use]
pub fn missing(document: &Path) -> Vec<String> {
    let text = read(document);
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links = links.filter(|target| !target.starts_with("http") && !is_linked(document, target));
    let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).flat_map(str::split_whitespace);
    let paths = quoted.filter(|word| path(document, word).is_some_and(|path| !is_there(&path)));
    links.chain(paths).map(|name| format!("{} names {name}", document.display())).collect()
}

/// Returns the modules that a document names between asterisks and that do not exist.
///
/// # Panics
/// When the document cannot be read, or names no module.
#[must_use]
pub fn missing_modules(document: &Path) -> Vec<String> {
    let text = read(document);
    let is_module =
        |word: &&str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || b"_/".contains(&c));
    let named: Vec<&str> = text.split('*').filter(is_module).collect();
    assert!(!named.is_empty(), "{} names no module", document.display());
    let exists = |name: &str| {
        let name = name.trim_end_matches('/');
        SOURCES
            .iter()
            .map(|source| package().join("..").join(source).join(name))
            .any(|path| path.is_dir() || path.with_extension("rs").is_file())
    };
    named.into_iter().filter(|name| !exists(name)).map(str::to_owned).collect()
}

fn read(document: &Path) -> String {
    fs::read_to_string(document).unwrap_or_else(|error| panic!("{}: {error}", document.display()))
}

fn is_linked(document: &Path, target: &str) -> bool {
    let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let file = if file.is_empty() { document.to_path_buf() } else { document.with_file_name(file) };
    file.exists() && heading.is_none_or(|heading| read(&file).lines().any(|line| is_heading(line, heading)))
}

/// Reports whether a line is the heading that a link names: in lower case, with `-` for spaces, and
/// without punctuation.
fn is_heading(line: &str, name: &str) -> bool {
    let text = line.trim_start_matches('#');
    let kept = text.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    text.len() < line.len()
        && kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).eq(name.chars())
}

/// Returns the path that a word names, if it is one.
fn path(document: &Path, word: &str) -> Option<PathBuf> {
    let (folder, _) = word.split_once('/').filter(|_| !word.contains('…'))?;
    let from_root = || FOLDERS.contains(&folder).then(|| package().join("..").join(word));
    let is_ours = folder == "src" && (word.ends_with(".rs") || word.ends_with('/'));
    if is_ours { Some(document.with_file_name(word)) } else { from_root() }
}

/// Reports whether a path exists. Its last part may have one `*`.
fn is_there(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some((first, last)) = name.split_once('*') else { return path.exists() };
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).any(|found| {
        let found = found.to_string_lossy();
        found.strip_prefix(first).is_some_and(|rest| rest.ends_with(last))
    })
}
