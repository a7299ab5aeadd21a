//! NFLOG: packets that Linux's netfilter passes to a logging program.

use etherparse::EtherType;

use super::{Layer, Step};

/// Parses an NFLOG header: family, version and resource, then fields with length and type in the
/// byte order of the capturing machine, each padded to four bytes. One of the fields is the packet.
pub(super) fn nflog(bytes: &[u8]) -> Step {
    let Some(header) = bytes.first_chunk::<4>() else { return Step::Cut };
    let protocol = match header[0] {
        2 => EtherType::IPV4,
        10 => EtherType::IPV6,
        _ => return Step::Other,
    };
    const PAYLOAD: u16 = 9;
    let places = [u16::from_le_bytes, u16::from_be_bytes].map(|order| attribute(bytes, order, PAYLOAD));
    match places {
        [Some(place), _] | [None, Some(place)] => Step::To(Layer::Protocol(protocol), place),
        [None, None] => Step::Other,
    }
}

/// Reader of a field of two bytes.
pub(super) type ByteOrder = fn([u8; 2]) -> u16;

/// Returns the offset of the value of the first field with this type if the fields have this byte
/// order; `None` otherwise.
pub(super) fn attribute(bytes: &[u8], order: ByteOrder, kind: u16) -> Option<usize> {
    let mut offset = 4;
    loop {
        let field = bytes.get(offset..)?.first_chunk::<4>()?;
        let length = usize::from(order([field[0], field[1]]));
        if length < field.len() {
            return None;
        }
        // The two highest bits mark nested fields and network byte order.
        if order([field[2], field[3]]) & 0x3fff == kind {
            return Some(offset + field.len());
        }
        offset += length.next_multiple_of(4);
    }
}
