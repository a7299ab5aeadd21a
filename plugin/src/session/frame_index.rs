//! An index from frames to the handshakes that they may show something of.

use syncookie_engine::HandshakeId;

/// A frame, and a handshake that it may show something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of the frame.
    pub frame: u32,
    /// The handshake.
    pub handshake: HandshakeId,
    /// Whether the frame may show a subtree; otherwise it only belongs to the connection.
    pub has_subtree: bool,
}

/// All entries, sorted by frame: first visits happen in that order.
#[derive(Debug, Default)]
pub struct FrameIndex(Vec<Entry>);

impl FrameIndex {
    /// Adds an entry, unless the frame has one of that handshake already.
    pub fn insert(&mut self, entry: Entry) {
        if self.0.last().is_none_or(|last| last.frame < entry.frame) {
            self.0.push(entry);
            return;
        }
        let end = self.0.partition_point(|other| other.frame <= entry.frame);
        let start = self.0[..end].partition_point(|other| other.frame < entry.frame);
        match self.0[start..end].iter_mut().find(|other| other.handshake == entry.handshake) {
            Some(other) => other.has_subtree |= entry.has_subtree,
            None => self.0.insert(end, entry),
        }
    }

    /// Returns all entries.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// Returns the number of a handshake's first frame.
    pub fn first_frame(&self, handshake: HandshakeId) -> Option<u32> {
        self.0.iter().find(|entry| entry.handshake == handshake).map(|entry| entry.frame)
    }

    /// Returns the entries of a frame.
    pub fn entries(&self, frame: u32) -> &[Entry] {
        let start = self.0.partition_point(|entry| entry.frame < frame);
        let entries = &self.0[start..];
        &entries[..entries.partition_point(|entry| entry.frame == frame)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_frame_are_found_in_whatever_order_they_were_inserted() {
        let mut index = FrameIndex::default();
        let entry = |frame, handshake| Entry { frame, handshake: HandshakeId(handshake), has_subtree: true };
        for added in [entry(2, 1), entry(5, 1), entry(5, 2), entry(5, 1), entry(3, 3)] {
            index.insert(added);
        }
        assert_eq!(index.entries(2), [entry(2, 1)]);
        assert_eq!(index.entries(3), [entry(3, 3)]);
        assert_eq!(index.entries(5), [entry(5, 1), entry(5, 2)]);
        assert!(index.entries(4).is_empty() && index.entries(6).is_empty());
    }
}
