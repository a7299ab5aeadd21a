//! Meanings of the metrics, for the `HELP` lines of Prometheus.

use crate::facts::interface_counter;
use crate::resource::ResourceKind;

/// Returns the meaning of a resource's usage, and of its limit.
pub fn usage_and_limit(kind: ResourceKind) -> (&'static str, &'static str) {
    use ResourceKind as K;
    match kind {
        K::AcceptQueue => {
            ("Connections waiting in the accept queue.", "Limit of the accept queue, which overflows above it.")
        }
        K::SynQueue => ("Half-open connections in the SYN queue.", "Limit of the SYN queue."),
        K::FastOpen => ("Connections in the Fast Open queue.", "Limit of the Fast Open queue."),
        K::TcpMemory => {
            ("Pages of memory used by all TCP sockets of the machine.", "Limit of TCP memory in pages (tcp_mem[2]).")
        }
        K::Orphans => ("TCP sockets that no process holds.", "Limit of orphaned sockets (tcp_max_orphans)."),
        K::TimeWait => ("Connections in TIME-WAIT.", "Limit of connections in TIME-WAIT (tcp_max_tw_buckets)."),
        K::Conntrack => {
            ("Entries in the connection tracking table.", "Limit of the connection tracking table (nf_conntrack_max).")
        }
        K::SoftirqBacklog => {
            ("Packets in the longest softirq backlog of a CPU.", "Limit of the softirq backlog (netdev_max_backlog).")
        }
        K::Descriptors => {
            ("Open file descriptors of a listening process.", "Limit of file descriptors (RLIMIT_NOFILE).")
        }
        K::Files => ("Open files of the machine.", "Limit of open files (fs.file-max)."),
        K::CgroupPids => ("Tasks in the cgroup of a listening process.", "Limit of tasks in the cgroup (pids.max)."),
        K::CgroupMemory => {
            ("Memory used by the cgroup of a listening process.", "Limit of memory of the cgroup (memory.max).")
        }
        K::Tasks => ("Tasks (processes and threads) of the machine.", "Limit of tasks (threads-max or pid_max)."),
        K::CpuPressure => {
            ("Share of the last 10 s in which a task waited for a CPU (PSI some avg10).", "Limit of CPU pressure.")
        }
        K::EphemeralPorts => (
            "Connections from ephemeral ports to the destination with most of them.",
            "Ephemeral ports that are available for each destination.",
        ),
        K::Neighbours => ("Entries in the neighbour table.", "Limit of the neighbour table (gc_thresh3)."),
        // Resources without a unit have counters only.
        K::SynCookies
        | K::Synproxy
        | K::SocketBuffers
        | K::Interface
        | K::ReversePath
        | K::Routes
        | K::Checksums
        | K::Signatures
        | K::MemoryReserve
        | K::PacketFilter
        | K::Traced
        | K::Icmp
        | K::ChallengeAcks
        | K::Resets => ("Usage.", "Limit."),
    }
}

/// Returns the meaning of a counter of a resource, by its name with its group; `None` for a counter
/// that no resource has.
pub fn counter(name: &str) -> Option<&'static str> {
    if name.starts_with("packet_filter.") {
        return Some("Packets that a rule of the packet filter dropped or rejected.");
    }
    if name.starts_with("traced.") {
        return Some("Drops or resets with this reason that a tracing tool saw.");
    }
    let name = interface_counter(name).map_or(name, |(_, column)| column);
    Some(match name {
        "drops" => "SYNs and connections dropped at a listening socket.",
        "TcpExt.ListenOverflows" => "Connections that found the accept queue full.",
        "TcpExt.ListenDrops" => "SYNs and connections dropped by listeners, for any reason.",
        "TcpExt.TCPDeferAcceptDrop" => "ACKs dropped while TCP_DEFER_ACCEPT waited for data.",
        "TcpExt.EmbryonicRsts" => "Resets received for half-open connections.",
        "TcpExt.TCPReqQFullDoCookies" => "SYNs answered with SYN cookies because a SYN queue was full.",
        "TcpExt.TCPReqQFullDrop" => "SYNs dropped because a SYN queue was full.",
        "TcpExt.SyncookiesSent" => "SYN cookies sent.",
        "TcpExt.SyncookiesRecv" => "ACKs with a valid SYN cookie.",
        "TcpExt.SyncookiesFailed" => "ACKs with an invalid SYN cookie.",
        "synproxy.syn_received" => "SYNs received by SYNPROXY.",
        "synproxy.cookie_valid" => "ACKs with a valid cookie at SYNPROXY.",
        "synproxy.cookie_invalid" => "ACKs with an invalid cookie at SYNPROXY, which drops them.",
        "synproxy.cookie_retrans" => {
            "Repeated ACKs with a valid cookie, for which SYNPROXY sent its SYN to the server again."
        }
        "synproxy.conn_reopened" => "Closed connections that a new SYN at SYNPROXY opened again.",
        "TcpExt.TCPFastOpenListenOverflow" => "SYNs with data that found the Fast Open queue full.",
        "TcpExt.TCPFastOpenPassiveFail" => "Failed Fast Open attempts of clients.",
        "TcpExt.TCPMemoryPressures" => "Times that TCP entered memory pressure.",
        "TcpExt.TCPMemoryPressuresChrono" => "Time that TCP was under memory pressure.",
        "TcpExt.TCPAbortOnMemory" => "Connections aborted for lack of memory, or as excess orphans.",
        "TcpExt.TCPAbortFailed" => "Resets not sent because of an internal error, such as lack of memory.",
        "TcpExt.TCPBacklogDrop" => "Segments dropped because the backlog of a socket was full.",
        "TcpExt.PruneCalled" => "Times that a full receive buffer was pruned.",
        "TcpExt.RcvPruned" => "Segments dropped because a receive buffer stayed full after pruning.",
        "TcpExt.OfoPruned" => "Times that out-of-order segments were discarded to free a receive buffer.",
        "TcpExt.TCPRcvQDrop" => "Segments dropped because the receive queue of a socket was full.",
        "TcpExt.TCPZeroWindowDrop" => "Segments dropped because they arrived while the window was zero.",
        "TcpExt.TCPTimeWaitOverflow" => "Connections that skipped TIME-WAIT because its limit was reached.",
        "nf_conntrack.drop" => "Packets dropped by connection tracking, usually because its table was full.",
        "nf_conntrack.early_drop" => "Conntrack entries evicted early because the table was full.",
        "nf_conntrack.insert_failed" => "Conntrack entries that could not be inserted.",
        "nf_conntrack.invalid" => "Packets that connection tracking classified as invalid.",
        "nf_conntrack.clashres" => "Conntrack insertion conflicts that were resolved.",
        "softnet.dropped" => "Packets dropped because the softirq backlog of a CPU was full.",
        "softnet.time_squeeze" => "Times that a softirq ended with packets left, because its budget was used up.",
        "softnet.flow_limit_count" => "Packets dropped by the flow limit of the softirq backlog.",
        "rx_drop" => "Received packets dropped, including those that no protocol accepted.",
        "rx_fifo" => "Packets lost because the receive ring was full.",
        "rx_errs" => "Packets received with errors.",
        "tx_drop" => "Packets dropped while sending.",
        "TcpExt.IPReversePathFilter" => "Packets dropped by the reverse path filter.",
        "IpExt.InNoRoutes" => "Received packets dropped because there was no route for them.",
        "Ip.OutNoRoutes" => "Packets not sent because there was no route to their destination.",
        "Ip.InAddrErrors" => "Received packets dropped because of their destination address.",
        "Tcp.InCsumErrors" => "Segments dropped because of a wrong TCP checksum.",
        "IpExt.InCsumErrors" => "Packets dropped because of a wrong IP header checksum.",
        "TcpExt.TCPMD5NotFound" => "Segments dropped because they had no TCP MD5 signature.",
        "TcpExt.TCPMD5Unexpected" => "Segments dropped because of an unexpected TCP MD5 signature.",
        "TcpExt.TCPMD5Failure" => "Segments dropped because of a wrong TCP MD5 signature.",
        "TcpExt.TCPAORequired" => "Segments dropped because they had no TCP-AO signature.",
        "TcpExt.TCPAOBad" => "Segments dropped because of a wrong TCP-AO signature.",
        "TcpExt.TCPAOKeyNotFound" => "Segments dropped because their TCP-AO key is not known.",
        "TcpExt.PFMemallocDrop" => "Packets dropped because only the memory reserve was left for them.",
        "arp_cache.table_fulls" | "ndisc_cache.table_fulls" => "Packets dropped because the neighbour table was full.",
        "arp_cache.unresolved_discards" | "ndisc_cache.unresolved_discards" => {
            "Packets dropped because too many waited for the MAC address of their next hop."
        }
        "Icmp.OutRateLimitGlobal" => "ICMP messages suppressed by the rate limit of the host.",
        "Icmp.OutRateLimitHost" => "ICMP messages suppressed by the rate limit for one destination.",
        "TcpExt.TCPChallengeACK" => "Challenge ACKs sent.",
        "TcpExt.TCPSYNChallenge" => "Challenge ACKs sent because of a SYN on an existing connection.",
        "TcpExt.TCPACKSkippedChallenge" => "Challenge ACKs suppressed by the rate limit.",
        "TcpExt.TCPACKSkippedSynRecv" => "ACKs suppressed by the rate limit in SYN-RECV.",
        "TcpExt.TCPACKSkippedTimeWait" => "ACKs suppressed by the rate limit in TIME-WAIT.",
        "Tcp.OutRsts" => "Resets sent.",
        "Tcp.EstabResets" => "Connections that went from ESTABLISHED or CLOSE-WAIT straight to CLOSED.",
        "TcpExt.TCPAbortOnData" => "Connections aborted because data remained or arrived when they were closed.",
        "TcpExt.TCPAbortOnClose" => "Connections aborted because they were closed with unread data.",
        "TcpExt.TCPAbortOnTimeout" => "Connections aborted after a timeout.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::facts::Facts;
    use crate::resource::assess;

    #[test]
    fn every_counter_of_a_resource_has_a_meaning() {
        let mut facts = Facts::default();
        facts.set_counter("interface.eth0.rx_drop".into(), 1);
        for counter in assess(&facts, None).iter().flat_map(|resource| &resource.counters) {
            assert!(super::counter(&counter.name).is_some(), "{} has no meaning", counter.name);
        }
    }
}
