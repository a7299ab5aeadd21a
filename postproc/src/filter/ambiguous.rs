//! IPv6 addresses whose last group may be meant as a port: `fd02::2:80`.

use std::net::Ipv6Addr;

/// Returns both ways to write such a text without ambiguity, for messages; `None` for other texts.
pub fn readings(text: &str) -> Option<String> {
    let (address, port) = text.rsplit_once(':')?;
    let is_port = port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_ambiguous = is_port && address.parse::<Ipv6Addr>().is_ok() && text.parse::<Ipv6Addr>().is_ok();
    is_ambiguous.then(|| format!("[{address}]:{port} (address and port) or [{text}] (address alone)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_may_have_a_port_is_ambiguous() {
        let expected = "[fd02::2]:80 (address and port) or [fd02::2:80] (address alone)";
        assert_eq!(readings("fd02::2:80").as_deref(), Some(expected));
        for clear in [
            "fd02::2",
            "[fd02::2]:80",
            "[fd02::2:80]",
            "fd02::2:80/128",
            "fd02::2:fe80",
            "fd02::2:0",
            "1:2:3:4:5:6:7:8",
            "::1",
            "10.0.0.1:80",
            ":80",
        ] {
            assert_eq!(readings(clear), None, "{clear}");
        }
    }
}
