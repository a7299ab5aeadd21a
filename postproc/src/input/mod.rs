//! Where a capture's bytes come from: a file, standard input or a pipe, compressed or not.
//!
//! Whether bytes are compressed is told by the bytes, never by a name, so that it does not matter what they come through.
//! Decompression is streamed: what a stream unpacks to never stands in memory, only a window of it.

mod broken;
mod counted;
mod decoded;
mod gzip;
mod lz4;
mod patient;
#[cfg(test)]
mod tests;

use std::io::{self, BufReader, Cursor, Read};

pub use broken::{Broken, Damage};
pub use counted::Position;
pub use patient::Patient;

use crate::format::{Compression, Kind, MAGIC, sniff};
use counted::Counted;
use decoded::Decoded;

/// Compressed bytes that are read at a time.
const BUFFER: usize = 256 << 10;

/// The largest zstd window that memory is given to: 128 MiB, what the zstd program takes without `--long`.
const ZSTD_WINDOW_LOG: u32 = 27;

/// A stream of a capture's own bytes.
pub struct Input {
    /// The bytes, decompressed.
    pub reader: Box<dyn Read + Send>,
    /// How far the compressed bytes were read; `None` where none are compressed.
    pub position: Option<Position>,
}

/// Looks at the first bytes of `source` and decompresses it if they ask for it.
pub fn open(mut source: Box<dyn Read + Send>) -> io::Result<Input> {
    let mut first = Vec::with_capacity(MAGIC);
    source.by_ref().take(MAGIC as u64).read_to_end(&mut first)?;
    let kind = sniff(&first);
    let whole = Cursor::new(first).chain(source);
    match kind {
        Kind::Compressed(compression) => decompress(compression, Box::new(whole)),
        _ => Ok(Input { reader: Box::new(whole), position: None }),
    }
}

/// What `source` unpacks to, where it is known to be compressed like this.
pub fn decompress(compression: Compression, source: Box<dyn Read + Send>) -> io::Result<Input> {
    let counted = Counted::new(BufReader::with_capacity(BUFFER, source));
    let position = counted.position();
    let mark = position.clone();
    let reader: Box<dyn Read + Send> = match compression {
        Compression::Gzip => Box::new(Decoded::new(compression, gzip::Decoder::new(counted), mark)),
        Compression::Lz4 => Box::new(Decoded::new(compression, lz4::Decoder::new(counted), mark)),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(counted)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(Decoded::new(compression, decoder, mark))
        }
    };
    Ok(Input { reader, position: Some(position) })
}
