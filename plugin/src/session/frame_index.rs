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

/// All entries, sorted by frame: first visits happen in that order.
#[derive(Debug, Default)]
pub struct FrameIndex {
    entries: Vec<Entry>,
    /// Where the entries of the frame began that was asked for last. Later visits are mostly in
    /// order, too, and a search touches much memory.
    last: Cell<usize>,
}

impl FrameIndex {
    /// Adds an entry, unless the frame has one of that handshake already.
    pub fn insert(&mut self, entry: Entry) {
        if self.entries.last().is_none_or(|last| last.frame < entry.frame) {
            self.entries.push(entry);
            return;
        }
        let end = self.entries.partition_point(|other| other.frame <= entry.frame);
        let start = self.entries[..end].partition_point(|other| other.frame < entry.frame);
        match self.entries[start..end].iter_mut().find(|other| other.handshake == entry.handshake) {
            Some(other) => other.shows = other.shows.max(entry.shows),
            None => self.entries.insert(end, entry),
        }
    }

    /// Returns all entries.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Returns the number of a handshake's first frame.
    pub fn first_frame(&self, handshake: HandshakeId) -> Option<u32> {
        self.entries.iter().find(|entry| entry.handshake == handshake).map(|entry| entry.frame)
    }

    /// Returns the entries of a frame.
    pub fn entries(&self, frame: u32) -> &[Entry] {
        let entries = &self.entries[self.start(frame)..];
        let count = entries.iter().take_while(|entry| entry.frame == frame).count();
        &entries[..count]
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
        assert_eq!(index.entries(2), [entry(2, 1)]);
        assert_eq!(index.entries(3), [entry(3, 3)]);
        assert_eq!(index.entries(5), [entry(5, 1), entry(5, 2)]);
        assert!(index.entries(4).is_empty() && index.entries(6).is_empty());
    }

    #[test]
    fn any_order_of_questions_gives_the_same_answers() {
        let mut index = FrameIndex::default();
        for frame in [2, 3, 5, 5, 9, 10, 20] {
            let handshake = HandshakeId(index.iter().count() as u64);
            index.insert(Entry { frame, handshake, shows: Shows::Finding });
        }
        let frames = |frame: u32| index.entries(frame).iter().map(|entry| entry.frame).collect::<Vec<_>>();
        let expected =
            |frame: u32| index.iter().map(|entry| entry.frame).filter(|other| *other == frame).collect::<Vec<_>>();
        for first in 0..=21 {
            for second in 0..=21 {
                assert_eq!((frames(first), frames(second)), (expected(first), expected(second)), "{first}, {second}");
            }
        }
    }
}
