//! `syncookie explain`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use syncookie_engine::Endpoint;

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
    pub client: Option<Who>,

    /// A handshake with this server: an address, or address and port
    #[arg(long, value_name = "IP[:PORT]")]
    pub server: Option<Who>,

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

/// One end of a connection; without a port, any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// Address.
    pub ip: IpAddr,
    /// Port.
    pub port: Option<u16>,
}

impl Who {
    /// Whether that end is meant.
    pub fn is(&self, end: Endpoint) -> bool {
        self.ip == end.ip && self.port.is_none_or(|port| port == end.port)
    }
}

impl FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse() {
            return Ok(Self { ip, port: None });
        }
        let end: Result<SocketAddr, _> = text.parse();
        end.map(|end| Self { ip: end.ip(), port: Some(end.port()) })
            .map_err(|_| "expected an address, 192.0.2.1:80 or [2001:db8::1]:80".to_owned())
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.ip, port).fmt(f),
            None => self.ip.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_an_address_with_or_without_a_port() {
        let who = |text: &str| text.parse::<Who>().map(|who| who.to_string());
        for text in ["192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80"] {
            assert_eq!(who(text).as_deref(), Ok(text));
        }
        assert_eq!(who("[2001:db8::1]").as_deref(), Ok("2001:db8::1"));
        for text in ["", "web", "192.0.2.1:", "192.0.2.1:99999", "192.0.2.256"] {
            assert!(who(text).is_err(), "{text}");
        }
    }
}
