//! Summary of a packet by its fixed headers, before its connection is looked up.

use crate::intake::connection_index::ConnectionIndex;
use crate::intake::flow::Flow;
use crate::packet::segment::Flags;

/// Kind of a packet and, for a TCP segment, its flow. That of a frame without a packet by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PacketSummary {
    pub flow: Flow,
    pub kind: PacketKind,
}

/// Kind of packet in a frame; the discriminants index [`PacketKind::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PacketKind {
    /// A frame without an IP packet.
    #[default]
    NoIp,
    /// A packet of another protocol than TCP.
    NotTcp,
    /// A segment with payload, without SYN, RST or FIN.
    Data,
    /// A segment without payload, SYN, RST or FIN.
    PureAck,
    /// A segment with SYN, RST or FIN.
    Control,
    /// A packet whose headers the full parser has to read.
    NeedsFullParse,
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
        Self { flow, kind }
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
        // Without a branch on the kind, which the processor cannot predict.
        let is_data = matches!(self.kind, PacketKind::Data | PacketKind::PureAck);
        is_data & connections.may_be_relevant(self.flow, self.kind == PacketKind::PureAck)
            | matches!(self.kind, PacketKind::Control | PacketKind::NeedsFullParse)
    }
}
