//! Reads frames from capture files.
//!
//! pcap-file parses the records. The buffer is our own, for three reasons. A fault must name the
//! frame, the offset and the number of missing bytes, which a reader with a hidden buffer does not
//! know. A length field must be checked before memory is allocated for it. An unusual option in an
//! interface description must not end the reading.

mod block_type;
mod fault;
mod frame;
mod interface;
mod packet_block;
mod pcap;
mod pcapng;
mod record;
mod record_form;
mod resync;
#[cfg(test)]
mod tests;
mod ticks;
mod window;

use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use crate::format::{Format, Kind, MAGIC, OPENING, sniff};
#[cfg(test)]
use fault::Aftermath;
pub use fault::{Fault, FaultKind};
pub use frame::{FrameSink, FrameView, RawFrame};
pub use record::Record;
pub use window::Buffer;
use window::Window;

/// A link-layer type, numbered as in the LINKTYPE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkType(pub u16);

/// Maximum number of frames: frame numbers have 32 bits.
const MOST_FRAMES: u64 = u32::MAX as u64;

/// Capture that is being read.
pub enum Capture<R> {
    /// pcap, the format of libpcap.
    Pcap(pcap::Reader<R>),
    /// pcapng.
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
        // No more than this: a stream may deliver its first packets much later than its first
        // bytes.
        window.ensure(MAGIC).map_err(OpenError::Io)?;
        match sniff(window.bytes()) {
            Kind::Capture(Format::Pcap) => pcap::Reader::open(window).map(Self::Pcap).map_err(OpenError::Fault),
            Kind::Capture(Format::Pcapng) => Ok(Self::Pcapng(pcapng::Reader::new(window))),
            _ => {
                // More bytes may identify the format; if they cannot be read, the first ones must
                // do.
                let _ = window.ensure(OPENING);
                Err(OpenError::NotACapture(sniff(window.bytes())))
            }
        }
    }

    /// Returns the next frame; `None` at the end. After a fault, call it again: valid frames may
    /// follow.
    pub fn next_frame(&mut self) -> Option<Result<RawFrame<'_>, Fault>> {
        match self {
            Self::Pcap(reader) => reader.next_frame(),
            Self::Pcapng(reader) => reader.next_frame(),
        }
    }

    /// Passes the next frames to `sink`, in order, as long as they are valid, of the most frequent
    /// kind, and completely buffered. [`Self::next_frame`] returns the first other frame.
    #[inline]
    pub fn take_buffered(&mut self, sink: &mut impl FrameSink) {
        match self {
            Self::Pcap(reader) => reader.take_buffered(sink),
            Self::Pcapng(reader) => reader.take_buffered(sink),
        }
    }

    /// Returns whether the next frame, valid or not, is completely buffered. The places of frames
    /// are valid until this returns false.
    #[inline]
    pub fn has_frame(&self) -> bool {
        match self {
            Self::Pcap(reader) => reader.has_frame(),
            Self::Pcapng(reader) => reader.has_frame(),
        }
    }

    /// Replaces the content of `buffer` with the bytes of the frames that were read since the last
    /// call. Its memory is reused for reading.
    pub fn swap_buffer(&mut self, buffer: &mut Buffer) {
        match self {
            Self::Pcap(reader) => reader.swap_buffer(buffer),
            Self::Pcapng(reader) => reader.swap_buffer(buffer),
        }
    }

    /// Returns the number of bytes of the file that were read so far.
    pub fn offset(&self) -> u64 {
        match self {
            Self::Pcap(reader) => reader.offset(),
            Self::Pcapng(reader) => reader.offset(),
        }
    }

    /// Returns the offset in the file of the bytes that [`Self::swap_buffer`] would return now.
    pub fn kept_offset(&self) -> u64 {
        match self {
            Self::Pcap(reader) => reader.kept_offset(),
            Self::Pcapng(reader) => reader.kept_offset(),
        }
    }

    /// Returns the number of interfaces that were described so far, in all sections.
    pub fn interfaces(&self) -> u32 {
        match self {
            Self::Pcap(_) => 0,
            Self::Pcapng(reader) => reader.interfaces(),
        }
    }

    /// Continues, after nothing but the head of the file was read, with the first frames after this
    /// offset, at which `source` begins. Frames are found as after damage, and counted from there.
    pub fn continue_at(&mut self, source: R, offset: u64) {
        match self {
            Self::Pcap(reader) => reader.continue_at(source, offset),
            Self::Pcapng(reader) => reader.continue_at(source, offset),
        }
    }

    /// Returns the number of frames read so far, as Wireshark counts them: damaged frames and
    /// numbered blocks without a packet are included.
    pub fn frames(&self) -> u64 {
        match self {
            Self::Pcap(reader) => reader.frames(),
            Self::Pcapng(reader) => reader.frames(),
        }
    }
}
