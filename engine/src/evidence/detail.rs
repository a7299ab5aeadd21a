//! Sentences are made only where somebody reads them: most handshakes are ordinary, and nobody asks why.

use std::fmt;

use crate::{Cited, Frame};

/// Whether sentences are wanted, and the frames they were read from: known when the code is compiled, so that whoever only
/// weighs does not even make room for them.
pub(crate) trait Words {
    /// The frames that a signal was read from.
    type Frames: Extend<Frame>;
    /// What it says.
    type Sentence: fmt::Display;

    /// Notes frames.
    fn cite(frames: impl IntoIterator<Item = Frame>) -> Self::Frames;

    /// Makes a sentence.
    fn say(sentence: impl FnOnce() -> String) -> Self::Sentence;
}

/// They are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said;

impl Words for Said {
    type Frames = Cited;
    type Sentence = String;

    fn cite(frames: impl IntoIterator<Item = Frame>) -> Cited {
        frames.into_iter().collect()
    }

    fn say(sentence: impl FnOnce() -> String) -> String {
        sentence()
    }
}

/// They are not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsaid;

impl Words for Unsaid {
    type Frames = Nothing;
    type Sentence = Nothing;

    #[inline]
    fn cite(_: impl IntoIterator<Item = Frame>) -> Nothing {
        Nothing
    }

    #[inline]
    fn say(_: impl FnOnce() -> String) -> Nothing {
        Nothing
    }
}

/// `format!` where words are wanted, else nothing.
macro_rules! say {
    ($words:ty, $($sentence:tt)*) => {
        <$words as $crate::evidence::detail::Words>::say(|| format!($($sentence)*))
    };
}

pub(crate) use say;

/// In place of what nobody reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nothing;

impl Extend<Frame> for Nothing {
    #[inline]
    fn extend<I: IntoIterator<Item = Frame>>(&mut self, _: I) {}
}

impl fmt::Display for Nothing {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
