//! The user's preferences.

pub use syncookie_engine::CapturePoint;
use syncookie_engine::{Confidence, Limits};

/// The preferences at the time when a capture file was opened or reloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Minimum confidence of findings that get an expert item and a text in the Info column.
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
