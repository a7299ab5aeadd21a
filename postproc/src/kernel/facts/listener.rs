//! Listening sockets and the processes that hold them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where somebody listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Local {
    /// `None`: any address of both families, which `ss` writes as `*`.
    pub address: Option<IpAddr>,
    /// The interface it is bound to.
    pub interface: Option<String>,
    /// Port.
    pub port: u16,
}

/// A listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where.
    pub local: Local,
    /// Connections in the accept queue (`Recv-Q`, the kernel's `sk_ack_backlog`).
    pub accept_queue: u64,
    /// What `listen()` asked for, cut to `somaxconn` (`Send-Q`, the kernel's `sk_max_ack_backlog`); `netstat` does not
    /// tell it. The queue overflows when it holds one more than this.
    pub backlog: Option<u64>,
    /// SYNs and connections the kernel dropped at this socket (`skmem`'s `d`).
    pub drops: Option<u64>,
    /// Who holds it, where the source tells: name and process id.
    pub holders: Vec<(String, u32)>,
    /// Inode of the socket.
    pub inode: Option<u64>,
}

/// A process that listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Open file descriptors.
    pub descriptors: Option<u64>,
    /// Its soft limit on them (`RLIMIT_NOFILE`).
    pub descriptor_limit: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Tasks in its control group, and their limit (`pids.current`, `pids.max`).
    pub group_tasks: Option<(u64, u64)>,
    /// Memory of its control group, of it that of sockets, and its limit (`memory.current`, `memory.stat`,
    /// `memory.max`), in bytes.
    pub group_memory: Option<(u64, u64, u64)>,
    /// Inodes of the sockets it listens on.
    pub listens: Vec<u64>,
}

impl Local {
    /// Whether a connection with this local end belongs to the listener, unless a closer one does.
    pub fn accepts(&self, end: &Self) -> bool {
        let is_address = match (self.address, end.address) {
            (None, _) => true,
            (Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), Some(end)) => family(end).is_ipv4(),
            (Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), Some(_)) => true,
            (Some(own), Some(end)) => own == end || own == family(end),
            (Some(_), None) => false,
        };
        self.port == end.port && is_address && (self.interface.is_none() || self.interface == end.interface)
    }

    /// Whether it listens at any address.
    pub fn is_wildcard(&self) -> bool {
        self.address.is_none_or(|address| address.is_unspecified())
    }
}

/// IPv4 addresses are IPv4, however the source writes them.
fn family(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            None => f.write_str("*")?,
            Some(IpAddr::V4(four)) => write!(f, "{four}")?,
            Some(IpAddr::V6(six)) => write!(f, "[{six}]")?,
        }
        if let Some(interface) = &self.interface {
            write!(f, "%{}", syncookie_terminal::escape_controls(interface))?;
        }
        write!(f, ":{}", self.port)
    }
}
