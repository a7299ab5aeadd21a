//! What is known of a kernel at one time: plain data, whatever it was read from.

mod bounded;
mod difference;
mod earlier;
mod event;
mod listener;
mod merge;
mod old_counters;
mod order;
mod path_drops;
mod samples;
#[cfg(test)]
mod tests;
mod traced;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;

pub use difference::{Change, Difference};
pub use event::{Event, EventKind};
pub use listener::{Listener, LocalAddress, Process};
pub use old_counters::is_in_every_kernel;
pub(crate) use order::Order;
pub use path_drops::PathDrops;
pub(crate) use path_drops::{interface_counter, is_card_drop, is_xdp_drop};
pub use samples::Samples;
pub use traced::{Traced, TracedKind};

/// Facts about the kernel of one machine at one time, in one network namespace.
///
/// A counter has the name that the kernel gives it, after its group: `TcpExt.ListenOverflows`,
/// `Tcp.OutRsts`, `Icmp.OutRateLimitGlobal`. Counters outside the SNMP tables are named after their
/// file: `synproxy.cookie_invalid`, `nf_conntrack.drop`, `softnet.dropped`,
/// `interface.eth0.rx_drop`.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Files that the facts were read from, or `this machine`.
    pub source: String,
    /// Time at which the source was written, if the source says it.
    pub taken_at: Option<Timestamp>,
    /// Time since the machine booted, if the source says it.
    pub uptime: Option<Duration>,
    /// Release of the kernel, as `uname -r` prints it.
    pub kernel: Option<String>,
    /// Network namespace that the facts hold for.
    pub namespace: Option<String>,
    /// Inode number of that namespace.
    pub namespace_id: Option<u64>,
    /// Whether the facts were read from the running machine just now.
    pub is_live: bool,
    /// Other network namespaces of the machine, which were not read.
    pub other_namespaces: Vec<String>,
    /// Listening sockets.
    pub listeners: Vec<Listener>,
    /// Processes that hold a listening socket.
    pub processes: Vec<Process>,
    /// Lines of the kernel's log about resources. The log is that of the whole machine: see
    /// [`Self::own_events`].
    pub events: Vec<Event>,
    /// Remarks on what could not be read and on values that the source holds twice.
    pub notes: Vec<String>,
    /// Number of lines that each format recognised.
    pub formats: BTreeMap<&'static str, u64>,
    /// Number of lines that no format recognised.
    pub unrecognised_lines: u64,
    pub(crate) counters: BTreeMap<String, u64>,
    pub(crate) omits_zeros: OmitsZeros,
    pub(crate) gauges: BTreeMap<String, u64>,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) half_open: BTreeMap<LocalAddress, u64>,
    pub(crate) is_half_open_listed: bool,
    /// Whether a list of sockets has others than listening ones.
    pub(crate) has_connections: bool,
    pub(crate) destinations: BTreeMap<(IpAddr, u16), u64>,
    pub(crate) traced: BTreeMap<Traced, u64>,
    /// Whether the sample counts from another start than the one it is compared with, see
    /// [`Order::Unrelated`].
    pub(crate) is_unrelated: bool,
    /// Heading above the line that is being read.
    pub(crate) heading: Option<String>,
    /// Format of the line that is being read.
    pub(crate) format: &'static str,
    /// Counters and gauges, each with a format that has it.
    pub(crate) names_by_format: BTreeSet<(&'static str, String)>,
}

/// Whether a source leaves out counters that are zero; `None` for a source that was not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OmitsZeros {
    /// Whether `netstat -s` left out zeros; false if it printed one.
    pub netstat: Option<bool>,
    /// Whether `nstat` left out zeros, as it does without `-z`.
    pub nstat: Option<bool>,
}

impl Facts {
    /// Returns whether nothing was recognised in the source.
    pub fn is_empty(&self) -> bool {
        self.formats.is_empty()
    }

    /// Returns a counter since boot (or since the namespace was made); `None` if the source does
    /// not have it. A counter that the source leaves out because it is zero is 0
    /// ([`Self::is_implied_zero`]).
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.counters.get(name).copied().or_else(|| self.is_implied_zero(name).then_some(0))
    }

    /// Returns whether a counter is taken as zero because the source leaves out zeros and every
    /// kernel has this counter.
    pub fn is_implied_zero(&self, name: &str) -> bool {
        let omits = [self.omits_zeros.netstat, self.omits_zeros.nstat].contains(&Some(true));
        omits && !self.counters.contains_key(name) && is_in_every_kernel(name)
    }

    /// Returns the counters of the source by name, including those whose meaning is not known here.
    pub fn counters(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counters.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Returns the value of a setting by its `sysctl` name, such as `net.ipv4.tcp_syncookies`.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// Returns the settings of the source by name.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the number at `index` of a setting; `net.ipv4.tcp_mem` has three.
    pub fn setting_number(&self, name: &str, index: usize) -> Option<u64> {
        self.setting(name)?.split_whitespace().nth(index)?.parse().ok()
    }

    /// Returns a value that rises and falls, by its name in `/proc/net/sockstat`: `TCP.mem`,
    /// `TCP.orphan`, `TCP.tw`.
    pub fn gauge(&self, name: &str) -> Option<u64> {
        self.gauges.get(name).copied()
    }

    /// Returns the number of half-open connections at a local address; `None` if the source does
    /// not list them.
    pub fn half_open_at(&self, local: &LocalAddress) -> Option<u64> {
        self.is_half_open_listed.then(|| self.half_open.get(local).copied().unwrap_or(0))
    }

    /// Returns the lines of the log about the whole machine or about this namespace. Where the
    /// namespace is known, a line that may be about another one is left out.
    pub fn own_events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| self.is_own(event))
    }

    /// Returns whether a line of the log is about the whole machine or about this namespace.
    fn is_own(&self, event: &Event) -> bool {
        let is_any = self.namespace.is_none() && !self.is_live;
        let is_named = event.netns.is_some() && event.netns == self.namespace_id;
        is_any || is_named || event.kind.is_of_machine()
    }

    /// Returns whether a line of the log names nothing of another namespace: it is about the whole
    /// machine or about this namespace, or its port is that of a listener here.
    pub(crate) fn may_be_own(&self, event: &Event) -> bool {
        self.is_own(event) || self.listeners.iter().any(|listener| Some(listener.local.port) == event.port)
    }

    /// Returns the drops and resets that a tracing tool saw, and their numbers.
    pub fn traced(&self) -> impl Iterator<Item = (&Traced, u64)> {
        self.traced.iter().map(|(traced, number)| (traced, *number))
    }

    /// Returns the numbers of half-open connections by local address.
    pub fn half_open(&self) -> impl Iterator<Item = (&LocalAddress, u64)> {
        self.half_open.iter().map(|(local, number)| (local, *number))
    }

    /// Returns the numbers of connections from an ephemeral port, by remote address and port.
    pub fn destinations(&self) -> impl Iterator<Item = (IpAddr, u16, u64)> {
        self.destinations.iter().map(|((address, port), number)| (*address, *port, *number))
    }
}
