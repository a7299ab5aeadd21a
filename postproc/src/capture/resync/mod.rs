//! Resumes after damage: searches for the next place at which records or blocks follow each other.
//!
//! A packet can contain a capture, for example when one was copied over the network. One record
//! that looks valid therefore proves little. What is required is a run of eight, or a run that
//! reaches the end of the file, or a shorter one whose two ends fit: its first packet is not older
//! than the last one before the damage (packets in packets are), and the next damage is followed by
//! a packet that is not older than its last.

mod blocks;
mod lookahead;
mod places;
mod records;

use std::io::{self, Read};

use super::window::Window;

pub(super) use blocks::Blocks;
pub(super) use lookahead::Lookahead;
pub(super) use records::Records;

/// Number of records or blocks that must follow each other.
const RUN: usize = 8;

/// Maximum number of bytes that are examined for such a run, from any place.
const AHEAD: usize = 1 << 21;

/// Minimum number of bytes that are read for a place about which nothing can be said without more.
const MORE: usize = 1 << 13;

/// Maximum number of bytes from a short run to what follows it: a record of the longest usual
/// length.
const DAMAGE: usize = 256 << 10;

/// Maximum time between two consecutive records, in seconds.
const PAUSE: u32 = 86_400;

/// Judgement of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Records or blocks follow each other from there on.
    Sound,
    Unsound,
    /// More bytes are needed.
    Undecided,
}

/// Bytes from a place on.
#[derive(Clone, Copy)]
pub(super) struct Ahead<'a> {
    bytes: &'a [u8],
    /// Whether they reach the end of the file.
    is_end: bool,
}

/// Layout of a file.
pub(super) trait Layout {
    /// Returns the first place from `from` on at which a record or block may begin, or that is too
    /// close to the end of the bytes to know.
    fn next_place(&self, bytes: &[u8], from: usize) -> usize;

    /// Judges a place.
    fn judge(&self, ahead: Ahead<'_>) -> Judgement;

    /// Returns what was found beyond short runs.
    fn lookahead(&self) -> &Lookahead;
}

/// Moves the window to the next sound place. Returns `false`, with the window at the end of the
/// file, if there is none. If reading fails, the bytes before are searched as if the file ended
/// there.
///
/// # Errors
/// Returns the error of reading if there is no sound place before it.
pub(super) fn search<R: Read>(window: &mut Window<R>, layout: &impl Layout) -> io::Result<bool> {
    let skipped = layout.lookahead().begin(window.offset()) as usize;
    window.take(skipped.min(window.bytes().len()));
    let mut end = None;
    loop {
        let (place, is_sound) = first_place(window.bytes(), end.is_some(), layout);
        window.take(place);
        if is_sound || end.is_some() {
            layout.lookahead().end(window.offset());
            return if is_sound { Ok(true) } else { end.unwrap_or(Ok(false)) };
        }
        // Twice as many bytes, so that what is examined again is little compared to what is new.
        end = match window.ensure(2 * window.bytes().len().max(MORE)) {
            Ok(true) => None,
            other => Some(other),
        };
    }
}

/// Returns the first place that is not unsound, and whether it is sound.
fn first_place(bytes: &[u8], is_end: bool, layout: &impl Layout) -> (usize, bool) {
    let mut place = layout.next_place(bytes, 0);
    while place < bytes.len() {
        match layout.judge(Ahead { bytes: &bytes[place..], is_end }) {
            Judgement::Unsound => place = layout.next_place(bytes, place + 1),
            judgement => return (place, judgement == Judgement::Sound),
        }
    }
    (bytes.len(), false)
}

impl<'a> Ahead<'a> {
    /// Returns the judgement of bytes that end too early: nothing, unless no more can be had.
    const fn at_end(self, is_sound: bool) -> Judgement {
        match is_sound {
            _ if !self.is_end && self.bytes.len() < AHEAD => Judgement::Undecided,
            true => Judgement::Sound,
            false => Judgement::Unsound,
        }
    }

    /// Judges a short run of records or blocks, which ends at this offset, by what follows the next
    /// damage. `is_next` says whether a record or block begins there that fits to the run. At the
    /// end of the file, nothing need follow.
    fn short_run(self, end: usize, layout: &impl Layout, is_next: impl Fn(&'a [u8]) -> bool) -> Judgement {
        let behind = self.bytes.get(end..).unwrap_or_default();
        let is_cut = behind.len() < DAMAGE;
        let behind = &behind[..behind.len().min(DAMAGE)];
        let first = layout.next_place(behind, 0);
        let mut place = first;
        while place < behind.len() && !is_next(&behind[place..]) {
            place = layout.next_place(behind, place + 1);
        }
        if place == behind.len() && is_cut {
            return self.at_end(self.is_end && layout.lookahead().spend(place));
        }
        if !layout.lookahead().spend(place) || place == behind.len() {
            return Judgement::Unsound;
        }
        layout.lookahead().keep(end, end + first);
        Judgement::Sound
    }
}
