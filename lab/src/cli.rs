//! The command line of the laboratory.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use syncookie_lab::disturb::Disturbance;

/// Makes, disturbs and scores labelled captures
#[derive(Debug, Parser)]
#[command(name = "syncookie-lab")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build scenarios packet by packet, each in a folder of its name
    Synth(Synth),
    /// Make ordinary traffic of many stacks
    Ordinary(Ordinary),
    /// Add jitter and loss to a pcap file, or to every case in a folder
    Disturb(Disturb),
    /// Record scenarios on the running kernel, in network namespaces (needs root)
    Record(Record),
    /// Push every scenario and ordinary traffic through the engine in this process; exit with 1 on a false alarm
    Alarms(Alarms),
    /// Estimate the likelihood ratio of each signal from labelled captures, beside the weight in use; exit with 1 when
    /// a weight claims too much
    Likelihoods(Likelihoods),
    /// Measure accuracy and replace the tables in a document
    Accuracy(Accuracy),
    /// Print which first cause each capture point shows for each true cause; exit with 1 below the limits
    Causes(Causes),
    /// Run the command-line tool on recorded or written cases and score its findings
    Score(Score),
    /// Run inside a namespace on behalf of `record`
    #[command(subcommand, hide = true)]
    Agent(Agent),
}

/// Arguments of `synth`.
#[derive(Debug, Args)]
pub struct Synth {
    /// Folder to write to
    #[arg(value_name = "OUT_DIR", required_unless_present = "list")]
    pub out: Option<PathBuf>,
    /// Scenarios to build [default: all]
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,
    /// List the scenarios, then exit
    #[arg(long)]
    pub list: bool,
    /// Seed, and disturbance of the captures.
    #[command(flatten)]
    pub variation: Variation,
}

/// Arguments of `ordinary`.
#[derive(Debug, Args)]
pub struct Ordinary {
    /// Handshakes to make
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub handshakes: usize,
    /// Seed of the pseudo-random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Capture to write [default: only count]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `disturb`.
#[derive(Debug, Args)]
pub struct Disturb {
    /// A pcap file, or a folder of cases
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// The file or folder to write
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Seed and disturbance.
    #[command(flatten)]
    pub variation: Variation,
}

/// Arguments of `record`.
#[derive(Debug, Args)]
pub struct Record {
    /// Folder to write to
    #[arg(value_name = "OUT_DIR", required_unless_present = "list")]
    pub out: Option<PathBuf>,
    /// Recordings to make [default: all]
    #[arg(value_name = "RECORDING")]
    pub recordings: Vec<String>,
    /// List the recordings, then exit
    #[arg(long)]
    pub list: bool,
}

/// Arguments of `alarms`.
#[derive(Debug, Args)]
pub struct Alarms {
    /// Scenarios to judge [default: all]
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,
    /// Ordinary handshakes to judge after them
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub handshakes: usize,
    /// Print every wrong finding
    #[arg(long)]
    pub wrong: bool,
    /// Folder for captures with a false alarm
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Seed, and disturbance of the captures.
    #[command(flatten)]
    pub variation: Variation,
}

/// Arguments of `likelihoods`.
#[derive(Debug, Args)]
pub struct Likelihoods {
    /// Folders of cases
    #[arg(value_name = "FOLDER", default_value = "tests/captures")]
    pub folders: Vec<PathBuf>,
    /// Add every scenario and ordinary traffic, for the weights that no folder shows
    #[arg(long)]
    pub synthetic: bool,
}

/// Arguments of `accuracy`.
#[derive(Debug, Args)]
pub struct Accuracy {
    /// Document whose tables are replaced
    pub document: PathBuf,
    /// Folder of the recordings that are kept
    #[arg(long, value_name = "DIR", default_value = "tests/captures")]
    pub recorded: PathBuf,
    /// Folder of the recordings of causes that are kept
    #[arg(long, value_name = "DIR", default_value = "tests/causes")]
    pub causes: PathBuf,
    /// Folder of fresh recordings [default: leave their table as it is]
    #[arg(long, value_name = "DIR")]
    pub fresh: Option<PathBuf>,
    /// Ordinary handshakes for each seed; 0 leaves their table as it is
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub handshakes: usize,
}

/// Arguments of `score`.
#[derive(Debug, Args)]
pub struct Score {
    /// The command-line tool
    #[arg(value_name = "SYNCOOKIE")]
    pub tool: PathBuf,
    /// Folders of cases
    #[arg(value_name = "FOLDER", required = true)]
    pub folders: Vec<PathBuf>,
    /// Print every wrong finding
    #[arg(long)]
    pub wrong: bool,
    /// Exit with 1 when fewer of the cookies and proxies are found
    #[arg(long, value_name = "SHARE", default_value_t = 0.99)]
    pub min_recall: f64,
    /// Exit with 1 when fewer of the first causes are right
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    pub min_cause: f64,
}

/// Arguments of `causes`.
#[derive(Debug, Args)]
pub struct Causes {
    /// Folder of the recordings
    #[arg(value_name = "DIR", default_value = "tests/causes")]
    pub folder: PathBuf,
    /// Recordings to judge [default: all]
    #[arg(value_name = "RECORDING")]
    pub recordings: Vec<String>,
    /// Make the recordings first (needs root)
    #[arg(long)]
    pub record: bool,
    /// List the recordings, then exit
    #[arg(long)]
    pub list: bool,
    /// Seed, and disturbance of the captures.
    #[command(flatten)]
    pub variation: Variation,
}

/// What makes two captures of one scenario differ.
#[derive(Clone, Copy, Debug, Args)]
pub struct Variation {
    /// Seed of the pseudo-random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Delay every packet by up to this many milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0.0)]
    jitter_ms: f64,
    /// Remove this share of the packets
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    loss: f64,
}

impl Variation {
    /// Returns the disturbance that was asked for.
    pub fn disturbance(self) -> Disturbance {
        Disturbance { jitter_ms: self.jitter_ms, loss: self.loss }
    }
}

/// The programs inside the namespaces.
#[derive(Debug, Subcommand)]
pub enum Agent {
    /// Listen on port 80
    Serve {
        /// What the server does with a connection
        #[arg(long, default_value = "http")]
        mode: String,
        /// Backlog of the listener
        #[arg(long, default_value_t = 128)]
        backlog: i32,
        /// Bytes of a response
        #[arg(long, default_value_t = 3000)]
        size: usize,
    },
    /// Connect, ask and read
    Visit {
        /// Server to connect to
        #[arg(long, default_value = "10.0.2.2:80")]
        to: SocketAddr,
        /// Connections in all
        #[arg(long, default_value_t = 1)]
        times: usize,
        /// Connections at the same time
        #[arg(long, default_value_t = 1)]
        at_once: usize,
        /// Pause between connections, in milliseconds
        #[arg(long, default_value_t = 0)]
        pause_ms: u64,
        /// Port to connect from; 0 for any
        #[arg(long, default_value_t = 0)]
        source_port: u16,
        /// Close with a reset
        #[arg(long)]
        resets: bool,
        /// Close with a reset before asking
        #[arg(long)]
        aborts: bool,
    },
    /// Send SYNs from made-up sources
    Flood {
        /// SYNs per second
        #[arg(long, default_value_t = 100)]
        rate: u64,
        /// Duration in seconds
        #[arg(long, default_value_t = 1)]
        seconds: u64,
    },
    /// Acknowledge SYN-ACKs with a wrong number
    WrongAck {
        /// Handshakes
        #[arg(long, default_value_t = 1)]
        times: usize,
    },
    /// Acknowledge SYN-ACKs after the listener has closed
    GoneAck {
        /// Handshakes
        #[arg(long, default_value_t = 1)]
        times: usize,
    },
    /// Acknowledge SYN-ACKs after all of a round were sent
    LateAck {
        /// Handshakes in each of two rounds
        #[arg(long, default_value_t = 1)]
        times: usize,
    },
    /// Listen on port 80 and treat some clients badly
    Host {
        /// What the server does with the connections of these clients
        #[arg(long, default_value = "http")]
        mode: String,
        /// Backlog of the listener
        #[arg(long, default_value_t = 128)]
        backlog: i32,
    },
    /// Open connections from given ports at given times
    Visitor {
        /// Waves of connections, in JSON
        #[arg(long)]
        waves: String,
    },
    /// Act on what passes the router
    Device {
        /// What the device does
        #[arg(long)]
        mode: String,
    },
    /// Write packets
    Forge {
        /// What is written
        #[arg(long)]
        mode: String,
        /// Connections
        #[arg(long, default_value_t = 1)]
        times: u16,
        /// Time before an acknowledgment, in milliseconds
        #[arg(long, default_value_t = 0)]
        hold_ms: u64,
    },
}
