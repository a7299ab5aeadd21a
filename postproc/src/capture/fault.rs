//! Damage to captures, with the facts that locate it.

use std::error::Error;
use std::fmt;
use std::io;

use syncookie_terminal::count;

use crate::input::{Broken, Damage};
use crate::interrupt::Interrupted;

/// Damage to a capture at a known offset.
#[derive(Debug)]
pub struct Fault {
    /// Kind of the damage.
    pub kind: FaultKind,
    /// Number of the frame, if the damage concerns one.
    pub frame: Option<u64>,
    /// Byte offset in the file at which the damaged record or block begins.
    pub offset: u64,
    /// Result of the search for the next valid record or block.
    pub aftermath: Option<Aftermath>,
}

/// Result of the search for valid records after damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aftermath {
    /// Number of bytes that were skipped.
    pub passed: u64,
    /// Whether valid records were found after them.
    pub resumed: bool,
}

/// Kind of damage.
#[derive(Debug)]
pub enum FaultKind {
    /// The file ends within its own header.
    CutHeader {
        /// Number of missing bytes.
        missing: u64,
    },
    /// The file ends within a packet record.
    CutFrame {
        /// Number of missing bytes.
        missing: u64,
    },
    /// The file ends within a block that holds no packet.
    CutBlock {
        /// Type of the block, if that much of it exists.
        block: Option<u32>,
        /// Number of missing bytes.
        missing: u64,
    },
    /// A packet record claims more bytes than a packet can have.
    RecordLength {
        /// Claimed length in bytes.
        claimed: u32,
        /// Largest accepted length in bytes.
        limit: u32,
    },
    /// A block claims a length that no block can have.
    BlockLength {
        /// Claimed length in bytes.
        claimed: u32,
        /// Largest accepted length in bytes.
        limit: u32,
    },
    /// The two lengths of a block differ.
    BlockTrailer {
        /// Length at its start, in bytes.
        head: u32,
        /// Length at its end, in bytes.
        tail: u32,
    },
    /// A section header has no byte-order magic.
    ByteOrder {
        /// Value in place of the byte-order magic.
        found: u32,
    },
    /// A packet block refers to an interface that was not described.
    Interface {
        /// Number of the interface.
        interface: u32,
        /// Number of interfaces that were described.
        described: usize,
    },
    /// A block is shorter than the content that it claims.
    BlockContent {
        /// Claimed number of bytes.
        needed: u64,
        /// Number of bytes in the block.
        actual: usize,
    },
    /// A section describes more interfaces than are kept.
    Interfaces,
    /// The capture has more frames than can be numbered.
    Frames,
    /// The compressed stream that contains the capture cannot be decompressed further.
    Broken(Broken),
    /// A signal ended the program while it waited for more bytes.
    Interrupted,
    /// Reading failed.
    Io(io::Error),
}

impl From<io::Error> for FaultKind {
    fn from(error: io::Error) -> Self {
        match Broken::of(&error) {
            Some(broken) => Self::Broken(broken.clone()),
            None if Interrupted::is(&error) => Self::Interrupted,
            None => Self::Io(error),
        }
    }
}

impl FaultKind {
    /// Returns whether valid records may follow: false if reading itself fails, or at a limit.
    pub(super) fn is_damage(&self) -> bool {
        !matches!(
            self,
            Self::CutHeader { .. }
                | Self::Interfaces
                | Self::Frames
                | Self::Broken(_)
                | Self::Interrupted
                | Self::Io(_)
        )
    }

    /// Returns whether the file seems to end within the damaged record or block.
    fn is_cut(&self) -> bool {
        matches!(self, Self::CutHeader { .. } | Self::CutFrame { .. } | Self::CutBlock { .. })
    }
}

impl Fault {
    /// Creates a fault without an aftermath.
    pub(super) fn new(kind: FaultKind, frame: Option<u64>, offset: u64) -> Self {
        Self { kind, frame, offset, aftermath: None }
    }

    /// Adds the result of the search for valid records up to the offset `end`.
    pub(super) fn passed(mut self, end: u64, found: io::Result<bool>) -> Self {
        match found {
            // The record was truncated at the end of the file, so nothing follows it.
            Ok(false) if self.kind.is_cut() => {}
            Ok(resumed) => self.aftermath = Some(Aftermath { passed: end - self.offset, resumed }),
            // The search failed, and its error is what ended the reading.
            Err(error) => self.kind = error.into(),
        }
        self
    }

    /// Returns the number of bytes that were skipped.
    pub fn skipped_bytes(&self) -> Option<u64> {
        self.aftermath.map(|aftermath| aftermath.passed)
    }

    /// Returns the short fixed name for programs.
    pub fn name(&self) -> &'static str {
        match self.kind {
            _ if self.aftermath.is_some() => "corrupt",
            FaultKind::CutHeader { .. } | FaultKind::CutFrame { .. } | FaultKind::CutBlock { .. } => "truncated",
            FaultKind::Broken(Broken { damage: Damage::Cut, .. }) => "truncated",
            FaultKind::Interrupted => "interrupted",
            FaultKind::Io(_) => "io",
            FaultKind::Interfaces | FaultKind::Frames => "limit",
            _ => "corrupt",
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            FaultKind::Broken(broken) => Some(broken),
            FaultKind::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    /// Writes the rest of the sentence that begins with the name of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)?;
        match self.aftermath {
            None => Ok(()),
            Some(Aftermath { passed, resumed: true }) => write!(
                f,
                "; {} skipped, reading resumed at byte offset {}",
                count(passed, "byte"),
                self.offset + passed
            ),
            Some(Aftermath { passed, resumed: false }) => {
                write!(f, "; no valid record follows in the remaining {}", count(passed, "byte"))
            }
        }
    }
}

impl Fault {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Place(self);
        match &self.kind {
            FaultKind::CutFrame { missing } | FaultKind::CutBlock { missing, .. } if self.aftermath.is_some() => {
                write!(f, "is corrupt{at}: the record there claims {} more than the file has", count(*missing, "byte"))
            }
            FaultKind::CutHeader { missing } => {
                write!(f, "ends in the middle of the file header, which begins{at}: {}", Missing(*missing, "it"))
            }
            FaultKind::CutFrame { missing } => write!(
                f,
                "ends in the middle of frame {}, which begins at byte offset {}: {}",
                self.frame.unwrap_or_default(),
                self.offset,
                Missing(*missing, "the record")
            ),
            FaultKind::CutBlock { block, missing } => {
                write!(f, "ends in the middle of a block")?;
                if let Some(block) = block {
                    write!(f, " of type {block:#x}")?;
                }
                write!(f, ", which begins{at}: {}", Missing(*missing, "it"))
            }
            FaultKind::RecordLength { claimed, limit } => {
                write!(f, "is corrupt{at}: the record claims {claimed} bytes; the limit is {limit}")
            }
            FaultKind::BlockLength { claimed, limit } => write!(
                f,
                "is corrupt{at}: a block claims {claimed} bytes; valid lengths are multiples of 4 from 12 to {limit}"
            ),
            FaultKind::BlockTrailer { head, tail } => {
                write!(f, "is corrupt{at}: the length of a block is {head} bytes at its start and {tail} at its end")
            }
            FaultKind::ByteOrder { found } => {
                write!(
                    f,
                    "is corrupt{at}: the section header has the byte-order magic {found:#010x}, which is not valid"
                )
            }
            FaultKind::Interface { interface, described } => {
                write!(
                    f,
                    "is corrupt{at}: the packet names interface {interface}, but the section describes {}",
                    count(*described as u64, "interface")
                )
            }
            FaultKind::BlockContent { needed, actual } => {
                write!(f, "is corrupt{at}: the block has {actual} bytes of content but needs {needed}")
            }
            FaultKind::Interfaces => {
                write!(f, "describes too many interfaces in one section{at}; the rest was not read")
            }
            FaultKind::Frames => write!(f, "has more frames than can be numbered{at}; the rest was not read"),
            FaultKind::Broken(broken) => {
                write!(f, "could not be decompressed further{at} of the decompressed data: {broken}")
            }
            FaultKind::Interrupted => write!(f, "was not read further{at}: interrupted"),
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
