//! What could not be read, for people and for programs.

use std::fmt;
use std::io;

use syncookie_terminal::count;

use crate::capture::{Fault, LinkType};
use crate::format::Kind;
use crate::link;
use crate::text;

/// There is nothing under that name.
const MISSING: &str = "missing";

/// The run was ended before it was read.
const INTERRUPTED: &str = "interrupted";

/// One thing about one capture that keeps its findings from being whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The capture's name.
    pub capture: String,
    /// Short fixed name: `truncated`, `corrupt`, `io`, `limit`, `unsupported-link-type`, `not-a-capture`, `unreadable`,
    /// `missing`, `interrupted`.
    pub kind: &'static str,
    /// The frame it concerns.
    pub frame: Option<u64>,
    /// Where in the file.
    pub offset: Option<u64>,
    /// Bytes that were passed over from there on.
    pub skipped_bytes: Option<u64>,
    /// Completes the sentence that begins with the capture's name.
    pub message: String,
}

impl Problem {
    /// The path cannot be opened.
    pub fn unreadable(capture: &str, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => MISSING,
            _ => "unreadable",
        };
        Self::plain(capture, kind, format!("cannot be opened: {error}"))
    }

    /// Nothing is there at all: rather a slip of the pen than something about a capture.
    pub fn is_missing(&self) -> bool {
        self.kind == MISSING
    }

    /// Nothing is wrong with the capture: somebody did not want to wait for it.
    pub fn is_interruption(&self) -> bool {
        self.kind == INTERRUPTED
    }

    /// The capture ends in the middle of something: more may come, where it is still being written.
    pub fn is_cut(&self) -> bool {
        self.kind == "truncated"
    }

    /// The path is something else.
    pub fn not_a_capture(capture: &str, kind: &Kind) -> Self {
        Self::plain(capture, "not-a-capture", kind.to_string())
    }

    /// The capture is damaged, with `frames` read up to there.
    pub fn fault(capture: &str, fault: &Fault, frames: u64) -> Self {
        let whole = match fault.frame.map_or(frames, |frame| frame - 1) {
            0 => "no frame before it".into(),
            number => format!("{} before it", count(number, "frame")),
        };
        Self {
            frame: fault.frame,
            offset: Some(fault.offset),
            skipped_bytes: fault.aftermath.map(|aftermath| aftermath.passed),
            ..Self::plain(capture, fault.name(), format!("{fault} ({whole})"))
        }
    }

    /// Reading ended before the capture did, after `frames`.
    pub fn interrupted(capture: &str, frames: u64) -> Self {
        Self::plain(capture, INTERRUPTED, format!("was not read further than frame {frames}: interrupted"))
    }

    /// Reading ended before these captures were reached.
    pub fn not_reached(capture: &str, others: u64) -> Self {
        let others = match others {
            0 => String::new(),
            1 => ", nor was 1 capture after it".into(),
            _ => format!(", nor were {} after it", count(others, "capture")),
        };
        Self::plain(capture, INTERRUPTED, format!("was not read{others}: interrupted"))
    }

    /// Further faults of the capture, which are only counted.
    pub fn further_faults(capture: &str, count: u64) -> Self {
        Self::plain(capture, "corrupt", format!("has {count} further corrupt blocks"))
    }

    /// `frames` frames begin with a link layer that is not known; `first` is the first of them.
    pub fn link_type(capture: &str, link: LinkType, frames: u64, first: u64) -> Self {
        let name = link::name(link).map_or_else(String::new, |name| format!(" ({name})"));
        let message = format!(
            "has {} of LINKTYPE {}{name}, which is not supported; frame {first} is the first",
            count(frames, "frame"),
            link.0
        );
        Self { frame: Some(first), ..Self::plain(capture, "unsupported-link-type", message) }
    }

    fn plain(capture: &str, kind: &'static str, message: String) -> Self {
        Self { capture: capture.into(), kind, frame: None, offset: None, skipped_bytes: None, message }
    }
}

impl fmt::Display for Problem {
    /// One line for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", text::capture(&self.capture), self.message)
    }
}
