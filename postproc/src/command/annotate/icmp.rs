//! ICMP and ICMPv6 errors (RFC 792, RFC 4443): the packet that one quotes, and an error that
//! identifies nobody.

use std::net::IpAddr;

use etherparse::{IpNumber, LaxIpSlice, ip_number};

use super::tcp;

/// Length of the header before the quoted packet, in bytes.
const HEADER: usize = 8;
const CHECKSUM: std::ops::Range<usize> = 2..4;

/// Returns the header of an error and the packet that it quotes; `None` if the packet is not an
/// ICMP error.
pub fn quoted<'a>(ip: &LaxIpSlice<'a>) -> Option<(&'a [u8; HEADER], &'a [u8])> {
    let (header, quoted) = ip.payload().payload.split_first_chunk::<HEADER>()?;
    let is_error = match ip.payload_ip_number() {
        ip_number::ICMP => matches!(header[0], 3 | 11 | 12),
        ip_number::IPV6_ICMP => matches!(header[0], 1..=4),
        _ => false,
    };
    (is_error && !ip.is_fragmenting_payload()).then_some((header, quoted))
}

/// Returns an error with the type and code, and the MTU if it has one, of this header, that quotes
/// another packet.
pub fn error(header: &[u8; HEADER], protocol: IpNumber, addresses: (IpAddr, IpAddr), quoted: &[u8]) -> Vec<u8> {
    let mut error = header.to_vec();
    let mtu = match (protocol, header[0], header[1]) {
        (ip_number::ICMP, 3, 4) => 6..HEADER,
        (ip_number::IPV6_ICMP, 2, _) => 4..HEADER,
        _ => HEADER..HEADER,
    };
    error[CHECKSUM.start..mtu.start].fill(0);
    error.extend(quoted);
    // ICMPv6 has a pseudo header (RFC 4443 section 2.3), ICMP has none.
    let pseudo = if protocol == ip_number::ICMP { Vec::new() } else { tcp::pseudo(addresses, protocol, error.len()) };
    let sum = tcp::checksum(&[&pseudo, &error]);
    error[CHECKSUM].copy_from_slice(&sum.to_be_bytes());
    error
}
