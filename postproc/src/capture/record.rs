//! Properties of a packet in a capture other than its time and its bytes.

use super::interface::Options;

/// Properties that are needed to write a packet again. The analysis does not use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Length of the packet on the wire, in bytes.
    pub length: u32,
    /// Number of the interface, counted over all sections of the capture.
    pub interface: u32,
    /// Name of the interface; empty if it has none.
    pub interface_name: &'a [u8],
    /// Number of decimals of the time in seconds.
    pub decimals: u8,
    /// Options of the packet block.
    pub(super) options: Options<'a>,
}

impl<'a> Record<'a> {
    /// Returns the comments on the packet.
    pub fn comments(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        const COMMENT: u16 = 1;
        self.options.filter(|&(code, _)| code == COMMENT).map(|(_, value)| value)
    }

    /// Returns the direction, the type of reception and the link-layer errors (`epb_flags` of
    /// pcapng).
    pub fn flags(&self) -> Option<u32> {
        const FLAGS: u16 = 2;
        let mut options = self.options;
        let order = options.order;
        options.find(|&(code, _)| code == FLAGS).and_then(|(_, value)| order.u32(value, 0))
    }
}
