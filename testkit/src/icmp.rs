//! ICMP (RFC 792) and ICMPv6 (RFC 4443) errors.

use crate::checksum::{fold, sum};
use crate::ip::{ICMP, ICMPV6, Ipv4, Ipv6};
use std::net::IpAddr;

/// An ICMP error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Type and code.
    pub code: (u8, u8),
    /// MTU of the next link, for packets that are too big.
    pub mtu: u32,
    /// TTL or hop limit.
    pub ttl: u8,
}

impl Error {
    /// Returns the error about `quoted`, a whole IP packet, from `source` to `destination`. Both
    /// addresses have the version of the quoted packet.
    #[must_use]
    pub fn packet(&self, source: IpAddr, destination: IpAddr, quoted: &[u8]) -> Vec<u8> {
        let mut message = vec![self.code.0, self.code.1, 0, 0];
        message.extend(self.mtu.to_be_bytes());
        message.extend(quoted);
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let checksum = !fold(sum(&message));
                message[2..4].copy_from_slice(&checksum.to_be_bytes());
                Ipv4 { ttl: self.ttl, protocol: ICMP, source, destination, ..Ipv4::default() }.packet(&message)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let pseudo = [
                    &source.octets()[..],
                    &destination.octets(),
                    &(message.len() as u32).to_be_bytes(),
                    &[0, 0, 0, ICMPV6],
                ]
                .concat();
                let checksum = !fold(sum(&pseudo) + sum(&message));
                message[2..4].copy_from_slice(&checksum.to_be_bytes());
                let header = Ipv6 { next_header: ICMPV6, hop_limit: self.ttl, source, destination, ..Ipv6::default() };
                header.packet(&message)
            }
            _ => panic!("{source} and {destination} have different versions"),
        }
    }
}
