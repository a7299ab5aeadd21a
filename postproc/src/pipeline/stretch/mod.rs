//! Stretches of a series of captures, which workers read apart from each other.
//!
//! A stretch is a range of bytes of the whole series. A frame belongs to the stretch in which its
//! first byte is. [`Reader`] also reads what comes before and after it, as far as that matters.

mod places;
mod reader;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::source::series::Member;
use crate::source::walk::{Origin, Source};

pub use reader::{Edges, Reader, StretchEngine, StretchEvent};

/// Number of a stretch, and the number of stretches of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Number of the stretch, from 1.
    pub number: u32,
    /// Number of stretches.
    pub of: u32,
}

/// Reason why a text names no stretch.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected K/N, the number of a stretch and the number of all stretches")]
pub struct NotAStretch;

impl Stretch {
    /// Returns whether there is such a stretch.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        1 <= self.number && self.number <= self.of
    }
}

impl FromStr for Stretch {
    type Err = NotAStretch;

    fn from_str(text: &str) -> Result<Self, NotAStretch> {
        let (number, of) = text.split_once('/').ok_or(NotAStretch)?;
        let number_of = |digits: &str| digits.parse().map_err(|_| NotAStretch);
        let stretch = Self { number: number_of(number)?, of: number_of(of)? };
        if stretch.is_valid() { Ok(stretch) } else { Err(NotAStretch) }
    }
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// Part of a capture that belongs to a stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    /// Offsets of its bytes. They end far behind the file if its rest belongs to the stretch.
    offsets: Range<u64>,
    /// Whether the capture begins in the stretch.
    begins: bool,
}

/// Returns the part of each capture of a series that belongs to a stretch. A capture that is
/// compressed belongs to the stretch in which it begins.
fn parts(sources: &[Source], members: &[Member], stretch: Stretch) -> Vec<Option<Part>> {
    let bytes = |member: &Member| sources[member.source].bytes.unwrap_or_default();
    let total: u64 = members.iter().map(bytes).sum();
    let cut = |number: u32| (u128::from(total) * u128::from(number) / u128::from(stretch.of)) as u64;
    let is_last = stretch.number == stretch.of;
    let own = cut(stretch.number - 1)..cut(stretch.number);
    let mut next = 0;
    let part = |member: &Member| {
        let (start, source) = (next, &sources[member.source]);
        next += bytes(member);
        let begins = own.contains(&start) || is_last && start >= own.end;
        if !can_divide(source) {
            return begins.then_some(Part { offsets: 0..u64::MAX, begins });
        }
        let from = own.start.saturating_sub(start);
        let to = if is_last || own.end >= next { u64::MAX } else { own.end.saturating_sub(start) };
        let has_bytes = start < own.end && next > own.start;
        (begins || has_bytes).then_some(Part { offsets: from..to, begins })
    };
    members.iter().map(part).collect()
}

/// Returns whether a capture can be read from any place.
fn can_divide(source: &Source) -> bool {
    !matches!(source.origin, Origin::StandardInput) && source.compression.is_none() && source.bytes.is_some()
}
