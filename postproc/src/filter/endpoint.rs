//! Pattern for one end of a connection, as given on the command line.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use syncookie_engine::Endpoint;

use super::ambiguous;

/// Address with one port or with any port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointPattern {
    /// Address.
    pub ip: IpAddr,
    /// Port; `None` matches any port.
    pub port: Option<u16>,
}

impl EndpointPattern {
    /// Returns whether the endpoint has this address and port.
    #[must_use]
    pub fn matches(&self, endpoint: Endpoint) -> bool {
        self.ip == endpoint.ip && self.port.is_none_or(|port| port == endpoint.port)
    }
}

impl FromStr for EndpointPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(readings) = ambiguous::readings(text) {
            return Err(format!("ambiguous: expected {readings}"));
        }
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse() {
            return Ok(Self { ip, port: None });
        }
        let end: Result<SocketAddr, _> = text.parse();
        end.map(|end| Self { ip: end.ip(), port: Some(end.port()) }).map_err(|_| {
            "expected an address, with or without a port: 192.0.2.1, 192.0.2.1:80, 2001:db8::1 or [2001:db8::1]:80"
                .to_owned()
        })
    }
}

impl fmt::Display for EndpointPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.ip, port).fmt(f),
            None => self.ip.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address_with_or_without_a_port() {
        let parsed = |text: &str| text.parse::<EndpointPattern>().map(|pattern| pattern.to_string());
        for text in ["192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80"] {
            assert_eq!(parsed(text).as_deref(), Ok(text));
        }
        assert_eq!(parsed("[2001:db8::1]").as_deref(), Ok("2001:db8::1"));
        for text in ["", "web", "192.0.2.1:", "192.0.2.1:99999", "192.0.2.256", "2001:db8::1:80"] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
