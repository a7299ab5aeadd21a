//! What can be wrong with a capture, with the facts needed to find the place.

use std::fmt;
use std::io;

use crate::input::{Broken, Damage};

/// Something is wrong with a capture, at a known place.
#[derive(Debug)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// The frame it concerns, where it concerns one.
    pub frame: Option<u64>,
    /// Where in the file the damaged record or block begins.
    pub offset: u64,
}

/// What is wrong.
#[derive(Debug)]
pub enum FaultKind {
    /// The file ends within its own header.
    CutHeader {
        /// Bytes that would have been needed.
        missing: u64,
    },
    /// The file ends within a packet record.
    CutFrame {
        /// Bytes that would have been needed.
        missing: u64,
    },
    /// The file ends within a block that holds no packet.
    CutBlock {
        /// Type of the block, where as much was there.
        block: Option<u32>,
        /// Bytes that would have been needed.
        missing: u64,
    },
    /// A packet record claims more bytes than a packet can have.
    RecordLength {
        /// What it claims.
        claimed: u32,
        /// What is believed.
        limit: u32,
    },
    /// A block claims a length that no block can have.
    BlockLength {
        /// What it claims.
        claimed: u32,
        /// What is believed.
        limit: u32,
    },
    /// The length after a block is not the one before it.
    BlockTrailer {
        /// The one before.
        head: u32,
        /// The one after.
        tail: u32,
    },
    /// A section does not tell its byte order.
    ByteOrder {
        /// What stands in the place of the byte-order magic.
        found: u32,
    },
    /// A packet block refers to an interface that was not described.
    Interface {
        /// Its number.
        interface: u32,
        /// How many were described.
        described: usize,
    },
    /// A block is too short for what it says is in it.
    BlockContent {
        /// Bytes it says it has.
        needed: u64,
        /// Bytes it has.
        actual: usize,
    },
    /// More interfaces in a section than are kept.
    Interfaces,
    /// More frames than can be numbered.
    Frames,
    /// The compressed stream that the capture is in cannot be unpacked further.
    Broken(Broken),
    /// Reading failed.
    Io(io::Error),
}

impl From<io::Error> for FaultKind {
    fn from(error: io::Error) -> Self {
        match Broken::of(&error) {
            Some(broken) => Self::Broken(broken.clone()),
            None => Self::Io(error),
        }
    }
}

impl Fault {
    /// Short fixed name, for machines.
    pub fn name(&self) -> &'static str {
        match self.kind {
            FaultKind::CutHeader { .. } | FaultKind::CutFrame { .. } | FaultKind::CutBlock { .. } => "truncated",
            FaultKind::Broken(Broken { damage: Damage::Cut, .. }) => "truncated",
            FaultKind::Io(_) => "io",
            FaultKind::Interfaces | FaultKind::Frames => "limit",
            _ => "corrupt",
        }
    }
}

impl fmt::Display for Fault {
    /// What, and where; the caller names the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Place(self);
        match &self.kind {
            FaultKind::CutHeader { missing } => {
                write!(f, "ends in the middle of the file header{at}: {}", Missing(*missing, "it"))
            }
            FaultKind::CutFrame { missing } => write!(
                f,
                "ends in the middle of frame {} at byte offset {}: {}",
                self.frame.unwrap_or_default(),
                self.offset,
                Missing(*missing, "the record")
            ),
            FaultKind::CutBlock { block, missing } => {
                write!(f, "ends in the middle of a block")?;
                if let Some(block) = block {
                    write!(f, " of type {block:#x}")?;
                }
                write!(f, "{at}: {}", Missing(*missing, "it"))
            }
            FaultKind::RecordLength { claimed, limit } => {
                write!(f, "is corrupt{at}: the record claims {claimed} bytes, and more than {limit} are not believed")
            }
            FaultKind::BlockLength { claimed, limit } => write!(
                f,
                "is corrupt{at}: a block claims {claimed} bytes; a length is a multiple of 4 from 12 to {limit}"
            ),
            FaultKind::BlockTrailer { head, tail } => {
                write!(f, "is corrupt{at}: a block says it has {head} bytes at its begin and {tail} at its end")
            }
            FaultKind::ByteOrder { found } => {
                write!(f, "is corrupt{at}: {found:#010x} is no byte-order magic of a section header")
            }
            FaultKind::Interface { interface, described } => {
                write!(f, "is corrupt{at}: the packet is from interface {interface}, and {described} are described")
            }
            FaultKind::BlockContent { needed, actual } => {
                write!(f, "is corrupt{at}: the block has {actual} bytes of content where {needed} are needed")
            }
            FaultKind::Interfaces => write!(f, "describes more interfaces in one section than are kept{at}"),
            FaultKind::Frames => write!(f, "has more frames than can be numbered{at}"),
            FaultKind::Broken(broken) => {
                write!(f, "could not be unpacked further{at} of what it unpacks to: {broken}")
            }
            FaultKind::Io(error) => write!(f, "could not be read further{at}: {error}"),
        }
    }
}

/// ` at frame 7, byte offset 512` or ` at byte offset 512`.
struct Place<'a>(&'a Fault);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.frame {
            Some(frame) => write!(f, " at frame {frame}, byte offset {}", self.0.offset),
            None => write!(f, " at byte offset {}", self.0.offset),
        }
    }
}

/// `1 byte of it is missing`, `2 bytes of it are missing`.
struct Missing(u64, &'static str);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes, whole) = self;
        let (plural, verb) = if *bytes == 1 { ("", "is") } else { ("s", "are") };
        write!(f, "{bytes} byte{plural} of {whole} {verb} missing")
    }
}
