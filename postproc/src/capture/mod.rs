//! Capture files: bytes in, frames out.
//!
//! The record parsers are pcap-file's raw ones. Around them stands a buffer of our own, for three reasons: a fault must
//! name frame, offset and missing bytes, which a reader that hides its buffer cannot tell; a length field must be
//! judged before memory is given to it; and an odd option in an interface description must not end the reading.

mod bare;
mod fault;
mod interface;
mod packet_block;
mod pcap;
mod pcapng;
mod record;
mod resync;
#[cfg(test)]
mod tests;
mod ticks;
mod window;

use std::io::{self, Read};

use syncookie_engine::Timestamp;

use crate::format::{Format, Kind, MAGIC, OPENING, sniff};
pub use bare::{BareFrame, in_groups};
#[cfg(test)]
use fault::Aftermath;
pub use fault::{Fault, FaultKind};
pub use record::Record;
use window::Window;
pub use window::{Base, Taken};

/// A link-layer type, numbered as in the LINKTYPE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

/// Frames that can be numbered.
const MOST_FRAMES: u64 = u32::MAX as u64;

/// One packet record of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawFrame<'a> {
    /// 1-based, as Wireshark counts.
    pub number: u32,
    /// `None` in a simple packet block, which has none.
    pub time: Option<Timestamp>,
    /// What the bytes begin with.
    pub link: LinkType,
    /// The bytes, as many as were captured.
    pub data: &'a [u8],
    /// Where they begin in what [`Capture::hand_over`] will hand over.
    pub place: usize,
    /// What else is needed to write it again.
    pub record: Record<'a>,
}

/// A capture being read.
pub enum Capture<R> {
    /// libpcap's format.
    Pcap(pcap::Reader<R>),
    /// Its successor.
    Pcapng(pcapng::Reader<R>),
}

/// Why a file is not read as a capture at all.
#[derive(Debug)]
pub enum OpenError {
    /// The first bytes could not be read.
    Io(io::Error),
    /// The first bytes are not those of a format that is read here.
    NotACapture(Kind),
    /// A capture, but one whose head is damaged.
    Fault(Fault),
}

impl<R: Read> Capture<R> {
    /// Reads as much as tells the format.
    pub fn open(source: R) -> Result<Self, OpenError> {
        let mut window = Window::new(source);
        // No more than this: a stream may give its first packets much later than its head.
        window.ensure(MAGIC).map_err(OpenError::Io)?;
        match sniff(window.bytes()) {
            Kind::Capture(Format::Pcap) => pcap::Reader::open(window).map(Self::Pcap).map_err(OpenError::Fault),
            Kind::Capture(Format::Pcapng) => Ok(Self::Pcapng(pcapng::Reader::new(window))),
            _ => {
                // What cannot be read is named as well as can be, even where the rest cannot be had.
                let _ = window.ensure(OPENING);
                Err(OpenError::NotACapture(sniff(window.bytes())))
            }
        }
    }

    /// The next frame; `None` at the end. After a fault, go on calling: what can still be read comes, then `None`.
    pub fn next_frame(&mut self) -> Option<Result<RawFrame<'_>, Fault>> {
        match self {
            Self::Pcap(reader) => reader.next_frame(),
            Self::Pcapng(reader) => reader.next_frame(),
        }
    }

    /// Shows the frames that come next, in order and many at a time, as long as they are what most are, sound, and need no more of
    /// the file than was read; with what their places are counted from. The first that is not is for [`Self::next_frame`] to give.
    pub fn show_buffered(&mut self, show: impl FnMut(&[BareFrame<'_>], Base)) {
        match self {
            Self::Pcap(reader) => reader.show_buffered(show),
            Self::Pcapng(reader) => reader.show_buffered(show),
        }
    }

    /// Whether the next frame, sound or not, needs no more of the file than was read. Until this is false the places of frames
    /// hold.
    #[inline]
    pub fn has_frame(&self) -> bool {
        match self {
            Self::Pcap(reader) => reader.has_frame(),
            Self::Pcapng(reader) => reader.has_frame(),
        }
    }

    /// Hands over the bytes of the frames that were read since it last did, in exchange for those it handed over earlier.
    pub fn hand_over(&mut self, taken: &mut Taken) {
        match self {
            Self::Pcap(reader) => reader.hand_over(taken),
            Self::Pcapng(reader) => reader.hand_over(taken),
        }
    }

    /// Bytes of the file that were read so far.
    pub fn offset(&self) -> u64 {
        match self {
            Self::Pcap(reader) => reader.offset(),
            Self::Pcapng(reader) => reader.offset(),
        }
    }

    /// Frames read so far, as Wireshark counts them: those that hold no packet and damaged ones included.
    pub fn frames(&self) -> u64 {
        match self {
            Self::Pcap(reader) => reader.frames(),
            Self::Pcapng(reader) => reader.frames(),
        }
    }
}
