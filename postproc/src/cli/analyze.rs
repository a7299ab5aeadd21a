//! `syncookie analyze`.

use std::path::PathBuf;

use clap::Args;

use super::{Reporting, Resources};

const EXAMPLES: &str = "\
Examples:
  syncookie analyze trace.pcap
      Analyse one capture and print a table
  syncookie analyze captures -o findings.jsonl
      Analyse a folder and its subfolders; write one JSON object per line
  syncookie analyze captures -o report.html
      Write one page with charts and all findings, for a browser
  syncookie analyze captures -o findings.csv --csv-bom
      Write one row per handshake, for Excel; other programs need no --csv-bom
  syncookie analyze captures --format ecs -o events.ndjson
      Write one event per handshake, for Elasticsearch; --format zeek writes a
      log for zeek-cut
  tcpdump -r big.pcap -w - 'tcp' | syncookie analyze -
      Analyse standard input as it arrives
  syncookie analyze captures --fail-on likely --quiet > report.txt
      Exit with code 3 if a likely or certain SYN cookie or SYN proxy was found
  syncookie analyze captures --verbose
      Add the evidence of each group of findings, and the files that were
      skipped
  syncookie analyze captures --filter server=:8080 --filter since=2026-11-22
      Report only servers on port 8080, from that day on
  syncookie analyze captures --filter min-delay=200ms --verbose
      Report only handshakes that took at least 200 ms
  syncookie analyze captures --fail-on failure --format summary
      Exit with code 3 if a handshake failed, and print one line about it
  syncookie analyze trace.pcap --capture-point server
      Rule out causes that a capture taken at the server contradicts
  syncookie analyze captures --threads 1 --max-memory 256MiB
      Use one core and less memory
  syncookie analyze captures --max-handshakes 20000
      Keep at most 20,000 handshakes of a capture at a time
  syncookie analyze captures --max-flood 100
      Report 100 handshakes of each SYN flood, and count the others
  syncookie analyze captures --max-listeners 1000 --max-episodes 1000
      Keep the report of a port scan short
  syncookie analyze captures --once
      Report a handshake once if several captures contain the same packets
  syncookie analyze captures --follow --state state.json
      Report the files that tcpdump -w or dumpcap -b writes into the folder,
      until Ctrl-C
  syncookie analyze captures --follow --metrics findings.prom
      The same, and count the findings for Prometheus
  syncookie analyze captures --time local
      Show times in the time zone of this machine
  syncookie analyze captures --list-files
      List the captures that would be read
  syncookie analyze trace.pcap --kernel netstat-s.txt --server 10.9.2.1
      Rank the causes of failures with the counters of that server's kernel
  syncookie analyze trace.pcap --kernel server=netstat-s.txt proxy=before.txt proxy=after.txt
      The same with two machines: the server, and the SYN proxy in front of it
  syncookie analyze captures --format summary --baseline yesterday.json
      Print one line about what is new since yesterday's report

Exit codes:
  0  all captures were analysed (also those without packets or without TCP)
  1  wrong usage, no capture found, or the results could not be written
  2  some captures could not be read or were truncated; the rest was analysed.
     The code is also 2 for a file that is not a capture, if it was named on the
     command line or has a capture's extension (.pcap, .cap, .pcapng.gz...)
  3  --fail-on: a SYN cookie or SYN proxy was found at that confidence or above;
     with --fail-on failure, a handshake failed or a connection got stuck.
     Code 3 takes precedence over code 2; standard error and the results still
     name what could not be read
  130, 143  Ctrl-C or SIGTERM: the results so far were written and are marked as
     partial. A second signal ends the program at once, without results. With
     --follow a signal is the normal way to stop, and the exit code is 0, 2 or 3
  134, 137  memory ran out: no results were written (134: an allocation failed;
     137: the kernel's OOM killer ended the program). See --max-memory";

/// Find SYN cookies, SYN proxies and failed handshakes in captures
///
/// Finds the TCP handshakes that were answered with a SYN cookie or by a SYN proxy, without an
/// entry in the server's SYN queue. For failed handshakes it ranks the likely causes and names the
/// command that confirms each.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, override_usage = "syncookie analyze <PATH>... [OPTIONS]")]
pub struct Analyze {
    /// Captures (pcap or pcapng, detected by content), folders, or - for standard input
    ///
    /// Folders are searched with all their subfolders, sorted by name. Symbolic links to folders
    /// are not followed. In folders, files that are not captures are skipped. A file with a
    /// capture's extension, or one given on the command line, must be a capture; otherwise the exit
    /// code is 2.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Options of the report.
    #[command(flatten)]
    pub reporting: Reporting,

    /// Wait for captures that another program writes into the folder; analyse each as soon as it is
    /// finished
    ///
    /// A file is finished when a newer file of its series (names that differ only in digits)
    /// exists, or when nothing was written to it for ten seconds. A handshake is reported about two
    /// minutes after its first frame, when its outcome is known. The results are lines (--format
    /// table or jsonl), appended to the file given with --output. On a terminal, the table format
    /// redraws the screen in place instead: the headline, the findings by listener and cause, and
    /// the latest findings. Ctrl-C or SIGTERM ends the program.
    #[arg(long, conflicts_with_all = ["list_files", "csv_bom"])]
    pub follow: bool,

    /// With --follow: record in this file what was reported, so that the next run continues there
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,

    /// With --follow: write counts of the findings to this file, for Prometheus
    ///
    /// The file has the text format that node_exporter's textfile collector reads. It counts
    /// findings by listener, verdict and cause. The first 100 listeners with a finding are counted
    /// individually, all others together as listener="other". The file is replaced atomically each
    /// time captures were read. The counters begin at 0 with each run.
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,

    /// List the captures that would be read, then exit
    ///
    /// Columns: capture format, size in bytes, name; tab-separated.
    #[arg(long, conflicts_with = "csv_bom")]
    pub list_files: bool,

    // Last, because its heading applies to all options after it.
    #[command(flatten)]
    pub resources: Resources,
}

impl Analyze {
    /// Returns an option that was given, and the option that it needs and that is missing.
    pub(super) fn lacking(&self) -> Option<(&'static str, &'static str)> {
        let needs_follow = [("--state", self.state.is_some()), ("--metrics", self.metrics.is_some())];
        match needs_follow.into_iter().find(|(_, is_given)| *is_given && !self.follow) {
            Some((option, _)) => Some((option, "--follow")),
            None => self.reporting.lacking(),
        }
    }
}
