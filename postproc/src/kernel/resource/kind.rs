//! The resources that are looked at.

/// Which resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Connections that wait for `accept()`.
    AcceptQueue,
    /// Connections whose handshake is not complete.
    HalfOpenQueue,
    /// SYN cookies of this host.
    SynCookies,
    /// Netfilter's SYNPROXY.
    Synproxy,
    /// Connections that were opened with data (TCP Fast Open) and wait.
    FastOpen,
    /// Memory of all TCP sockets.
    TcpMemory,
    /// Memory of one socket.
    SocketBuffers,
    /// Sockets without a process.
    Orphans,
    /// Connections in TIME-WAIT.
    TimeWait,
    /// Netfilter's table of connections.
    Conntrack,
    /// Packets between the network driver and the protocols.
    SoftirqBacklog,
    /// Packets that an interface dropped.
    Interface,
    /// ICMP messages that may be sent.
    Icmp,
    /// Answers to segments that fit no connection, or not well.
    ChallengeAcks,
    /// Resets sent.
    Resets,
    /// File descriptors of a listening process.
    Descriptors,
    /// Open files of the whole system.
    Files,
    /// Tasks of a listening process' control group.
    GroupTasks,
    /// Memory of a listening process' control group, its sockets' in it.
    GroupMemory,
    /// Tasks of the whole system.
    Tasks,
    /// Processor time.
    Processor,
    /// Ports for connections that this host opens.
    EphemeralPorts,
}

/// What shares it.
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
    /// Short fixed name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Process => "process",
            Self::Namespace => "namespace",
            Self::Host => "host",
        }
    }
}

/// What is fixed of a kind: short name, name for people, unit, scope, and the command that shows it without this program.
type Fixed = (&'static str, &'static str, &'static str, Scope, &'static str);

impl Kind {
    fn fixed(self) -> Fixed {
        use Scope::{Host, Listener, Namespace, Process};
        match self {
            Self::AcceptQueue => ("accept-queue", "accept queue", "connections", Listener, "ss -lntm"),
            Self::HalfOpenQueue => (
                "half-open-queue",
                "half-open queue",
                "connections",
                Listener,
                "ss -Htn state syn-recv 'sport = :PORT' | wc -l",
            ),
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
            Self::Orphans => {
                ("orphans", "orphans", "sockets", Host, "cat /proc/net/sockstat; sysctl net.ipv4.tcp_max_orphans")
            }
            Self::TimeWait => {
                ("time-wait", "TIME-WAIT", "connections", Namespace, "ss -s; sysctl net.ipv4.tcp_max_tw_buckets")
            }
            Self::Conntrack => (
                "conntrack",
                "conntrack",
                "entries",
                Namespace,
                "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max; conntrack -S",
            ),
            Self::SoftirqBacklog => {
                ("softirq-backlog", "softirq backlog", "packets", Host, "cat /proc/net/softnet_stat")
            }
            Self::Interface => ("interface", "interface", "", Namespace, "ip -s -s link; ethtool -S IFACE"),
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
            Self::GroupTasks => ("group-tasks", "tasks of the group", "tasks", Process, "systemctl status UNIT"),
            Self::GroupMemory => (
                "group-memory",
                "memory of the group",
                "bytes",
                Process,
                "systemctl status UNIT; grep sock /sys/fs/cgroup/GROUP/memory.stat",
            ),
            Self::Tasks => {
                ("tasks", "tasks", "tasks", Host, "cat /proc/loadavg; sysctl kernel.threads-max kernel.pid_max")
            }
            Self::Processor => ("processor", "wait for a CPU", "", Host, "cat /proc/pressure/cpu"),
            Self::EphemeralPorts => (
                "ephemeral-ports",
                "ephemeral ports",
                "ports",
                Namespace,
                "ss -Htan dst ADDRESS:PORT | wc -l; sysctl net.ipv4.ip_local_port_range",
            ),
        }
    }

    /// Short fixed name.
    pub fn name(self) -> &'static str {
        self.fixed().0
    }

    /// Name for people.
    pub fn title(self) -> &'static str {
        self.fixed().1
    }

    /// What is counted; empty where nothing fills up.
    pub fn unit(self) -> &'static str {
        self.fixed().2
    }

    /// What shares it.
    pub fn scope(self) -> Scope {
        self.fixed().3
    }

    /// What shows it without this program.
    pub fn command(self) -> &'static str {
        self.fixed().4
    }
}
