//! What a user can set.

use syncookie_engine::{Confidence, Limits};

/// Where the capture was taken, as far as the user says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CapturePoint {
    /// Nobody said.
    #[default]
    Unknown,
    /// On the machine that sent the SYNs, or next to it.
    Client,
    /// On the machine that was asked, or next to it.
    Server,
}

/// The preferences, as they were when a capture file was opened or read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Cookie-style handshakes below it get no expert item and no word in the packet list.
    pub least: Confidence,
    /// Handshakes kept at most.
    pub handshakes: usize,
    /// Where the capture was taken.
    pub point: CapturePoint,
}

impl Default for Settings {
    fn default() -> Self {
        Self { least: Confidence::Possible, handshakes: Limits::default().handshakes, point: CapturePoint::Unknown }
    }
}
