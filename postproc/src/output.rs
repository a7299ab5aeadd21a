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

/// A file that has not got its name yet; removed when it never gets it.
struct Pending {
    temporary: PathBuf,
    name: PathBuf,
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
        let temporary = temporary(&name);
        let file = File::create_new(&temporary)?;
        Ok(Self::new(Box::new(file), false, Some(Pending { temporary, name })))
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
            Some(pending) => fs::rename(&pending.temporary, &pending.name)?,
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

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(pending) = &self.pending {
            // Nothing better can be done about a file that cannot be removed.
            let _ = fs::remove_file(&pending.temporary);
        }
    }
}

/// A name beside the file's, so that renaming stays within a file system.
fn temporary(name: &Path) -> PathBuf {
    let mut file = std::ffi::OsString::from(".");
    file.push(name.file_name().unwrap_or_default());
    file.push(format!(".{}.part", std::process::id()));
    name.with_file_name(file)
}
