//! Frames at a glance: what tells of most packets, without a look at what is known, that they do not matter.
//!
//! Whoever reads a capture makes [`Sighting`]s, in a thread of its own if it likes, and hands them to
//! [`crate::Analyzer::push_all`] many at a time, with the bytes that they were made from.

use crate::intake::flow::Flow;
use crate::intake::keyed_hash::KeyedHash;
use crate::packet::ip::{Glimpse, glimpse, usual_segment};
use crate::packet::observation::{Frame, Timestamp};
use crate::packet::segment::Flags;

/// Makes sightings for the analyzer that gave it ([`crate::Analyzer::lookout`]), under whose key they know connections. To another
/// one they tell nothing.
#[derive(Clone, Copy, Debug)]
pub struct Lookout(pub(crate) KeyedHash);

/// One frame at a glance: when it was captured, which connection its packet is of and which way it goes, whether it may matter,
/// and where the packet stands in the bytes that it was read into.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    /// Those of its [`Flow`], which takes more room by itself: two of these fill a line of the processor's caches.
    hash: u64,
    pub(crate) time: Timestamp,
    number: u32,
    /// Where its packet stands.
    start: u32,
    length: u32,
    pub(crate) kind: Kind,
    from_low: bool,
}

const _: () = assert!(size_of::<Sighting>() == 32, "two of them a cache line");

/// Sightings that are looked at together.
pub(crate) const GROUP: usize = 32;

/// What a frame seems to hold; as numbers, what has to be counted of it, as [`Counts`] adds it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Kind {
    /// No IP packet.
    Nothing = 0,
    /// Another protocol than TCP.
    NotTcp = 1 << 6,
    /// A segment without SYN, RST and FIN, with payload.
    Laden = 1,
    /// The same without payload.
    Bare = 1 | 1 << 13,
    /// A segment with one of them.
    Turning = 1 | 1 << 12,
    /// To be read whole, and counted then.
    Unclear = 1 << 12,
}

/// What a group's sightings count, six bits for each number: a group has no more than fit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts(u32);

const _: () = assert!(GROUP < 1 << 6, "six bits a number");

impl Counts {
    #[inline]
    pub(crate) const fn add(&mut self, kind: Kind) {
        self.0 += kind as u32;
    }

    /// TCP segments that are clear.
    pub(crate) fn segments(self) -> u64 {
        (self.0 & 0x3f).into()
    }

    /// Packets of other protocols.
    pub(crate) fn not_tcp(self) -> u64 {
        (self.0 >> 6 & 0x3f).into()
    }
}

impl Kind {
    /// Whether it is looked at whatever is known of its connection.
    #[inline]
    pub(crate) const fn is_for_sure(self) -> bool {
        self as u16 & 1 << 12 != 0
    }

    /// Whether it is a segment without SYN, RST and FIN.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        self as u16 & (1 << 12 | 1) == 1
    }

    /// That of a segment.
    #[inline(always)]
    const fn of(flags: Flags, is_bare: bool) -> Self {
        if !flags.is_plain() {
            Self::Turning
        } else if is_bare {
            Self::Bare
        } else {
            Self::Laden
        }
    }
}

impl Lookout {
    /// Looks at the frame of that number (from 1, as in [`Frame::number`]), captured at that time. `packet` is its IP packet from the
    /// header's first byte on, as much as was captured, perhaps with the link layer's padding behind it; `start` is at which byte
    /// it begins of those that [`crate::Analyzer::push_all`] will get. Whatever the bytes are, this does not fail.
    #[must_use]
    pub fn packet(self, number: u32, time: Timestamp, packet: &[u8], start: u32) -> Sighting {
        let (flow, kind) = match glimpse(self.0, packet) {
            Glimpse::Tcp(flow, flags, is_bare) => (flow, Kind::of(flags, is_bare)),
            Glimpse::NotTcp => (Flow::NONE, Kind::NotTcp),
            Glimpse::Unclear => (Flow::NONE, Kind::Unclear),
        };
        Sighting::new(flow, kind, (number, time), (start, packet.len() as u32))
    }

    /// The same, and quicker, where the packet holds what most do: a TCP segment right behind an IP header of the usual length.
    /// Of any other `None`, though it may hold one.
    #[inline(always)]
    #[must_use]
    pub fn usual_segment(self, number: u32, time: Timestamp, packet: &[u8], start: u32) -> Option<Sighting> {
        let (flow, flags, is_bare) = usual_segment(self.0, packet)?;
        Some(Sighting::new(flow, Kind::of(flags, is_bare), (number, time), (start, packet.len() as u32)))
    }

    /// A frame that holds no IP packet: it only shows that time went by, as [`crate::Analyzer::advance_time`] does.
    #[must_use]
    pub const fn no_packet(self, number: u32, time: Timestamp) -> Sighting {
        Sighting::new(Flow::NONE, Kind::Nothing, (number, time), (0, 0))
    }
}

impl Sighting {
    #[inline(always)]
    const fn new(flow: Flow, kind: Kind, frame: (u32, Timestamp), packet: (u32, u32)) -> Self {
        let (Flow { hash, from_low }, (number, time), (start, length)) = (flow, frame, packet);
        Self { hash, time, number, start, length, kind, from_low }
    }

    /// The connection of its packet, and which way that goes.
    #[inline]
    pub(crate) const fn flow(&self) -> Flow {
        Flow { hash: self.hash, from_low: self.from_low }
    }

    /// The frame of that capture.
    #[inline]
    pub(crate) const fn frame(&self, capture: u32) -> Frame {
        Frame { capture, number: self.number }
    }

    /// The packet, given the bytes that it stands in.
    #[inline]
    pub(crate) fn packet<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let packet = bytes.get(self.start as usize..).unwrap_or_default();
        packet.get(..self.length as usize).unwrap_or(packet)
    }
}
