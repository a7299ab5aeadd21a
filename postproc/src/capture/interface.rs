//! Interfaces of a pcapng file, and the options of its blocks.

use super::LinkType;
use super::ticks::Ticks;
use crate::format::Order;

/// Maximum length of an interface's name, in bytes. Longer names are cut.
const LONGEST_NAME: usize = 255;

/// Interface description: properties of the packets that refer to it.
pub(super) struct Interface {
    /// Number of the interface, counted over all sections.
    pub(super) number: u32,
    pub(super) name: Vec<u8>,
    pub(super) link: LinkType,
    pub(super) snap_length: u32,
    pub(super) ticks: Ticks,
}

impl Interface {
    /// Reads the content of an interface description; `None` if it is too short.
    pub(super) fn read(order: Order, body: &[u8], number: u32) -> Option<Self> {
        let (mut resolution, mut offset, mut name) = (None, 0, Vec::new());
        for (code, value) in (Options { order, bytes: body.get(8..)? }) {
            match code {
                2 => name = value[..value.len().min(LONGEST_NAME)].to_vec(),
                9 => resolution = value.first().copied(),
                14 => offset = order.i64(value, 0).unwrap_or(0),
                _ => {}
            }
        }
        Some(Self {
            number,
            name,
            link: LinkType(order.u16(body, 0)?),
            snap_length: order.u32(body, 4)?,
            ticks: Ticks::new(resolution, offset),
        })
    }
}

/// Options of a block, up to the first that is truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Options<'a> {
    pub(super) order: Order,
    pub(super) bytes: &'a [u8],
}

impl Options<'_> {
    pub(super) const fn none() -> Self {
        Self { order: Order::Little, bytes: b"" }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let code = self.order.u16(self.bytes, 0).filter(|&code| code != 0)?;
        let length = usize::from(self.order.u16(self.bytes, 2)?);
        let value = self.bytes.get(4..4 + length)?;
        self.bytes = self.bytes.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}
