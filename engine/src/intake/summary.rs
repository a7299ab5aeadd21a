//! Summary of a packet by its fixed headers, before its connection is looked up.

use crate::intake::connection_index::ConnectionIndex;
use crate::intake::flow::{Direction, Flow};
use crate::packet::segment::Flags;

/// Kind of a packet and, for a TCP segment, its flow. The default is the summary of a frame without
/// a packet. It has the fields of a [`Flow`], not the flow itself, which would take eight bytes
/// more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PacketSummary {
    /// Hash of the flow.
    pub hash: u64,
    direction: Direction,
    pub kind: PacketKind,
}

/// Kind of packet in a frame. The discriminants are places in the word of
/// [`PacketSummary::may_matter`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PacketKind {
    /// A frame without an IP packet.
    #[default]
    NoIp = 0,
    /// A packet of another protocol than TCP.
    NotTcp = 1,
    /// A segment with payload, without SYN, RST or FIN.
    Data = 2,
    /// A segment without payload, SYN, RST or FIN.
    PureAck = 3,
    /// A segment with SYN, RST or FIN.
    Control = 6,
    /// A packet whose headers the full parser has to read.
    NeedsFullParse = 7,
}

impl PacketKind {
    /// All kinds, in order of their discriminants.
    pub(crate) const ALL: [Self; 6] =
        [Self::NoIp, Self::NotTcp, Self::Data, Self::PureAck, Self::Control, Self::NeedsFullParse];
}

impl PacketSummary {
    /// Returns the summary of a packet that is not known to be a TCP segment.
    #[inline]
    pub(crate) fn without_flow(kind: PacketKind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Returns the summary of a TCP segment.
    #[inline(always)]
    pub(crate) const fn segment(flow: Flow, flags: Flags, has_payload: bool) -> Self {
        let kind = match (flags.is_plain(), has_payload) {
            (false, _) => PacketKind::Control,
            (true, true) => PacketKind::Data,
            (true, false) => PacketKind::PureAck,
        };
        Self { hash: flow.hash, direction: flow.direction, kind }
    }

    /// Returns the flow of a TCP segment.
    #[inline]
    pub(crate) const fn flow(&self) -> Flow {
        Flow { hash: self.hash, direction: self.direction }
    }

    /// Returns whether the packet is a TCP segment, or one that only the full parser can read.
    #[inline]
    pub(crate) const fn may_be_segment(&self) -> bool {
        !matches!(self.kind, PacketKind::NoIp | PacketKind::NotTcp)
    }

    /// Returns whether the packet may show something of a handshake in the current state of its
    /// connection. Reads only the filter of the index.
    #[inline(always)]
    pub(crate) fn may_matter(&self, connections: &ConnectionIndex) -> bool {
        // Four bits for each kind, without a branch on it, which the processor cannot predict: zero
        // without a segment, the connection's counts for data, ones for what is always read.
        let kinds = ALWAYS_READ | u64::from(connections.counts(self.hash)) << DATA_KINDS;
        kinds >> (4 * (self.kind as u32 + 2 * self.direction as u32)) & 0xf != 0
    }
}

/// Position of the counts in the word of [`PacketSummary::may_matter`].
const DATA_KINDS: u32 = 4 * PacketKind::Data as u32;

/// Ones for [`PacketKind::Control`], in both directions, and [`PacketKind::NeedsFullParse`].
const ALWAYS_READ: u64 = 0xffff << (4 * PacketKind::Control as u32);
