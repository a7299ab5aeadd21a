//! `syncookie kernel`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::implied;

const EXAMPLES: &str = "\
Examples:
  syncookie kernel
      This machine, in the current network namespace; only root sees every
      process
  syncookie kernel --netns web
      Another network namespace: a name of ip netns, a process ID, a path, or
      all (one line for each namespace in which no resource has a
      problem)
  syncookie kernel --watch 5
      A new sample every 5 seconds, with the changes
  syncookie kernel snapshot -o before.txt
  syncookie kernel --since before.txt
      Changes since the snapshot, until now
  syncookie kernel netstat-s.txt sysctl.txt ss.txt
      Saved output of netstat -s, nstat -az, sysctl -a, ss -lntm, dmesg,
      ip -s link, ethtool -S, nft list ruleset, perf script, or files of
      /proc/net
  syncookie kernel ticket/ netstat-s.txt.gz
      All texts in a folder and its subfolders, with a report for each network
      namespace; compressed files (gzip, zstd, lz4)
  syncookie kernel before.txt after.txt
      Two readings of the same sources: shows the changes
  syncookie kernel --format prometheus -o /var/lib/prometheus/node-exporter/syncookie.prom
      For node_exporter's textfile collector

Exit codes:
  0  success
  1  wrong usage, no file can be read or recognised, or the output cannot be
     written
  2  some files cannot be read or recognised; the others were reported
  3  --fail-on: a resource is at this level or a worse one";

/// Show the kernel resources that a new connection needs: usage, limits, overflows.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Kernel {
    /// Another action.
    #[command(subcommand)]
    pub action: Option<KernelAction>,

    /// Saved outputs or snapshots, or folders of them; - is standard input. Without files, the
    /// running kernel is read
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Output format [default: json or prometheus if the output file is named .json or .prom,
    /// otherwise table]
    #[arg(long, value_enum)]
    pub format: Option<KernelFormat>,

    /// Output file, written atomically; - is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Network namespace: a name of `ip netns`, a process ID, a path, or all
    #[arg(long, value_name = "NAMESPACE", conflicts_with = "files")]
    pub netns: Option<String>,

    /// Show what changed since this earlier snapshot or saved output (netstat -s, nstat -az…): until
    /// now, or until the FILEs if any are given
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,

    /// Take a sample every SECONDS, or every 5 seconds; a terminal is redrawn in place, with an asterisk before lines
    /// that changed; into a pipe, the table format prints only samples with changes
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5", value_parser = seconds, conflicts_with = "files")]
    pub watch: Option<Duration>,

    /// Stop after N samples
    #[arg(long, value_name = "N", requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Show all problems, rows and counters, including counters that are 0
    #[arg(short, long)]
    pub verbose: bool,

    /// Exit with 3 if any resource is at this level or a worse one. The table marks the levels
    /// with !, +, ~ and -. The levels, the worst first:
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<KernelLevel>,
}

impl Kernel {
    /// Returns the format of the report.
    pub fn format(&self) -> KernelFormat {
        implied::format(self.format, &self.output)
    }
}

/// Action other than a report.
#[derive(Debug, Subcommand)]
pub enum KernelAction {
    /// Save all settings, usage and counters in one text file, to attach to a ticket or to compare
    /// with later
    Snapshot(Snapshot),
}

/// Save all settings, usage and counters in one text file, to attach to a ticket or to compare with
/// later.
#[derive(Args, Debug)]
pub struct Snapshot {
    /// Output file; - is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Network namespace: a name of `ip netns`, a process ID, or a path
    #[arg(long, value_name = "NAMESPACE")]
    pub netns: Option<String>,
}

/// Format of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KernelFormat {
    /// Table
    #[default]
    Table,
    /// One JSON document, or with --watch one JSON object per line
    Json,
    /// Metrics in the text format of Prometheus
    #[value(alias = "prom")]
    Prometheus,
}

/// Level of a finding, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KernelLevel {
    /// The limit is reached now
    Exhausted,
    /// The resource overflowed, or dropped or rejected something, since the previous sample
    Overflowing,
    /// At least nine tenths of the limit are used, TCP is under memory pressure, or tasks waited
    /// for a CPU during at least 90 % of the last 10 s
    Near,
    /// The resource overflowed, or dropped or rejected something, at some time since boot, or a
    /// saved trace of the kernel (perf script and others) contains a drop or a reset
    Overflowed,
}

/// Parses a number of seconds from 0.1 to a year; a shorter interval would keep the machine busy.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text} is not a number of seconds"))?;
    if !(0.1..=86_400.0 * 365.0).contains(&seconds) {
        return Err(format!("{text} is not between 0.1 seconds and a year"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};
    use super::*;

    fn pause(args: &[&str]) -> Option<Duration> {
        let cli = Cli::try_parse_from([&["syncookie", "kernel"], args].concat()).unwrap();
        let Command::Kernel(kernel) = cli.command else { panic!("another command") };
        kernel.watch
    }

    #[test]
    fn a_sample_is_taken_every_five_seconds_unless_a_number_is_given() {
        assert_eq!(pause(&["--watch"]), Some(Duration::from_secs(5)));
        assert_eq!(pause(&["--watch", "--count", "2"]), Some(Duration::from_secs(5)));
        assert_eq!(pause(&["--watch", "0.5"]), Some(Duration::from_millis(500)));
        assert_eq!(pause(&[]), None);
    }
}
