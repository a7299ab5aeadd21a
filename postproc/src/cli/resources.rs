//! Limits on threads and memory.

use std::num::NonZeroUsize;
use std::thread;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use syncookie_engine::Limits;

/// Limits on threads and memory. The findings do not depend on the number of threads.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Resources")]
pub struct Resources {
    /// Number of threads [default: number of cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,

    /// Maximum number of handshakes in memory for each capture, at about 1.1 KiB each
    ///
    /// If there are more, the older half gets its verdicts at once, and its later packets are ignored. A verdict may then
    /// be less certain. The report says how many handshakes were judged early in this way.
    #[arg(long, value_name = "N", default_value_t = Limits::default().handshakes as u64,
          value_parser = RangedU64ValueParser::<u64>::new().range(2..=1 << 30))]
    pub max_handshakes: u64,

    /// In a SYN flood, maximum number of uncompleted handshakes reported for each listener; the others are only counted
    #[arg(long, value_name = "N", default_value_t = Limits::default().flood)]
    pub max_flood: u64,

    /// Maximum number of listeners that are reported individually; the totals include all
    #[arg(long, value_name = "N", default_value_t = Limits::default().listeners)]
    pub max_listeners: usize,

    /// Maximum number of episodes kept for each capture or series of rotated captures
    #[arg(long, value_name = "N", default_value_t = Limits::default().episodes)]
    pub max_episodes: usize,
}

impl Resources {
    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        self.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }

    /// Returns the limits of the engine.
    pub fn limits(&self) -> Limits {
        Limits {
            handshakes: self.max_handshakes as usize,
            flood: self.max_flood,
            listeners: self.max_listeners,
            episodes: self.max_episodes,
        }
    }
}
