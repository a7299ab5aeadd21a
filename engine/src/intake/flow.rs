//! Endpoints and flows: the two ends of a connection, and the direction of a packet.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::intake::keyed_hash::KeyedHash;

/// One end of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// IPv4 or IPv6 address.
    pub ip: IpAddr,
    /// TCP port.
    pub port: u16,
}

impl From<Endpoint> for SocketAddr {
    fn from(endpoint: Endpoint) -> Self {
        Self::new(endpoint.ip, endpoint.port)
    }
}

impl fmt::Display for Endpoint {
    /// Writes `192.0.2.1:80` or `[2001:db8::1]:80`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::from(*self).fmt(f)
    }
}

/// Returns whether two pairs have the same ends, in either order.
#[inline]
pub(crate) fn same_ends(ends: (Endpoint, Endpoint), (a, b): (Endpoint, Endpoint)) -> bool {
    ends == (a, b) || ends == (b, a)
}

/// Keyed hash of a connection, and the direction of one of its packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Hash of both ends, equal for both directions.
    pub hash: u64,
    pub direction: Direction,
}

/// Sender of a packet: the end of the connection with the lower [`word`], or the other end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Sent by the end with the lower word, or both ends are the same.
    #[default]
    FromLower,
    /// Sent by the end with the higher word.
    FromHigher,
}

impl Direction {
    /// Returns the other direction.
    pub(crate) const fn opposite(self) -> Self {
        match self {
            Self::FromLower => Self::FromHigher,
            Self::FromHigher => Self::FromLower,
        }
    }
}

impl Flow {
    /// Creates a flow from the words of a packet's source and destination.
    #[inline]
    pub(crate) fn new(keyed: KeyedHash, source: u64, destination: u64) -> Self {
        let direction = if source <= destination { Direction::FromLower } else { Direction::FromHigher };
        Self { hash: keyed.mix(source.min(destination), source.max(destination)), direction }
    }

    /// Creates a flow from a packet's source and destination.
    pub(crate) fn between(keyed: KeyedHash, source: Endpoint, destination: Endpoint) -> Self {
        Self::new(keyed, word(keyed, source), word(keyed, destination))
    }
}

/// Returns an endpoint as one word.
pub(crate) fn word(keyed: KeyedHash, end: Endpoint) -> u64 {
    match end.ip {
        IpAddr::V4(ip) => word_v4(ip.octets(), end.port.to_be_bytes()),
        IpAddr::V6(ip) => word_v6(keyed, ip.octets(), end.port.to_be_bytes()),
    }
}

/// Returns an IPv4 address and a port as one word, in the byte order of the packet, which saves a
/// conversion.
#[inline(always)]
pub(crate) const fn word_v4(address: [u8; 4], port: [u8; 2]) -> u64 {
    (u32::from_ne_bytes(address) as u64) << 16 | u16::from_ne_bytes(port) as u64
}

/// Returns a keyed hash of an IPv6 address, plus the port, as one word.
#[inline(always)]
pub(crate) fn word_v6(keyed: KeyedHash, address: [u8; 16], port: [u8; 2]) -> u64 {
    let ([high, low], _) = address.as_chunks() else { return 0 };
    keyed.mix(u64::from_ne_bytes(*high), u64::from_ne_bytes(*low)).wrapping_add(u16::from_ne_bytes(port).into())
}
