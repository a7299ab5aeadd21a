//! Types of pcapng blocks, and the byte order that a section header sets.

use super::FaultKind;
use super::packet_block::holds_packet;
use crate::format::Order;

pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE_DESCRIPTION: u32 = 1;

/// Blocks without a packet that Wireshark numbers as frames: journal entries, custom blocks and
/// system calls.
const NUMBERED: [u32; 6] = [0x9, 0xbad, 0x4000_0bad, 0x204, 0x216, 0x221];

/// Blocks that are skipped and may follow damage: name resolution, interface statistics, IRIG
/// timestamps, ARINC 429, decryption secrets, and Apple's process information.
const OTHERS: [u32; 6] = [0x4, 0x5, 0x7, 0x8, 0xa, 0x8000_0001];

/// Returns whether a block holds no packet but is numbered as a frame.
pub(super) fn is_numbered(block: u32) -> bool {
    NUMBERED.contains(&block)
}

/// Returns whether the block type exists.
pub(super) fn is_known(block: u32) -> bool {
    matches!(block, SECTION_HEADER | INTERFACE_DESCRIPTION)
        || holds_packet(block)
        || is_numbered(block)
        || OTHERS.contains(&block)
}

/// Returns the byte order that a section header sets; `None` if another block begins here.
pub(super) fn section_order(bytes: &[u8]) -> Result<Option<Order>, FaultKind> {
    if Order::Big.u32(bytes, 0) != Some(SECTION_HEADER) {
        return Ok(None);
    }
    match Order::Big.u32(bytes, 8) {
        Some(0x1a2b_3c4d) => Ok(Some(Order::Big)),
        Some(0x4d3c_2b1a) => Ok(Some(Order::Little)),
        found => Err(FaultKind::ByteOrder { found: found.unwrap_or_default() }),
    }
}
