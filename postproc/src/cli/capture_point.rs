//! The option `--capture-point`.

use clap::ValueEnum;

/// Place at which captures were taken, as a value of `--capture-point`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CapturePoint {
    /// At or near the client: a captured packet may not have reached the server
    Client,
    /// At or near the server: every captured packet reached it
    Server,
    /// Not known
    #[default]
    Unknown,
}

impl From<CapturePoint> for syncookie_engine::CapturePoint {
    fn from(point: CapturePoint) -> Self {
        match point {
            CapturePoint::Client => Self::Client,
            CapturePoint::Server => Self::Server,
            CapturePoint::Unknown => Self::Unknown,
        }
    }
}
