//! Which captures to read: the files named, and those found in the folders named.

use std::collections::HashSet;
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use crate::format::{Compression, Format, Kind, OPENING, has_capture_name, sniff};
use crate::input::{self, Broken, Input, Patient};
use crate::problem::Problem;

/// A capture to be read.
#[derive(Debug)]
pub struct Source {
    /// How it is called in every output.
    pub name: String,
    /// Where its bytes come from.
    pub origin: Origin,
    /// Its format, where that can be told without taking bytes away from a stream.
    pub format: Option<Format>,
    /// How it is compressed, where that can be told likewise.
    pub compression: Option<Compression>,
    /// Its size as it is stored, where it has one.
    pub bytes: Option<u64>,
}

/// Where bytes come from.
#[derive(Debug)]
pub enum Origin {
    /// Standard input, given as `-`.
    StandardInput,
    /// This file.
    File(PathBuf),
}

/// What is to be read, and what is not and why.
#[derive(Debug, Default)]
pub struct Plan {
    /// In the order in which they are read: as given, folders by name.
    pub sources: Vec<Source>,
    /// What was named, or has a capture's name, and cannot be read.
    pub problems: Vec<Problem>,
    /// Folders that were named and hold nothing that is a capture or is called one.
    pub empty_dirs: Vec<PathBuf>,
    /// What was met in folders and is no capture, or was reached before, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
    seen: HashSet<Identity>,
    /// How often something was met that had been reached before.
    repeats: usize,
}

/// Looks at every path.
pub fn plan(paths: &[PathBuf]) -> Plan {
    let mut plan = Plan::default();
    for path in paths {
        if path.as_os_str() == "-" {
            plan.standard_input();
        } else {
            plan.named(path);
        }
    }
    plan
}

/// Looks at a file that was found in a folder: it may have any name, and nobody named it.
pub fn plan_found(path: &Path) -> Plan {
    let mut plan = Plan::default();
    if let Err(error) = plan.entry(path, false) {
        plan.unreadable(path, &error);
    }
    plan
}

impl Plan {
    fn standard_input(&mut self) {
        if self.seen.insert(Identity::StandardInput) {
            self.stream("-".into(), Origin::StandardInput);
        }
    }

    /// A path from the command line: symbolic links are followed, and what is no capture is a problem.
    fn named(&mut self, path: &Path) {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.unreadable(path, &error),
        };
        if metadata.is_dir() {
            self.folder(path);
        } else if !metadata.is_file() {
            // A pipe or a device gives its bytes once: it is looked at when its turn comes.
            if self.is_new(path, &metadata) {
                self.stream(path.display().to_string(), Origin::File(path.into()));
            }
        } else if self.is_new(path, &metadata) {
            match kind_of(path) {
                Ok(kind) => self.file(path, &kind, &metadata, |plan| plan.not_a_capture(path, &kind)),
                Err(error) => self.unreadable(path, &error),
            }
        }
    }

    /// A folder and those in it, by name, without recursion: folders can be nested deeper than a stack.
    fn folder(&mut self, top: &Path) {
        let before = self.met();
        let mut pending = vec![top.to_path_buf()];
        while let Some(path) = pending.pop() {
            match self.entry(&path, path == top) {
                Ok(inside) => pending.extend(inside.into_iter().rev()),
                Err(error) => self.unreadable(&path, &error),
            }
        }
        if self.met() == before {
            self.empty_dirs.push(top.into());
        }
    }

    /// How much was met that is, or should be, a capture.
    fn met(&self) -> usize {
        self.sources.len() + self.problems.len() + self.repeats
    }

    /// Takes in one entry of a folder and returns what is in it, sorted, when it is a folder.
    fn entry(&mut self, path: &Path, is_top: bool) -> io::Result<Vec<PathBuf>> {
        let own = fs::symlink_metadata(path)?;
        // A link that leads nowhere concerns nobody.
        let Ok(metadata) = fs::metadata(path) else {
            self.skip(path, "is a symbolic link to nothing");
            return Ok(Vec::new());
        };
        if metadata.is_dir() {
            if own.is_symlink() && !is_top {
                self.skip(path, "is a symbolic link to a folder");
                return Ok(Vec::new());
            }
            return if self.is_new(path, &metadata) { sorted_entries(path) } else { Ok(Vec::new()) };
        }
        if !metadata.is_file() {
            self.skip(path, special(metadata.file_type()));
        } else if self.is_new(path, &metadata) {
            let kind = kind_of(path)?;
            self.file(path, &kind, &metadata, |plan| {
                // Where somebody took it for a capture, that it is not read must not go unsaid.
                if has_capture_name(path) {
                    plan.not_a_capture(path, &kind);
                } else {
                    plan.skip(path, &kind.to_string());
                }
            });
        }
        Ok(Vec::new())
    }

    /// False, and noted, when the same file was reached before by another path.
    fn is_new(&mut self, path: &Path, metadata: &Metadata) -> bool {
        let is_new = self.seen.insert(Identity::of(path, metadata));
        if !is_new {
            self.repeats += 1;
            self.skip(path, "was reached before by another path");
        }
        is_new
    }

    /// Takes in a regular file if it is a capture, else leaves it to `otherwise`.
    fn file(&mut self, path: &Path, kind: &Kind, metadata: &Metadata, otherwise: impl FnOnce(&mut Self)) {
        let Some((format, compression)) = kind.capture() else { return otherwise(self) };
        self.sources.push(Source {
            name: path.display().to_string(),
            origin: Origin::File(path.into()),
            format: Some(format),
            compression,
            bytes: Some(metadata.len()),
        });
    }

    /// A stream gives its bytes once, so that nothing is known of it before its turn.
    fn stream(&mut self, name: String, origin: Origin) {
        self.sources.push(Source { name, origin, format: None, compression: None, bytes: None });
    }

    fn skip(&mut self, path: &Path, reason: &str) {
        self.skipped.push((path.into(), reason.into()));
    }

    fn not_a_capture(&mut self, path: &Path, kind: &Kind) {
        self.problems.push(Problem::not_a_capture(&path.display().to_string(), kind));
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        self.problems.push(Problem::unreadable(&path.display().to_string(), error));
    }

    /// True when `path` is one of the files that are going to be read.
    pub fn reads(&self, path: &Path) -> bool {
        fs::metadata(path)
            .is_ok_and(|metadata| metadata.is_file() && self.seen.contains(&Identity::of(path, &metadata)))
    }
}

impl Source {
    /// Opens it, and has it decompressed where that is needed.
    pub fn open(&self) -> io::Result<Input> {
        let bytes: Box<dyn Read + Send> = match &self.origin {
            Origin::StandardInput if io::stdin().is_terminal() => {
                return Err(io::Error::new(ErrorKind::NotFound, "it is a terminal; pipe a capture into it"));
            }
            // Not through the standard library's buffer: what waits in there cannot be polled for.
            Origin::StandardInput => Box::new(Patient(File::from(io::stdin().as_fd().try_clone_to_owned()?))),
            Origin::File(path) if self.bytes.is_none() => Box::new(Patient(File::open(path)?)),
            Origin::File(path) => Box::new(File::open(path)?),
        };
        match (self.format, self.compression) {
            (_, Some(compression)) => input::decompress(compression, bytes),
            (Some(_), None) => Ok(Input { reader: bytes, position: None }),
            // A stream, at which nobody has looked yet.
            (None, None) => input::open(bytes),
        }
    }
}

/// What makes two paths the same file.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    StandardInput,
    #[cfg(unix)]
    Inode(u64, u64),
    #[cfg(not(unix))]
    Path(PathBuf),
}

impl Identity {
    #[cfg(unix)]
    fn of(_: &Path, metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self::Inode(metadata.dev(), metadata.ino())
    }

    #[cfg(not(unix))]
    fn of(path: &Path, _: &Metadata) -> Self {
        Self::Path(fs::canonicalize(path).unwrap_or_else(|_| path.into()))
    }
}

fn sorted_entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

/// What a file is, and what a compressed one unpacks to.
fn kind_of(path: &Path) -> io::Result<Kind> {
    let kind = opening(&mut File::open(path)?)?;
    let Kind::Compressed(compression) = kind else { return Ok(kind) };
    let mut unpacked = input::decompress(compression, Box::new(File::open(path)?))?;
    match opening(&mut unpacked.reader) {
        Ok(kind) => Ok(Kind::Holds(compression, Box::new(kind))),
        Err(error) => match Broken::of(&error) {
            Some(broken) => Ok(Kind::Unreadable(compression, broken.to_string())),
            None => Err(error),
        },
    }
}

/// What begins with these bytes. Where they end in an error, but a magic number comes before it, that is what it is.
fn opening(bytes: &mut dyn Read) -> io::Result<Kind> {
    let mut first = Vec::with_capacity(OPENING);
    let read = bytes.take(OPENING as u64).read_to_end(&mut first);
    match sniff(&first) {
        Kind::Empty | Kind::Unknown(_) => read.map(|_| sniff(&first)),
        kind => Ok(kind),
    }
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_fifo() => "is a pipe",
        kind if kind.is_socket() => "is a socket",
        _ => "is a device",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "is no regular file"
}
