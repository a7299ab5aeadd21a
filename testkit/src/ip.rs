//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers.

use crate::checksum::{fold, sum};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Protocol number of ICMP.
pub const ICMP: u8 = 1;
/// Protocol number of ICMPv6.
pub const ICMPV6: u8 = 58;
/// Protocol number of IPv4 in IP (RFC 2003).
pub const IPV4: u8 = 4;
/// Protocol number of TCP.
pub const TCP: u8 = 6;
/// Protocol number of UDP.
pub const UDP: u8 = 17;

/// The fields of an IPv4 header without options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4 {
    /// Type of service.
    pub tos: u8,
    /// Identification.
    pub id: u16,
    /// The flag "don't fragment".
    pub dont_fragment: bool,
    /// Time to live.
    pub ttl: u8,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
}

impl Default for Ipv4 {
    /// A TCP packet from 192.0.2.1 to 192.0.2.2 (RFC 5737) with TTL 64.
    fn default() -> Self {
        Self {
            tos: 0,
            id: 0,
            dont_fragment: false,
            ttl: 64,
            protocol: TCP,
            source: Ipv4Addr::new(192, 0, 2, 1),
            destination: Ipv4Addr::new(192, 0, 2, 2),
        }
    }
}

impl Ipv4 {
    /// Returns the header of a packet with `payload` bytes of content, its checksum left zero.
    #[must_use]
    pub fn header(&self, payload: usize) -> [u8; 20] {
        let mut header = [0; 20];
        header[..2].copy_from_slice(&[0x45, self.tos]);
        header[2..4].copy_from_slice(&((20 + payload) as u16).to_be_bytes());
        header[4..6].copy_from_slice(&self.id.to_be_bytes());
        header[6] = if self.dont_fragment { 0x40 } else { 0 };
        header[8..10].copy_from_slice(&[self.ttl, self.protocol]);
        header[12..16].copy_from_slice(&self.source.octets());
        header[16..].copy_from_slice(&self.destination.octets());
        header
    }

    /// Returns the header of a packet with `payload` bytes of content, with its checksum.
    #[must_use]
    pub fn header_with_checksum(&self, payload: usize) -> [u8; 20] {
        let mut header = self.header(payload);
        let checksum = !fold(sum(&header));
        header[10..12].copy_from_slice(&checksum.to_be_bytes());
        header
    }

    /// Returns a whole packet.
    #[must_use]
    pub fn packet(&self, payload: &[u8]) -> Vec<u8> {
        [&self.header_with_checksum(payload.len()), payload].concat()
    }
}

/// The fields of an IPv6 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6 {
    /// Traffic class.
    pub traffic_class: u8,
    /// Protocol of the payload, or the number of the first extension header.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
}

impl Default for Ipv6 {
    /// A TCP packet from 2001:db8::1 to 2001:db8::2 (RFC 3849) with hop limit 64.
    fn default() -> Self {
        Self {
            traffic_class: 0,
            next_header: TCP,
            hop_limit: 64,
            source: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
            destination: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2),
        }
    }
}

impl Ipv6 {
    /// Returns the header of a packet with `payload` bytes of content, extension headers included.
    #[must_use]
    pub fn header(&self, payload: usize) -> [u8; 40] {
        let mut header = [0; 40];
        header[..2].copy_from_slice(&[0x60 | self.traffic_class >> 4, self.traffic_class << 4]);
        header[4..6].copy_from_slice(&(payload as u16).to_be_bytes());
        header[6..8].copy_from_slice(&[self.next_header, self.hop_limit]);
        header[8..24].copy_from_slice(&self.source.octets());
        header[24..].copy_from_slice(&self.destination.octets());
        header
    }

    /// Returns a whole packet.
    #[must_use]
    pub fn packet(&self, payload: &[u8]) -> Vec<u8> {
        [&self.header(payload.len()), payload].concat()
    }
}

/// Returns the length in bytes that the IP header of a packet claims, and never less than was captured of it.
#[must_use]
pub fn wire_length(packet: &[u8]) -> usize {
    let claimed = match packet {
        [first, _, high, low, ..] if first >> 4 == 4 => usize::from(u16::from_be_bytes([*high, *low])),
        [_, _, _, _, high, low, ..] => 40 + usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    claimed.max(packet.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_header_with_its_checksum_sums_to_all_ones() {
        let header = Ipv4 { tos: 0x10, id: 0xbeef, dont_fragment: true, ..Ipv4::default() }.header_with_checksum(1000);
        assert_eq!(fold(sum(&header)), 0xffff);
        assert_eq!(header[..12], [0x45, 0x10, 3, 0xfc, 0xbe, 0xef, 0x40, 0, 64, 6, header[10], header[11]]);
    }

    #[test]
    fn wire_length_is_read_from_either_header_and_covers_what_was_captured() {
        let v4 = Ipv4::default().packet(&[0; 30]);
        let v6 = Ipv6::default().packet(&[0; 30]);
        assert_eq!((wire_length(&v4[..20]), wire_length(&v6[..40])), (50, 70));
        assert_eq!((wire_length(&[v4, vec![0; 6]].concat()), wire_length(&[0x45])), (56, 1));
    }
}
