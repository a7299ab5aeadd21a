//! pcapng files (draft-ietf-opsawg-pcapng), written block by block.

use crate::ByteOrder;
use crate::pcap::Packet;

/// Option `if_tsresol` of an interface: the resolution of its times.
pub const IF_TSRESOL: u16 = 9;
/// Option `if_tsoffset` of an interface: seconds to add to its times.
pub const IF_TSOFFSET: u16 = 14;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// A file in the making.
#[derive(Clone, Debug)]
pub struct Pcapng {
    /// What was written so far.
    pub bytes: Vec<u8>,
    order: ByteOrder,
}

impl Pcapng {
    /// Begins a file with a section.
    #[must_use]
    pub fn new(order: ByteOrder) -> Self {
        let mut file = Self { bytes: Vec::new(), order };
        file.section(order);
        file
    }

    /// Begins a section of unknown length, in this byte order.
    pub fn section(&mut self, order: ByteOrder) -> &mut Self {
        self.order = order;
        let body = [&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &[0xff; 8]].concat();
        self.block(SECTION_HEADER, &body)
    }

    /// Adds a block of any type.
    pub fn block(&mut self, block_type: u32, body: &[u8]) -> &mut Self {
        let padded = body.len().next_multiple_of(4);
        let length = self.order.u32(padded as u32 + 12);
        self.bytes.extend(self.order.u32(block_type));
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.resize(self.bytes.len() + padded - body.len(), 0);
        self.bytes.extend(length);
        self
    }

    /// Adds an interface; a snap length of 0 is none. Options: code and value.
    pub fn interface(&mut self, link: u32, snap_length: u32, options: &[(u16, &[u8])]) -> &mut Self {
        let order = self.order;
        let mut body = [&order.u16(link as u16)[..], &order.u16(0), &order.u32(snap_length)].concat();
        for (code, value) in options {
            body.extend(order.u16(*code));
            body.extend(order.u16(value.len() as u16));
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        if !options.is_empty() {
            body.extend([0; 4]);
        }
        self.block(INTERFACE_DESCRIPTION, &body)
    }

    /// Adds an enhanced packet block; `ticks` is its time in the interface's resolution.
    pub fn enhanced<'a>(&mut self, interface: u32, ticks: u64, packet: impl Into<Packet<'a>>) -> &mut Self {
        let packet = packet.into();
        let header = enhanced_header(self.order, interface, ticks, packet.bytes.len(), packet.original as usize);
        self.block(ENHANCED_PACKET, &[&header[8..], packet.bytes].concat())
    }

    /// Adds an obsolete packet block; `drops` is its drop count.
    pub fn obsolete<'a>(&mut self, interface: u16, drops: u16, ticks: u64, packet: impl Into<Packet<'a>>) -> &mut Self {
        let (order, packet) = (self.order, packet.into());
        let words = [(ticks >> 32) as u32, ticks as u32, packet.bytes.len() as u32, packet.original];
        let body = [&order.u16(interface)[..], &order.u16(drops), &order.words(&words), packet.bytes].concat();
        self.block(OBSOLETE_PACKET, &body)
    }

    /// Adds a simple packet block, which has no time and belongs to the first interface.
    pub fn simple<'a>(&mut self, packet: impl Into<Packet<'a>>) -> &mut Self {
        let packet = packet.into();
        self.block(SIMPLE_PACKET, &[&self.order.u32(packet.original)[..], packet.bytes].concat())
    }
}

/// Returns what precedes the packet in an enhanced packet block. The packet, its padding and [`enhanced_length`] follow.
#[must_use]
pub fn enhanced_header(order: ByteOrder, interface: u32, ticks: u64, captured: usize, original: usize) -> [u8; 28] {
    let length = enhanced_length(captured);
    let ticks = [(ticks >> 32) as u32, ticks as u32];
    let words = [ENHANCED_PACKET, length, interface, ticks[0], ticks[1], captured as u32, original as u32];
    let mut header = [0; 28];
    for (field, word) in header.chunks_mut(4).zip(words) {
        field.copy_from_slice(&order.u32(word));
    }
    header
}

/// Returns the length of an enhanced packet block with `captured` bytes of a packet and no options.
#[must_use]
pub const fn enhanced_length(captured: usize) -> u32 {
    32 + captured.next_multiple_of(4) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_padded_and_framed_by_their_length_in_the_byte_order_of_their_section() {
        let mut file = Pcapng::new(ByteOrder::Big);
        file.interface(1, 5, &[(IF_TSRESOL, &[9])]).enhanced(0, 1 << 32 | 7, b"12345");
        let interface =
            [0, 0, 0, 1, 0, 0, 0, 32, 0, 1, 0, 0, 0, 0, 0, 5, 0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32];
        let packet = [
            [0, 0, 0, 6, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 5, 0, 0, 0, 5],
            [b'1', b'2', b'3', b'4', b'5', 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ];
        assert_eq!(file.bytes[28..60], interface);
        assert_eq!(file.bytes[60..], packet.as_flattened()[..40]);
        let before = file.bytes.len();
        file.section(ByteOrder::Little);
        assert_eq!(file.bytes[before..before + 12], [10, 13, 13, 10, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a]);
    }
}
