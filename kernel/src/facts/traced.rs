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
    /// Returns why the packet was dropped or the reset sent, as a phrase to follow the verb; `None`
    /// for a reason that is not about whether a connection can be opened. The names are those of
    /// `enum skb_drop_reason`, include/net/dropreason-core.h, and of `enum sk_rst_reason`,
    /// include/net/rstreason.h.
    pub fn meaning(&self) -> Option<&'static str> {
        let listens = self.state.as_deref() == Some("TCP_LISTEN");
        let is_of_cookie = self.location.as_deref().is_some_and(|location| location.starts_with("cookie_v"));
        match self.kind {
            TracedKind::Drop if self.reason == "NO_SOCKET" && is_of_cookie => {
                Some("because the accept queue was full when the ACK of a SYN cookie arrived")
            }
            TracedKind::Drop => drop_meaning(&self.reason),
            TracedKind::Reset if self.reason == "TCP_FLAGS" && listens => Some(ACK_WITHOUT_ENTRY),
            TracedKind::Reset => reset_meaning(&self.reason),
        }
    }
}

const ACK_WITHOUT_ENTRY: &str = "because an ACK reached a listener that had no entry for it";
const NO_LISTENER: &str = "because no socket listens on the port";
const OLD_TIMESTAMP: &str = "because the timestamp was old (PAWS)";

fn drop_meaning(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "NETFILTER_DROP" => "by a rule of the packet filter (nft, iptables)",
        "XDP" => "by an XDP program",
        "TC_INGRESS" | "TC_EGRESS" => "by a tc filter",
        "SOCKET_FILTER" => "by a filter of the socket",
        "BPF_CGROUP_EGRESS" => "by a BPF program of the cgroup",
        "SECURITY_HOOK" => "by a security module",
        "XFRM_POLICY" => "by an IPsec policy",
        "IP_RPFILTER" => "because the route to the sender leads to another interface (reverse path filter)",
        "IP_INNOROUTES" => "because there was no route to the destination",
        "IP_OUTNOROUTES" => "because there was no route for the answer",
        "IP_INADDRERRORS" | "IP_INVALID_DEST" => "because the address is not one of this host",
        "IP_LOCAL_SOURCE" | "IP_INVALID_SOURCE" | "IP_LOCALNET" => {
            "because such a source address cannot come from outside"
        }
        "OTHERHOST" => "because the MAC address is that of another host",
        "NEIGH_CREATEFAIL" => "because the neighbour table (ARP, NDP) was full",
        "NEIGH_FAILED" | "NEIGH_QUEUEFULL" | "NEIGH_DEAD" | "NEIGH_HH_FILLFAIL" => {
            "because the MAC address of the next hop was unknown (ARP, NDP)"
        }
        "TCP_CSUM" | "SKB_CSUM" => "because the TCP checksum was wrong",
        "IP_CSUM" => "because the IP header checksum was wrong",
        "TCP_MD5NOTFOUND" => "because the TCP MD5 signature (RFC 2385) was missing",
        "TCP_MD5UNEXPECTED" => "because the listener does not expect a TCP MD5 signature",
        "TCP_MD5FAILURE" => "because the TCP MD5 signature was wrong",
        "TCP_AONOTFOUND" => "because the TCP-AO signature (RFC 5925) was missing",
        "TCP_AOUNEXPECTED" => "because the listener does not expect a TCP-AO signature",
        "TCP_AOKEYNOTFOUND" => "because the listener does not have the TCP-AO key",
        "TCP_AOFAILURE" => "because the TCP-AO signature was wrong",
        "TCP_AUTH_HDR" => "because the TCP MD5 or TCP-AO option was malformed",
        "TCP_MINTTL" => "because the TTL was below the listener's minimum (IP_MINTTL)",
        "TCP_RFC7323_PAWS" | "TCP_RFC7323_PAWS_ACK" | "TCP_RFC7323_TW_PAWS" => OLD_TIMESTAMP,
        "TCP_LISTEN_OVERFLOW" | "LISTEN_OVERFLOW" => "because the accept queue was full",
        "TCP_FLAGS" => ACK_WITHOUT_ENTRY,
        "NO_SOCKET" => NO_LISTENER,
        "CPU_BACKLOG" => "because the softirq backlog was full",
        "SOCKET_BACKLOG" => "because the backlog of the socket was full",
        "SOCKET_RCVBUFF" => "because the receive buffer was full",
        "QDISC_DROP" | "QDISC_OVERLIMIT" | "QDISC_CONGESTED" | "FULL_RING" => {
            "because a queue of the interface was full"
        }
        "PFMEMALLOC" => "because only the memory reserve was left",
        "PROTO_MEM" | "NOMEM" => "because memory was exhausted",
        _ => return None,
    })
}

fn reset_meaning(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "NO_SOCKET" => NO_LISTENER,
        "TCP_FLAGS" => "because the flags did not fit the state of the socket",
        "TCP_INVALID_ACK_SEQUENCE" | "TCP_OLD_ACK" | "TCP_TOO_OLD_ACK" | "TCP_ACK_UNSENT_DATA" => {
            "because an ACK had a number that the host never sent"
        }
        "INVALID_SYN" => "because a SYN arrived inside a connection",
        "TCP_ABORT_ON_DATA" | "TCP_ABORT_ON_CLOSE" | "TCP_DISCONNECT_WITH_DATA" => {
            "because an application closed its socket with unread data, or before data arrived"
        }
        "TCP_ABORT_ON_LINGER" => "because an application closed its socket with SO_LINGER 0",
        "TCP_ABORT_ON_MEMORY" => "because memory was exhausted, or there were too many orphans",
        "TCP_TIMEWAIT_SOCKET" => "because a segment arrived for a connection in TIME-WAIT",
        "TCP_RFC7323_PAWS" => OLD_TIMESTAMP,
        "TCP_KEEPALIVE_TIMEOUT" => "because keepalive probes were not answered",
        _ => return None,
    })
}
