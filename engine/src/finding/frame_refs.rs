//! References to the frames that a piece of evidence was read from.

use std::ops::{Deref, DerefMut};

use arrayvec::ArrayVec;

use crate::Frame;

/// Maximum number of frames that a piece of evidence refers to.
const MOST: usize = 6;

/// Frames that a piece of evidence refers to, at most six. They are stored without an allocation,
/// because every piece of evidence has some. Dereferences to a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameRefs(ArrayVec<Frame, MOST>);

impl Extend<Frame> for FrameRefs {
    /// Adds frames; those beyond six are dropped.
    fn extend<I: IntoIterator<Item = Frame>>(&mut self, frames: I) {
        let room = self.0.remaining_capacity();
        self.0.extend(frames.into_iter().take(room));
    }
}

impl FromIterator<Frame> for FrameRefs {
    fn from_iter<I: IntoIterator<Item = Frame>>(frames: I) -> Self {
        let mut refs = Self::default();
        refs.extend(frames);
        refs
    }
}

impl Deref for FrameRefs {
    type Target = [Frame];

    fn deref(&self) -> &[Frame] {
        &self.0
    }
}

impl DerefMut for FrameRefs {
    fn deref_mut(&mut self) -> &mut [Frame] {
        &mut self.0
    }
}

impl<'a> IntoIterator for &'a FrameRefs {
    type Item = &'a Frame;
    type IntoIter = std::slice::Iter<'a, Frame>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_six_frames_are_kept_in_order() {
        let frame = |number| Frame { capture: 1, number };
        let mut refs: FrameRefs = (1..4).map(frame).collect();
        assert_eq!(*refs, [frame(1), frame(2), frame(3)]);
        refs.extend((4..10).map(frame));
        assert_eq!(*refs, [1, 2, 3, 4, 5, 6].map(frame));
        assert_eq!(*FrameRefs::default(), []);
    }
}
