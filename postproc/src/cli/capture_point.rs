//! The option `--capture-point`.

use clap::ValueEnum;

/// Place at which captures were taken, as a value of `--capture-point`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CapturePoint {
    /// On or near the client: a captured packet may not have reached the server
    Client,
    /// On the server, or where nothing between the capture and the server can drop a packet
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
