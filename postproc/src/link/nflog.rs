//! NFLOG: what Linux's netfilter hands to a program that logs packets.

use etherparse::EtherType;

use super::{Layer, Step};

/// Family, version, resource, and behind them fields with length and type in the byte order of the machine that
/// captured, each padded to four bytes. The packet is one of them.
pub(super) fn nflog(bytes: &[u8]) -> Step {
    let Some(header) = bytes.first_chunk::<4>() else { return Step::Cut };
    let protocol = match header[0] {
        2 => EtherType::IPV4,
        10 => EtherType::IPV6,
        _ => return Step::Other,
    };
    let places = [u16::from_le_bytes, u16::from_be_bytes].map(|order| payload(bytes, order));
    match places {
        [Some(place), _] | [None, Some(place)] => Step::To(Layer::Protocol(protocol), place),
        [None, None] => Step::Other,
    }
}

/// Where the packet begins, when the fields are written in this byte order.
fn payload(bytes: &[u8], order: fn([u8; 2]) -> u16) -> Option<usize> {
    const PAYLOAD: u16 = 9;
    let mut offset = 4;
    loop {
        let field = bytes.get(offset..)?.first_chunk::<4>()?;
        let length = usize::from(order([field[0], field[1]]));
        if length < field.len() {
            return None;
        }
        // The highest bits say that a field is made of fields, or in network byte order.
        if order([field[2], field[3]]) & 0x3fff == PAYLOAD {
            return Some(offset + field.len());
        }
        offset += length.next_multiple_of(4);
    }
}
