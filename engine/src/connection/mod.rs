//! Which segments make one handshake.

pub(crate) mod by_listener;
pub(crate) mod cookie_mss;
pub(crate) mod handshake;
mod segments;
mod syn;
pub(crate) mod tracker;

use crate::HandshakeId;

/// The same segment again within this time, in seconds, is the capture's doing (two interfaces, a mirror port), not
/// TCP's: no stack retransmits that soon (RFC 6298 section 2.4: at least a second; Linux `TCP_RTO_MIN`: 200 ms).
pub(crate) const DUPLICATE_SECONDS: f64 = 0.05;

/// The part a frame plays in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// First SYN.
    Syn,
    /// First SYN-ACK.
    SynAck,
    /// The client's acknowledgment of it.
    Ack,
    /// The reset that decided the outcome.
    Reset,
    /// One of the server's first segments after its SYN-ACK, which tell most of who sent it.
    Server,
    /// Any other segment that was used: a repetition, the client's data.
    Other,
}

/// What became of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The handshake it belongs to.
    pub handshake: HandshakeId,
    /// Its part in it.
    pub role: Role,
}
