//! Listening sockets, and the processes that hold them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use syncookie_terminal::escape_controls;

/// Local end of a socket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalAddress {
    /// IP address; `None` for any address of both families, which `ss` prints as `*`.
    pub address: Option<IpAddr>,
    /// Interface that the socket is bound to.
    pub interface: Option<String>,
    /// TCP port.
    pub port: u16,
}

/// Listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Address and port that the socket listens on.
    pub local: LocalAddress,
    /// Number of connections in the accept queue (`Recv-Q`, the kernel's `sk_ack_backlog`).
    pub accept_queue: u64,
    /// Limit of the accept queue: the argument of `listen()`, cut to `somaxconn` (`Send-Q`, the
    /// kernel's `sk_max_ack_backlog`). The queue overflows when it holds one more than this.
    /// `netstat` does not print it.
    pub backlog: Option<u64>,
    /// Number of SYNs and connections that the kernel dropped at this socket (`d` in `skmem`).
    pub drops: Option<u64>,
    /// Names and process ids of the processes that hold the socket, if the source has them.
    pub holders: Vec<(String, u32)>,
    /// Inode number of the socket.
    pub inode: Option<u64>,
}

/// Process that holds a listening socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Name of the program.
    pub name: String,
    /// Number of open file descriptors.
    pub descriptors: Option<u64>,
    /// Soft limit of open file descriptors (`RLIMIT_NOFILE`).
    pub descriptor_limit: Option<u64>,
    /// Number of threads.
    pub threads: Option<u64>,
    /// Number of tasks in the cgroup, and its limit (`pids.current`, `pids.max`).
    pub cgroup_pids: Option<(u64, u64)>,
    /// Memory of the cgroup, the part that sockets use, and the limit, in bytes
    /// (`memory.current`, `sock` in `memory.stat`, `memory.max`).
    pub cgroup_memory: Option<(u64, u64, u64)>,
    /// Inode numbers of the sockets that the process listens on.
    pub listens: Vec<u64>,
}

impl Listener {
    /// Returns whether another list may describe the same socket: the addresses are the same, and so
    /// are the inode numbers if both lists have them.
    pub(crate) fn is_same_socket(&self, other: &Self) -> bool {
        let is_other_inode = matches!((self.inode, other.inode), (Some(own), Some(inode)) if own != inode);
        self.local == other.local && !is_other_inode
    }

    /// Adds what another list of the same sample has of this socket. The lists were made a moment
    /// apart: the larger accept queue is kept, so that no overflow is lost.
    pub(crate) fn merge(&mut self, other: Self) {
        self.accept_queue = self.accept_queue.max(other.accept_queue);
        self.backlog = self.backlog.or(other.backlog);
        self.drops = self.drops.or(other.drops);
        self.inode = self.inode.or(other.inode);
        if self.holders.is_empty() {
            self.holders = other.holders;
        }
    }
}

impl LocalAddress {
    /// Returns whether a listener at this address accepts a connection whose local end is `end`,
    /// unless a listener with a more specific address does.
    pub fn accepts(&self, end: &Self) -> bool {
        let is_address = match (self.address, end.address) {
            (None, _) => true,
            (Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), Some(end)) => unmap(end).is_ipv4(),
            (Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), Some(_)) => true,
            (Some(own), Some(end)) => own == end || own == unmap(end),
            (Some(_), None) => false,
        };
        self.port == end.port && is_address && (self.interface.is_none() || self.interface == end.interface)
    }

    /// Returns whether this is the wildcard address of one or both families.
    pub fn is_wildcard(&self) -> bool {
        self.address.is_none_or(|address| address.is_unspecified())
    }
}

/// Returns an IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) as IPv4, and any other
/// address unchanged.
fn unmap(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

impl fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            None => f.write_str("*")?,
            Some(IpAddr::V4(four)) => write!(f, "{four}")?,
            Some(IpAddr::V6(six)) => write!(f, "[{six}]")?,
        }
        if let Some(interface) = &self.interface {
            write!(f, "%{}", escape_controls(interface))?;
        }
        write!(f, ":{}", self.port)
    }
}
