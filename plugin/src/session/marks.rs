//! Which frames may have something to show.

use syncookie_engine::HandshakeId;

/// A frame that may have something to show of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The frame.
    pub frame: u32,
    /// The handshake.
    pub handshake: HandshakeId,
}

/// All marks, in order of frames: first visits come in that order.
#[derive(Debug, Default)]
pub struct Marks(Vec<Mark>);

impl Marks {
    /// Adds a mark, unless there is the same.
    pub fn add(&mut self, mark: Mark) {
        if self.0.last().is_none_or(|last| last.frame < mark.frame) {
            self.0.push(mark);
            return;
        }
        let end = self.0.partition_point(|other| other.frame <= mark.frame);
        let start = self.0[..end].partition_point(|other| other.frame < mark.frame);
        if !self.0[start..end].contains(&mark) {
            self.0.insert(end, mark);
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Mark> {
        self.0.iter()
    }

    /// The marks of a frame.
    pub fn of(&self, frame: u32) -> &[Mark] {
        let start = self.0.partition_point(|mark| mark.frame < frame);
        let marks = &self.0[start..];
        &marks[..marks.partition_point(|mark| mark.frame == frame)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_a_frame_are_found_whatever_the_order_they_came_in() {
        let mut marks = Marks::default();
        let mark = |frame, handshake| Mark { frame, handshake: HandshakeId(handshake) };
        for added in [mark(2, 1), mark(5, 1), mark(5, 2), mark(5, 1), mark(3, 3)] {
            marks.add(added);
        }
        assert_eq!(marks.of(2), [mark(2, 1)]);
        assert_eq!(marks.of(3), [mark(3, 3)]);
        assert_eq!(marks.of(5), [mark(5, 1), mark(5, 2)]);
        assert!(marks.of(4).is_empty() && marks.of(6).is_empty());
    }
}
