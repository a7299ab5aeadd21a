//! Value of `--time`.

use clap::ValueEnum;

/// Time zone of times for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TimeZone {
    /// Time zone of this machine, or of the environment variable TZ
    Local,
    /// UTC
    #[default]
    Utc,
}
