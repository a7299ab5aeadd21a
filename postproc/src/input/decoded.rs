//! What a decompressor gives out, with its complaints turned into [`Broken`].

use std::io::{self, ErrorKind, Read};

use super::{Broken, Damage, Position};
use crate::format::Compression;

/// A decompressor whose errors say where in the compressed file they arose.
pub(super) struct Decoded<D> {
    compression: Compression,
    decoder: D,
    position: Position,
    /// A stream that was found broken stays so: a decompressor may not be asked again.
    broken: Option<Broken>,
}

impl<D: Read> Decoded<D> {
    pub(super) fn new(compression: Compression, decoder: D, position: Position) -> Self {
        Self { compression, decoder, position, broken: None }
    }

    fn complain(&mut self, error: io::Error) -> io::Error {
        if self.position.failed() || error.kind() == ErrorKind::Interrupted {
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
