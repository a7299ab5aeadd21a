//! Packet blocks of a pcapng file.

use byteorder::{BigEndian, ByteOrder, LittleEndian};
use syncookie_engine::Timestamp;

use super::interface::{Interface, Options};
use super::{FaultKind, RawFrame, Record};
use crate::format::Order;

const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
pub(super) const ENHANCED_PACKET: u32 = 6;

pub(super) fn holds_packet(block: u32) -> bool {
    matches!(block, PACKET | SIMPLE_PACKET | ENHANCED_PACKET)
}

/// Fields of a packet block, and the offset of its packet.
pub(super) struct Place {
    interface: u32,
    pub(super) ticks: Option<u64>,
    captured: u32,
    original: u32,
    pub(super) data: usize,
}

/// Returns the packet in the content of a packet block.
pub(super) fn packet<'a>(
    block: u32,
    order: Order,
    body: &'a [u8],
    interfaces: &'a [Interface],
    (frame, content): (u64, usize),
) -> Result<RawFrame<'a>, FaultKind> {
    let short = |needed| FaultKind::BlockContent { needed, actual: body.len() };
    let place = match block {
        SIMPLE_PACKET => simple(order, body, interfaces).ok_or_else(|| short(4))?,
        _ => match order {
            Order::Big => stamped::<BigEndian>(block, body),
            Order::Little => stamped::<LittleEndian>(block, body),
        }
        .ok_or_else(|| short(20))?,
    };
    let (interface, data) = place.found(body, interfaces)?;
    let end = place.data + data.len();
    Ok(RawFrame {
        number: frame as u32,
        time: place.ticks.map(|ticks| -> Timestamp { interface.ticks.time(ticks) }),
        link: interface.link,
        data,
        place: content + place.data,
        record: Record {
            length: place.original,
            interface: interface.number,
            interface_name: &interface.name,
            decimals: interface.ticks.decimals(),
            options: Options { order, bytes: behind(block, body, end) },
        },
    })
}

impl Place {
    /// Returns the interface and the bytes of the packet, given the content of its block.
    #[inline(always)]
    pub(super) fn found<'a>(
        &self,
        body: &'a [u8],
        interfaces: &'a [Interface],
    ) -> Result<(&'a Interface, &'a [u8]), FaultKind> {
        let interface = interfaces
            .get(self.interface as usize)
            .ok_or(FaultKind::Interface { interface: self.interface, described: interfaces.len() })?;
        let end = self.data as u64 + u64::from(self.captured);
        let short = FaultKind::BlockContent { needed: end, actual: body.len() };
        Ok((interface, body.get(self.data..end as usize).ok_or(short)?))
    }
}

/// Parses an enhanced packet block, or the obsolete packet block, whose interface number shares its
/// field with a drop count.
#[inline(always)]
pub(super) fn stamped<B: ByteOrder>(block: u32, body: &[u8]) -> Option<Place> {
    let head = body.first_chunk::<20>()?;
    let word = |at: usize| B::read_u32(&head[at..at + 4]);
    let interface = if block == PACKET { B::read_u16(&head[..2]).into() } else { word(0) };
    let ticks = u64::from(word(4)) << 32 | u64::from(word(8));
    Some(Place { interface, ticks: Some(ticks), captured: word(12), original: word(16), data: head.len() })
}

/// Parses a simple packet block: it belongs to the first interface, has no time, and only the snap
/// length limits its packet.
fn simple(order: Order, body: &[u8], interfaces: &[Interface]) -> Option<Place> {
    let original = order.u32(body, 0)?;
    let snap_length = interfaces.first().map_or(0, |interface| interface.snap_length);
    let captured = if snap_length == 0 { original } else { original.min(snap_length) };
    // Some writers truncate packets without recording it: the bytes that exist are used.
    let captured = captured.min((body.len() - 4) as u32);
    Some(Place { interface: 0, ticks: None, captured, original, data: 4 })
}

/// Returns the options of a packet block: they follow the packet, which is padded to four bytes.
#[inline]
fn behind(block: u32, body: &[u8], end: usize) -> &[u8] {
    if block == SIMPLE_PACKET { b"" } else { body.get(end.next_multiple_of(4)..).unwrap_or_default() }
}
