//! Lines of the kernel's log about resources.

/// Line of the kernel's log that reports a resource as exhausted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Condition that the line reports.
    pub kind: EventKind,
    /// Local TCP port that the line names.
    pub port: Option<u16>,
    /// Inode number of the network namespace that the line names.
    pub netns: Option<u64>,
    /// Text of the line, cut to 512 characters.
    pub text: String,
}

/// Condition that the kernel logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A SYN queue was full and SYN cookies were sent.
    SynFloodCookies,
    /// A SYN queue was full and a SYN was dropped.
    SynFloodDrop,
    /// The connection tracking table was full.
    ConntrackFull,
    /// TCP memory was exhausted.
    TcpMemory,
    /// There were too many orphans: TCP sockets that no process holds.
    Orphans,
    /// There were too many connections in TIME-WAIT.
    TimeWaitOverflow,
    /// The limit of open files of the whole machine was reached.
    FileMax,
    /// A cgroup reached its limit of tasks, and a fork was refused.
    Tasks,
    /// The neighbour table (ARP, NDP) was full.
    Neighbours,
}

impl EventKind {
    /// Returns the name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::SynFloodCookies => "syn-flood-cookies",
            Self::SynFloodDrop => "syn-flood-drop",
            Self::ConntrackFull => "conntrack-full",
            Self::TcpMemory => "tcp-memory",
            Self::Orphans => "orphans",
            Self::TimeWaitOverflow => "time-wait-overflow",
            Self::FileMax => "file-max",
            Self::Tasks => "tasks",
            Self::Neighbours => "neighbours",
        }
    }

    /// Returns whether the condition concerns the whole machine, and not one network namespace.
    pub(crate) fn is_of_machine(self) -> bool {
        matches!(self, Self::TcpMemory | Self::Orphans | Self::FileMax | Self::Tasks | Self::Neighbours)
    }

    /// Returns the condition in words.
    pub fn description(self) -> &'static str {
        match self {
            Self::SynFloodCookies => "a SYN queue was full, and SYN cookies were sent",
            Self::SynFloodDrop => "a SYN queue was full, and SYNs were dropped",
            Self::ConntrackFull => "the conntrack table was full, and packets were dropped",
            Self::TcpMemory => "TCP memory was exhausted",
            Self::Orphans => "too many orphaned sockets",
            Self::TimeWaitOverflow => "too many connections in TIME-WAIT",
            Self::FileMax => "the limit of open files was reached",
            Self::Tasks => "a cgroup reached its limit of tasks, and a fork was refused",
            Self::Neighbours => "the neighbour table (ARP, NDP) was full",
        }
    }
}
