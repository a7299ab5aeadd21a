//! Limits on threads and memory.

use std::num::NonZeroUsize;
use std::thread;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use syncookie_engine::Limits;

use super::memory_size::memory_size;
use crate::pipeline::Memory;

/// Limits of reading. The results do not depend on the number of threads.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Resources")]
pub struct ReadingResources {
    /// Number of threads [default: number of cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,

    /// Maximum memory of the run, for all captures together: bytes, or a number of KiB, MiB or GiB
    ///
    /// SIZE also limits --max-handshakes, --max-listeners and --max-episodes, to (SIZE - 128 MiB) /
    /// 7 KiB each: about 18,700 with 256MiB, 131,072 with 1GiB. One handshake, one listener and one
    /// episode take 7 KiB together, with what is reported about them. The smallest value allowed is
    /// 256MiB.
    #[cfg_attr(feature = "parquet", doc = "The command observe has only --max-handshakes.")]
    /// Each capture that is being read needs 32 MiB; with less memory, fewer are read at the same
    /// time. A capture that is compressed with zstd may need 128 MiB more, which are not counted.
    /// The default is the same on every machine. The findings depend neither on the machine nor on
    /// the number of threads.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = memory_size)]
    pub max_memory: Memory,

    /// Maximum number of handshakes in memory for each capture, at about 1.1 KiB each
    ///
    /// If there are more, the older half is judged early, and later packets of these handshakes
    /// are ignored. A verdict may then be less certain. The report says how many handshakes were
    /// judged early in this way.
    #[arg(long, value_name = "N", default_value_t = Limits::default().handshakes as u64,
          value_parser = RangedU64ValueParser::<u64>::new().range(2..=1 << 30))]
    pub max_handshakes: u64,
}

/// Limits on threads and memory. The findings do not depend on the number of threads.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Resources")]
pub struct Resources {
    /// Limits of reading.
    #[command(flatten)]
    pub reading: ReadingResources,

    /// In a SYN flood, maximum number of uncompleted handshakes reported for each listener; the
    /// others are only counted
    #[arg(long, value_name = "N", default_value_t = Limits::default().flood)]
    pub max_flood: u64,

    /// Maximum number of listeners that are reported individually; the totals include all
    #[arg(long, value_name = "N", default_value_t = Limits::default().listeners)]
    pub max_listeners: usize,

    /// Maximum number of episodes that are reported individually
    ///
    /// An episode is a period in which SYN cookies or a SYN proxy answered for a listener, at
    /// "likely" or above.
    #[arg(long, value_name = "N", default_value_t = Limits::default().episodes)]
    pub max_episodes: usize,
}

impl ReadingResources {
    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        self.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }

    /// Returns the requested limits of the engine; those without an option here have their defaults.
    fn requested(&self) -> Limits {
        Limits { handshakes: self.max_handshakes as usize, ..Limits::default() }
    }

    /// Returns the limits of the engine.
    #[cfg(feature = "parquet")]
    pub fn limits(&self) -> Limits {
        self.max_memory.lower(self.requested())
    }

    /// Returns a remark if more handshakes were requested than by default, and they do not fit into
    /// the memory.
    #[cfg(feature = "parquet")]
    pub fn remark(&self) -> Option<String> {
        remark(self.requested(), self.limits())
    }
}

impl Resources {
    /// Returns the limits of the engine.
    pub fn limits(&self) -> Limits {
        self.reading.max_memory.lower(self.requested())
    }

    /// Returns a remark if a limit was requested that is above its default and does not fit into
    /// the memory.
    pub fn remark(&self) -> Option<String> {
        remark(self.requested(), self.limits())
    }

    fn requested(&self) -> Limits {
        Limits {
            flood: self.max_flood,
            listeners: self.max_listeners,
            episodes: self.max_episodes,
            ..self.reading.requested()
        }
    }
}

/// Returns a remark if a limit was requested that is above its default, and was lowered.
fn remark(requested: Limits, lowered: Limits) -> Option<String> {
    let default = Limits::default();
    let limits = [
        ("handshakes", requested.handshakes, lowered.handshakes, default.handshakes),
        ("listeners", requested.listeners, lowered.listeners, default.listeners),
        ("episodes", requested.episodes, lowered.episodes, default.episodes),
    ];
    let lowered = limits.into_iter().find(|&(_, requested, lowered, default)| requested > lowered.max(default));
    lowered.map(|(name, _, lowered, _)| {
        format!("--max-memory leaves room for {lowered} {name}, so --max-{name} is {lowered}; increase --max-memory")
    })
}
