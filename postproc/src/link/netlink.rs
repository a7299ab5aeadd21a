//! Netlink: packets that Linux's netfilter passes to a logging program or queues for one.

use etherparse::EtherType;

use super::nflog::{self, ByteOrder};
use super::{Layer, Step};

/// Netlink family of netfilter.
const NETFILTER: u16 = 12;
/// Subsystems of netfilter that carry packets, the high byte of a message's type.
const QUEUE: u8 = 3;
const LOG: u8 = 4;
/// Length of the header of a netlink message, in bytes.
const MESSAGE_HEADER: usize = 16;
/// Attribute with a queued packet's identification, protocol and hook.
const QUEUED_HEADER: u16 = 1;
/// Attribute with a queued packet.
const QUEUED_PACKET: u16 = 10;

/// Finds the packet in the first netlink message of a frame. Its header is in the byte order of the
/// capturing machine: length and type show which.
pub(super) fn messages(family: u16, bytes: &[u8]) -> Step {
    if family != NETFILTER {
        return Step::Other;
    }
    let Some(header) = bytes.first_chunk::<MESSAGE_HEADER>() else { return Step::Cut };
    // A length in the wrong order is far too large.
    let (order, subsystem): (ByteOrder, u8) =
        if header[2..4] == [0, 0] { (u16::from_le_bytes, header[5]) } else { (u16::from_be_bytes, header[4]) };
    let message = &bytes[MESSAGE_HEADER..];
    let step = match subsystem {
        LOG => nflog::nflog(message),
        QUEUE => queued(message, order),
        _ => Step::Other,
    };
    step.further(MESSAGE_HEADER)
}

/// Parses the message of a queued packet: a header like NFLOG's, and attributes. The protocol is an
/// EtherType in network byte order.
fn queued(bytes: &[u8], order: ByteOrder) -> Step {
    let protocol = nflog::attribute(bytes, order, QUEUED_HEADER).and_then(|at| bytes.get(at + 4..at + 6));
    let packet = nflog::attribute(bytes, order, QUEUED_PACKET);
    match (protocol, packet) {
        (Some(&[high, low]), Some(at)) => Step::To(Layer::Protocol(EtherType(u16::from_be_bytes([high, low]))), at),
        _ => Step::Other,
    }
}
