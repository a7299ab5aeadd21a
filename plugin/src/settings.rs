//! The user's preferences.

use syncookie_engine::{Confidence, Limits};

/// Where the capture was taken, according to the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CapturePoint {
    /// Not specified.
    #[default]
    Unknown,
    /// On the machine that sent the SYNs, or next to it.
    Client,
    /// On the machine that received the SYNs, or next to it.
    Server,
}

/// The preferences at the time when a capture file was opened or reloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Cookie-style findings below this confidence get no expert item and no mark in the Info
    /// column.
    pub min_confidence: Confidence,
    /// Maximum number of handshakes to keep.
    pub max_handshakes: usize,
    /// Where the capture was taken.
    pub capture_point: CapturePoint,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_confidence: Confidence::Possible,
            max_handshakes: Limits::default().handshakes,
            capture_point: CapturePoint::Unknown,
        }
    }
}
