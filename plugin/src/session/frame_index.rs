//! An index from frames to the handshakes that they may show something of.

use std::cell::Cell;

use syncookie_engine::HandshakeId;

/// A frame, and a handshake that it may show something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of the frame.
    pub frame: u32,
    /// The handshake.
    pub handshake: HandshakeId,
    /// What the frame may show.
    pub shows: Shows,
}

/// What a frame may show of a handshake, from nothing to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shows {
    /// Nothing: the frame only belongs to the connection.
    Nothing,
    /// A subtree with links, if the frame has evidence.
    Reference,
    /// The finding, or how the handshake ended.
    Finding,
}

/// An entry in 8 bytes: every frame that shows something has one as long as the file is open.
#[derive(Clone, Copy, Debug)]
struct Packed {
    frame: u32,
    /// Number of the handshake, and in the last two bits what the frame may show.
    handshake_and_shows: u32,
}

impl Packed {
    /// Packs an entry. Handshakes from 2^30 on are not indexed.
    fn new(entry: Entry) -> Option<Self> {
        let handshake = u32::try_from(entry.handshake.0).ok().filter(|handshake| *handshake < 1 << 30)?;
        Some(Self { frame: entry.frame, handshake_and_shows: handshake << 2 | entry.shows as u32 })
    }

    fn entry(self) -> Entry {
        let shows = match self.handshake_and_shows & 3 {
            0 => Shows::Nothing,
            1 => Shows::Reference,
            _ => Shows::Finding,
        };
        Entry { frame: self.frame, handshake: HandshakeId(u64::from(self.handshake_and_shows >> 2)), shows }
    }
}

/// All entries, sorted by frame: first visits happen in that order.
#[derive(Debug, Default)]
pub struct FrameIndex {
    entries: Vec<Packed>,
    /// Where the entries of the frame began that was asked for last. Later visits are mostly in
    /// order, too, and a search touches much memory.
    last: Cell<usize>,
}

impl FrameIndex {
    /// Adds an entry, unless the frame has one of that handshake already.
    pub fn insert(&mut self, entry: Entry) {
        let Some(packed) = Packed::new(entry) else { return };
        if self.entries.last().is_none_or(|last| last.frame < entry.frame) {
            self.entries.push(packed);
            return;
        }
        let end = self.entries.partition_point(|other| other.frame <= entry.frame);
        let start = self.entries[..end].partition_point(|other| other.frame < entry.frame);
        match self.entries[start..end].iter_mut().find(|other| other.entry().handshake == entry.handshake) {
            // The last bits decide, because the handshake is the same.
            Some(other) => other.handshake_and_shows = other.handshake_and_shows.max(packed.handshake_and_shows),
            None => self.entries.insert(end, packed),
        }
    }

    /// Returns all entries.
    pub fn iter(&self) -> impl Iterator<Item = Entry> {
        self.entries.iter().map(|packed| packed.entry())
    }

    /// Returns the number of a handshake's first frame.
    pub fn first_frame(&self, handshake: HandshakeId) -> Option<u32> {
        self.iter().find(|entry| entry.handshake == handshake).map(|entry| entry.frame)
    }

    /// Returns the entries of a frame.
    pub fn entries(&self, frame: u32) -> impl Iterator<Item = Entry> {
        let entries = &self.entries[self.start(frame)..];
        entries.iter().take_while(move |packed| packed.frame == frame).map(|packed| packed.entry())
    }

    /// Returns the position of the first entry of a frame or of a later one.
    fn start(&self, frame: u32) -> usize {
        let is_start = |at: usize| {
            let is_before =
                at.checked_sub(1).and_then(|before| self.entries.get(before)).is_none_or(|e| e.frame < frame);
            is_before && self.entries.get(at).is_none_or(|entry| entry.frame >= frame)
        };
        let last = self.last.get();
        let nearby = (last..last + 3).find(|at| *at <= self.entries.len() && is_start(*at));
        let start = nearby.unwrap_or_else(|| self.entries.partition_point(|entry| entry.frame < frame));
        self.last.set(start);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_frame_are_found_in_whatever_order_they_were_inserted() {
        let mut index = FrameIndex::default();
        let entry = |frame, handshake| Entry { frame, handshake: HandshakeId(handshake), shows: Shows::Finding };
        for added in [entry(2, 1), entry(5, 1), entry(5, 2), entry(5, 1), entry(3, 3)] {
            index.insert(added);
        }
        let found = |frame| index.entries(frame).collect::<Vec<_>>();
        assert_eq!(found(2), [entry(2, 1)]);
        assert_eq!(found(3), [entry(3, 3)]);
        assert_eq!(found(5), [entry(5, 1), entry(5, 2)]);
        assert!(found(4).is_empty() && found(6).is_empty());
    }

    #[test]
    fn any_order_of_questions_gives_the_same_answers() {
        let mut index = FrameIndex::default();
        for frame in [2, 3, 5, 5, 9, 10, 20] {
            let handshake = HandshakeId(index.iter().count() as u64);
            index.insert(Entry { frame, handshake, shows: Shows::Finding });
        }
        let frames = |frame: u32| index.entries(frame).map(|entry| entry.frame).collect::<Vec<_>>();
        let expected =
            |frame: u32| index.iter().map(|entry| entry.frame).filter(|other| *other == frame).collect::<Vec<_>>();
        for first in 0..=21 {
            for second in 0..=21 {
                assert_eq!((frames(first), frames(second)), (expected(first), expected(second)), "{first}, {second}");
            }
        }
    }
}
