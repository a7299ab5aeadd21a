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

/// A connection under a keyed hash, and which way a packet of it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    /// The same for both directions.
    pub hash: u64,
    /// Whether it comes from the end whose word is the lower one: the same for all packets that go that way.
    pub from_low: bool,
}

impl Flow {
    /// That of a packet that belongs to none.
    pub(crate) const NONE: Self = Self { hash: 0, from_low: false };

    /// From the words of a packet's source and destination.
    #[inline]
    pub(crate) fn new(keyed: KeyedHash, source: u64, destination: u64) -> Self {
        Self { hash: keyed.mix(source.min(destination), source.max(destination)), from_low: source <= destination }
    }

    pub(crate) fn between(keyed: KeyedHash, source: Endpoint, destination: Endpoint) -> Self {
        let word = |end: Endpoint| match end.ip {
            IpAddr::V4(ip) => word_v4(ip.octets(), end.port.to_be_bytes()),
            IpAddr::V6(ip) => word_v6(keyed, ip.octets(), end.port.to_be_bytes()),
        };
        Self::new(keyed, word(source), word(destination))
    }
}

/// An IPv4 address and a port as one word: as they stand in a packet, so that nothing is turned for it.
#[inline(always)]
pub(crate) const fn word_v4(address: [u8; 4], port: [u8; 2]) -> u64 {
    (u32::from_ne_bytes(address) as u64) << 16 | u16::from_ne_bytes(port) as u64
}

/// The same of an IPv6 address.
#[inline(always)]
pub(crate) fn word_v6(keyed: KeyedHash, address: [u8; 16], port: [u8; 2]) -> u64 {
    let ([high, low], _) = address.as_chunks() else { return 0 };
    keyed.mix(u64::from_ne_bytes(*high), u64::from_ne_bytes(*low)).wrapping_add(u16::from_ne_bytes(port).into())
}
