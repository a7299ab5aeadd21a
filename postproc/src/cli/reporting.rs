//! Options of a report, for every command that judges handshakes.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use syncookie_engine::Confidence;

use super::condition::ConditionParser;
use super::kernel_file::{KernelFile, KernelFileParser};
use super::{CapturePoint, TimeZone, implied};
use crate::exit::Threshold;
use crate::filter::{Condition, EndpointPattern};
use crate::report::Format;

/// Options of a report.
#[derive(Args, Debug)]
pub struct Reporting {
    /// Output format [default: the extension of the output file, such as .html or .jsonl, otherwise
    /// table]
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// Output file; - is standard output. The file is written atomically; only analyze --follow
    /// appends to it
    ///
    /// Without --format, these extensions choose it: .html, .json, .jsonl or .ndjson, .csv, .ecs,
    /// .zeek, .summary and, in builds with Parquet, .parquet. With all others, the output is a table.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Time zone of the times in the table, the summary line and the lines of analyze --follow
    #[arg(long, value_name = "ZONE", value_enum, default_value_t)]
    pub time: TimeZone,

    /// Begin CSV with a byte order mark, which Excel needs to read it as UTF-8
    #[arg(long)]
    pub csv_bom: bool,

    /// Exit with 3 if a SYN cookie or SYN proxy was found at this confidence or above; with
    /// --fail-on failure, if a handshake failed or a connection got stuck
    ///
    /// Handshakes of scans count, although the headline leaves them out. A health check, which the
    /// client ends on purpose, did not fail.
    #[arg(long, value_name = "FINDING", value_enum)]
    pub fail_on: Option<FailOn>,

    /// Report only findings that are not in an earlier report (JSON or JSON Lines)
    ///
    /// A finding is a handshake to which at least one of these applies: a SYN cookie or SYN proxy
    /// answered it; it failed; it was delayed (by 0.2 s or more, or by an answer with a wrong
    /// acknowledgment number); its connection got stuck. A finding counts as known, and is left
    /// out, if the earlier report has a finding of the same listener with the same verdict and the
    /// same first cause, at the same confidence or above. All counts and the exit code of --fail-on
    /// then refer to new findings only.
    #[arg(long, value_name = "REPORT")]
    pub baseline: Option<PathBuf>,

    /// Report only matching handshakes: server=…, client=…, since=…, until=…, verdict=…, outcome=…,
    /// cause=… or min-delay=…; repeatable
    ///
    /// server and client take an address (10.0.0.1), a network (10.0.0.0/8), an address or network
    /// with a port (10.0.0.1:443, [2001:db8::1]:443), or only a port (:443). 2001:db8::1:443 is
    /// ambiguous and rejected.
    ///
    /// since and until take a time: 2026-11-22T06:28:21Z, 2026-11-22 06:28:21 or 2026-11-22 (both
    /// UTC), @SECONDS since 1970, or a time before now (-2h). Both refer to the handshake's first
    /// frame. since includes the given time, until excludes it.
    ///
    /// verdict, outcome and cause take a word of the output (verdict=syn-cookie, cause=path-mtu).
    /// The outcomes are established, unanswered (no SYN-ACK), unacknowledged (a SYN-ACK, but no
    /// ACK), refused, reset-by-client, reset-by-server and incomplete (the capture begins or ends
    /// in the middle, or has one direction only). cause compares the most likely cause, unless it
    /// is ruled out.
    ///
    /// min-delay takes a duration (200ms, 1.5s) and compares the time from the first SYN to the
    /// client's ACK. Handshakes that were never completed have no such time. A connection that was
    /// delayed only after the ACK (deferred-accept, ack-lost) does not match: use cause=….
    ///
    /// Repeated conditions of one kind are ORed; if since or until is given several times, the
    /// narrowest range applies. Different kinds are ANDed. The filter changes no verdict: all
    /// handshakes are judged.
    #[arg(long, value_name = "CONDITION", value_parser = ConditionParser, hide_possible_values = true)]
    pub filter: Vec<Condition>,

    /// Report a handshake once if several captures contain exactly the same packets of it
    ///
    /// The handshake is reported and counted only in the first capture read that contains it.
    /// Without this option, JSON, CSV and Parquet list it once for each capture. The table counts
    /// each connection once in either case.
    #[arg(long)]
    pub once: bool,

    /// Rank causes with counters and settings of the server's kernel, or of a SYN proxy's
    ///
    /// Name the captures before --kernel, or after --, because --kernel takes all words up to the next
    /// option as FILEs.
    ///
    /// FILE is the saved output of netstat -s, nstat -az, sysctl -a or ss -lntm; a file from /proc;
    /// a snapshot of syncookie kernel; or a trace of drops and resets (perf script, nettrace
    /// --drop, dropwatch, tcpdrop). Files may be compressed. For a folder, all such files in it and
    /// in its subfolders are read. Two files of the same kind from the same machine count as two
    /// readings, before and after: what changed between them is used. Without dates, the first one
    /// is assumed to be from before the failure, the second one from after it.
    ///
    /// Counters are evidence about their own machine only. If a SYN proxy is in front of the
    /// server, write server=FILE or proxy=FILE. A FILE given without either is assumed to be from
    /// the server. If its SYNPROXY counters show that SYNs were answered there, it is assumed to be
    /// from the proxy.
    #[arg(long, value_name = "[server=|proxy=]FILE", num_args = 1.., value_parser = KernelFileParser, value_hint = ValueHint::FilePath)]
    pub kernel: Vec<KernelFile>,

    /// The server that the --kernel files describe [default: every server in the captures]
    ///
    /// FILE and server=FILE are taken to be from this server, and proxy=FILE from the SYN proxy in
    /// front of it. This option does not select handshakes: use --filter server=… for that.
    #[arg(long, value_name = "IP[:PORT]")]
    pub server: Option<EndpointPattern>,

    /// Where the captures were taken; this affects the ranking of causes
    ///
    /// A capture taken on the server can rule causes out. For a capture taken at the client,
    /// explain and the formats with causes also say that it cannot show which host received the
    /// client's ACK, or whether any did; the table stays the same.
    #[arg(long, value_name = "PLACE", value_enum, default_value_t)]
    pub capture_point: CapturePoint,

    /// Print no progress and no remarks; errors are still printed
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Add all episodes to the table, and list the evidence of each group of findings (same
    /// listener, verdict, outcome and cause) instead of the most likely causes; name the files that
    /// were skipped
    #[arg(short, long)]
    pub verbose: bool,
}

impl Reporting {
    /// Returns an option that was given, and the option that it needs and that is missing.
    pub(super) fn lacking(&self) -> Option<(&'static str, &'static str)> {
        super::lacks_kernel(self.server.as_ref(), &self.kernel)
    }

    /// Returns the format of the results.
    pub fn format(&self) -> Format {
        implied::format(self.format, &self.output)
    }
}

/// Value of `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A SYN cookie or SYN proxy at any confidence; expect false alarms where cookies are rare
    Possible,
    /// A SYN cookie or SYN proxy that is likely or certain; meant to be right at least 95 times in
    /// 100
    Likely,
    /// A SYN cookie or SYN proxy that is certain; meant to be right at least 999 times in 1,000
    Certain,
    /// A handshake failed (its SYN was refused or got no answer, its SYN-ACK got no ACK, or its
    /// connection was reset before the server sent any data), or a connection got stuck: it made
    /// no progress after the handshake. Incomplete handshakes, and successful ones with a SYN cookie or SYN proxy, do not
    /// count
    Failure,
}

impl From<FailOn> for Threshold {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Possible => Self::Answer(Confidence::Possible),
            FailOn::Likely => Self::Answer(Confidence::Likely),
            FailOn::Certain => Self::Answer(Confidence::Certain),
            FailOn::Failure => Self::Failure,
        }
    }
}
