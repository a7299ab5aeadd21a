//! Holds what the kernel of a machine reports: plain data that a front end read there, or was
//! given.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::{Counter, Endpoint, Setting, Timestamp};

/// Value of a kernel counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterReading {
    /// Value in the latest reading, counted since boot or since the network namespace was created.
    pub value: u64,
    /// Increase from the first reading to the last; `None` with one reading.
    pub rose: Option<u64>,
}

/// Kind of event that a tracing tool saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracedEvent {
    /// The kernel dropped a packet.
    Drop,
    /// The kernel's TCP sent a reset.
    Reset,
}

/// Drops or resets that a tracing tool saw, with the kernel's reason for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// Event.
    pub event: TracedEvent,
    /// Name of the reason, without its prefix.
    pub reason: String,
    /// Meaning of the reason in words; empty where it is not known.
    pub meaning: String,
    /// Function that dropped the packet.
    pub location: Option<String>,
    /// Sender of the dropped packet or of the reset. Without a receiver, only its port counts.
    pub from: Option<Endpoint>,
    /// Receiver.
    pub to: Option<Endpoint>,
    /// Number of such events.
    pub count: u64,
}

/// Accept queue of a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptQueue {
    /// Port.
    pub port: u16,
    /// Connections that wait to be accepted (Recv-Q).
    pub length: u64,
    /// Limit of the queue (Send-Q), in connections; the queue is full above it.
    pub bound: u64,
}

/// Machine whose kernel was read. A counter is evidence about its own machine only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Machine {
    /// Machine that was not named: the server, which may run SYNPROXY itself.
    #[default]
    Unnamed,
    /// Server whose program listens on the port.
    Server,
    /// SYN proxy in front of the server.
    Proxy,
}

impl Machine {
    /// Returns the machine in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unnamed | Self::Server => "server",
            Self::Proxy => "proxy",
        }
    }

    /// Returns whether this machine counts the event that a counter is read for. Netfilter's
    /// SYNPROXY and connection tracking are examined where the packets pass, the counters of TCP
    /// only on the server.
    pub(super) const fn counts(self, counter: Counter) -> bool {
        let is_of_proxy = counter.is_of_proxy();
        match self {
            Self::Unnamed => true,
            Self::Server => !is_of_proxy,
            Self::Proxy => is_of_proxy || counter.is_of_path(),
        }
    }

    /// Returns whether this machine's setting is the one that matters.
    pub(super) const fn has(self, setting: Setting) -> bool {
        match self {
            Self::Unnamed => true,
            Self::Server => !matches!(setting, Setting::ConntrackTcpLoose),
            Self::Proxy => matches!(setting, Setting::ConntrackTcpLoose),
        }
    }
}

impl Counter {
    /// Returns whether SYNPROXY counts it.
    pub(super) const fn is_of_proxy(self) -> bool {
        matches!(
            self,
            Self::SynproxySynReceived
                | Self::SynproxyCookieValid
                | Self::SynproxyCookieInvalid
                | Self::SynproxyCookieRetrans
        )
    }

    /// Returns whether every machine that a packet passes may count it.
    const fn is_of_path(self) -> bool {
        matches!(
            self,
            Self::ConntrackDrop
                | Self::ConntrackInvalid
                | Self::ReversePathFilter
                | Self::InNoRoutes
                | Self::OutNoRoutes
                | Self::PfMemallocDrop
                | Self::NeighbourTableFull
                | Self::SoftirqDrops
                | Self::PacketFilterDrops
                | Self::XdpDrops
                | Self::CardDrops
        )
    }
}

/// Counters, settings and queues of one machine's kernel. A value that was not given is missing,
/// never zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Host {
    /// Machine.
    pub machine: Machine,
    /// Files that the values were read from, for the reader of a report; empty where they are not
    /// named.
    pub source: String,
    /// Address of the server, or of the server behind the proxy; `None`: every server of the
    /// capture.
    pub address: Option<IpAddr>,
    /// Port of the server; `None`: every port.
    pub port: Option<u16>,
    /// Counters.
    pub counters: BTreeMap<Counter, CounterReading>,
    /// Settings.
    pub settings: BTreeMap<Setting, i64>,
    /// Listening sockets; `None` where they were not listed, which differs from an empty list.
    pub queues: Option<Vec<AcceptQueue>>,
    /// Drops and resets that a tracing tool saw while the captures were taken.
    pub traced: Vec<Traced>,
    /// Share of time in which a task waited for a CPU, in percent (PSI some avg10).
    pub cpu_pressure: Option<u64>,
    /// Time of the latest reading; `None` where it is unknown, which is taken to be after the
    /// capture.
    pub read: Option<Timestamp>,
    /// Time of the first reading, where there were two.
    pub read_before: Option<Timestamp>,
    /// Time at which counting began.
    pub booted: Option<Timestamp>,
}
