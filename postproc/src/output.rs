//! Where results go. A file appears under its name when it is complete, and not before.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

const BUFFER: usize = 1 << 16;

/// A place that results are written to.
pub struct Output {
    writer: BufWriter<Box<dyn Write + Send>>,
    is_terminal: bool,
    pending: Option<Pending>,
}

/// A file that has not got its name yet; gone when it never gets it.
struct Pending {
    file: Unnamed,
    name: PathBuf,
}

/// What a file is until it is complete.
enum Unnamed {
    /// A file without any name: nothing is left of it, however the program ends. The path leads to it while it is open.
    #[cfg(target_os = "linux")]
    Nameless(PathBuf),
    /// A file with another name, where a file system has none without.
    Temporary(PathBuf),
}

impl Output {
    /// Standard output for `-`, otherwise a file.
    pub fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self::new(Box::new(io::stdout()), io::stdout().is_terminal(), None));
        }
        // A link stays one: it is what it leads to that is replaced.
        let name = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if fs::metadata(&name).is_ok_and(|metadata| !metadata.is_file()) {
            // A device or a pipe has no name to win, and a folder says so here.
            return Ok(Self::new(Box::new(OpenOptions::new().write(true).open(&name)?), false, None));
        }
        let (handle, file) = unnamed(&name)?;
        Ok(Self::new(Box::new(handle), false, Some(Pending { file, name })))
    }

    /// Standard output for `-`, otherwise a file that grows: what is in it stays.
    pub fn append(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Self::open(path);
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self::new(Box::new(file), false, None))
    }

    fn new(writer: Box<dyn Write + Send>, is_terminal: bool, pending: Option<Pending>) -> Self {
        Self { writer: BufWriter::with_capacity(BUFFER, writer), is_terminal, pending }
    }

    /// True when a person is looking.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Gives the file its name.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()?;
        match &self.pending {
            Some(pending) => pending.file.give_name(&pending.name)?,
            None => return Ok(()),
        }
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
            // Nothing better can be done about a file that cannot be removed.
            let _ = fs::remove_file(temporary);
        }
    }
}

impl Unnamed {
    /// Puts the file where it belongs, in place of what is there.
    fn give_name(&self, name: &Path) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(path) => {
                use rustix::fs::{AtFlags, CWD, linkat};
                // No file is replaced by a link, so that it takes two steps.
                let temporary = temporary(name);
                linkat(CWD, path, CWD, &temporary, AtFlags::SYMLINK_FOLLOW)?;
                fs::rename(&temporary, name).inspect_err(|_| drop(fs::remove_file(&temporary)))
            }
            Self::Temporary(temporary) => fs::rename(temporary, name),
        }
    }
}

/// A new file in the folder of `name`, without a name where that can be had.
fn unnamed(name: &Path) -> io::Result<(File, Unnamed)> {
    #[cfg(target_os = "linux")]
    if let Some((file, path)) = nameless(name) {
        return Ok((file, Unnamed::Nameless(path)));
    }
    let temporary = temporary(name);
    Ok((File::create_new(&temporary)?, Unnamed::Temporary(temporary)))
}

/// A file without a name, and the path by which it can be given one; `None` where the file system, or a system without
/// /proc, has no such thing.
#[cfg(target_os = "linux")]
fn nameless(name: &Path) -> Option<(File, PathBuf)> {
    use rustix::fs::{Mode, OFlags, open};
    use std::os::fd::AsRawFd;
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = File::from(open(folder, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::from(0o666)).ok()?);
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    path.exists().then_some((file, path))
}

/// A name beside the file's, so that renaming stays within a file system.
fn temporary(name: &Path) -> PathBuf {
    let mut file = std::ffi::OsString::from(".");
    file.push(name.file_name().unwrap_or_default());
    file.push(format!(".{}.part", std::process::id()));
    name.with_file_name(file)
}
