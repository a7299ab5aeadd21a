//! What is known of a kernel at one time, whatever it was read from.

mod add;
mod difference;
mod event;
mod join;
mod listener;
mod looks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use syncookie_engine::Timestamp;

pub use difference::Difference;
pub use event::{Event, Kind};
pub use listener::{Listener, Local, Process};
pub use looks::Looks;

use super::read;

/// What is known of a kernel at one time, in one network namespace.
///
/// A counter has the name that the kernel gives it, after the group it is in: `TcpExt.ListenOverflows`, `Tcp.OutRsts`,
/// `Icmp.OutRateLimitGlobal`. Those that are no SNMP counters are named after their file: `synproxy.cookie_invalid`,
/// `nf_conntrack.drop`, `softnet.dropped`, `interface.eth0.rx_drop`.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Where they come from, as people are told.
    pub name: String,
    /// When they were read, where the source says.
    pub taken_at: Option<Timestamp>,
    /// How long the machine had been up, where the source says.
    pub uptime: Option<Duration>,
    /// The kernel's release, as `uname -r` says.
    pub kernel: Option<String>,
    /// The network namespace they are of.
    pub namespace: Option<String>,
    /// Whether they were read from the running machine just now.
    pub is_live: bool,
    /// Other network namespaces of the machine that were not looked at.
    pub others: Vec<String>,
    /// Listening sockets.
    pub listeners: Vec<Listener>,
    /// Processes that listen.
    pub processes: Vec<Process>,
    /// What the kernel logged.
    pub events: Vec<Event>,
    /// What could not be read, and why; what was read twice.
    pub notes: Vec<String>,
    /// Lines of each form that were read.
    pub forms: BTreeMap<&'static str, u64>,
    /// Lines that no form fits.
    pub lines_unread: u64,
    counters: BTreeMap<String, u64>,
    implied: Implied,
    gauges: BTreeMap<String, u64>,
    settings: BTreeMap<String, String>,
    half_open: BTreeMap<Local, u64>,
    is_half_open_known: bool,
    towards: BTreeMap<(IpAddr, u16), u64>,
}

/// Whether counters that are not there are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Implied {
    /// `netstat -s` leaves out most counters that are zero: false where one is shown.
    pub netstat: Option<bool>,
    /// `nstat` without `-z` does.
    pub nstat: Option<bool>,
}

/// Why a file gave no facts.
#[derive(Debug)]
pub enum Error {
    /// It cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Nothing in it is of a form that is known.
    Unknown {
        /// Which.
        path: PathBuf,
        /// How many lines were looked at.
        lines: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => {
                write!(f, "{} cannot be read: {error}", syncookie_terminal::escape_controls(&path.to_string_lossy()))
            }
            Self::Unknown { path, lines } => write!(
                f,
                "{}: none of its {} is of a known form; expected is what these print: netstat -s, nstat -az, \
                 sysctl -a, ss -lntm, dmesg, tail -n +1 /proc/net/*, or syncookie kernel snapshot",
                syncookie_terminal::escape_controls(&path.to_string_lossy()),
                syncookie_terminal::count(*lines, "line"),
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            Self::Unknown { .. } => None,
        }
    }
}

impl Facts {
    /// Reads a file of any known form, or several such outputs in one file; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let unreadable = |error| Error::Unreadable { path: path.to_path_buf(), error };
        let input: Box<dyn Read> = if path.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(unreadable)?)
        };
        let name = path.to_string_lossy();
        let facts = Self::parse(&name, BufReader::new(input)).map_err(unreadable)?;
        if facts.is_empty() {
            return Err(Error::Unknown { path: path.to_path_buf(), lines: facts.lines_unread });
        }
        Ok(facts)
    }

    /// The same from anything that can be read. What is in no known form is passed over.
    pub fn parse(name: &str, input: impl io::BufRead) -> io::Result<Self> {
        let mut facts = Self { name: name.to_owned(), ..Self::default() };
        read::document(input, &mut facts)?;
        Ok(facts)
    }

    /// Whether nothing at all was learnt.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// A counter since boot (or since the namespace was made); `None` when the source does not tell. A counter that the
    /// source leaves out because it is zero is zero ([`Self::is_implied`]).
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.counters.get(name).copied().or_else(|| self.is_implied(name).then_some(0))
    }

    /// Whether a counter is zero only because the source leaves out those that are.
    pub fn is_implied(&self, name: &str) -> bool {
        let left_out = [self.implied.netstat, self.implied.nstat].contains(&Some(true));
        left_out && !self.counters.contains_key(name) && read::is_old(name)
    }

    /// Counters by name, also those that nothing here knows a meaning for.
    pub fn counters(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counters.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// A setting as `sysctl` names it: `net.ipv4.tcp_syncookies`.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// Settings by name.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A setting's number, or one of several (`net.ipv4.tcp_mem` has three).
    pub fn number(&self, setting: &str, place: usize) -> Option<u64> {
        self.setting(setting)?.split_whitespace().nth(place)?.parse().ok()
    }

    /// A number that goes up and down, as `/proc/net/sockstat` names it: `TCP.mem`, `TCP.orphan`, `TCP.tw`.
    pub fn gauge(&self, name: &str) -> Option<u64> {
        self.gauges.get(name).copied()
    }

    /// Half-open connections of the listeners at an address and port; `None` when the source does not tell.
    pub fn half_open(&self, local: &Local) -> Option<u64> {
        self.is_half_open_known.then(|| self.half_open.get(local).copied().unwrap_or(0))
    }

    /// Half-open connections by local address and port, as the source shows them.
    pub fn all_half_open(&self) -> impl Iterator<Item = (&Local, u64)> {
        self.half_open.iter().map(|(local, number)| (local, *number))
    }

    /// Connections that use an ephemeral port, by the address and port they go to.
    pub fn towards(&self) -> impl Iterator<Item = (IpAddr, u16, u64)> {
        self.towards.iter().map(|((address, port), number)| (*address, *port, *number))
    }
}
