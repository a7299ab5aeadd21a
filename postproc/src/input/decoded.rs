//! Output of a decompressor, with its errors turned into [`Broken`].

use std::io::{self, ErrorKind, Read};

use super::{Broken, Damage, Position};
use crate::format::Compression;

/// Decompressor whose errors contain the offset in the compressed file.
pub(super) struct Decoded<D> {
    compression: Compression,
    decoder: D,
    position: Position,
    /// The error of a broken stream, which is repeated: a decompressor must not be used after an
    /// error.
    broken: Option<Broken>,
}

impl<D: Read> Decoded<D> {
    pub(super) fn new(compression: Compression, decoder: D, position: Position) -> Self {
        Self { compression, decoder, position, broken: None }
    }

    fn complain(&mut self, error: io::Error) -> io::Error {
        if self.position.failed() {
            return error;
        }
        let damage = match error.kind() {
            ErrorKind::UnexpectedEof => Damage::Cut,
            _ => Damage::Corrupt(error.to_string()),
        };
        let broken = Broken { compression: self.compression, taken: self.position.taken(), damage };
        self.broken = Some(broken.clone());
        broken.into()
    }
}

impl<D: Read> Read for Decoded<D> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone().into());
        }
        self.decoder.read(into).map_err(|error| self.complain(error))
    }
}
