//! `syncookie observe`.

use std::path::PathBuf;

use clap::Args;

use super::resources::ReadingResources;
use crate::pipeline::stretch::Stretch;

const EXAMPLES: &str = "\
Examples:
  syncookie observe captures -o observations.parquet
      Save what the packets of each handshake show; the captures are not needed
      any more
  syncookie observe captures -o observations.parquet --threads 1 --quiet
      Use one core, and print errors only
  syncookie observe captures -o part1.parquet --stretch 1/3
      Save those of the first third, while other workers read the others
  syncookie observe captures -o observations.parquet --max-memory 256MiB
      Use less memory
  syncookie observe captures -o observations.parquet --max-handshakes 20000
      Keep at most 20,000 handshakes of a capture at a time
  syncookie judge observations.parquet
      Print what syncookie analyze prints for the captures

Exit codes:
  0  all captures were read (also those without packets or without TCP)
  1  wrong usage, no capture found, or the observations could not be written
  2  some captures could not be read or were truncated; the rest was observed
  130, 143  Ctrl-C or SIGTERM: the observations so far were written";

/// Save what the packets of each handshake show, without payload, for a later syncookie judge
///
/// An observation has everything that the packets of one handshake show, as far as judging needs it:
/// at most some hundred bytes. docs/scale.md describes the file.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, override_usage = "syncookie observe <PATH>... --output <FILE> [OPTIONS]")]
pub struct Observe {
    /// Captures (pcap or pcapng, detected by content), folders, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Output file, as Parquet; - is standard output. The file is written atomically
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Read only the K-th of N stretches, which are ranges of about the same size of each capture,
    /// or of files that are one rotated capture. Handshakes that begin in it are observed to their
    /// end. syncookie judge takes the files of all stretches
    #[arg(long, value_name = "K/N")]
    pub stretch: Option<Stretch>,

    /// Print no progress and no remarks; errors are still printed
    #[arg(short, long)]
    pub quiet: bool,

    // Last, because its heading applies to all options after it.
    /// Limits of reading.
    #[command(flatten)]
    pub resources: ReadingResources,
}
