//! Who talks to whom.

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

impl fmt::Display for Endpoint {
    /// `192.0.2.1:80`, `[2001:db8::1]:80`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip, self.port).fmt(f)
    }
}

/// Whether these are the same two ends, in this order or the other.
#[inline]
pub(crate) fn same_ends(ends: (Endpoint, Endpoint), (a, b): (Endpoint, Endpoint)) -> bool {
    ends == (a, b) || ends == (b, a)
}

/// A connection under a keyed hash, and the direction of a packet of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    /// The same for both directions.
    pub hash: u64,
    pub direction: Direction,
}

/// Which of the two ends of a connection sent a packet: the one whose [`word`] is lower, or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Also where both ends are the same.
    FromLower,
    FromHigher,
}

impl Direction {
    pub(crate) const fn opposite(self) -> Self {
        match self {
            Self::FromLower => Self::FromHigher,
            Self::FromHigher => Self::FromLower,
        }
    }
}

impl Flow {
    /// The flow of a packet that belongs to no connection.
    pub(crate) const NONE: Self = Self { hash: 0, direction: Direction::FromLower };

    /// Makes a flow from the words of a packet's source and destination.
    #[inline]
    pub(crate) fn new(keyed: KeyedHash, source: u64, destination: u64) -> Self {
        let direction = if source <= destination { Direction::FromLower } else { Direction::FromHigher };
        Self { hash: keyed.mix(source.min(destination), source.max(destination)), direction }
    }

    pub(crate) fn between(keyed: KeyedHash, source: Endpoint, destination: Endpoint) -> Self {
        Self::new(keyed, word(keyed, source), word(keyed, destination))
    }
}

/// An endpoint as one word.
pub(crate) fn word(keyed: KeyedHash, end: Endpoint) -> u64 {
    match end.ip {
        IpAddr::V4(ip) => word_v4(ip.octets(), end.port.to_be_bytes()),
        IpAddr::V6(ip) => word_v6(keyed, ip.octets(), end.port.to_be_bytes()),
    }
}

/// An IPv4 address and a port as one word, in the byte order of the packet: a conversion would be for nothing.
#[inline(always)]
pub(crate) const fn word_v4(address: [u8; 4], port: [u8; 2]) -> u64 {
    (u32::from_ne_bytes(address) as u64) << 16 | u16::from_ne_bytes(port) as u64
}

/// An IPv6 address and a port as one word, under the key.
#[inline(always)]
pub(crate) fn word_v6(keyed: KeyedHash, address: [u8; 16], port: [u8; 2]) -> u64 {
    let ([high, low], _) = address.as_chunks() else { return 0 };
    keyed.mix(u64::from_ne_bytes(*high), u64::from_ne_bytes(*low)).wrapping_add(u16::from_ne_bytes(port).into())
}
