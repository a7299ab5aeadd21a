//! Segments of connections whose handshake is not among the packets that were read. If a capture is
//! read in stretches, only the judge knows whether another stretch has it.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::intake::flow::Flow;
use crate::intake::midstream::SegmentOfUnknown;
use crate::packet::segment::{Flags, Segment};
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame, Midstream};

/// Segment of a connection whose handshake is not among the packets that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LooseSegment {
    /// Its frame.
    pub frame: Frame,
    /// Its sender.
    pub source: Endpoint,
    /// Its receiver.
    pub destination: Endpoint,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgment number.
    pub ack: u32,
    /// TCP flags: byte 13 of the TCP header.
    pub flags: u8,
}

impl SegmentOfUnknown for LooseSegment {
    fn frame(&self) -> Frame {
        self.frame
    }

    fn flags(&self) -> Flags {
        Flags(self.flags)
    }

    fn seq(&self) -> SeqNumber {
        SeqNumber(self.seq)
    }

    fn ack(&self) -> SeqNumber {
        SeqNumber(self.ack)
    }

    fn source(&self) -> Endpoint {
        self.source
    }
}

/// Segments that may show something, a few of each connection.
#[derive(Debug, Default)]
pub(crate) struct LooseSegments {
    /// Hash of each connection, and the kinds of its segments that are kept.
    table: HashTable<(u64, u8)>,
    kept: Vec<LooseSegment>,
}

impl LooseSegments {
    /// Adds a segment if it is the first of a kind in its connection and direction: of all segments,
    /// of all resets, of those without an ACK flag, and of those among them that come from a known
    /// listener.
    pub(crate) fn add(&mut self, flow: Flow, segment: &Segment<'_>, is_listener: bool) {
        let flags = segment.flags();
        let is_reset = flags.has(Flags::RST);
        let has_no_ack = is_reset && !flags.has(Flags::ACK);
        let kinds = [true, is_reset, has_no_ack, has_no_ack && is_listener];
        let bits = (0..).zip(kinds).fold(0, |bits, (bit, is_kind)| bits | u8::from(is_kind) << bit);
        let bits = bits << (4 * flow.direction as u32);
        let is_full = self.table.len() as u64 >= Midstream::MOST_CONNECTIONS;
        let before = match self.table.entry(flow.hash, |(hash, _)| *hash == flow.hash, |(hash, _)| *hash) {
            Entry::Occupied(mut known) => {
                let kinds = &mut known.get_mut().1;
                std::mem::replace(kinds, *kinds | bits)
            }
            Entry::Vacant(_) if is_full => bits,
            Entry::Vacant(place) => {
                place.insert((flow.hash, bits));
                0
            }
        };
        if bits & !before != 0 {
            self.kept.push(LooseSegment {
                frame: segment.frame,
                source: segment.source(),
                destination: segment.destination(),
                seq: segment.seq().0,
                ack: segment.ack().0,
                flags: flags.0,
            });
        }
    }

    /// Returns the segments, in their order.
    pub(crate) fn into_kept(self) -> Vec<LooseSegment> {
        self.kept
    }
}
