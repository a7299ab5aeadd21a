//! Community ID of a TCP connection: a name of its addresses and ports that Zeek, Suricata, Arkime
//! and others give to the same connection.
//!
//! Version 1 of <https://github.com/corelight/community-id-spec>, with the default seed 0.

#![forbid(unsafe_code)]

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

const SEED: u16 = 0;

/// Protocol number of TCP.
const TCP: u8 = 6;

/// Byte between the protocol and the ports.
const PADDING: u8 = 0;

/// Length of an ID: that of the version, and of the 20 bytes of a digest in base64.
const LENGTH: usize = 2 + 28;

/// Returns the Community ID of the connection between two endpoints, the same in both directions.
/// An IPv4-mapped IPv6 address is an IPv6 address.
#[must_use]
pub fn tcp(a: SocketAddr, b: SocketAddr) -> String {
    let ends = [(Octets::of(a.ip()), a.port()), (Octets::of(b.ip()), b.port())];
    let is_ordered = (ends[0].0.bytes(), ends[0].1) <= (ends[1].0.bytes(), ends[1].1);
    let [(first, first_port), (second, second_port)] = if is_ordered { &ends } else { &[ends[1], ends[0]] };
    let mut hash = Sha1::new();
    hash.update(SEED.to_be_bytes());
    hash.update(first.bytes());
    hash.update(second.bytes());
    hash.update([TCP, PADDING]);
    hash.update(first_port.to_be_bytes());
    hash.update(second_port.to_be_bytes());
    let mut id = String::with_capacity(LENGTH);
    id.push_str("1:");
    STANDARD.encode_string(hash.finalize(), &mut id);
    id
}

/// Bytes of an address, in network order.
#[derive(Clone, Copy)]
struct Octets {
    bytes: [u8; 16],
    length: usize,
}

impl Octets {
    fn of(ip: IpAddr) -> Self {
        let mut bytes = [0; 16];
        let length = match ip {
            IpAddr::V4(ip) => {
                bytes[..4].copy_from_slice(&ip.octets());
                4
            }
            IpAddr::V6(ip) => {
                bytes = ip.octets();
                16
            }
        };
        Self { bytes, length }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TCP connections of `baseline/baseline_deflt.json` of the specification.
    const BASELINE: [(&str, &str, &str); 2] = [
        ("128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (
            "[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943",
            "[2607:f8b0:400c:c03::1a]:25",
            "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
    ];

    fn socket(text: &str) -> SocketAddr {
        text.parse().expect("an address and a port")
    }

    #[test]
    fn the_published_connections_have_their_published_ids_in_both_directions() {
        for (a, b, id) in BASELINE {
            assert_eq!(tcp(socket(a), socket(b)), id);
            assert_eq!(tcp(socket(b), socket(a)), id);
        }
    }

    #[test]
    fn ports_order_the_ends_of_a_connection_of_a_host_with_itself() {
        let (low, high) = (socket("127.0.0.1:80"), socket("127.0.0.1:40000"));
        assert_eq!(tcp(low, high), tcp(high, low));
        assert_ne!(tcp(low, high), tcp(low, socket("127.0.0.1:40001")));
    }
}
