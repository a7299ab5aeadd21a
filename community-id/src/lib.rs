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

/// Returns the Community ID of the connection between two endpoints, the same in both directions.
/// An IPv4-mapped IPv6 address is an IPv6 address.
#[must_use]
pub fn tcp(a: SocketAddr, b: SocketAddr) -> String {
    let (first, second) = if (octets(a.ip()), a.port()) <= (octets(b.ip()), b.port()) { (a, b) } else { (b, a) };
    let mut hash = Sha1::new();
    hash.update(SEED.to_be_bytes());
    hash.update(octets(first.ip()));
    hash.update(octets(second.ip()));
    hash.update([TCP, PADDING]);
    hash.update(first.port().to_be_bytes());
    hash.update(second.port().to_be_bytes());
    format!("1:{}", STANDARD.encode(hash.finalize()))
}

/// Returns the bytes of an address, in network order.
fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
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
