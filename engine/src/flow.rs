//! Who talks to whom.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::seeded::Seeded;

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
    pub(crate) fn new(seeded: Seeded, source: u64, destination: u64) -> Self {
        Self { hash: seeded.mix(source.min(destination), source.max(destination)), from_low: source <= destination }
    }

    pub(crate) fn between(seeded: Seeded, source: Endpoint, destination: Endpoint) -> Self {
        let word = |end: Endpoint| match end.ip {
            IpAddr::V4(ip) => word_v4(ip.to_bits(), end.port),
            IpAddr::V6(ip) => word_v6(seeded, ip.to_bits(), end.port),
        };
        Self::new(seeded, word(source), word(destination))
    }
}

/// An IPv4 address and a port as one word.
#[inline]
pub(crate) const fn word_v4(address: u32, port: u16) -> u64 {
    (address as u64) << 16 | port as u64
}

/// An IPv6 address and a port as one word.
#[inline]
pub(crate) fn word_v6(seeded: Seeded, address: u128, port: u16) -> u64 {
    seeded.mix((address >> 64) as u64, address as u64).wrapping_add(port.into())
}
