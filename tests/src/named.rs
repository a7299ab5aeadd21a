//! Files that a document names: whether they are there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::package;

/// Folders of the repository. A word in back-quotes that begins with one is a path from the repository's root; one that begins
/// with `src`, and is Rust's or a folder, from the document's folder.
const FOLDERS: [&str; 10] =
    [".ci", "docs", "engine", "lab", "plugin", "postproc", "script", "testkit", "tests", "wireshark-headers"];

/// Where a module may stand that ARCHITECTURE.md names between asterisks.
const SOURCES: [&str; 3] = ["engine/src", "postproc/src", "plugin/src"];

/// What the document names and the repository does not have: targets of links, with their headings, and paths in back-quotes.
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

/// Modules that the document names between asterisks and no package has.
///
/// # Panics
/// When the document cannot be read, or names none.
#[must_use]
pub fn missing_modules(document: &Path) -> Vec<String> {
    let text = read(document);
    let is_module =
        |word: &&str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || b"_/".contains(&c));
    let named: Vec<&str> = text.split('*').filter(is_module).collect();
    assert!(!named.is_empty(), "{} names no module", document.display());
    let stands = |name: &str| {
        let name = name.trim_end_matches('/');
        SOURCES
            .iter()
            .map(|source| package().join("..").join(source).join(name))
            .any(|path| path.is_dir() || path.with_extension("rs").is_file())
    };
    named.into_iter().filter(|name| !stands(name)).map(str::to_owned).collect()
}

fn read(document: &Path) -> String {
    fs::read_to_string(document).unwrap_or_else(|error| panic!("{}: {error}", document.display()))
}

fn is_linked(document: &Path, target: &str) -> bool {
    let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let file = if file.is_empty() { document.to_path_buf() } else { document.with_file_name(file) };
    file.exists() && heading.is_none_or(|heading| read(&file).lines().any(|line| is_heading(line, heading)))
}

/// Whether a line is the heading that is linked to by that name: in small letters, with `-` for spaces, and nothing else.
fn is_heading(line: &str, name: &str) -> bool {
    let text = line.trim_start_matches('#');
    let kept = text.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    text.len() < line.len()
        && kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).eq(name.chars())
}

/// Where that is, if it is a path.
fn path(document: &Path, word: &str) -> Option<PathBuf> {
    let (folder, _) = word.split_once('/').filter(|_| !word.contains('…'))?;
    let from_root = || FOLDERS.contains(&folder).then(|| package().join("..").join(word));
    let is_ours = folder == "src" && (word.ends_with(".rs") || word.ends_with('/'));
    if is_ours { Some(document.with_file_name(word)) } else { from_root() }
}

/// With one `*` in its last part, whether there is anything of that name.
fn is_there(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some((first, last)) = name.split_once('*') else { return path.exists() };
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).any(|found| {
        let found = found.to_string_lossy();
        found.strip_prefix(first).is_some_and(|rest| rest.ends_with(last))
    })
}
