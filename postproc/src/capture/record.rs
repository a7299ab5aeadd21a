//! What a capture says of a packet besides its time and its bytes.

use super::interface::Options;

/// What is needed to write a packet again. The analysis has no use for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Bytes it had on the wire.
    pub length: u32,
    /// The interface it was captured on, counted over all sections of the capture.
    pub interface: u32,
    /// What that interface is called; empty where it has no name.
    pub interface_name: &'a [u8],
    /// Decimals of a second in which the time is given.
    pub decimals: u8,
    /// The options of its block.
    pub(super) options: Options<'a>,
}

impl<'a> Record<'a> {
    /// What people wrote to it.
    pub fn comments(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        const COMMENT: u16 = 1;
        self.options.filter(|&(code, _)| code == COMMENT).map(|(_, value)| value)
    }

    /// Direction, way of reception and errors of the link layer, as pcapng has them (`epb_flags`).
    pub fn flags(&self) -> Option<u32> {
        const FLAGS: u16 = 2;
        let mut options = self.options;
        let order = options.order;
        options.find(|&(code, _)| code == FLAGS).and_then(|(_, value)| order.u32(value, 0))
    }
}
