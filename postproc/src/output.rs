//! Output for results: standard output, or a file that is written atomically.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use syncookie_terminal::escape_controls;

const BUFFER: usize = 1 << 16;

/// Destination of results.
pub struct Output {
    writer: BufWriter<Box<dyn Write + Send>>,
    is_terminal: bool,
    pending: Option<Pending>,
}

/// File without its final name. It is deleted if the program ends before it gets the name.
struct Pending {
    file: Unnamed,
    name: PathBuf,
    handle: File,
}

/// File until it is complete.
enum Unnamed {
    /// File without a name: nothing is left of it, however the program ends. The path refers to it
    /// while it is open.
    #[cfg(target_os = "linux")]
    Nameless(PathBuf),
    /// File with a temporary name, for file systems that have no files without one.
    Temporary(PathBuf),
}

impl Output {
    /// Opens standard output for `-`, otherwise a new file.
    pub fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self::new(Box::new(io::stdout()), io::stdout().is_terminal(), None));
        }
        Self::create(path).map_err(|error| named(path, error))
    }

    fn create(path: &Path) -> io::Result<Self> {
        // A symbolic link is kept; the file that it refers to is replaced.
        let name = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if fs::metadata(&name).is_ok_and(|metadata| !metadata.is_file()) {
            // A device or a pipe is written directly. For a folder, this is an error.
            return Ok(Self::new(Box::new(OpenOptions::new().write(true).open(&name)?), false, None));
        }
        let (handle, file) = unnamed(&name)?;
        let writer = handle.try_clone()?;
        Ok(Self::new(Box::new(writer), false, Some(Pending { file, name, handle })))
    }

    /// Opens standard output for `-`, otherwise a file to append to.
    pub fn append(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Self::open(path);
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| named(path, error))?;
        Ok(Self::new(Box::new(file), false, None))
    }

    fn new(writer: Box<dyn Write + Send>, is_terminal: bool, pending: Option<Pending>) -> Self {
        Self { writer: BufWriter::with_capacity(BUFFER, writer), is_terminal, pending }
    }

    /// Returns whether the output is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Completes the output: syncs the file and gives it its name, so that even after a power cut
    /// the name belongs to complete results.
    pub fn finish(mut self) -> io::Result<()> {
        let name = self.pending.as_ref().map(|pending| pending.name.clone());
        self.complete().map_err(|error| match name {
            Some(name) => named(&name, error),
            None => error,
        })
    }

    fn complete(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        let Some(Pending { file, name, handle }) = &self.pending else { return Ok(()) };
        synced(handle)?;
        file.give_name(name)?;
        sync_folder(name)?;
        self.pending = None;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(Pending { file: Unnamed::Temporary(temporary), .. }) = &self.pending {
            // An error is ignored, because nothing can be done about it.
            let _ = fs::remove_file(temporary);
        }
    }
}

impl Unnamed {
    /// Renames the file, replacing an existing one.
    fn give_name(&self, name: &Path) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(path) => {
                use rustix::fs::{AtFlags, CWD, linkat};
                // In two steps, because linkat does not replace files.
                let temporary = temporary(name);
                linkat(CWD, path, CWD, &temporary, AtFlags::SYMLINK_FOLLOW)?;
                fs::rename(&temporary, name).inspect_err(|_| drop(fs::remove_file(&temporary)))
            }
            Self::Temporary(temporary) => fs::rename(temporary, name),
        }
    }
}

/// Adds the name of the file to an error, and says so if its folder does not exist.
pub fn named(path: &Path, error: io::Error) -> io::Error {
    let name = escape_controls(&path.to_string_lossy()).into_owned();
    let is_missing = error.kind() == ErrorKind::NotFound && !folder(path).exists();
    let text = if is_missing { format!("{name}: the folder does not exist") } else { format!("{name}: {error}") };
    io::Error::new(error.kind(), text)
}

/// Syncs the folder of a file, so that the file keeps its new name after a power cut.
pub fn sync_folder(name: &Path) -> io::Result<()> {
    match File::open(folder(name)) {
        Ok(folder) => synced(&folder),
        // A folder that may be written to but not read, and platforms that open no folders.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// Syncs a file or folder, if its file system can.
fn synced(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}

fn folder(name: &Path) -> &Path {
    name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a file in the folder of `name`, without a name if the file system allows that.
fn unnamed(name: &Path) -> io::Result<(File, Unnamed)> {
    #[cfg(target_os = "linux")]
    if let Some((file, path)) = nameless(name) {
        return Ok((file, Unnamed::Nameless(path)));
    }
    let temporary = temporary(name);
    Ok((File::create_new(&temporary)?, Unnamed::Temporary(temporary)))
}

/// Creates a file without a name; returns it with the path by which it can be linked. `None` if the
/// file system does not support that, or /proc is missing.
#[cfg(target_os = "linux")]
fn nameless(name: &Path) -> Option<(File, PathBuf)> {
    use rustix::fs::{Mode, OFlags, open};
    use std::os::fd::AsRawFd;
    let file =
        File::from(open(folder(name), OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::from(0o666)).ok()?);
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    path.exists().then_some((file, path))
}

/// Returns a temporary name in the same folder, so that renaming stays within a file system.
fn temporary(name: &Path) -> PathBuf {
    let mut file = std::ffi::OsString::from(".");
    file.push(name.file_name().unwrap_or_default());
    file.push(format!(".{}.part", std::process::id()));
    name.with_file_name(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes results to a file in a folder.
    fn written(folder: &Path) -> String {
        let name = folder.join("results.txt");
        for results in ["old", "new"] {
            let mut output = Output::open(&name).expect("the folder exists");
            output.write_all(results.as_bytes()).expect("the disk has room");
            output.finish().expect("the file can be replaced");
        }
        assert_eq!(fs::read_dir(folder).map(Iterator::count).ok(), Some(1), "no temporary file is left");
        fs::read_to_string(name).expect("it was written")
    }

    #[test]
    fn new_results_replace_old_ones() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(written(folder.path()), "new");
    }

    #[test]
    fn an_error_names_the_file_and_says_if_its_folder_is_missing() {
        let top = tempfile::tempdir().expect("a temporary folder");
        let missing = top.path().join("missing/x.prom");
        let said = format!("{}: the folder does not exist", missing.display());
        for open in [Output::open, Output::append] {
            let error = open(&missing).err().expect("the folder is missing");
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::NotFound, said.clone()));
        }
        let folder = Output::open(top.path()).err().expect("a folder is no file").to_string();
        assert!(folder.starts_with(&format!("{}: ", top.path().display())), "{folder}");
    }

    #[test]
    fn paths_may_be_longer_than_the_260_characters_of_old_programs_for_windows() {
        let top = tempfile::tempdir().expect("a temporary folder");
        let folder = (0..4).fold(top.path().to_path_buf(), |folder, _| folder.join("a".repeat(100)));
        fs::create_dir_all(&folder).expect("a long path");
        assert_eq!(written(&folder), "new");
    }
}
