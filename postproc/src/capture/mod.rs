//! Capture files: bytes in, frames out.
//!
//! The record parsers are pcap-file's raw ones. Around them stands a buffer of our own, for three reasons: a fault must
//! name frame, offset and missing bytes, which a reader that hides its buffer does not know; a length field must be
//! judged before memory is given to it; and an odd option in an interface description must not end the reading.

mod block_type;
mod fault;
mod frame;
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

use crate::format::{Format, Kind, MAGIC, OPENING, sniff};
#[cfg(test)]
use fault::Aftermath;
pub use fault::{Fault, FaultKind};
pub use frame::{FrameSink, FrameView, RawFrame};
pub use record::Record;
pub use window::Buffer;
use window::Window;

/// A link-layer type, numbered as in the LINKTYPE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

/// Frames that can be numbered.
const MOST_FRAMES: u64 = u32::MAX as u64;

/// A capture being read.
pub enum Capture<R> {
    /// libpcap's format.
    Pcap(pcap::Reader<R>),
    /// Its successor.
    Pcapng(pcapng::Reader<R>),
}

/// Reason why a file cannot be opened as a capture.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The first bytes could not be read.
    #[error("cannot be read: {0}")]
    Io(#[source] io::Error),
    /// The first bytes are not those of a supported format.
    #[error("{0}")]
    NotACapture(Kind),
    /// The file header is damaged.
    #[error(transparent)]
    Fault(Fault),
}

impl<R: Read> Capture<R> {
    /// Opens a capture: reads enough to detect its format.
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

    /// Gives `sink` the frames that come next, in order, as long as they are sound, of the most frequent kind, and buffered whole. The
    /// first other frame is left to [`Self::next_frame`].
    #[inline]
    pub fn take_buffered(&mut self, sink: &mut impl FrameSink) {
        match self {
            Self::Pcap(reader) => reader.take_buffered(sink),
            Self::Pcapng(reader) => reader.take_buffered(sink),
        }
    }

    /// Whether the next frame, sound or not, is buffered whole. Until this is false the places of frames are valid.
    #[inline]
    pub fn has_frame(&self) -> bool {
        match self {
            Self::Pcap(reader) => reader.has_frame(),
            Self::Pcapng(reader) => reader.has_frame(),
        }
    }

    /// Replaces the content of `buffer` with the bytes of the frames that were read since the last call. What is in it is
    /// reused for reading.
    pub fn swap_buffer(&mut self, buffer: &mut Buffer) {
        match self {
            Self::Pcap(reader) => reader.swap_buffer(buffer),
            Self::Pcapng(reader) => reader.swap_buffer(buffer),
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
