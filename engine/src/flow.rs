//! Who talks to whom.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

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

/// The four-tuple of a connection, the same for both directions; small, and quick to hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlowKey {
    low: u128,
    high: u128,
    /// Both ports, and the version of IP: an IPv6 address may hold the same number as an IPv4 one.
    rest: u64,
}

impl FlowKey {
    #[inline]
    pub(crate) fn new(a: Endpoint, b: Endpoint) -> Self {
        let ((low, version), (high, _)) = (number(a.ip), number(b.ip));
        if (low, a.port) <= (high, b.port) {
            Self::ordered(low, a.port, high, b.port, version)
        } else {
            Self::ordered(high, b.port, low, a.port, version)
        }
    }

    #[inline]
    fn ordered(low: u128, low_port: u16, high: u128, high_port: u16, version: u64) -> Self {
        Self { low, high, rest: version << 32 | u64::from(low_port) << 16 | u64::from(high_port) }
    }
}

/// An address as a number, and the version of IP.
#[inline]
fn number(ip: IpAddr) -> (u128, u64) {
    match ip {
        IpAddr::V4(ip) => (ip.to_bits().into(), 4),
        IpAddr::V6(ip) => (ip.to_bits(), 6),
    }
}
