//! Writes pcapng, block by block.

use crate::pcap::{Order, Record};

/// A section in the making.
#[derive(Debug)]
pub struct Section {
    order: Order,
    bytes: Vec<u8>,
}

impl Section {
    /// A section header of unknown length.
    #[must_use]
    pub fn new(order: Order) -> Self {
        let mut section = Self { order, bytes: Vec::new() };
        let body = [&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &[0xff; 8]].concat();
        section.block(0x0a0d_0d0a, &body);
        section
    }

    /// A block of any type.
    pub fn block(&mut self, type_: u32, body: &[u8]) -> &mut Self {
        let padded = body.len().next_multiple_of(4);
        let length = self.order.u32(padded as u32 + 12);
        self.bytes.extend(self.order.u32(type_));
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.resize(self.bytes.len() + padded - body.len(), 0);
        self.bytes.extend(length);
        self
    }

    /// An interface. Options: code and value.
    pub fn interface(&mut self, link: u32, options: &[(u16, &[u8])]) -> &mut Self {
        let order = self.order;
        let mut body = [&order.u16(link as u16)[..], &order.u16(0), &order.u32(0)].concat();
        for (code, value) in options {
            body.extend(order.u16(*code));
            body.extend(order.u16(value.len() as u16));
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        if !options.is_empty() {
            body.extend([0; 4]);
        }
        self.block(1, &body)
    }

    /// An enhanced packet block; `ticks` is its time in the interface's resolution.
    pub fn packet(&mut self, interface: u32, ticks: u64, record: &Record) -> &mut Self {
        let words = [interface, (ticks >> 32) as u32, ticks as u32, record.bytes.len() as u32, record.original];
        let mut body: Vec<u8> = words.iter().flat_map(|word| self.order.u32(*word)).collect();
        body.extend(&record.bytes);
        self.block(6, &body)
    }

    /// A simple packet block: no time, always the first interface.
    pub fn simple_packet(&mut self, record: &Record) -> &mut Self {
        let mut body = self.order.u32(record.original).to_vec();
        body.extend(&record.bytes);
        self.block(3, &body)
    }

    /// The obsolete packet block.
    pub fn old_packet(&mut self, interface: u16, ticks: u64, record: &Record) -> &mut Self {
        let mut body = [self.order.u16(interface), self.order.u16(0)].concat();
        let words = [(ticks >> 32) as u32, ticks as u32, record.bytes.len() as u32, record.original];
        body.extend(words.iter().flat_map(|word| self.order.u32(*word)));
        body.extend(&record.bytes);
        self.block(2, &body)
    }

    /// The bytes written.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// Option `if_tsresol` of an interface.
pub const IF_TSRESOL: u16 = 9;
/// Option `if_tsoffset` of an interface.
pub const IF_TSOFFSET: u16 = 14;
