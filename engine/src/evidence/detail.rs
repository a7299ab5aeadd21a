//! Level of detail of a signal: most handshakes are ordinary and only weighed, so text is made on
//! demand.

use std::fmt;

use crate::{Frame, FrameRefs};

/// Whether signals are built with frames and text. A type rather than a value, so that code that
/// only weighs does not even reserve memory for them.
pub(crate) trait Detail {
    /// The frames that a signal was read from.
    type Frames: Extend<Frame>;
    /// One sentence with the values.
    type Text: fmt::Display;

    /// Keeps the frames that a signal was read from.
    fn frames(frames: impl IntoIterator<Item = Frame>) -> Self::Frames;

    /// Writes the sentence.
    fn text(sentence: impl FnOnce() -> String) -> Self::Text;
}

/// Marker type: signals are built with frames and text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WithDetail;

impl Detail for WithDetail {
    type Frames = FrameRefs;
    type Text = String;

    fn frames(frames: impl IntoIterator<Item = Frame>) -> FrameRefs {
        frames.into_iter().collect()
    }

    fn text(sentence: impl FnOnce() -> String) -> String {
        sentence()
    }
}

/// Marker type: signals are only weighed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoDetail;

impl Detail for NoDetail {
    type Frames = Omitted;
    type Text = Omitted;

    #[inline]
    fn frames(_: impl IntoIterator<Item = Frame>) -> Omitted {
        Omitted
    }

    #[inline]
    fn text(_: impl FnOnce() -> String) -> Omitted {
        Omitted
    }
}

/// Formats like `format!` where the [`Detail`] type wants text, else does nothing.
macro_rules! detail {
    ($detail:ty, $($sentence:tt)*) => {
        <$detail as $crate::evidence::detail::Detail>::text(|| format!($($sentence)*))
    };
}

pub(crate) use detail;

/// Placeholder for frames and text that are not needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Omitted;

impl Extend<Frame> for Omitted {
    #[inline]
    fn extend<I: IntoIterator<Item = Frame>>(&mut self, _: I) {}
}

impl fmt::Display for Omitted {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
