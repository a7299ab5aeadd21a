//! Journal of a run over captures that appear one after the other.

use std::io;

use syncookie_engine::Finding;

/// Knows which handshakes earlier runs reported, and learns which ones this run decided about.
///
/// Handshakes are decided in the order of their first frames. A journal therefore needs one frame
/// number per capture.
pub trait Journal {
    /// Returns whether an earlier run, or an earlier reading of the capture, decided about the
    /// handshake.
    fn was_decided(&self, finding: &Finding) -> bool;

    /// Records that the handshake was decided about, and written if it is reported.
    ///
    /// # Errors
    /// Fails if the results or the journal cannot be written.
    fn decided(&self, finding: &Finding) -> io::Result<()>;
}
