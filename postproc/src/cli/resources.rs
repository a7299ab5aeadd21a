//! What a run may use of the machine.

use std::num::NonZeroUsize;
use std::thread;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use syncookie_engine::Limits;

/// What a run may use of the machine. The findings are the same whatever the number of threads.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Resources")]
pub struct Resources {
    /// Threads that read and analyse; as many as there are cores unless given
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,

    /// Handshakes of a capture kept at a time, at about 1 KiB each (2 KiB where all evidence is written). When there are more, the older half is
    /// judged without what comes later, and the report says how many that were
    #[arg(long, value_name = "N", default_value_t = Limits::default().handshakes as u64,
          value_parser = RangedU64ValueParser::<u64>::new().range(2..=1 << 30))]
    pub max_handshakes: u64,

    /// Handshakes that never completed in a flood of SYNs, told one by one for each listener; more are counted
    #[arg(long, value_name = "N", default_value_t = Limits::default().flood)]
    pub max_flood: u64,

    /// Listeners that are reported one by one; the handshakes of more are in the totals only
    #[arg(long, value_name = "N", default_value_t = Limits::default().listeners)]
    pub max_listeners: usize,

    /// Episodes that are kept of captures that belong together
    #[arg(long, value_name = "N", default_value_t = Limits::default().episodes)]
    pub max_episodes: usize,
}

impl Resources {
    /// How many threads.
    pub fn threads(&self) -> usize {
        self.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }

    /// What the engine may keep.
    pub fn limits(&self) -> Limits {
        Limits {
            handshakes: self.max_handshakes as usize,
            flood: self.max_flood,
            listeners: self.max_listeners,
            episodes: self.max_episodes,
        }
    }
}
