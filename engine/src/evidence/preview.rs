//! The handshakes that a preview looks at, for the gates of the quick check.

use crate::connection::handshake::Handshake;

/// Number of a listener's handshakes that [`crate::Analyzer::preview`] judges by, the previewed one
/// included.
pub(crate) const PREVIEWED: usize = 4;

/// A handshake that a preview judges, and the listener's handshakes before it.
pub(crate) struct Preview<'a, 'b> {
    pub judged: &'b Handshake,
    /// The handshakes before it, in order; they count only by signals that are not systematic.
    pub earlier: &'a [&'b Handshake],
}

impl<'b> Preview<'_, 'b> {
    /// Returns all handshakes, in order.
    pub(crate) fn handshakes(&self) -> impl Iterator<Item = &'b Handshake> {
        self.earlier.iter().copied().chain([self.judged])
    }
}
