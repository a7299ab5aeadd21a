//! The frames that something was read from.

use std::ops::{Deref, DerefMut};

use arrayvec::ArrayVec;

use crate::Frame;

/// Most frames that anything is read from.
const MOST: usize = 6;

/// A few frames, kept in place: there is such a list for all that was seen of every handshake. It is used as a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cited(ArrayVec<Frame, MOST>);

impl Extend<Frame> for Cited {
    /// Beyond six, frames are left out: nothing has as many.
    fn extend<I: IntoIterator<Item = Frame>>(&mut self, frames: I) {
        let room = self.0.remaining_capacity();
        self.0.extend(frames.into_iter().take(room));
    }
}

impl FromIterator<Frame> for Cited {
    fn from_iter<I: IntoIterator<Item = Frame>>(frames: I) -> Self {
        let mut cited = Self::default();
        cited.extend(frames);
        cited
    }
}

impl Deref for Cited {
    type Target = [Frame];

    fn deref(&self) -> &[Frame] {
        &self.0
    }
}

impl DerefMut for Cited {
    fn deref_mut(&mut self) -> &mut [Frame] {
        &mut self.0
    }
}

impl<'a> IntoIterator for &'a Cited {
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
    fn it_holds_what_was_put_in_and_no_more_than_there_is_room_for() {
        let frame = |number| Frame { capture: 1, number };
        let mut cited: Cited = (1..4).map(frame).collect();
        assert_eq!(*cited, [frame(1), frame(2), frame(3)]);
        cited.extend((4..10).map(frame));
        assert_eq!(*cited, [1, 2, 3, 4, 5, 6].map(frame));
        assert_eq!(*Cited::default(), []);
    }
}
