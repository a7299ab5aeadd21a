//! Temporary files for captures: input that can be read only once, such as a pipe, can then be read
//! again.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use syncookie_engine::Timestamp;
use tempfile::TempPath;

use super::writer::{Packet, Writer};
use crate::capture::Capture;
use crate::source::walk::{self, Plan};

/// Temporary capture that is being written.
pub struct Spool {
    writer: Writer<BufWriter<Arc<File>>>,
    file: Kept,
    latest: Option<(Timestamp, u32)>,
}

/// Temporary capture that is complete.
pub struct Spooled {
    file: Kept,
    /// Number of the frame with the latest time.
    pub latest: Option<u32>,
}

/// Temporary file, and the path by which it is opened again.
struct Kept {
    path: PathBuf,
    /// Keeps the file open: it exists as long as it is, even without a name.
    _file: Arc<File>,
    /// Name of the file, only if a file without a name could not be opened again.
    _name: Option<TempPath>,
}

impl Spool {
    /// Creates an empty capture in this folder. The file has no name if possible, so that nothing
    /// is left of it however the program ends.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let (file, name) = tempfile::NamedTempFile::new_in(folder)?.into_parts();
        let (path, name) = match nameless(&file) {
            Some(path) => (path, None),
            None => (name.to_path_buf(), Some(name)),
        };
        // Shared and not duplicated, because WebAssembly cannot duplicate a descriptor.
        let file = Arc::new(file);
        let writer = Writer::new(BufWriter::with_capacity(1 << 16, Arc::clone(&file)))?;
        Ok(Self { writer, file: Kept { path, _file: file, _name: name }, latest: None })
    }

    pub fn packet<'c>(&mut self, packet: Packet<'_>, comments: impl IntoIterator<Item = &'c [u8]>) -> io::Result<()> {
        self.writer.packet(packet, comments)?;
        if let Some(time) = packet.time.filter(|&time| self.latest.is_none_or(|(latest, _)| time >= latest)) {
            self.latest = Some((time, self.writer.packets()));
        }
        Ok(())
    }

    pub fn finish(self) -> io::Result<Spooled> {
        self.writer.into_inner().flush()?;
        Ok(Spooled { file: self.file, latest: self.latest.map(|(_, number)| number) })
    }
}

impl Spooled {
    /// Opens the capture at its start.
    pub fn open(&self) -> io::Result<Capture<File>> {
        Capture::open(File::open(&self.file.path)?).map_err(|_| io::Error::other("a temporary file was changed"))
    }

    /// Returns a plan that contains only this capture.
    pub fn plan(&self) -> Plan {
        walk::plan(std::slice::from_ref(&self.file.path))
    }
}

/// Returns a path to an open file that does not depend on its name; only Linux has one.
#[cfg(target_os = "linux")]
fn nameless(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    path.exists().then_some(path)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &File) -> Option<PathBuf> {
    None
}
