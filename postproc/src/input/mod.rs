//! Byte streams of captures: a file, standard input or a pipe, compressed or not.
//!
//! Compression is detected by content, never by name, so that files and streams are treated alike.
//! Decompression is streamed: memory holds only the window of the format.

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

/// Number of compressed bytes that are read at a time.
const BUFFER: usize = 256 << 10;

/// Base-2 logarithm of the largest accepted zstd window: 128 MiB, the limit of the zstd program
/// without `--long`.
const ZSTD_WINDOW_LOG: u32 = 27;

/// Stream of the decompressed bytes of a capture.
pub struct Input {
    /// Decompressed bytes.
    pub reader: Box<dyn Read + Send>,
    /// Position in the compressed bytes; `None` if the stream is not compressed.
    pub position: Option<Position>,
}

/// Opens a stream and decompresses it if its first bytes are those of a compressed file.
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

/// Returns the decompressed stream of `source`, which has this compression.
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
