//! Frames at a glance: what tells of most packets, without a look at what is known, that they do not matter.
//!
//! Whoever reads a capture makes [`Sighting`]s, in a thread of its own if it likes, and hands them to
//! [`crate::Analyzer::push_all`] many at a time, with the bytes that they were made from.

use crate::decode::{Glimpse, glimpse, usual_segment};
use crate::flow::Flow;
use crate::observation::{Frame, Observation, Packet, Timestamp};
use crate::seeded::Seeded;
use crate::segment::Flags;

/// Makes sightings for the analyzer that gave it ([`crate::Analyzer::lookout`]), under whose key they know connections. To another
/// one they tell nothing.
#[derive(Clone, Copy, Debug)]
pub struct Lookout(pub(crate) Seeded);

/// One frame at a glance: when it was captured, which connection its packet is of and which way it goes, whether it may matter,
/// and where the packet stands in the bytes that it was read into.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    pub(crate) flow: Flow,
    pub(crate) kind: Kind,
    pub(crate) time: Timestamp,
    number: u32,
    /// Where its packet stands.
    start: u32,
    length: u32,
}

/// Sightings that are looked at together.
pub(crate) const GROUP: usize = 32;

/// What a frame seems to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No IP packet.
    Nothing,
    /// Another protocol than TCP.
    NotTcp,
    /// A segment without SYN, RST and FIN.
    Plain,
    /// A segment with one of them.
    Turning,
    /// To be read whole.
    Unclear,
}

impl Kind {
    /// That of a segment.
    #[inline(always)]
    const fn of(flags: Flags) -> Self {
        if flags.is_plain() { Self::Plain } else { Self::Turning }
    }
}

impl Lookout {
    /// Looks at the frame of that number (from 1, as in [`Frame::number`]), captured at that time. `packet` is its IP packet from the
    /// header's first byte on, as much as was captured, perhaps with the link layer's padding behind it; `start` is at which byte
    /// it begins of those that [`crate::Analyzer::push_all`] will get. Whatever the bytes are, this does not fail.
    #[must_use]
    pub fn packet(self, number: u32, time: Timestamp, packet: &[u8], start: u32) -> Sighting {
        let (flow, kind) = match glimpse(self.0, packet) {
            Glimpse::Tcp(flow, flags) => (flow, Kind::of(flags)),
            Glimpse::NotTcp => (Flow::NONE, Kind::NotTcp),
            Glimpse::Unclear => (Flow::NONE, Kind::Unclear),
        };
        Sighting { flow, kind, time, number, start, length: packet.len() as u32 }
    }

    /// The same, and quicker, where the packet holds what most do: a TCP segment right behind an IP header of the usual length.
    /// Of any other `None`, though it may hold one.
    #[inline(always)]
    #[must_use]
    pub fn usual_segment(self, number: u32, time: Timestamp, packet: &[u8], start: u32) -> Option<Sighting> {
        let (flow, flags) = usual_segment(self.0, packet)?;
        Some(Sighting { flow, kind: Kind::of(flags), time, number, start, length: packet.len() as u32 })
    }

    /// A frame that holds no IP packet: it only shows that time went by, as [`crate::Analyzer::wait`] does.
    #[must_use]
    pub const fn no_packet(self, number: u32, time: Timestamp) -> Sighting {
        Sighting { flow: Flow::NONE, kind: Kind::Nothing, time, number, start: 0, length: 0 }
    }
}

impl Sighting {
    /// The frame as it was, given the bytes and the number of its capture.
    #[inline]
    pub(crate) fn observation<'a>(&self, capture: u32, bytes: &'a [u8]) -> Observation<'a> {
        let packet = bytes.get(self.start as usize..).unwrap_or_default();
        let packet = Packet::Ip(&packet[..packet.len().min(self.length as usize)]);
        Observation { frame: Frame { capture, number: self.number }, time: self.time, packet }
    }
}
