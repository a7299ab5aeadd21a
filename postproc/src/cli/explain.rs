//! `syncookie explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::filter::EndpointPattern;

use super::kernel_file::{KernelFile, KernelFileParser};
use super::{CapturePoint, implied};

const EXAMPLES: &str = "\
Examples:
  syncookie explain trace.pcap
      Explain one handshake: a failed one if there is one, otherwise one that a
      SYN cookie or SYN proxy answered
  syncookie explain trace.pcap --verbose
      Also list the weights of the evidence, and how they add up
  syncookie explain trace.pcap --frame 4 --quiet
      Explain the handshake of frame 4 (numbered as in Wireshark)
  syncookie explain captures --client 10.9.1.50:20055
      Explain a handshake of this client; the port is optional
  syncookie explain captures --server 10.9.2.1 --format json -o story.json
      Explain a handshake with this server, as JSON
  syncookie explain trace.pcap --capture-point server
      Rule out causes that a capture taken at the server contradicts
  syncookie explain trace.pcap --kernel netstat-s.txt sysctl.txt
      Rank the causes with the counters of the server's kernel
  syncookie explain trace.pcap --kernel before.txt after.txt
      Compare two snapshots (syncookie kernel snapshot) of the server
  syncookie explain trace.pcap --kernel server=netstat-s.txt proxy=before.txt proxy=after.txt
      The same with two machines: the server, and the SYN proxy in front of it

Exit codes:
  0  a handshake was explained
  1  wrong usage, no such handshake, or the output could not be written
  2  a handshake was explained, but some captures could not be read completely";

/// Explain one handshake: packets, verdict, causes, next steps
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, override_usage = "syncookie explain <CAPTURE>... [OPTIONS]")]
pub struct Explain {
    /// Captures, or folders with captures
    #[arg(required = true, value_name = "CAPTURE")]
    pub paths: Vec<PathBuf>,

    /// Explain the handshake of this frame (1-based, as in Wireshark); needs exactly one capture
    #[arg(long, value_name = "N", conflicts_with_all = ["client", "server"])]
    pub frame: Option<u32>,

    /// Explain a handshake of this client: an address, or an address and port
    #[arg(long, value_name = "IP[:PORT]")]
    pub client: Option<EndpointPattern>,

    /// Explain a handshake with this server: an address, or an address and port. With --kernel,
    /// FILE and server=FILE are then taken to be from this server, and proxy=FILE from the SYN
    /// proxy in front of it
    #[arg(long, value_name = "IP[:PORT]")]
    pub server: Option<EndpointPattern>,

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
    ///
    /// The files apply to the server given with --server, or to every server. A single file
    /// without a date is assumed to have been saved after the failure.
    #[arg(long, value_name = "[server=|proxy=]FILE", num_args = 1.., value_parser = KernelFileParser, value_hint = ValueHint::FilePath)]
    pub kernel: Vec<KernelFile>,

    /// Where the captures were taken; this affects the ranking of causes
    ///
    /// A capture taken on the server can rule causes out. For a capture taken at the client, the
    /// output also says that it cannot show which host received the client's ACK, or whether any
    /// did.
    #[arg(long, value_name = "PLACE", value_enum, default_value_t)]
    pub capture_point: CapturePoint,

    /// Output format [default: json if the output file is named .json, otherwise text]
    #[arg(long, value_enum)]
    pub format: Option<Form>,

    /// Output file; - is standard output. The file is written atomically
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Also list the weights of evidence and causes (natural logarithms of odds), and how they add
    /// up
    #[arg(short, long)]
    pub verbose: bool,

    /// Print no progress and no remarks; errors are still printed
    #[arg(short, long)]
    pub quiet: bool,
}

impl Explain {
    /// Returns the format of the explanation.
    pub fn format(&self) -> Form {
        implied::format(self.format, &self.output)
    }
}

/// Format of an explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Text for people
    #[default]
    Text,
    /// One JSON object
    Json,
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    #[test]
    fn the_usage_of_an_error_names_the_captures_before_the_options() {
        let words = ["explain", "--kernel", "netstat-s.txt", "trace.pcap"];
        let error = Explain::augment_args(Command::new("explain")).try_get_matches_from(words).unwrap_err();
        assert!(error.to_string().contains("Usage: syncookie explain <CAPTURE>... [OPTIONS]"), "{error}");
    }
}
