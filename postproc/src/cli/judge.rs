//! `syncookie judge`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{Reporting, Resources};

const EXAMPLES: &str = "\
Examples:
  syncookie observe captures -o observations.parquet
      Save what the packets of each handshake show
  syncookie judge observations.parquet
      Print what syncookie analyze prints for the captures
  syncookie observe trace.pcap -o trace.parquet
  syncookie judge observations.parquet trace.parquet -o findings.jsonl
      Judge several files; write one JSON object per line
  syncookie judge observations.parquet --filter server=:443 --format csv
      Report only servers on port 443; every option of a report that
      syncookie analyze has applies here, too

Exit codes:
  As those of syncookie analyze. The code is 1 if a file has no observations, and 2
  if captures could not be read when they were observed.";

/// Report on files that syncookie observe saved, as analyze reports on captures
///
/// The results are those of syncookie analyze for the captures, as long as no limit was reached.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, override_usage = "syncookie judge <FILE>... [OPTIONS]")]
pub struct Judge {
    /// Files that syncookie observe wrote
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// Options of the report.
    #[command(flatten)]
    pub reporting: Reporting,

    // Last, because its heading applies to all options after it.
    /// Limits on threads and memory.
    #[command(flatten)]
    pub resources: Resources,
}
