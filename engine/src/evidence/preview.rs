//! The handshakes that a preview looks at, for the gates of the quick check.

use crate::connection::handshake::Handshake;

/// Number of a listener's handshakes that [`crate::Analyzer::preview`] judges by, the previewed one
/// included.
pub(crate) const PREVIEWED: usize = 4;

/// The latest handshakes of a listener; a preview judges the last of them.
pub(crate) struct Preview<'a, 'b> {
    /// All of the handshakes, in order.
    pub handshakes: &'a [&'b Handshake],
    /// Handshake that the preview judges.
    pub judged: &'b Handshake,
    /// The handshakes before it; they count only by signals that are not systematic.
    pub earlier: &'a [&'b Handshake],
}

impl<'a, 'b> Preview<'a, 'b> {
    /// Returns the preview of the last of these handshakes, `None` without one.
    pub(crate) fn of_last(handshakes: &'a [&'b Handshake]) -> Option<Self> {
        let (judged, earlier) = handshakes.split_last()?;
        Some(Self { handshakes, judged, earlier })
    }

    /// Returns whether some handshake has a property.
    pub(crate) fn any(&self, property: impl Fn(&Handshake) -> bool) -> bool {
        self.handshakes.iter().any(|handshake| property(handshake))
    }
}
