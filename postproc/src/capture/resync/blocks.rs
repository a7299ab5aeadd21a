//! Blocks of a pcapng file after damage.

use syncookie_engine::Timestamp;

use super::places::{self, Condition};
use super::{Ahead, Judgement, Layout, Lookahead, PAUSE, RUN};
use crate::capture::block_type::{INTERFACE_DESCRIPTION, SECTION_HEADER, is_known, section_order};
use crate::capture::interface::Interface;
use crate::capture::packet_block::ENHANCED_PACKET;
use crate::format::Order;

/// Maximum accepted length of a block after damage, in bytes.
const LONGEST: u32 = 1 << 20;

/// Number of bytes at the beginning of a block that are examined first: type and length.
const HEAD: usize = 8;

/// Length of the shortest block, in bytes. A section header needs as many to show its byte order.
const SHORTEST: usize = 12;

/// Properties of the blocks of a pcapng file.
#[derive(Clone, Copy)]
pub(in crate::capture) struct Blocks<'a> {
    pub(in crate::capture) order: Order,
    /// Interfaces that the section has described.
    pub(in crate::capture) interfaces: &'a [Interface],
    /// Time of the last valid packet.
    pub(in crate::capture) latest: Option<Timestamp>,
    pub(in crate::capture) lookahead: &'a Lookahead,
}

/// What the blocks of a run have described so far.
#[derive(Clone, Copy)]
struct Described {
    order: Order,
    /// Number of interfaces.
    interfaces: usize,
    /// Whether these are the interfaces of the section before the damage.
    is_same_section: bool,
}

/// Times of the first and the last packet of a run.
type Times = Option<(Timestamp, Timestamp)>;

impl Layout for Blocks<'_> {
    /// Finds the next offset at which a block may begin: every known block type has a low byte that
    /// is not 0, and two middle bytes of at most 0x0d.
    fn next_place(&self, bytes: &[u8], from: usize) -> usize {
        let (low, longest) = match self.order {
            Order::Big => (3, 5),
            Order::Little => (0, 6),
        };
        let conditions = [
            Condition { offset: low, least: 1, most: u8::MAX },
            Condition::up_to(1, 0x0d),
            Condition::up_to(2, 0x0d),
            Condition::up_to(longest, (LONGEST >> 16) as u8),
        ];
        places::next_place(bytes, from, HEAD, &conditions, |bytes| self.may_begin(bytes))
    }

    fn judge(&self, ahead: Ahead<'_>) -> Judgement {
        let (mut rest, mut known, mut times) = (ahead.bytes, self.described(), None);
        for count in 0..RUN {
            if rest.len() < HEAD {
                return ahead.at_end(ahead.is_end && rest.is_empty() && count > 0);
            }
            let Some((length, next)) = self.block(known, rest) else {
                return self.short_run(ahead, ahead.bytes.len() - rest.len(), times);
            };
            // The last block may be truncated.
            let Some(behind) = rest.get(length..) else { return ahead.at_end(ahead.is_end && count > 1) };
            if let Some(time) = self.time(known, rest) {
                times = Some((times.map_or(time, |(first, _)| first), time));
            }
            (rest, known) = (behind, next);
        }
        Judgement::Sound
    }

    fn lookahead(&self) -> &Lookahead {
        self.lookahead
    }
}

impl Blocks<'_> {
    /// Returns whether type and length of a block may begin here.
    #[inline]
    fn may_begin(&self, bytes: &[u8]) -> bool {
        let (block, length) = (self.order.u32(bytes, 0), self.order.u32(bytes, 4));
        // A section header may set another byte order.
        block == Some(SECTION_HEADER) || block.is_some_and(is_known) && length.is_some_and(is_length)
    }

    fn described(&self) -> Described {
        Described { order: self.order, interfaces: self.interfaces.len(), is_same_section: true }
    }

    /// Judges fewer blocks than a run, which end where damage begins.
    fn short_run(&self, ahead: Ahead<'_>, end: usize, times: Times) -> Judgement {
        let Some((first, last)) = times else { return Judgement::Unsound };
        if self.latest.is_none_or(|latest| !is_soon_after(first, latest)) {
            return Judgement::Unsound;
        }
        let known = self.described();
        let is_next = |bytes: &[u8]| {
            let time = self.block(known, bytes).and_then(|_| self.time(known, bytes));
            time.is_some_and(|time| is_soon_after(time, last))
        };
        ahead.short_run(end, self, is_next)
    }

    /// Returns the length of the block that begins here, and what is described after it. The type
    /// must be known, both lengths must agree, and the interface of a packet must be described.
    fn block(&self, known: Described, bytes: &[u8]) -> Option<(usize, Described)> {
        if bytes.len() < SHORTEST && known.order.u32(bytes, 0) == Some(SECTION_HEADER) {
            return Some((SHORTEST, known));
        }
        let order = section_order(bytes).ok()?.unwrap_or(known.order);
        let mut next = Described { order, ..known };
        let word = |at| order.u32(bytes, at);
        let (block, length) = (word(0)?, word(4)?);
        if !is_known(block) || !is_length(length) || word(length as usize - 4).is_some_and(|tail| tail != length) {
            return None;
        }
        match block {
            SECTION_HEADER => (next.interfaces, next.is_same_section) = (0, false),
            INTERFACE_DESCRIPTION => next.interfaces += 1,
            ENHANCED_PACKET if word(8).is_some_and(|interface| interface as usize >= known.interfaces) => return None,
            ENHANCED_PACKET if word(20).is_some_and(|captured| captured > length.saturating_sub(32)) => return None,
            _ => {}
        }
        Some((length as usize, next))
    }

    /// Returns the time of the packet in the block that begins here, if it has one, and its
    /// interface was described before the damage.
    fn time(&self, known: Described, bytes: &[u8]) -> Option<Timestamp> {
        let word = |at| known.order.u32(bytes, at);
        if word(0)? != ENHANCED_PACKET || !known.is_same_section {
            return None;
        }
        let interface = self.interfaces.get(word(8)? as usize)?;
        Some(interface.ticks.time(u64::from(word(12)?) << 32 | u64::from(word(16)?)))
    }
}

/// Returns whether a block can have this length.
#[inline]
fn is_length(length: u32) -> bool {
    length.is_multiple_of(4) && (SHORTEST as u32..=LONGEST).contains(&length)
}

/// Returns whether a time is not before another, and close to it.
fn is_soon_after(time: Timestamp, before: Timestamp) -> bool {
    (0.0..=f64::from(PAUSE)).contains(&time.seconds_since(before))
}
