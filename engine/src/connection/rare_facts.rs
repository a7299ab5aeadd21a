//! Facts that few handshakes have. They share one allocation, so that all others stay small.

use crate::Frame;
use crate::connection::elsewhere::AnswerElsewhere;
use crate::connection::handshake::WrongAcknowledgment;
use crate::connection::large_segments::StuckSegment;
use crate::connection::other_answers::OtherAnswers;
use crate::packet::icmp::{IcmpError, IcmpKind};

/// Facts that few handshakes have.
#[derive(Clone, Debug, Default)]
pub(crate) struct RareFacts {
    /// Set if `syn_ack` acknowledges a number that the client never sent.
    pub wrong_acknowledgment: Option<WrongAcknowledgment>,
    /// First SYN-ACK for the same SYN with another ISN.
    pub isn_changed: Option<Frame>,
    /// First SYN-ACK from another address or port than the SYN was sent to.
    pub elsewhere: Option<AnswerElsewhere>,
    /// Whether the SYN-ACK turned out to answer the SYN of another handshake, which has it now.
    pub is_absorbed: bool,
    /// First ICMP error that says that a packet of this handshake is not delivered.
    pub rejection: Option<Rejection>,
    /// First ICMP error that says that a packet of this handshake is too big.
    pub too_big: Option<IcmpError>,
    /// Whether the client acknowledged the SYN-ACK again before the server's next packet: a reset
    /// may then answer any of these ACKs.
    pub repeats_ack: bool,
    /// Segment of the client, and of the server, that does not arrive.
    pub stuck: [Option<StuckSegment>; 2],
    /// Answers that the client got from other listeners meanwhile. Only an observation that was read
    /// has them here; see [`crate::connection::handshakes::Handshakes::other_answers`].
    pub other_answers: OtherAnswers,
}

/// ICMP error about a packet of a handshake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejection {
    pub error: IcmpError,
    pub packet: RejectedPacket,
}

/// Packet that an ICMP error quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RejectedPacket {
    Syn,
    SynAck,
    /// Later segment of the client.
    OfClient,
    /// Later segment of the server.
    OfServer,
}

impl RareFacts {
    /// Records an ICMP error about a packet. Returns whether it is the first of its kind.
    pub(super) fn add_error(&mut self, error: IcmpError, packet: RejectedPacket) -> bool {
        match error.kind {
            IcmpKind::TooBig { .. } => insert_first(&mut self.too_big, error),
            IcmpKind::Rejected { .. } => insert_first(&mut self.rejection, Rejection { error, packet }),
        }
    }
}

/// Fills an empty place. Returns whether it was empty.
fn insert_first<T>(place: &mut Option<T>, value: T) -> bool {
    let is_first = place.is_none();
    place.get_or_insert(value);
    is_first
}
