//! Captures and packets made byte by byte, so that a mistake in the reader's library cannot hide in the tests.
#![allow(dead_code, reason = "each user takes a part of it")]

/// Byte order of a capture's own fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    Big,
    Little,
}

pub const ORDERS: [Order; 2] = [Order::Big, Order::Little];

/// A capture in the making.
#[derive(Clone, Debug)]
pub struct Builder {
    pub bytes: Vec<u8>,
    order: Order,
}

impl Builder {
    fn empty(order: Order) -> Self {
        Self { bytes: Vec::new(), order }
    }

    fn u16(&mut self, number: u16) -> &mut Self {
        self.bytes.extend(match self.order {
            Order::Big => number.to_be_bytes(),
            Order::Little => number.to_le_bytes(),
        });
        self
    }

    fn u32(&mut self, number: u32) -> &mut Self {
        self.bytes.extend(match self.order {
            Order::Big => number.to_be_bytes(),
            Order::Little => number.to_le_bytes(),
        });
        self
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    /// A pcap file header. `magic` 0xa1b2c3d4: microseconds, 0xa1b23c4d: nanoseconds.
    pub fn pcap(order: Order, magic: u32, link: u32) -> Self {
        let mut builder = Self::empty(order);
        builder.u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(link);
        builder
    }

    /// A pcap record with `data` as captured and a longer original.
    pub fn record(&mut self, seconds: u32, fraction: u32, data: &[u8]) -> &mut Self {
        let length = data.len() as u32;
        self.u32(seconds).u32(fraction).u32(length).u32(length + 100).raw(data)
    }

    /// A pcapng file with its first section header.
    pub fn pcapng(order: Order) -> Self {
        let mut builder = Self::empty(order);
        builder.section(order);
        builder
    }

    /// A further section, in this order from here on.
    pub fn section(&mut self, order: Order) -> &mut Self {
        self.order = order;
        let mut body = Self::empty(order);
        body.u32(0x1a2b_3c4d).u16(1).u16(0).raw(&[0xff; 8]);
        self.block(0x0a0d_0d0a, &body.bytes)
    }

    /// A block of any type.
    pub fn block(&mut self, block: u32, body: &[u8]) -> &mut Self {
        let padded = body.len().next_multiple_of(4);
        let length = padded as u32 + 12;
        self.u32(block).u32(length).raw(body).raw(&vec![0; padded - body.len()]).u32(length)
    }

    /// An interface with these options.
    pub fn interface(&mut self, link: u16, snap_length: u32, options: &[(u16, &[u8])]) -> &mut Self {
        let mut body = Self::empty(self.order);
        body.u16(link).u16(0).u32(snap_length);
        for (code, value) in options {
            body.u16(*code).u16(value.len() as u16).raw(value);
            body.raw(&vec![0; value.len().next_multiple_of(4) - value.len()]);
        }
        self.block(1, &body.bytes)
    }

    /// An enhanced packet block.
    pub fn enhanced(&mut self, interface: u32, ticks: u64, data: &[u8]) -> &mut Self {
        let mut body = Self::empty(self.order);
        body.u32(interface).stamp(ticks, data);
        self.block(6, &body.bytes)
    }

    /// An obsolete packet block, with a drop count that must not be taken for a part of the interface's number.
    pub fn obsolete(&mut self, interface: u16, ticks: u64, data: &[u8]) -> &mut Self {
        let mut body = Self::empty(self.order);
        body.u16(interface).u16(77).stamp(ticks, data);
        self.block(2, &body.bytes)
    }

    /// A simple packet block with a packet of `original` bytes.
    pub fn simple(&mut self, original: u32, data: &[u8]) -> &mut Self {
        let mut body = Self::empty(self.order);
        body.u32(original).raw(data);
        self.block(3, &body.bytes)
    }

    fn stamp(&mut self, ticks: u64, data: &[u8]) -> &mut Self {
        let length = data.len() as u32;
        self.u32((ticks >> 32) as u32).u32(ticks as u32).u32(length).u32(length + 100).raw(data)
    }

    /// The bytes of a number in this capture's order, for option values.
    pub fn i64(&self, number: i64) -> [u8; 8] {
        match self.order {
            Order::Big => number.to_be_bytes(),
            Order::Little => number.to_le_bytes(),
        }
    }
}

/// TCP flags.
pub const SYN: u8 = 0x02;
pub const ACK: u8 = 0x10;
pub const RST: u8 = 0x04;

/// An IPv4 packet with a TCP segment: last bytes of the addresses in 192.0.2.0/24, ports, numbers, flags, window.
pub fn segment(from: (u8, u16), to: (u8, u16), seq: u32, ack: u32, flags: u8, window: u16) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, from.0, 192, 0, 2, to.0];
    packet.extend(from.1.to_be_bytes());
    packet.extend(to.1.to_be_bytes());
    packet.extend(seq.to_be_bytes());
    packet.extend(ack.to_be_bytes());
    packet.extend([0x50, flags]);
    packet.extend(window.to_be_bytes());
    packet.extend([0; 4]);
    packet
}

/// The packets of a plain handshake between 192.0.2.1:40000 and 192.0.2.2:80.
pub fn handshake() -> [Vec<u8>; 3] {
    let (client, server) = ((1, 40_000), (2, 80));
    [
        segment(client, server, 1000, 0, SYN, 64_240),
        segment(server, client, 5000, 1001, SYN | ACK, 65_160),
        segment(client, server, 1001, 5001, ACK, 502),
    ]
}

/// A packet in an Ethernet frame.
pub fn ethernet(packet: &[u8]) -> Vec<u8> {
    let ether_type: [u8; 2] = if packet[0] >> 4 == 6 { [0x86, 0xdd] } else { [8, 0] };
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &ether_type[..], packet].concat()
}
