//! Patterns for addresses and ports.

use std::fmt;
use std::net::IpAddr;

use syncookie_engine::Endpoint;

/// Accepted forms, for messages.
pub const FORM: &str = "an address (10.0.0.1, 2001:db8::1), a network (10.0.0.0/8), an address or network with a port \
                        (10.0.0.1:443, [2001:db8::/32]:443), or only a port (:443)";

/// Pattern for hosts: a network or any address, with a port or any port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Address and prefix length; `None` matches any address.
    network: Option<(IpAddr, u8)>,
    /// Port; `None` matches any port.
    port: Option<u16>,
}

impl Hosts {
    /// Parses an address or a network, with or without a port, or only a port; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            let (inside, port) = inner.split_once(']')?;
            return Some(Self { network: Some(network(inside)?), port: optional_port(port)? });
        }
        if let Some(port) = text.strip_prefix(':')
            && let Ok(port) = port.parse()
        {
            return Some(Self { network: None, port: Some(port) });
        }
        // More than one colon is an IPv6 address, whose port needs brackets.
        match text.split_once(':') {
            Some((address, port)) if !port.contains(':') => {
                Some(Self { network: Some(network(address)?), port: Some(port.parse().ok()?) })
            }
            _ => Some(Self { network: Some(network(text)?), port: None }),
        }
    }

    /// Returns whether the endpoint matches.
    #[must_use]
    pub fn contains(self, endpoint: Endpoint) -> bool {
        let is_port = self.port.is_none_or(|port| port == endpoint.port);
        is_port && self.network.is_none_or(|(address, length)| same_prefix(address, endpoint.ip, length))
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let network = self.network.map_or_else(String::new, |(address, length)| match address {
            IpAddr::V4(_) if length == 32 => address.to_string(),
            IpAddr::V6(_) if length == 128 => address.to_string(),
            _ => format!("{address}/{length}"),
        });
        match (self.port, self.network) {
            (None, _) => f.write_str(&network),
            (Some(port), Some((IpAddr::V6(_), _))) => write!(f, "[{network}]:{port}"),
            (Some(port), _) => write!(f, "{network}:{port}"),
        }
    }
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length <= bits).then_some((address, length.unwrap_or(bits)))
}

fn optional_port(text: &str) -> Option<Option<u16>> {
    match text.strip_prefix(':') {
        None if text.is_empty() => Some(None),
        None => None,
        Some(port) => port.parse().ok().map(Some),
    }
}

fn same_prefix(a: IpAddr, b: IpAddr, length: u8) -> bool {
    let differing = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= u32::from(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_networks_and_ports_select_matching_endpoints() {
        let is_in = |text: &str, ip: &str, port| {
            Hosts::parse(text).unwrap().contains(Endpoint { ip: ip.parse().unwrap(), port })
        };
        assert!(is_in("10.0.0.1", "10.0.0.1", 80) && !is_in("10.0.0.1", "10.0.0.2", 80));
        assert!(is_in("10.0.0.1:80", "10.0.0.1", 80) && !is_in("10.0.0.1:80", "10.0.0.1", 81));
        assert!(is_in("10.0.0.0/8", "10.255.0.1", 1) && !is_in("10.0.0.0/8", "11.0.0.0", 1));
        assert!(is_in("10.0.0.0/8:443", "10.1.2.3", 443) && !is_in("10.0.0.0/8:443", "10.1.2.3", 80));
        assert!(is_in("0.0.0.0/0", "9.9.9.9", 1) && !is_in("0.0.0.0/0", "::1", 1));
        assert!(is_in("2001:db8::/32", "2001:db8:1::2", 1) && !is_in("2001:db8::/32", "2001:db9::", 1));
        assert!(is_in("[2001:db8::1]:443", "2001:db8::1", 443) && is_in("::1", "::1", 5));
        assert!(is_in("[::1]", "::1", 5) && is_in(":443", "::1", 443) && !is_in(":443", "::1", 80));
    }

    #[test]
    fn hosts_are_written_as_they_are_parsed() {
        for text in ["10.0.0.1", "10.0.0.0/8:443", "2001:db8::/32", "[2001:db8::1]:443", ":443"] {
            assert_eq!(Hosts::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_forms_are_rejected() {
        for text in
            ["", ":", "x", "10.0.0.1/33", "::/129", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:70000", "[::1", "[::1]80"]
        {
            assert_eq!(Hosts::parse(text), None, "{text}");
        }
    }
}
