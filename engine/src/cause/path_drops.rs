//! Weighs counters of packets that a machine dropped before they reached a socket, or whose answer
//! it dropped.

use super::counters::{CounterStatus, KernelEvidence, clause};
use super::hypothesis::{MODERATE, STRONG, VERY_STRONG};
use crate::Counter;

/// Counters, their weight where they rose, and what that means. Those of rare events weigh most: a
/// packet filter drops packets of strangers all the time.
const RULES: [(Counter, f64, &str); 15] = [
    (
        Counter::ReversePathFilter,
        VERY_STRONG,
        "the reverse path filter dropped packets: the route to their sender leads to another interface",
    ),
    (Counter::TcpMd5NotFound, VERY_STRONG, "segments without a TCP MD5 signature were dropped"),
    (Counter::TcpMd5Unexpected, VERY_STRONG, "segments with an unexpected TCP MD5 signature were dropped"),
    (Counter::TcpMd5Failure, VERY_STRONG, "segments with a wrong TCP MD5 signature were dropped"),
    (Counter::TcpAoRequired, VERY_STRONG, "segments without a TCP-AO signature were dropped"),
    (Counter::TcpAoBad, VERY_STRONG, "segments with a wrong TCP-AO signature were dropped"),
    (Counter::TcpAoKeyNotFound, VERY_STRONG, "segments with an unknown TCP-AO key were dropped"),
    (Counter::NeighbourTableFull, 3.0, "packets were dropped because the neighbour table (ARP, NDP) was full"),
    (Counter::PfMemallocDrop, 3.0, "packets were dropped because only the memory reserve was left for them"),
    (Counter::XdpDrops, STRONG, "an XDP program dropped packets"),
    (Counter::CardDrops, STRONG, "a network card lost packets"),
    (Counter::SoftirqDrops, STRONG, "packets were dropped because the softirq backlog of a CPU was full"),
    (Counter::PacketFilterDrops, STRONG, "rules of the packet filter dropped packets"),
    (Counter::InNoRoutes, STRONG, "packets were dropped because there was no route for them"),
    (Counter::OutNoRoutes, STRONG, "there was no route for an answer"),
];

/// Weight of a rare event since boot, at an unknown time.
const SINCE_BOOT: f64 = 0.3;

/// Weighs the counters for a cause that says that packets were dropped.
pub(super) fn weigh(evidence: &mut KernelEvidence<'_>) {
    for (counter, nats, why) in RULES {
        let status = evidence.status(counter);
        match status {
            CounterStatus::Rose(_) => evidence.supported_by_rise(counter, nats, why),
            CounterStatus::NonZeroSinceBoot(_) if nats >= VERY_STRONG => {
                evidence.supported_by(SINCE_BOOT, format!("{}, at an unknown time: {why}", clause(counter, status)));
            }
            _ => {}
        }
    }
}

/// Weighs the counters for a cause that says that something on the way to the server lost the
/// client's ACK, and the packets that connection tracking does not accept.
pub(super) fn weigh_ack(evidence: &mut KernelEvidence<'_>) {
    evidence.supported_by_rise(
        Counter::ConntrackInvalid,
        MODERATE,
        "connection tracking classified packets as invalid, which firewalls drop",
    );
    weigh(evidence);
}
