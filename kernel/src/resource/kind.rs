//! The resources, and what is fixed for each.

use super::Effect;

/// Resource that limits a host in accepting connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// Accept queue: connections that wait for `accept()`.
    AcceptQueue,
    /// SYN queue: half-open connections, whose handshake is not complete.
    SynQueue,
    /// SYN cookies of the host.
    SynCookies,
    /// Netfilter target SYNPROXY.
    Synproxy,
    /// Fast Open queue: connections opened with data (RFC 7413) whose handshake is not complete.
    FastOpen,
    /// Memory of all TCP sockets of the host.
    TcpMemory,
    /// Buffers of single sockets.
    SocketBuffers,
    /// Orphans: TCP sockets that no process holds.
    Orphans,
    /// Connections in TIME-WAIT.
    TimeWait,
    /// Connection tracking table of netfilter.
    Conntrack,
    /// Softirq backlog: received packets between the network driver and the protocols.
    SoftirqBacklog,
    /// Network interface, which may drop packets.
    Interface,
    /// Reverse path filter, which drops packets whose sender is reached by another interface.
    ReversePath,
    /// Routes that are missing.
    Routes,
    /// Checksums that are wrong.
    Checksums,
    /// TCP MD5 (RFC 2385) and TCP-AO (RFC 5925) signatures that are wrong or missing.
    Signatures,
    /// Memory reserve that the kernel keeps for reclaiming memory. While only the reserve is free,
    /// other packets are dropped.
    MemoryReserve,
    /// Neighbour table (ARP, NDP).
    Neighbours,
    /// Rule of the packet filter that drops or rejects.
    PacketFilter,
    /// Drops and resets that a tracing tool saw.
    Traced,
    /// Rate limit of ICMP messages sent.
    Icmp,
    /// Rate limit of challenge ACKs (RFC 5961) and of other answers to segments outside the window.
    ChallengeAcks,
    /// Resets sent.
    Resets,
    /// File descriptors of a listening process.
    Descriptors,
    /// Open files of the host.
    Files,
    /// Tasks in the cgroup of a listening process.
    CgroupPids,
    /// Memory of the cgroup of a listening process, including its sockets.
    CgroupMemory,
    /// Tasks (processes and threads) of the host.
    Tasks,
    /// CPU pressure: the share of time in which a task waited for a CPU.
    CpuPressure,
    /// Ephemeral ports, for connections that the host opens.
    EphemeralPorts,
}

/// Extent in which a resource is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One listener.
    Listener,
    /// One process.
    Process,
    /// The network namespace.
    Namespace,
    /// The whole machine.
    Host,
}

impl Scope {
    /// Returns the name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Process => "process",
            Self::Namespace => "namespace",
            Self::Host => "host",
        }
    }
}

/// Properties of a resource: name, title, unit, scope, command.
type Properties = (&'static str, &'static str, &'static str, Scope, &'static str);

impl ResourceKind {
    /// Returns the properties of the resource.
    fn properties(self) -> Properties {
        use Scope::{Host, Listener, Namespace, Process};
        match self {
            Self::AcceptQueue => ("accept-queue", "accept queue", "connections", Listener, "ss -lntm"),
            Self::SynQueue => {
                ("syn-queue", "SYN queue", "connections", Listener, "ss -Htn state syn-recv 'sport = :PORT' | wc -l")
            }
            Self::SynCookies => ("syn-cookies", "SYN cookies", "", Namespace, "nstat -az 'TcpExtSyncookies*'"),
            Self::Synproxy => ("synproxy", "SYNPROXY", "", Namespace, "cat /proc/net/stat/synproxy"),
            Self::FastOpen => {
                ("fast-open", "Fast Open queue", "connections", Namespace, "nstat -az TcpExtTCPFastOpenListenOverflow")
            }
            Self::TcpMemory => {
                ("tcp-memory", "TCP memory", "pages", Host, "cat /proc/net/sockstat; sysctl net.ipv4.tcp_mem")
            }
            Self::SocketBuffers => {
                ("socket-buffers", "socket buffers", "", Namespace, "ss -tmi; nstat -az TcpExtTCPBacklogDrop")
            }
            Self::Orphans => (
                "orphans",
                "orphaned sockets",
                "sockets",
                Host,
                "cat /proc/net/sockstat; sysctl net.ipv4.tcp_max_orphans",
            ),
            Self::TimeWait => {
                ("time-wait", "TIME-WAIT", "connections", Namespace, "ss -s; sysctl net.ipv4.tcp_max_tw_buckets")
            }
            Self::Conntrack => (
                "conntrack",
                "conntrack table",
                "entries",
                Namespace,
                "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max; conntrack -S",
            ),
            Self::SoftirqBacklog => {
                ("softirq-backlog", "softirq backlog", "packets", Host, "cat /proc/net/softnet_stat")
            }
            Self::Interface => ("interface", "interface", "", Namespace, "ip -s -s link; ethtool -S IFACE"),
            Self::ReversePath => (
                "reverse-path",
                "reverse path filter",
                "",
                Namespace,
                "nstat -az TcpExtIPReversePathFilter; sysctl -a -r '\\.rp_filter'",
            ),
            Self::Routes => ("routes", "routes", "", Namespace, "nstat -az IpExtInNoRoutes IpOutNoRoutes"),
            Self::Checksums => ("checksums", "checksums", "", Namespace, "nstat -az TcpInCsumErrors IpExtInCsumErrors"),
            Self::Signatures => {
                ("signatures", "TCP MD5 and TCP-AO", "", Namespace, "nstat -az 'TcpExtTCPMD5*' 'TcpExtTCPAO*'")
            }
            Self::MemoryReserve => {
                ("memory-reserve", "memory reserve", "", Namespace, "nstat -az TcpExtPFMemallocDrop")
            }
            Self::Neighbours => (
                "neighbours",
                "neighbour table",
                "entries",
                Host,
                "cat /proc/net/stat/arp_cache; sysctl net.ipv4.neigh.default.gc_thresh3",
            ),
            Self::PacketFilter => {
                ("packet-filter", "packet filter", "", Namespace, "nft list ruleset; iptables-save -c")
            }
            Self::Traced => (
                "traced",
                "traced drops and resets",
                "",
                Host,
                "perf record -a -e skb:kfree_skb -e tcp:tcp_send_reset sleep 10; perf script",
            ),
            Self::Icmp => ("icmp", "ICMP rate limit", "", Namespace, "nstat -az 'IcmpOutRateLimit*'"),
            Self::ChallengeAcks => (
                "challenge-acks",
                "challenge ACKs",
                "",
                Namespace,
                "nstat -az TcpExtTCPChallengeACK 'TcpExtTCPACKSkipped*'",
            ),
            Self::Resets => ("resets", "resets sent", "", Namespace, "nstat -az TcpOutRsts"),
            Self::Descriptors => (
                "descriptors",
                "file descriptors",
                "descriptors",
                Process,
                "ls /proc/PID/fd | wc -l; grep files /proc/PID/limits",
            ),
            Self::Files => ("files", "open files", "files", Host, "sysctl fs.file-nr"),
            Self::CgroupPids => ("cgroup-pids", "cgroup pids", "pids", Process, "systemctl status UNIT"),
            Self::CgroupMemory => (
                "cgroup-memory",
                "cgroup memory",
                "bytes",
                Process,
                "systemctl status UNIT; grep sock /sys/fs/cgroup/CGROUP/memory.stat",
            ),
            Self::Tasks => {
                ("tasks", "tasks", "tasks", Host, "cat /proc/loadavg; sysctl kernel.threads-max kernel.pid_max")
            }
            Self::CpuPressure => ("cpu-pressure", "CPU pressure", "percent", Host, "cat /proc/pressure/cpu"),
            Self::EphemeralPorts => (
                "ephemeral-ports",
                "ephemeral ports",
                "ports",
                Namespace,
                "ss -Htan dst ADDRESS:PORT | wc -l; sysctl net.ipv4.ip_local_port_range",
            ),
        }
    }

    /// Returns what most findings about the resource report.
    pub(super) fn effect(self) -> Effect {
        match self {
            Self::SynCookies | Self::Synproxy => Effect::Rejection,
            Self::Interface
            | Self::ReversePath
            | Self::Routes
            | Self::Checksums
            | Self::Signatures
            | Self::MemoryReserve
            | Self::PacketFilter
            | Self::Traced => Effect::Drop,
            Self::CpuPressure => Effect::Wait,
            _ => Effect::Overflow,
        }
    }

    /// Returns whether only saved outputs of other programs show the resource.
    pub(crate) fn is_only_in_saved_outputs(self) -> bool {
        matches!(self, Self::PacketFilter | Self::Traced)
    }

    /// Returns the name in JSON and in metrics.
    pub fn name(self) -> &'static str {
        self.properties().0
    }

    /// Returns the name for people.
    pub fn title(self) -> &'static str {
        self.properties().1
    }

    /// Returns the unit of usage and limit; empty for a resource without a usage.
    pub fn unit(self) -> &'static str {
        self.properties().2
    }

    /// Returns the extent in which the resource is shared.
    pub fn scope(self) -> Scope {
        self.properties().3
    }

    /// Returns the command that shows the resource without this program.
    pub fn command(self) -> &'static str {
        self.properties().4
    }
}
