//! Sentences are made only where somebody reads them: most handshakes are ordinary, and nobody asks why.

use std::ops::Deref;

use crate::Frame;

/// Whether sentences are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words(pub bool);

/// `format!` where words are wanted, else nothing.
macro_rules! say {
    ($words:expr, $($sentence:tt)*) => {
        if $words.0 { format!($($sentence)*) } else { String::new() }
    };
}

pub(crate) use say;

/// Most frames a signal is read from.
const MOST: usize = 6;

/// The frames a signal was read from, kept in place: there is one list for every signal of every handshake.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cited {
    frames: [Frame; MOST],
    count: usize,
}

impl Cited {
    /// Adds a frame; there is room for all that any signal has.
    pub(crate) fn push(&mut self, frame: Frame) {
        if let Some(place) = self.frames.get_mut(self.count) {
            *place = frame;
            self.count += 1;
        }
    }
}

impl<const N: usize> From<[Frame; N]> for Cited {
    fn from(frames: [Frame; N]) -> Self {
        let mut cited = Self::default();
        cited.extend(frames);
        cited
    }
}

impl Extend<Frame> for Cited {
    fn extend<I: IntoIterator<Item = Frame>>(&mut self, frames: I) {
        frames.into_iter().for_each(|frame| self.push(frame));
    }
}

impl Deref for Cited {
    type Target = [Frame];

    fn deref(&self) -> &[Frame] {
        &self.frames[..self.count]
    }
}
