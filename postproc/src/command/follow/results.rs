//! Destination of the results of `--follow`: lines that are appended to a file, or a stream.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::state::Pending;
use crate::command::failure::Failure;
use crate::output::{Output, named, sync_folder};

/// Maximum number of bytes of a line that a killed run left incomplete, and that is removed.
const LONGEST_LINE: u64 = 1 << 20;

/// Start of every line of JSON Lines.
const JSON_LINE: &[u8] = b"{\"type\":\"";

/// Destination of results.
pub(super) enum Results {
    /// Standard output, a pipe or a device: what was written is gone.
    Stream(Output),
    /// File that no other program appends to.
    File(File),
}

impl Results {
    /// Opens the output.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let is_stream = path.as_os_str() == "-" || path.metadata().is_ok_and(|metadata| !metadata.is_file());
        if is_stream {
            return Output::append(path).map(Self::Stream).map_err(Failure::Output);
        }
        let file = OpenOptions::new().create(true).read(true).append(true).open(path);
        let file = file.and_then(|file| sync_folder(path).map(|()| file));
        let file = file.map_err(|error| Failure::Output(named(path, error)))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(Failure::OutputLocked(path.into())),
            // A file system without locks.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self::File(file)),
        }
    }

    /// Returns the length of the file; `None` for a stream.
    pub(super) fn length(&self) -> io::Result<Option<u64>> {
        match self {
            Self::Stream(_) => Ok(None),
            Self::File(file) => Ok(Some(file.metadata()?.len())),
        }
    }

    /// Appends whole lines, so that they last. If a part of them cannot be written, none is.
    pub(super) fn append(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.write_all(text).and_then(|()| stream.flush()),
            Self::File(file) => {
                let before = file.metadata()?.len();
                let written = file.write_all(text).and_then(|()| file.sync_data());
                // Making a file shorter works on a full disk, too.
                written.inspect_err(|_| drop(file.set_len(before)))
            }
        }
    }

    /// Writes what the last run could not write any more.
    pub(super) fn resume(&mut self, pending: Option<&Pending<'_>>) -> io::Result<()> {
        let Some(pending) = pending else { return self.end_line() };
        let (text, written) = (pending.text.as_bytes(), self.read_from(pending.offset, pending.text.len())?);
        match written.and_then(|written| text.strip_prefix(&written[..])) {
            Some(rest) => self.append(rest),
            // The file is another one, or something else was appended to it.
            None => self.end_line().and_then(|()| self.append(text)),
        }
    }

    /// Returns at most `limit` bytes of the file from this offset on; `None` if it is shorter, and
    /// for a stream.
    fn read_from(&mut self, offset: u64, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let Self::File(file) = self else { return Ok(None) };
        if file.metadata()?.len() < offset {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))?;
        file.take(limit as u64).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Makes the file end with a whole line: removes the beginning of a JSON line, and ends any
    /// other line.
    fn end_line(&mut self) -> io::Result<()> {
        let Some(length) = self.length()? else { return Ok(()) };
        let from = length.saturating_sub(LONGEST_LINE);
        let tail = self.read_from(from, LONGEST_LINE as usize)?.unwrap_or_default();
        let begin = tail.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let line = &tail[begin..];
        let is_json = line.starts_with(JSON_LINE) || JSON_LINE.starts_with(line);
        match self {
            _ if line.is_empty() => Ok(()),
            Self::File(file) if is_json => file.set_len(from + begin as u64),
            _ => self.append(b"\n"),
        }
    }
}
