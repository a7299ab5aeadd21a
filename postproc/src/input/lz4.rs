//! LZ4 frames, one or several in sequence.
//!
//! lz4_flex's reader ends in the same way at the end of a frame, at the end of the file, and where
//! a file is truncated between two blocks. This module distinguishes them by what was read from the
//! source.

use std::io::{self, BufRead, ErrorKind, Read};

use lz4_flex::frame::FrameDecoder;

use super::counted::Counted;

/// Number of bytes before the content of a skippable frame: its magic number and its length.
const SKIPPABLE_HEAD: usize = 8;

/// Decompresses every frame of an LZ4 file.
pub(super) struct Decoder<R: Read> {
    frames: FrameDecoder<Counted<R>>,
    has_ended: bool,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(source: Counted<R>) -> Self {
        Self { frames: FrameDecoder::new(source), has_ended: false }
    }

    /// Moves to the next frame, past skippable ones; notes if there is none.
    fn next_frame(&mut self) -> io::Result<()> {
        let source = self.frames.get_mut();
        loop {
            match *source.fill_buf()? {
                [] => {
                    self.has_ended = true;
                    return Ok(());
                }
                // The buffer may end within its magic number; nothing else begins with this byte.
                [0x50..=0x5f, ..] => skip(source)?,
                _ => return Ok(()),
            }
        }
    }
}

/// Skips a skippable frame.
fn skip(source: &mut impl Read) -> io::Result<()> {
    let mut head = [0; SKIPPABLE_HEAD];
    source.read_exact(&mut head)?;
    if head[1..4] != [0x2a, 0x4d, 0x18] {
        return Err(io::Error::new(ErrorKind::InvalidData, "a frame begins with an unknown magic number"));
    }
    let length = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    if io::copy(&mut source.take(length), &mut io::sink())? < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.has_ended && !into.is_empty() {
            let given = self.frames.read(into)?;
            if given > 0 {
                return Ok(given);
            }
            if self.frames.get_ref().is_at_end {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.next_frame()?;
        }
        Ok(0)
    }
}
