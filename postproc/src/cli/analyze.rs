//! `syncookie analyze`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use syncookie_engine::Confidence;

use super::{CapturePoint, Resources};
use crate::filter::{Condition, EndpointPattern};
use crate::report::Format;

const EXAMPLES: &str = "\
Examples:
  syncookie analyze trace.pcap
      What is in one capture
  syncookie analyze captures --format jsonl -o findings.jsonl
      A folder with everything below it, one JSON object a line
  syncookie analyze captures --format html -o report.html
      One page with charts and all findings, to look at in a browser
  tcpdump -r big.pcap -w - 'tcp' | syncookie analyze -
      Standard input, read as it comes
  syncookie analyze captures --fail-on likely --quiet > report.txt
      In a job: exit code 3 when something was found
  syncookie analyze captures --verbose
      Every kind of finding with its evidence, and what in the folder is no capture
  syncookie analyze captures --filter server=10.9.2.1:8080 --filter since=2026-11-22
      Only what is said of one listener, from that day on
  syncookie analyze captures --threads 1 --max-handshakes 50000
      On a machine that has other things to do
  syncookie analyze captures --max-flood 100 --max-listeners 1000 --max-episodes 1000
      In a flood, or a scan: more is counted, and not told one by one
  syncookie analyze captures --once
      What several captures show, told once
  syncookie analyze captures --follow --state told.json
      What tcpdump -w or dumpcap -b write there, as it comes, until Ctrl-C
  syncookie analyze captures --list-files
      What would be read
  syncookie analyze trace.pcap --kernel netstat-s.txt sysctl.txt --server 10.9.2.1
      With what the server's kernel says of it
  syncookie analyze captures --format summary --baseline yesterday.json --fail-on likely
      The same, with one line, for what is new since yesterday's report

Exit codes:
  0  all captures were analysed (one without packets, or without TCP, counts)
  1  wrong usage, nothing there (no such file, a folder without captures), or the
     results could not be written
  2  some captures could not be read or were cut short; the rest was analysed.
     So it is with a file named here that is no capture, and with one in a folder
     that is called a capture (.pcap, .cap, .pcapng.gz...) and is none
  3  --fail-on: a cookie-style handshake at that confidence or above was found.
     It goes before 2: a finding stays one whatever else could not be read. What
     could not be read is named on standard error and in the results anyway
  130, 143  Ctrl-C or SIGTERM: what was known by then was written, and says that it
     is partial; a second one ends at once, without results";

/// Analyse captures, and folders of them.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Analyze {
    /// Captures (pcap or pcapng, told by content), folders of them, or - for standard input
    ///
    /// Folders are searched with everything below them, sorted by name, without following symbolic links to folders.
    /// What is no capture in them is passed over, unless its name says that it is one; a file that is named here must be
    /// one.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// How to write the results; a table unless told otherwise, also into a pipe
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,

    /// Where to write the results; - is standard output. The file appears when it is complete
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Exit with 3 when a cookie-style handshake at this confidence or above was found
    #[arg(long, value_name = "CONFIDENCE", value_enum)]
    pub fail_on: Option<Threshold>,

    /// Report only what an earlier report does not have
    ///
    /// The earlier report is in JSON or JSON Lines. A finding (an answer by a cookie or a proxy, or a failure) is known when that
    /// report has one of the same listener with the same verdict and the same first cause, at this confidence or above.
    /// Everything that is reported then, counts and --fail-on included, is of new findings alone.
    #[arg(long, value_name = "REPORT")]
    pub baseline: Option<PathBuf>,

    /// Tell only findings that fit: server=…, client=…, since=…, until=…; can be given several times
    ///
    /// server and client take an address, a network (10.0.0.0/8), either with a port (10.0.0.1:443; IPv6 in brackets), or a port
    /// (:443); since and until take 2026-11-22T06:28:21Z, 2026-11-22 06:28:21, 2026-11-22 (UTC) or @SECONDS, and are about
    /// a handshake's first frame (until: before it). Of several of a kind one must hold, of different kinds all.
    /// Everything is read and analysed all the same.
    #[arg(long, value_name = "CONDITION")]
    pub filter: Vec<Condition>,

    /// Tell and count a handshake once, in the first capture read, whose very same packets are in several captures
    #[arg(long)]
    pub once: bool,

    /// Wait for captures that a program writes into the folder, and tell of each as it is finished; a signal ends it
    ///
    /// A file is finished when a newer one of its series is there, or nothing was written to it for ten seconds. Written are lines
    /// (table or jsonl); a file given with --output is appended to.
    #[arg(long, conflicts_with = "list_files")]
    pub follow: bool,

    /// Keep in this file what was told, so that the next --follow goes on from there
    #[arg(long, value_name = "FILE", requires = "follow")]
    pub state: Option<PathBuf>,

    /// Name the captures that would be read, with format and bytes, one a line, and read none
    #[arg(long)]
    pub list_files: bool,
    /// What the server's kernel says, to weigh the causes of failures with: saved netstat -s, nstat -az, sysctl -a, ss
    /// -lntm, /proc files, snapshots. Two of the same kind give differences
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub kernel: Vec<PathBuf>,

    /// Which server --kernel speaks of: an address, or address and port; every server unless given
    #[arg(long, value_name = "IP[:PORT]", requires = "kernel")]
    pub server: Option<EndpointPattern>,

    /// Where the captures were taken: weighs the causes of failures and may rule some out. Verdicts do not depend on it
    #[arg(long, value_name = "PLACE", value_enum, default_value_t)]
    pub capture_point: CapturePoint,

    /// No progress and no remarks on standard error; what could not be read is still named
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// The whole table: every kind of finding with its evidence, every episode; also names the files in folders that are
    /// no captures
    #[arg(short, long)]
    pub verbose: bool,

    // Last, as its heading would be over what comes behind it.
    #[command(flatten)]
    pub resources: Resources,
}

/// A confidence, as a choice on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    /// More likely than not
    Possible,
    /// Meant to be right in at least 95 % of findings
    Likely,
    /// Meant to be right in at least 99.9 % of findings
    Certain,
}

impl From<Threshold> for Confidence {
    fn from(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Possible => Self::Possible,
            Threshold::Likely => Self::Likely,
            Threshold::Certain => Self::Certain,
        }
    }
}
