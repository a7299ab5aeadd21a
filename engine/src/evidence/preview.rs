//! The handshakes that a preview looks at, for the gates of the quick check.

use crate::HandshakeId;
use crate::connection::handshake::Handshake;

/// Number of a listener's handshakes that [`crate::Analyzer::preview`] judges by, the previewed one
/// included.
pub(crate) const PREVIEWED: usize = 4;

/// The latest handshakes of a listener; a preview judges one of them.
pub(crate) struct Preview<'a, 'b> {
    /// The handshakes, the judged one included.
    pub handshakes: &'a [&'b Handshake],
    /// Handshake that the preview judges.
    pub judged: HandshakeId,
}

impl Preview<'_, '_> {
    /// Returns whether the preview judges this handshake. The others count only by signals that are
    /// not systematic.
    pub(crate) fn judges(&self, handshake: &Handshake) -> bool {
        handshake.id == self.judged
    }

    /// Returns whether some handshake has a property.
    pub(crate) fn any(&self, property: impl Fn(&Handshake) -> bool) -> bool {
        self.handshakes.iter().any(|handshake| property(handshake))
    }
}
