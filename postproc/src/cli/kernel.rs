//! `syncookie kernel`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  syncookie kernel
      This machine, in this network namespace; root sees every process
  syncookie kernel --netns web          (or a process id, a path, or all)
      Another network namespace; nsenter -t PID -n, or ip netns exec web, in front does the same
  syncookie kernel --watch 5
      Again every 5 seconds, with what changed
  syncookie kernel snapshot -o before.txt
  syncookie kernel --since before.txt
      What changed between then and now
  syncookie kernel netstat-s.txt sysctl.txt ss.txt
      What somebody saved: netstat -s, nstat -az, sysctl -a, ss -lntm, dmesg, files of /proc/net
  syncookie kernel before.txt after.txt
      Files that tell of the same are two looks: what changed between them
  syncookie kernel --format prometheus -o /var/lib/prometheus/node-exporter/syncookie.prom
      For node_exporter's textfile collector

Exit codes:
  0  all was read
  1  wrong usage; a file that cannot be read or is of no known form; nowhere to write
  3  --fail-on: something stands so, or worse";

/// Look at what the kernel has for accepting connections: how much is used, how much there is, what ran out.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Kernel {
    /// Something else to do.
    #[command(subcommand)]
    pub action: Option<KernelAction>,

    /// What was saved on another machine or at another time; without files, this machine now. - is standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// How to write it
    #[arg(long, value_enum, default_value_t = KernelFormat::Table)]
    pub format: KernelFormat,

    /// Where to write it; - is standard output. The file appears when it is complete
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Network namespace to look into: a name of `ip netns`, a process id, a path, or all
    #[arg(long, value_name = "NAMESPACE", conflicts_with = "files")]
    pub netns: Option<String>,

    /// An earlier snapshot (or netstat -s, nstat -az…) of this machine, to say what changed since
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    pub since: Option<PathBuf>,

    /// Look again every so many seconds and say what changed
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "files")]
    pub watch: Option<Duration>,

    /// End after so many looks
    #[arg(long, value_name = "LOOKS", requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Everything, also what is calm
    #[arg(short, long)]
    pub verbose: bool,

    /// Exit with 3 when a resource stands so, or worse
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<KernelLevel>,
}

/// Something else to do.
#[derive(Debug, Subcommand)]
pub enum KernelAction {
    /// Save everything in one text file, to carry away or to compare with later
    Snapshot(Snapshot),
}

/// Save everything in one text file, to carry away or to compare with later.
#[derive(Args, Debug)]
pub struct Snapshot {
    /// The file; - is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Network namespace to look into: a name of `ip netns`, a process id, or a path
    #[arg(long, value_name = "NAMESPACE")]
    pub netns: Option<String>,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KernelFormat {
    /// For people
    Table,
    /// One JSON document; with --watch one object a line
    Json,
    /// Metrics in Prometheus' text format
    Prometheus,
}

/// How a resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KernelLevel {
    /// There is no more of it now
    Exhausted,
    /// It ran out since the last look
    Overflowing,
    /// There is little of it left
    Near,
    /// It ran out at some time since boot
    Overflowed,
}

/// Seconds, also parts of one; what is too short would be all this machine does.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text} is no number of seconds"))?;
    if !(0.1..=86_400.0 * 365.0).contains(&seconds) {
        return Err(format!("{text} is not between 0.1 and a year"));
    }
    Ok(Duration::from_secs_f64(seconds))
}
