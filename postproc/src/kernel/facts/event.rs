//! What the kernel logged.

/// One line of the kernel's log that tells of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it tells.
    pub kind: Kind,
    /// The port it names.
    pub port: Option<u16>,
    /// The line, as it was logged.
    pub text: String,
}

/// What a log line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The half-open queue was full and cookies were sent.
    SynFloodCookies,
    /// The half-open queue was full and the SYN was dropped.
    SynFloodDrop,
    /// The table of connection tracking was full.
    ConntrackFull,
    /// TCP's memory was used up.
    TcpMemory,
    /// There were too many sockets without a process.
    Orphans,
    /// There were too many connections in TIME-WAIT.
    TimeWaitOverflow,
    /// The limit on open files of the whole system was reached.
    FileMax,
    /// A fork was refused: too many tasks.
    Tasks,
    /// The table of neighbours (ARP) was full.
    Neighbours,
}

impl Kind {
    /// Short fixed name.
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
}
