//! The option `--capture-point`.

use clap::ValueEnum;

/// Place at which captures were taken, as a choice on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CapturePoint {
    /// At the client, or next to it: whether a packet reached the server cannot be seen
    Client,
    /// At the server, or next to it: a captured packet did reach it
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
