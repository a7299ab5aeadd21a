//! Assignment of segments to handshakes, and the facts of each handshake.

pub(crate) mod by_listener;
pub(crate) mod cookie_mss;
pub(crate) mod elsewhere;
mod errors;
mod eviction;
mod forgotten;
pub(crate) mod handshake;
pub(crate) mod handshakes;
pub(crate) mod large_segments;
pub(crate) mod links;
pub(crate) mod other_answers;
pub(crate) mod p0f;
mod pending_syns;
pub(crate) mod previous;
pub(crate) mod rare_facts;
mod segments;
mod syn;
pub(crate) mod tracker;
pub(crate) mod unknown;

use crate::HandshakeId;

/// Maximum time, in seconds, between two copies of a segment that the capture itself duplicated
/// (two interfaces, a mirror port). No stack retransmits that soon (RFC 6298 section 2.4: at least
/// a second; Linux `TCP_RTO_MIN`: 200 ms).
pub(crate) const DUPLICATE_SECONDS: f64 = 0.05;

/// Role of a frame in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// First SYN.
    Syn,
    /// First SYN-ACK.
    SynAck,
    /// The client's acknowledgment of the SYN-ACK.
    Ack,
    /// The reset that decided the outcome.
    Reset,
    /// One of the server's first segments after the SYN-ACK. They are the most informative about
    /// its sender.
    Server,
    /// Any other segment that was used, such as a retransmission or the client's data.
    Other,
}

/// Handshake and role that an observation was assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Handshake of the observation.
    pub handshake: HandshakeId,
    /// Role of the observation in the handshake.
    pub role: Role,
}
