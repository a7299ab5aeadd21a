//! Weighs causes with drops and resets that a tracing tool saw in the kernel of a machine.
//!
//! The kernel gives a reason for each drop (`enum skb_drop_reason`, include/net/dropreason-core.h)
//! and for each reset that it sends (`enum sk_rst_reason`, include/net/rstreason.h). Their numbers
//! differ between kernels, so only names are used. A full accept queue is not among them: the
//! kernel does not count the SYN as dropped (`tcp_conn_request` returns 0; seen on 6.18).

use super::counters::KernelEvidence;
use super::host::{Machine, Traced, TracedEvent};
use super::hypothesis::{STRONG, VERY_STRONG, plural};
use super::info::{CauseInfo, ResetSender};
use crate::{CauseKind, Endpoint, Outcome};

/// Weight of an event of this connection itself: the kernel says what happened to it.
const PROOF: f64 = 8.0;

/// Relation of an event to a handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// The event has both ends of the connection.
    Connection,
    /// The event has the port of the listener only.
    Port,
    /// The event has no ends.
    Unknown,
}

/// Returns the events of a machine that may be those of the connection between `client` and
/// `server`.
pub(super) fn relevant(traced: &[Traced], machine: Machine, client: Endpoint, server: Endpoint) -> Vec<Relevant<'_>> {
    let of_machine = traced.iter().filter(|event| event.event == TracedEvent::Drop || machine != Machine::Proxy);
    of_machine.filter_map(|event| Some((event, relation(event, client, server)?))).collect()
}

/// Weighs a cause of a handshake with the events that may be those of its connection.
pub(super) fn weigh(evidence: &mut KernelEvidence<'_>, events: &[Relevant<'_>], info: &CauseInfo) {
    let ended_by_reset = matches!(evidence.outcome(), Outcome::ResetByServer | Outcome::Refused);
    // Events without ends are those of all connections: the first one counts for all.
    let mut has_unknown = false;
    for &(event, relation) in events {
        if shows(event).contains(&info.kind) {
            if relation != Match::Unknown || !has_unknown {
                evidence.supported_by(relation.nats(), describe(event, relation));
            }
            has_unknown |= relation == Match::Unknown;
        } else if event.event == TracedEvent::Reset && info.reset_sender == ResetSender::Elsewhere && ended_by_reset {
            match relation {
                Match::Connection => evidence.ruled_out_by(describe(event, relation)),
                Match::Port => evidence.opposed_by(STRONG, describe(event, relation)),
                Match::Unknown => {}
            }
        }
    }
}

/// An event, and its relation to a handshake.
pub(super) type Relevant<'a> = (&'a Traced, Match);

impl Match {
    /// Returns the weight of an event for a cause that it shows.
    const fn nats(self) -> f64 {
        match self {
            Self::Connection => PROOF,
            Self::Port => VERY_STRONG,
            Self::Unknown => STRONG,
        }
    }
}

/// Returns how an event relates to a connection; `None` if it is one of another connection, or
/// shows what the client's host did: a trace has the events of all network namespaces of a machine.
fn relation(event: &Traced, client: Endpoint, server: Endpoint) -> Option<Match> {
    let ends = match (event.from, event.to) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => return (from.port == server.port).then_some(Match::Port),
        _ => return Some(Match::Unknown),
    };
    let is_it = match event.event {
        TracedEvent::Drop if ends == (client, server) => true,
        TracedEvent::Drop => ends == (server, client) && is_on_the_way(&event.reason),
        TracedEvent::Reset => ends == (server, client),
    };
    is_it.then_some(Match::Connection)
}

/// Returns the causes that an event shows.
pub(super) fn shows(event: &Traced) -> &'static [CauseKind] {
    use CauseKind as K;
    let is_of_cookie = event.location.as_ref().is_some_and(|location| location.starts_with("cookie_v"));
    match (event.event, event.reason.as_str()) {
        // The ACK had a valid cookie, and found a full accept queue (syncookies.c
        // `cookie_v4_check`).
        (TracedEvent::Drop, "NO_SOCKET") if is_of_cookie => &[K::AcceptQueueOverflow],
        (_, "NO_SOCKET") => &[K::ClosedPort, K::ListenerGone, K::ProxyBackendRefused],
        (_, "TCP_FLAGS") => &[K::ProxyLeakedAck, K::CookieRejected],
        (
            TracedEvent::Reset,
            "TCP_ABORT_ON_DATA" | "TCP_ABORT_ON_CLOSE" | "TCP_ABORT_ON_LINGER" | "TCP_DISCONNECT_WITH_DATA",
        ) => &[K::ApplicationAbort],
        (TracedEvent::Reset, _) => &[],
        (TracedEvent::Drop, "TCP_CSUM" | "IP_CSUM" | "SKB_CSUM") => &[K::BadChecksum],
        (TracedEvent::Drop, "TCP_RFC7323_PAWS" | "TCP_RFC7323_PAWS_ACK" | "TCP_RFC7323_TW_PAWS") => {
            &[K::TimestampsRejected]
        }
        (TracedEvent::Drop, "TCP_LISTEN_OVERFLOW") => &[K::AcceptQueueOverflow],
        (TracedEvent::Drop, reason) if is_on_the_way(reason) => &[K::SilentDrop, K::AckLost, K::SynLost],
        _ => &[],
    }
}

/// Returns whether a packet that is dropped for this reason has not reached a socket, or its answer
/// has not left the machine.
fn is_on_the_way(reason: &str) -> bool {
    let starts = ["NETFILTER", "TC_INGRESS", "TC_EGRESS", "NEIGH_", "TCP_MD5", "TCP_AO", "QDISC_", "IP_IN", "IP_OUT"];
    let names = [
        "XDP",
        "SOCKET_FILTER",
        "BPF_CGROUP_EGRESS",
        "SECURITY_HOOK",
        "XFRM_POLICY",
        "IP_RPFILTER",
        "IP_LOCAL_SOURCE",
        "IP_LOCALNET",
        "OTHERHOST",
        "TCP_AUTH_HDR",
        "TCP_MINTTL",
        "CPU_BACKLOG",
        "FULL_RING",
        "PFMEMALLOC",
        "PROTO_MEM",
        "NOMEM",
    ];
    names.contains(&reason) || starts.iter().any(|start| reason.starts_with(start))
}

/// Describes an event in a sentence.
fn describe(event: &Traced, relation: Match) -> String {
    let (reason, number) = (&event.reason, event.count);
    let s = plural(number as usize);
    let meaning = if event.meaning.is_empty() { String::new() } else { format!(", {}", event.meaning) };
    let location = event.location.as_ref().map_or_else(String::new, |location| format!(" in {location}"));
    match (event.event, relation) {
        (TracedEvent::Drop, Match::Connection) => {
            format!("a trace shows that the kernel dropped a packet of this connection{location}: {reason}{meaning}")
        }
        (TracedEvent::Drop, _) => {
            format!("a trace shows that the kernel dropped {number} packet{s}{location}: {reason}{meaning}")
        }
        (TracedEvent::Reset, Match::Connection) => {
            format!("a trace shows that the server's own TCP sent the reset of this connection: {reason}{meaning}")
        }
        (TracedEvent::Reset, Match::Port) => {
            format!("a trace shows {number} reset{s} that the server's own TCP sent from this port: {reason}{meaning}")
        }
        (TracedEvent::Reset, Match::Unknown) => {
            format!("a trace shows {number} reset{s} that the server's own TCP sent: {reason}{meaning}")
        }
    }
}
