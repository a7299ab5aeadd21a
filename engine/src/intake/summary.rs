//! What the fixed headers of a packet show, before anything is known of its connection.

use crate::intake::connection_index::ConnectionIndex;
use crate::intake::flow::Flow;
use crate::packet::segment::Flags;

/// The kind of a packet and, where it is a TCP segment, its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PacketSummary {
    pub flow: Flow,
    pub kind: PacketKind,
}

/// What kind of packet a frame holds; the numbers index [`PacketKind::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketKind {
    /// No IP packet.
    NoIp,
    /// Another protocol than TCP.
    NotTcp,
    /// A segment with payload, without SYN, RST and FIN.
    Data,
    /// A segment without payload, SYN, RST and FIN.
    PureAck,
    /// A segment with SYN, RST or FIN.
    Control,
    /// A packet whose headers the full parser has to read.
    NeedsFullParse,
}

impl PacketKind {
    pub(crate) const ALL: [Self; 6] =
        [Self::NoIp, Self::NotTcp, Self::Data, Self::PureAck, Self::Control, Self::NeedsFullParse];
}

impl PacketSummary {
    /// Summarises a packet that is not known to be a TCP segment.
    #[inline]
    pub(crate) const fn without_flow(kind: PacketKind) -> Self {
        Self { flow: Flow::NONE, kind }
    }

    /// Summarises a TCP segment.
    #[inline(always)]
    pub(crate) const fn segment(flow: Flow, flags: Flags, has_payload: bool) -> Self {
        let kind = match (flags.is_plain(), has_payload) {
            (false, _) => PacketKind::Control,
            (true, true) => PacketKind::Data,
            (true, false) => PacketKind::PureAck,
        };
        Self { flow, kind }
    }

    /// Whether the packet may show something of a handshake, by what is known of its connection now; asks the filter alone.
    #[inline(always)]
    pub(crate) fn may_matter(&self, connections: &ConnectionIndex) -> bool {
        // Without a branch on the kind, which cannot be predicted.
        let is_data = matches!(self.kind, PacketKind::Data | PacketKind::PureAck);
        is_data & connections.may_be_active(self.flow.hash)
            | matches!(self.kind, PacketKind::Control | PacketKind::NeedsFullParse)
    }
}
