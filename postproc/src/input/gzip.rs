//! gzip (RFC 1952): one member, or several in sequence as written by `cat a.gz b.gz` and bgzip.
//!
//! The readers of flate2 lose the bytes that were decompressed before an error. A truncated capture
//! is worth reading to its last byte, so this module drives the decompressor.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// Base-2 logarithm of the window size of `deflate` in bytes: the maximum.
const WINDOW_BITS: u8 = 15;

/// Decompresses every member of a gzip file.
pub(super) struct Decoder<R> {
    source: R,
    member: Decompress,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Within,
    Between,
    /// Error that is returned once the bytes before it were returned.
    Broken,
    Ended,
}

impl<R: BufRead> Decoder<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, member: Decompress::new_gzip(WINDOW_BITS), state: State::Within }
    }

    /// Starts the next member. Zeros after the last one are padding, as on tapes; gzip ignores
    /// them, too.
    fn next_member(&mut self) -> io::Result<()> {
        let bytes = self.source.fill_buf()?;
        match bytes.first() {
            None => self.state = State::Ended,
            Some(0) => {
                let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
                self.source.consume(zeros);
            }
            Some(0x1f) => {
                self.member.reset(true);
                self.state = State::Within;
            }
            Some(_) => return Err(io::Error::new(ErrorKind::InvalidData, "other bytes follow its end")),
        }
        Ok(())
    }

    /// Decompresses some bytes; returns 0 if there is no output yet.
    fn inflate(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.source.fill_buf()?;
        if bytes.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let (taken, given) = (self.member.total_in(), self.member.total_out());
        let status = self.member.decompress(bytes, into, FlushDecompress::None);
        let taken = (self.member.total_in() - taken) as usize;
        let given = (self.member.total_out() - given) as usize;
        self.source.consume(taken);
        match status {
            Ok(Status::StreamEnd) => self.state = State::Between,
            Ok(_) if taken == 0 && given == 0 => return Err(corrupt()),
            Ok(_) => {}
            Err(_) if given > 0 => self.state = State::Broken,
            Err(_) => return Err(corrupt()),
        }
        Ok(given)
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !into.is_empty() {
            match self.state {
                State::Ended => break,
                State::Broken => return Err(corrupt()),
                State::Between => self.next_member()?,
                State::Within => match self.inflate(into)? {
                    0 => {}
                    given => return Ok(given),
                },
            }
        }
        Ok(0)
    }
}

fn corrupt() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "its data or its checksum is wrong")
}
