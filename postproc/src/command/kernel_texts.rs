//! Texts of a kernel that were saved in files: compressed or not, named or in folders.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use syncookie_kernel::facts::{Facts, Samples};
use syncookie_kernel::read::{self, Error};
use syncookie_terminal::count;

use crate::format::{Kind, OPENING, sniff};
use crate::input;
use crate::source::walk::sorted_entries;

/// Maximum number of files that are read in folders: each may be a sample, and samples are kept.
const MAX_FOUND: usize = 1_000;

/// Facts in saved files, and the files that have none.
#[derive(Debug, Default)]
pub struct KernelTexts {
    /// Facts of each file, in the order of the files.
    pub facts: Vec<Facts>,
    /// Reasons why named files cannot be used, or files in folders cannot be read.
    pub errors: Vec<Error>,
    /// Number of files in folders that were read.
    found: usize,
    /// Number of files in folders that have no known format.
    foreign: u64,
    /// Number of files in folders beyond the maximum.
    beyond: u64,
}

impl KernelTexts {
    /// Reads these files, and the files in these folders. A file that cannot be used does not keep
    /// the others from being read.
    pub fn read(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Self {
        let mut texts = Self::default();
        for path in paths {
            let path = path.as_ref();
            if path.is_dir() {
                texts.folder(path);
            } else {
                match text(path) {
                    Ok(facts) => texts.facts.push(facts),
                    Err(refusal) => texts.errors.push(refusal.into_error()),
                }
            }
        }
        texts
    }

    /// Returns remarks on files that were not used.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.errors.iter().map(ToString::to_string).collect();
        if self.foreign > 0 {
            notes.push(format!("{} in folders skipped: no known format", count(self.foreign, "file")));
        }
        if self.beyond > 0 {
            let files = count(self.beyond, "more file");
            notes.push(format!("{files} in folders skipped: at most {MAX_FOUND} are read"));
        }
        notes
    }

    /// Reads the files in a folder and its subfolders, by name. Without recursion, because folders
    /// can be nested deeper than a stack. Symbolic links are skipped: collections of outputs link
    /// to their own files, and a file that is read twice would be two samples.
    fn folder(&mut self, top: &Path) {
        let before = (self.facts.len(), self.errors.len());
        let mut pending = vec![top.to_path_buf()];
        while let Some(path) = pending.pop() {
            match entry(&path, path == top) {
                Ok(Entry::Folder(inside)) => pending.extend(inside.into_iter().rev()),
                Ok(Entry::File) => self.found(&path),
                Ok(Entry::Other) => {}
                Err(error) => self.errors.push(Error::Unreadable { path, error }),
            }
        }
        if before == (self.facts.len(), self.errors.len()) {
            self.errors.push(unusable(top, "no file in it has a known format"));
        }
    }

    /// Reads a file of a folder.
    fn found(&mut self, path: &Path) {
        if self.found == MAX_FOUND {
            self.beyond += 1;
            return;
        }
        match text(path) {
            Ok(facts) => {
                self.found += 1;
                self.facts.push(facts);
            }
            Err(Refusal::NoText(_)) => self.foreign += 1,
            Err(Refusal::Unreadable(error)) => self.errors.push(error),
        }
    }
}

/// Reason why a file gave no facts.
enum Refusal {
    /// File that is not a text with a known format.
    NoText(Error),
    /// File that cannot be read.
    Unreadable(Error),
}

impl Refusal {
    fn into_error(self) -> Error {
        match self {
            Self::NoText(error) | Self::Unreadable(error) => error,
        }
    }
}

/// Reads all of these files and folders.
///
/// # Errors
///
/// Returns the error of the first file that cannot be used.
pub fn samples(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<Samples, Error> {
    let texts = KernelTexts::read(paths);
    match texts.errors.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(read::samples(texts.facts)),
    }
}

/// Entry of a folder.
enum Entry {
    /// Folder with these entries.
    Folder(Vec<PathBuf>),
    /// Regular file.
    File,
    /// Anything else, such as a symbolic link or a pipe, which might never end.
    Other,
}

/// Returns what a path is; of symbolic links only the named one is followed.
fn entry(path: &Path, is_named: bool) -> io::Result<Entry> {
    let metadata = if is_named { fs::metadata(path)? } else { fs::symlink_metadata(path)? };
    Ok(match metadata {
        metadata if metadata.is_dir() => Entry::Folder(sorted_entries(path)?),
        metadata if metadata.is_file() => Entry::File,
        _ => Entry::Other,
    })
}

/// Reads the text in a file; `-` is standard input.
fn text(path: &Path) -> Result<Facts, Refusal> {
    let unreadable = |error| Refusal::Unreadable(Error::Unreadable { path: path.to_path_buf(), error });
    let (kind, text) = open(path).map_err(unreadable)?;
    if let Kind::Capture(_) | Kind::Archive | Kind::Packed { .. } | Kind::Empty = kind {
        return Err(Refusal::NoText(unusable(path, &format!("it {kind}"))));
    }
    read::text(path, text).map_err(|error| match error {
        Error::Unrecognised { .. } => Refusal::NoText(error),
        Error::Unreadable { .. } => Refusal::Unreadable(error),
    })
}

/// Opens a file, decompresses it, and returns what its content is by its first bytes.
fn open(path: &Path) -> io::Result<(Kind, impl Read)> {
    let source: Box<dyn Read + Send> =
        if path.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    let mut reader = input::open(source)?.reader;
    let mut first = Vec::with_capacity(OPENING);
    reader.by_ref().take(OPENING as u64).read_to_end(&mut first)?;
    Ok((sniff(&first), Cursor::new(first).chain(reader)))
}

fn unusable(path: &Path, reason: &str) -> Error {
    Error::Unreadable { path: path.to_path_buf(), error: io::Error::other(reason.to_owned()) }
}
