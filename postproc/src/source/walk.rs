//! Finds the captures to read: the named files, and the captures in the named folders.

use std::collections::HashSet;
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, ErrorKind, IsTerminal, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::format::{Compression, Format, Kind, OPENING, has_capture_name, sniff};
use crate::input::{self, Broken, Input, Patient};
use crate::problem::Problem;
use crate::source::stored::{Stored, StoredFile};

/// Capture to be read.
#[derive(Debug)]
pub struct Source {
    /// Name in all outputs.
    pub name: String,
    /// Origin of its bytes.
    pub origin: Origin,
    /// Format; `None` for a stream, whose bytes can be read only once.
    pub format: Option<Format>,
    /// Compression, if there is one and it is known before reading.
    pub compression: Option<Compression>,
    /// Stored size in bytes; `None` for a stream.
    pub bytes: Option<u64>,
}

/// Origin of bytes.
#[derive(Debug)]
pub enum Origin {
    /// Standard input, named `-`.
    StandardInput,
    /// File with this path.
    File(PathBuf),
    /// File that is kept elsewhere.
    Stored(Arc<dyn Stored>),
}

/// Captures to read, and files that are not read with the reasons.
#[derive(Debug, Default)]
pub struct Plan {
    /// Captures in the order in which they are read: as given, within folders by name.
    pub sources: Vec<Source>,
    /// Problems of files that cannot be read and were named, or are named like a capture.
    pub problems: Vec<Problem>,
    /// Named folders that contain no capture, and no file that is named like one.
    pub empty_dirs: Vec<PathBuf>,
    /// Files in folders that are not captures, or were found before, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
    seen: HashSet<Identity>,
    /// Number of files that were found again under another path.
    repeats: usize,
}

/// Finds the captures under these paths.
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

/// Plans files that are kept elsewhere.
pub fn plan_stored(files: &[StoredFile]) -> Plan {
    let mut plan = Plan::default();
    files.iter().for_each(|file| plan.stored(file));
    plan
}

/// Plans one file that was found in a folder and may have any name.
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

    /// Adds a file that is kept elsewhere.
    fn stored(&mut self, file: &StoredFile) {
        let StoredFile { name, bytes, is_named, stored } = file;
        let path = Path::new(name);
        let kind = match kind_of(|| stored.open(0)) {
            Ok(kind) => kind,
            Err(error) => return self.problems.push(Problem::unreadable(name, &error)),
        };
        match kind.capture() {
            Some((format, compression)) => self.sources.push(Source {
                name: name.clone(),
                origin: Origin::Stored(Arc::clone(stored)),
                format: Some(format),
                compression,
                bytes: Some(*bytes),
            }),
            None if *is_named || has_capture_name(path) => self.problems.push(Problem::not_a_capture(name, &kind)),
            None => self.skip(path, &kind.to_string()),
        }
    }

    /// Adds a path from the command line. Symbolic links are followed, and a file that is not a
    /// capture is a problem.
    fn named(&mut self, path: &Path) {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.unreadable(path, &error),
        };
        if metadata.is_dir() {
            self.folder(path);
        } else if !metadata.is_file() {
            // A pipe or a device gives its bytes once, so it is opened when it is read.
            if self.is_new(path, &metadata) {
                self.stream(path.display().to_string(), Origin::File(path.into()));
            }
        } else if self.is_new(path, &metadata) {
            match kind_of(|| open_file(path)) {
                Ok(kind) => self.file(path, &kind, &metadata, |plan| plan.not_a_capture(path, &kind)),
                Err(error) => self.unreadable(path, &error),
            }
        }
    }

    /// Adds a folder and its subfolders, by name. Without recursion, because folders can be nested
    /// deeper than a stack.
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

    /// Returns the number of files found so far that are, or should be, captures.
    fn met(&self) -> usize {
        self.sources.len() + self.problems.len() + self.repeats
    }

    /// Adds one entry of a folder. Returns its entries, sorted, if it is a folder itself.
    fn entry(&mut self, path: &Path, is_top: bool) -> io::Result<Vec<PathBuf>> {
        let own = fs::symlink_metadata(path)?;
        // A broken link is not an error.
        let Ok(metadata) = fs::metadata(path) else {
            self.skip(path, "is a broken symbolic link");
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
            let kind = kind_of(|| open_file(path))?;
            self.file(path, &kind, &metadata, |plan| {
                // It is named like a capture, so the user may expect it to be read.
                if has_capture_name(path) {
                    plan.not_a_capture(path, &kind);
                } else {
                    plan.skip(path, &kind.to_string());
                }
            });
        }
        Ok(Vec::new())
    }

    /// Returns whether the file is new. A file that was found before under another path is recorded
    /// as skipped.
    fn is_new(&mut self, path: &Path, metadata: &Metadata) -> bool {
        let is_new = self.seen.insert(Identity::of(path, metadata));
        if !is_new {
            self.repeats += 1;
            self.skip(path, "was already found under another path");
        }
        is_new
    }

    /// Adds a regular file if it is a capture; otherwise calls `otherwise`.
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

    /// Adds a stream. Nothing is known about it before it is read, because it gives its bytes once.
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

    /// Returns whether `path` is one of the files to read.
    pub fn reads(&self, path: &Path) -> bool {
        fs::metadata(path)
            .is_ok_and(|metadata| metadata.is_file() && self.seen.contains(&Identity::of(path, &metadata)))
    }
}

impl Source {
    /// Opens the capture, with decompression if needed.
    pub fn open(&self) -> io::Result<Input> {
        let bytes = match &self.origin {
            Origin::StandardInput if io::stdin().is_terminal() => {
                return Err(io::Error::new(ErrorKind::NotFound, "it is a terminal; pipe a capture into the program"));
            }
            Origin::StandardInput => Box::new(Patient::standard_input()?) as Box<dyn Read + Send>,
            Origin::File(path) if self.bytes.is_none() => Box::new(Patient::stream(File::open(path)?)),
            Origin::File(_) | Origin::Stored(_) => self.open_at(0)?,
        };
        match (self.format, self.compression) {
            (_, Some(compression)) => input::decompress(compression, bytes),
            (Some(_), None) => Ok(Input { reader: bytes, position: None }),
            // A stream, whose format is not known yet.
            (None, None) => input::open(bytes),
        }
    }
}

impl Source {
    /// Opens a file that can be read from any offset, there, without decompression.
    pub(crate) fn open_at(&self, from: u64) -> io::Result<Box<dyn Read + Send>> {
        match &self.origin {
            Origin::StandardInput => Err(ErrorKind::NotSeekable.into()),
            Origin::File(path) => {
                let mut file = File::open(path)?;
                if from > 0 {
                    file.seek(SeekFrom::Start(from))?;
                }
                Ok(Box::new(file))
            }
            Origin::Stored(stored) => stored.open(from),
        }
    }
}

/// Identity of a file, the same for all its paths.
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

/// Returns the entries of a folder by name.
pub(crate) fn sorted_entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

/// Returns the kind of a file, and of the content of a compressed file.
fn kind_of(open: impl Fn() -> io::Result<Box<dyn Read + Send>>) -> io::Result<Kind> {
    let kind = opening(&mut open()?)?;
    let Kind::Compressed(compression) = kind else { return Ok(kind) };
    let mut unpacked = input::decompress(compression, open()?)?;
    match opening(&mut unpacked.reader) {
        Ok(kind) => Ok(Kind::Holds(compression, Box::new(kind))),
        Err(error) => match Broken::of(&error) {
            Some(broken) => Ok(Kind::Unreadable(compression, broken.to_string())),
            None => Err(error),
        },
    }
}

fn open_file(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(File::open(path)?))
}

/// Returns the kind of a stream by its first bytes. An error after a magic number is ignored.
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
    "is not a regular file"
}
