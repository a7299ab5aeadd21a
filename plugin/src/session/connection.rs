//! A display filter for one connection.

use std::net::IpAddr;

use syncookie_engine::Endpoint;

/// Returns a filter for the packets between two endpoints, from the first frame of a handshake
/// (`begin`) up to, but not including, the first frame of the next handshake between them (`end`).
pub fn filter((client, server): (Endpoint, Endpoint), begin: Option<u32>, end: Option<u32>) -> String {
    let address = |end: Endpoint| match end.ip {
        IpAddr::V4(ip) => format!("ip.addr == {ip}"),
        IpAddr::V6(ip) => format!("ipv6.addr == {ip}"),
    };
    let mut parts = vec![
        address(client),
        address(server),
        format!("tcp.port == {}", client.port),
        format!("tcp.port == {}", server.port),
    ];
    parts.extend(begin.map(|frame| format!("frame.number >= {frame}")));
    parts.extend(end.map(|frame| format!("frame.number < {frame}")));
    parts.join(" && ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_ends_where_the_next_between_the_same_endpoints_begins() {
        let endpoint = |ip: &str, port| Endpoint { ip: ip.parse().unwrap(), port };
        let ends = (endpoint("192.0.2.1", 50000), endpoint("2001:db8::2", 80));
        assert_eq!(
            filter(ends, Some(4), Some(9)),
            "ip.addr == 192.0.2.1 && ipv6.addr == 2001:db8::2 && tcp.port == 50000 && tcp.port == 80 \
             && frame.number >= 4 && frame.number < 9"
        );
    }
}
