//! Finding the way back behind damage: the next place from which on records, or blocks, follow each other.
//!
//! A packet can hold a capture (somebody copied one over the network), so that one record that looks sound proves
//! little. What is believed is a run of them, or one that goes to the very end of the file.

use std::io::{self, Read};

use super::block_type::{INTERFACE_DESCRIPTION, SECTION_HEADER, is_known, section_order};
use super::packet_block::ENHANCED_PACKET;
use super::window::Window;
use crate::format::Order;

/// Records or blocks that must follow each other.
const RUN: usize = 8;

/// Bytes that are looked at to find such a run, from any place.
const AHEAD: usize = 1 << 21;

/// Seconds between two records near each other that are believed.
const PAUSE: u32 = 86_400;

/// An original length that no packet has.
const LONGEST_ORIGINAL: u32 = 1 << 20;

/// Moves to the next place, behind the one where the window stands, that `is_sound`, which is given what comes from there
/// and whether that is all there is. `false` when there is none up to the end of the file, where the window stands then.
pub(super) fn search<R: Read>(window: &mut Window<R>, is_sound: impl Fn(&[u8], bool) -> bool) -> io::Result<bool> {
    window.take(1.min(window.bytes().len()));
    loop {
        // Twice as much, so that what is buffered is not moved for every byte that is passed over.
        let is_end = !window.ensure(2 * AHEAD)?;
        let bytes = window.bytes();
        let places = if is_end { bytes.len() } else { bytes.len() - AHEAD + 1 };
        let found = (0..places).find(|&at| is_sound(&bytes[at..], is_end));
        window.take(found.unwrap_or(places));
        if found.is_some() || is_end {
            return Ok(found.is_some());
        }
    }
}

/// What is known of the records of a pcap file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Records {
    pub(super) order: Order,
    /// Longest captured length that is believed.
    pub(super) limit: u32,
    /// Fractions that a second has.
    pub(super) fractions: u32,
    /// Second of the last record that was sound.
    pub(super) second: Option<u32>,
}

impl Records {
    /// Whether records follow each other from here on.
    pub(super) fn run(&self, bytes: &[u8], is_end: bool) -> bool {
        let (mut rest, mut second) = (bytes, self.second);
        for count in 0..RUN {
            let Some((found, length)) = self.header(rest, second) else {
                // A last record may have been cut off, header and all.
                return is_end && (rest.is_empty() && count > 0 || rest.len() < HEADER && count > 1);
            };
            second = Some(found);
            rest = match rest.get(length..) {
                Some(rest) => rest,
                None => return count > 1,
            };
        }
        true
    }

    /// Second and length of the record that begins here, if it is plausible.
    #[inline]
    fn header(&self, bytes: &[u8], near: Option<u32>) -> Option<(u32, usize)> {
        let captured = self.order.u32(bytes, 8).filter(|captured| (1..=self.limit).contains(captured))?;
        let original = self.order.u32(bytes, 12)?;
        let (second, fraction) = (self.order.u32(bytes, 0)?, self.order.u32(bytes, 4)?);
        let is_plausible = (captured..=LONGEST_ORIGINAL.max(captured)).contains(&original)
            && fraction < self.fractions
            && near.is_none_or(|near| second.abs_diff(near) <= PAUSE);
        is_plausible.then_some((second, HEADER + captured as usize))
    }
}

/// Bytes of a pcap record's header.
const HEADER: usize = 16;

/// What is known of the blocks of a pcapng file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    pub(super) order: Order,
    /// Interfaces that the section has described.
    pub(super) interfaces: usize,
}

impl Blocks {
    /// Whether blocks follow each other from here on.
    pub(super) fn run(&self, bytes: &[u8], is_end: bool) -> bool {
        let (mut rest, mut known) = (bytes, *self);
        for count in 0..RUN {
            let Some((length, next)) = known.block(rest) else { return is_end && rest.is_empty() && count > 0 };
            // A last block may have been cut off.
            let Some(behind) = rest.get(length..) else { return is_end && count > 1 };
            (rest, known) = (behind, next);
        }
        true
    }

    /// Length of the block that begins here and what is known behind it, if its type is one there is, its lengths agree as
    /// far as they are there, and its packet, if it has one, is from an interface that was described.
    fn block(mut self, bytes: &[u8]) -> Option<(usize, Self)> {
        self.order = section_order(bytes).ok()?.unwrap_or(self.order);
        let word = |at| self.order.u32(bytes, at);
        let (block, length) = (word(0)?, word(4)?);
        let is_length = length.is_multiple_of(4) && (12..=LONGEST_BLOCK).contains(&length);
        if !is_known(block) || !is_length || word(length as usize - 4).is_some_and(|tail| tail != length) {
            return None;
        }
        match block {
            SECTION_HEADER => self.interfaces = 0,
            INTERFACE_DESCRIPTION => self.interfaces += 1,
            ENHANCED_PACKET if word(8)? as usize >= self.interfaces => return None,
            ENHANCED_PACKET if word(20)? > length.saturating_sub(32) => return None,
            _ => {}
        }
        Some((length as usize, self))
    }
}

/// A block behind damage that claims to be longer is not believed.
const LONGEST_BLOCK: u32 = 1 << 20;
