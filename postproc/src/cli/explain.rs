//! `syncookie explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::filter::EndpointPattern;

use super::CapturePoint;

const EXAMPLES: &str = "\
Examples:
  syncookie explain trace.pcap
      The most telling handshake of a capture: packets, verdict, causes, what to do
  syncookie explain trace.pcap --frame 4
      The one that frame 4 belongs to, numbered as in Wireshark
  syncookie explain captures --client 10.9.1.50:20055
      One client's; the port may be left out
  syncookie explain captures --server 10.9.2.1:8080 --quiet --format json -o story.json
      One listener's, for programs
  syncookie explain trace.pcap --kernel netstat-s.txt sysctl.txt
      With what the server's kernel says
  syncookie explain trace.pcap --kernel before.json after.json
      With two snapshots (syncookie kernel snapshot): what rose between them

Exit codes:
  0  told
  1  wrong usage, no such handshake, or the story could not be written
  2  told, but some captures could not be read to the end";

/// Tell the story of one handshake.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Explain {
    /// Captures, and folders of them
    #[arg(required = true, value_name = "CAPTURE")]
    pub paths: Vec<PathBuf>,

    /// The handshake that this frame belongs to (1-based, as Wireshark counts); needs exactly one capture
    #[arg(long, value_name = "N", conflicts_with_all = ["client", "server"])]
    pub frame: Option<u32>,

    /// A handshake of this client: an address, or address and port
    #[arg(long, value_name = "IP[:PORT]")]
    pub client: Option<EndpointPattern>,

    /// A handshake with this server: an address, or address and port
    #[arg(long, value_name = "IP[:PORT]")]
    pub server: Option<EndpointPattern>,

    /// What the server's kernel says: saved netstat -s, nstat -az, sysctl -a, ss -lntm, /proc files, snapshots. Two
    /// of the same kind give differences
    ///
    /// It is taken to be of every server in the captures, or of the one that --server names, and of a time after the
    /// failure where the file does not say when it was written.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub kernel: Vec<PathBuf>,

    /// Where the captures were taken: weighs the causes of failures and may rule some out. Verdicts do not depend on it
    #[arg(long, value_name = "PLACE", value_enum, default_value_t)]
    pub capture_point: CapturePoint,

    /// How to write it
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,

    /// Where to write it; - is standard output. The file appears when it is complete
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// Also list the weights of evidence and causes, in nats (logarithms of odds), and how they add up
    #[arg(short, long)]
    pub verbose: bool,

    /// No progress and no remarks on standard error; what could not be read is still named
    #[arg(short, long)]
    pub quiet: bool,
}

/// How a story is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people
    Text,
    /// One JSON object
    Json,
}
