//! Names of counters: which group a name belongs to, and which of them every kernel has.

/// Groups, the longer before those that are their beginnings.
const GROUPS: [&str; 13] = [
    "MPTcpExt", "TcpExt", "IpExt", "IcmpMsg", "Icmp6", "Icmp", "UdpLite6", "UdpLite", "Udp6", "Udp", "Ip6", "Ip", "Tcp",
];

/// `TcpExtListenOverflows` is `ListenOverflows` of the group `TcpExt`.
pub fn split(name: &str) -> Option<(&'static str, &str)> {
    let group = GROUPS.into_iter().find(|group| name.starts_with(group))?;
    let rest = &name[group.len()..];
    (!rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some((group, rest))
}

/// Counters that every kernel since 4.9 has, among those that mean something here: where a program leaves out zeros,
/// these are zero when they are not there.
const OLD: [&str; 36] = [
    "TcpExt.SyncookiesSent",
    "TcpExt.SyncookiesRecv",
    "TcpExt.SyncookiesFailed",
    "TcpExt.EmbryonicRsts",
    "TcpExt.PruneCalled",
    "TcpExt.RcvPruned",
    "TcpExt.OfoPruned",
    "TcpExt.TW",
    "TcpExt.TWRecycled",
    "TcpExt.TWKilled",
    "TcpExt.ListenOverflows",
    "TcpExt.ListenDrops",
    "TcpExt.TCPTimeouts",
    "TcpExt.TCPAbortOnData",
    "TcpExt.TCPAbortOnClose",
    "TcpExt.TCPAbortOnMemory",
    "TcpExt.TCPAbortOnTimeout",
    "TcpExt.TCPAbortOnLinger",
    "TcpExt.TCPAbortFailed",
    "TcpExt.TCPMemoryPressures",
    "TcpExt.TCPBacklogDrop",
    "TcpExt.TCPMinTTLDrop",
    "TcpExt.TCPDeferAcceptDrop",
    "TcpExt.IPReversePathFilter",
    "TcpExt.TCPTimeWaitOverflow",
    "TcpExt.TCPReqQFullDoCookies",
    "TcpExt.TCPReqQFullDrop",
    "TcpExt.TCPChallengeACK",
    "TcpExt.TCPSYNChallenge",
    "TcpExt.TCPFastOpenListenOverflow",
    "TcpExt.TCPSynRetrans",
    "TcpExt.TCPACKSkippedSynRecv",
    "TcpExt.TCPACKSkippedPAWS",
    "TcpExt.TCPACKSkippedSeq",
    "TcpExt.TCPACKSkippedTimeWait",
    "TcpExt.TCPACKSkippedChallenge",
];

/// Whether every kernel that is still about has this counter.
pub fn is_old(counter: &str) -> bool {
    OLD.contains(&counter)
}
