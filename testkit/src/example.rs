//! Plain packets between the hosts of 192.0.2.0/24 (RFC 5737), for tests to which only flags and numbers matter.

use crate::tcp::{ACK, SYN, Segment};
use std::net::{Ipv4Addr, SocketAddr};

/// Last byte of a host's address, and its port.
pub type End = (u8, u16);

/// Returns the IPv4 packet of a segment without options and payload.
#[must_use]
pub fn segment(source: End, destination: End, seq: u32, ack: u32, flags: u8, window: u16) -> Vec<u8> {
    Segment { ttl: 64, id: 1, dont_fragment: true, flags, seq, ack, window, ..Segment::default() }
        .packet(endpoint(source), endpoint(destination))
}

/// Returns the address and port of an end.
#[must_use]
pub fn endpoint((host, port): End) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::new(192, 0, 2, host).into(), port)
}

/// Returns the packets of a handshake between 192.0.2.1:40000 and 192.0.2.2:80.
#[must_use]
pub fn handshake() -> [Vec<u8>; 3] {
    handshake_between((1, 40_000), (2, 80))
}

/// Returns the packets of a handshake between two ends.
#[must_use]
pub fn handshake_between(client: End, server: End) -> [Vec<u8>; 3] {
    [
        segment(client, server, 1000, 0, SYN, 64_240),
        segment(server, client, 5000, 1001, SYN | ACK, 65_160),
        segment(client, server, 1001, 5001, ACK, 502),
    ]
}
