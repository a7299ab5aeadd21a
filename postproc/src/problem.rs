//! Problems of captures, for people and for programs.

use std::borrow::Cow;
use std::fmt;
use std::io;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use syncookie_terminal::count;

use crate::capture::{Fault, LinkType};
use crate::format::Kind;
use crate::link;
use crate::text;

/// Kind of a problem: no file has that name.
const MISSING: &str = "missing";

/// Name of a kind. It is an alias because serde would borrow a field that is a reference.
type KindName = &'static str;

/// All kinds of problems.
const KINDS: [&str; 9] = [
    "truncated",
    "corrupt",
    "io",
    "limit",
    "unsupported-link-type",
    "not-a-capture",
    "unreadable",
    MISSING,
    INTERRUPTED,
];

/// Kind of a problem: the run ended before the capture was read.
const INTERRUPTED: &str = "interrupted";

/// Problem of one capture that makes its findings incomplete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Name of the capture.
    pub capture: String,
    /// Short fixed name: `truncated`, `corrupt`, `io`, `limit`, `unsupported-link-type`,
    /// `not-a-capture`, `unreadable`, `missing`, `interrupted`.
    #[serde(deserialize_with = "kind")]
    pub kind: KindName,
    /// Number of the frame, if the problem concerns one.
    pub frame: Option<u64>,
    /// Byte offset in the file.
    pub offset: Option<u64>,
    /// Number of bytes that were skipped from that offset on.
    pub skipped_bytes: Option<u64>,
    /// Rest of the sentence that begins with the name of the capture.
    pub message: String,
    /// Frames that were not analysed because of their link type.
    pub unsupported: Option<Box<UnsupportedLink>>,
}

/// Damage at a place of a capture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Defect {
    #[serde(deserialize_with = "kind")]
    kind: KindName,
    /// Number of the frame, if the damage concerns one.
    frame: Option<u64>,
    /// Number of frames that were read before.
    frames: u64,
    offset: u64,
    /// Number of bytes that were skipped.
    pub skipped_bytes: Option<u64>,
    /// What is wrong, as the rest of a sentence.
    text: String,
}

impl Defect {
    /// Creates the defect that a fault is, found after `frames` frames.
    pub fn new(fault: &Fault, frames: u64) -> Self {
        Self {
            kind: fault.name(),
            frame: fault.frame,
            frames: fault.frame.map_or(frames, |frame| frame - 1),
            offset: fault.offset,
            skipped_bytes: fault.skipped_bytes(),
            text: fault.to_string(),
        }
    }

    /// Returns the defect with its frame numbers increased by `before`, modulo 2^64.
    #[must_use]
    pub fn after(self, before: u64) -> Self {
        let frame = self.frame.map(|frame| frame.wrapping_add(before));
        Self { frame, frames: self.frames.wrapping_add(before), ..self }
    }

    /// Returns the problem of the capture with this name.
    pub fn problem(&self, capture: &str) -> Problem {
        let before = match self.frames {
            0 => "no frame was read before".into(),
            1 => "1 frame was read before".into(),
            number => format!("{} were read before", count(number, "frame")),
        };
        Problem {
            frame: self.frame,
            offset: Some(self.offset),
            skipped_bytes: self.skipped_bytes,
            ..Problem::plain(capture, self.kind, format!("{} ({before})", self.text))
        }
    }
}

/// Frames of one capture with a link type that is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsupportedLink {
    /// Link type.
    pub link: LinkType,
    /// Number of the frames.
    pub frames: u64,
}

impl Problem {
    /// Reports that a path cannot be opened.
    pub fn unreadable(capture: &str, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => MISSING,
            _ => "unreadable",
        };
        Self::plain(capture, kind, format!("cannot be opened: {error}"))
    }

    /// Returns whether no file has that name: probably a mistyped path.
    pub fn is_missing(&self) -> bool {
        self.kind == MISSING
    }

    /// Returns whether a signal ended the run before the capture was read.
    pub fn is_interruption(&self) -> bool {
        self.kind == INTERRUPTED
    }

    /// Returns whether the capture is truncated. If it is still being written, the rest may follow.
    pub fn is_cut(&self) -> bool {
        self.kind == "truncated"
    }

    /// Reports that a file is not a capture.
    pub fn not_a_capture(capture: &str, kind: &Kind) -> Self {
        Self::plain(capture, "not-a-capture", kind.to_string())
    }

    /// Reports damage to a capture after `frames` frames were read.
    pub fn fault(capture: &str, fault: &Fault, frames: u64) -> Self {
        Defect::new(fault, frames).problem(capture)
    }

    /// Reports that a signal ended the reading of a capture after `frames` frames.
    pub fn interrupted(capture: &str, frames: u64) -> Self {
        Self::plain(capture, INTERRUPTED, format!("was read only up to frame {frames}: interrupted"))
    }

    /// Reports that a signal ended the run before this capture and `others` more were read.
    pub fn not_reached(capture: &str, others: u64) -> Self {
        let subject = match others {
            0 => "was".into(),
            _ => format!("and {} were", count(others, "more capture")),
        };
        Self::plain(capture, INTERRUPTED, format!("{subject} not read: interrupted"))
    }

    /// Reports the number of faults of a capture that are not reported individually, and the number
    /// of bytes that were skipped there.
    pub fn further_faults(capture: &str, faults: u64, skipped: u64) -> Self {
        let places = count(faults, "more damaged place");
        let message = match skipped {
            0 => format!("has {places}, not listed here"),
            _ => format!("has {places}, not listed here; {} skipped there", count(skipped, "byte")),
        };
        Self { skipped_bytes: Some(skipped), ..Self::plain(capture, "corrupt", message) }
    }

    /// Reports `frames` frames of an unsupported link type; `first` is the number of the first of
    /// them.
    pub fn link_type(capture: &str, link: LinkType, frames: u64, first: u64) -> Self {
        let name = link::name(link).map_or_else(String::new, |name| format!(" ({name})"));
        let message = format!(
            "has {} of the unsupported link type {}{name}, first in frame {first}; they were not analysed",
            count(frames, "frame"),
            link.0
        );
        let unsupported = Some(Box::new(UnsupportedLink { link, frames }));
        Self { frame: Some(first), unsupported, ..Self::plain(capture, "unsupported-link-type", message) }
    }

    fn plain(capture: &str, kind: &'static str, message: String) -> Self {
        Self {
            capture: capture.into(),
            kind,
            frame: None,
            offset: None,
            skipped_bytes: None,
            message,
            unsupported: None,
        }
    }
}

/// Reads the kind of a problem.
fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    let read = Cow::<str>::deserialize(deserializer)?;
    KINDS.into_iter().find(|kind| *kind == read).ok_or_else(|| D::Error::custom("an unknown kind of problem"))
}

impl fmt::Display for Problem {
    /// Writes one line for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", text::capture(&self.capture), self.message)
    }
}
