//! gzip (RFC 1952): one member, or several one after another as `cat a.gz b.gz` and bgzip make them.
//!
//! flate2's own readers lose what was unpacked before a fault was met. A capture cut short is worth reading to the last
//! byte, so that the decompressor is driven here.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// What `deflate` can look back on: 2 to this power bytes, its largest.
const WINDOW_BITS: u8 = 15;

/// Unpacks every member of a gzip file.
pub(super) struct Decoder<R> {
    source: R,
    member: Decompress,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Within,
    Between,
    /// Found broken, with bytes still to be handed out before that is said.
    Broken,
    Ended,
}

impl<R: BufRead> Decoder<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, member: Decompress::new_gzip(WINDOW_BITS), state: State::Within }
    }

    /// Begins the next member. Zeros behind the last are padding, as on tapes, and gzip passes over them, too.
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

    /// Unpacks a stretch; 0 when nothing came of it yet.
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
