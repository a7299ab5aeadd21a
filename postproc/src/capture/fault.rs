//! What can be wrong with a capture, with the facts needed to find the place.

use std::fmt;
use std::io;

use crate::input::{Broken, Damage};
use crate::interrupt::Interrupted;

/// Something is wrong with a capture, at a known place.
#[derive(Debug)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// The frame it concerns, where it concerns one.
    pub frame: Option<u64>,
    /// Where in the file the damaged record or block begins.
    pub offset: u64,
    /// What came of looking for the next sound one.
    pub aftermath: Option<Aftermath>,
}

/// What came of the bytes from a damaged record on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aftermath {
    /// As many were passed over.
    pub passed: u64,
    /// Whether sound ones came after them.
    pub resumed: bool,
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
    /// Somebody wanted the program to end while it waited for more.
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
    /// Whether sound records may come behind: not where reading itself fails, or a bound was met.
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

    /// Whether the file seemed to end within what is damaged.
    fn is_cut(&self) -> bool {
        matches!(self, Self::CutHeader { .. } | Self::CutFrame { .. } | Self::CutBlock { .. })
    }
}

impl Fault {
    /// Without a word on what comes after it.
    pub(super) fn new(kind: FaultKind, frame: Option<u64>, offset: u64) -> Self {
        Self { kind, frame, offset, aftermath: None }
    }

    /// With what came of looking for sound records up to the offset `end`.
    pub(super) fn passed(mut self, end: u64, found: io::Result<bool>) -> Self {
        match found {
            // What ends at the end of the file was cut off, and nothing is behind it.
            Ok(false) if self.kind.is_cut() => {}
            Ok(resumed) => self.aftermath = Some(Aftermath { passed: end - self.offset, resumed }),
            // The cause is what ended the reading in the end.
            Err(error) => self.kind = error.into(),
        }
        self
    }

    /// Short fixed name, for machines.
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

impl fmt::Display for Fault {
    /// What, and where; the caller names the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)?;
        match self.aftermath {
            None => Ok(()),
            Some(Aftermath { passed, resumed: true }) => write!(
                f,
                "; {} passed over, and reading goes on at byte offset {}",
                Passed(passed),
                self.offset + passed
            ),
            Some(Aftermath { passed, resumed: false }) => {
                write!(f, "; {} passed over, up to the end: nothing sound is in them", Passed(passed))
            }
        }
    }
}

impl Fault {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Place(self);
        match &self.kind {
            FaultKind::CutFrame { missing } | FaultKind::CutBlock { missing, .. } if self.aftermath.is_some() => {
                write!(f, "is corrupt{at}: what begins there claims to go {missing} bytes beyond the end of the file")
            }
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

/// `1 byte was`, `2 bytes were`.
struct Passed(u64);

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} byte{}", self.0, if self.0 == 1 { " was" } else { "s were" })
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
