//! Resumes after damage: searches for the next place at which records or blocks follow each other.
//!
//! A packet can contain a capture, for example when one was copied over the network. One record
//! that looks valid therefore proves little: a run of them is required, or one that reaches the end
//! of the file.

use std::io::{self, Read};

use super::block_type::{INTERFACE_DESCRIPTION, SECTION_HEADER, is_known, section_order};
use super::packet_block::ENHANCED_PACKET;
use super::record_form::RecordForm;
use super::window::Window;
use crate::format::Order;

/// Number of records or blocks that must follow each other.
const RUN: usize = 8;

/// Number of bytes that are examined for such a run, from any place.
const AHEAD: usize = 1 << 21;

/// Maximum time between two consecutive records, in seconds.
const PAUSE: u32 = 86_400;

/// Maximum plausible original length of a packet, in bytes.
const LONGEST_ORIGINAL: u32 = 1 << 20;

/// Moves the window to the next place at which `is_sound` returns true. The closure gets the bytes
/// from there on, and whether they reach the end of the file. Returns `false`, with the window at
/// the end of the file, if there is no such place.
pub(super) fn search<R: Read>(window: &mut Window<R>, is_sound: impl Fn(&[u8], bool) -> bool) -> io::Result<bool> {
    window.take(1.min(window.bytes().len()));
    loop {
        // Twice as many bytes, so that the buffer is not moved for every skipped byte.
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

/// Properties of the records of a pcap file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Records {
    pub(super) order: Order,
    pub(super) form: RecordForm,
    /// Maximum accepted captured length in bytes.
    pub(super) limit: u32,
    /// Number of fractions in a second.
    pub(super) fractions: u32,
    /// Second of the last valid record.
    pub(super) second: Option<u32>,
}

impl Records {
    /// Returns whether records follow each other from here on.
    pub(super) fn run(&self, bytes: &[u8], is_end: bool) -> bool {
        let (mut rest, mut second) = (bytes, self.second);
        for count in 0..RUN {
            let Some((found, length)) = self.header(rest, second) else {
                // The last record may be truncated within its header.
                return is_end && (rest.is_empty() && count > 0 || rest.len() < self.form.header() && count > 1);
            };
            second = Some(found);
            rest = match rest.get(length..) {
                Some(rest) => rest,
                None => return count > 1,
            };
        }
        true
    }

    /// Returns the second and the length of the record that begins here, if it is plausible.
    #[inline]
    fn header(&self, bytes: &[u8], near: Option<u32>) -> Option<(u32, usize)> {
        let (captured, original) = self.form.lengths(self.order, bytes)?;
        if !(1..=self.limit).contains(&captured) {
            return None;
        }
        let (second, fraction) = (self.order.u32(bytes, 0)?, self.order.u32(bytes, 4)?);
        let is_plausible = (captured..=LONGEST_ORIGINAL.max(captured)).contains(&original)
            && fraction < self.fractions
            && near.is_none_or(|near| second.abs_diff(near) <= PAUSE);
        is_plausible.then_some((second, self.form.header() + captured as usize))
    }
}

/// Properties of the blocks of a pcapng file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    pub(super) order: Order,
    /// Number of interfaces that the section has described.
    pub(super) interfaces: usize,
}

impl Blocks {
    /// Returns whether blocks follow each other from here on.
    pub(super) fn run(&self, bytes: &[u8], is_end: bool) -> bool {
        let (mut rest, mut known) = (bytes, *self);
        for count in 0..RUN {
            let Some((length, next)) = known.block(rest) else { return is_end && rest.is_empty() && count > 0 };
            // The last block may be truncated.
            let Some(behind) = rest.get(length..) else { return is_end && count > 1 };
            (rest, known) = (behind, next);
        }
        true
    }

    /// Returns the length of the block that begins here, and the state after it. The type must be
    /// known, both lengths must agree, and the interface of a packet must be described.
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

/// Maximum accepted length of a block after damage, in bytes.
const LONGEST_BLOCK: u32 = 1 << 20;
