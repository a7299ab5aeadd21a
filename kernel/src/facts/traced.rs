//! Packets whose drop, or whose answer with a reset, a tracing tool saw in the kernel.

use std::net::SocketAddr;

/// Event that a tracing tool saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TracedKind {
    /// The kernel dropped a packet (`skb:kfree_skb`).
    Drop,
    /// The kernel's TCP sent a reset (`tcp:tcp_send_reset`).
    Reset,
}

/// Drop of a packet, or reset, with the kernel's reason for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Traced {
    /// Event.
    pub kind: TracedKind,
    /// Name of the reason, without the prefix `SKB_DROP_REASON_` or `SK_RST_REASON_`. The numbers
    /// of reasons differ between kernels, their names do not.
    pub reason: String,
    /// Function that dropped the packet.
    pub location: Option<String>,
    /// Sender of the dropped packet or of the reset. The address is unspecified if only the port of
    /// a listener is known.
    pub from: Option<SocketAddr>,
    /// Receiver.
    pub to: Option<SocketAddr>,
    /// State of the socket, as the kernel writes it: `TCP_LISTEN`.
    pub state: Option<String>,
}

impl Traced {
    /// Returns what the reason means; `None` for a reason that is not about whether a connection
    /// can be opened. The names are those of `enum skb_drop_reason`, include/net/dropreason-core.h,
    /// and of `enum sk_rst_reason`, include/net/rstreason.h.
    pub fn meaning(&self) -> Option<&'static str> {
        let listens = self.state.as_deref() == Some("TCP_LISTEN");
        let is_of_cookie = self.location.as_deref().is_some_and(|location| location.starts_with("cookie_v"));
        match self.kind {
            TracedKind::Drop if self.reason == "NO_SOCKET" && is_of_cookie => {
                Some("a full accept queue, which the ACK of a SYN cookie found")
            }
            TracedKind::Drop => drop_meaning(&self.reason),
            TracedKind::Reset if self.reason == "TCP_FLAGS" && listens => {
                Some("an ACK that reached a listener without an entry for it")
            }
            TracedKind::Reset => reset_meaning(&self.reason),
        }
    }
}

fn drop_meaning(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "NETFILTER_DROP" => "a rule of the packet filter (nft, iptables)",
        "XDP" => "an XDP program",
        "TC_INGRESS" | "TC_EGRESS" => "a tc filter",
        "SOCKET_FILTER" => "a filter of the socket",
        "BPF_CGROUP_EGRESS" => "a BPF program of the cgroup",
        "SECURITY_HOOK" => "a security module",
        "XFRM_POLICY" => "an IPsec policy",
        "IP_RPFILTER" => "the reverse path filter: the route to the sender leads to another interface",
        "IP_INNOROUTES" => "no route to the destination",
        "IP_OUTNOROUTES" => "no route for the answer",
        "IP_INADDRERRORS" | "IP_INVALID_DEST" => "an address that is not this host's",
        "IP_LOCAL_SOURCE" | "IP_INVALID_SOURCE" | "IP_LOCALNET" => "a source address that cannot come from outside",
        "OTHERHOST" => "a MAC address of another host",
        "NEIGH_CREATEFAIL" => "a full neighbour table (ARP, NDP)",
        "NEIGH_FAILED" | "NEIGH_QUEUEFULL" | "NEIGH_DEAD" | "NEIGH_HH_FILLFAIL" => {
            "a next hop whose MAC address is unknown (ARP, NDP)"
        }
        "TCP_CSUM" | "SKB_CSUM" => "a wrong TCP checksum",
        "IP_CSUM" => "a wrong IP header checksum",
        "TCP_MD5NOTFOUND" => "a missing TCP MD5 signature (RFC 2385)",
        "TCP_MD5UNEXPECTED" => "a TCP MD5 signature that the listener does not expect",
        "TCP_MD5FAILURE" => "a wrong TCP MD5 signature",
        "TCP_AONOTFOUND" => "a missing TCP-AO signature (RFC 5925)",
        "TCP_AOUNEXPECTED" => "a TCP-AO signature that the listener does not expect",
        "TCP_AOKEYNOTFOUND" => "a TCP-AO key that the listener does not have",
        "TCP_AOFAILURE" => "a wrong TCP-AO signature",
        "TCP_AUTH_HDR" => "a malformed TCP MD5 or TCP-AO option",
        "TCP_MINTTL" => "a TTL below the listener's minimum (IP_MINTTL)",
        "TCP_RFC7323_PAWS" | "TCP_RFC7323_PAWS_ACK" | "TCP_RFC7323_TW_PAWS" => "an old timestamp (PAWS)",
        "TCP_LISTEN_OVERFLOW" | "LISTEN_OVERFLOW" => "a full accept queue",
        "TCP_FLAGS" => "an ACK that reached a listener without an entry for it",
        "NO_SOCKET" => "no socket on the port",
        "CPU_BACKLOG" => "a full softirq backlog",
        "SOCKET_BACKLOG" => "a full backlog of the socket",
        "SOCKET_RCVBUFF" => "a full receive buffer",
        "QDISC_DROP" | "QDISC_OVERLIMIT" | "QDISC_CONGESTED" | "FULL_RING" => "a full queue of the interface",
        "PFMEMALLOC" => "a low memory reserve",
        "PROTO_MEM" | "NOMEM" => "exhausted memory",
        _ => return None,
    })
}

fn reset_meaning(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "NO_SOCKET" => "no socket on the port",
        "TCP_FLAGS" => "flags that do not fit the state of the socket",
        "TCP_INVALID_ACK_SEQUENCE" | "TCP_OLD_ACK" | "TCP_TOO_OLD_ACK" | "TCP_ACK_UNSENT_DATA" => {
            "an ACK with a number that the host never sent"
        }
        "INVALID_SYN" => "a SYN inside a connection",
        "TCP_ABORT_ON_DATA" | "TCP_ABORT_ON_CLOSE" | "TCP_DISCONNECT_WITH_DATA" => {
            "an application that closed its socket with unread data, or before data arrived"
        }
        "TCP_ABORT_ON_LINGER" => "an application that closed its socket with SO_LINGER 0",
        "TCP_ABORT_ON_MEMORY" => "exhausted memory, or too many orphans",
        "TCP_TIMEWAIT_SOCKET" => "a segment for a connection in TIME-WAIT",
        "TCP_RFC7323_PAWS" => "an old timestamp (PAWS)",
        "TCP_KEEPALIVE_TIMEOUT" => "a keepalive timeout",
        _ => return None,
    })
}
