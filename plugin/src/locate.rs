//! Finds the IP header that a TCP header belongs to.
//!
//! Wireshark tells where a TCP header begins, but not where the IP header in front of it does, unless that is asked for
//! at a cost on every frame. So the bytes in front are searched, nearest first, for a header from which the chain of
//! headers leads exactly to the TCP header.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far in front of the TCP header an IP header may begin: room for IPv6 with the extension headers in use.
const REACH: usize = 512;

const TCP: u8 = 6;

/// Where the IP header begins that carries the TCP header at `tcp`; `None` when there is none in `data`, as in a packet
/// put together from IP fragments.
///
/// `innermost` are the addresses that Wireshark read last in the frame. They decide between several headers that fit,
/// and only then: a frame can hold other TCP headers than the innermost one.
#[must_use]
pub fn ip_header(data: &[u8], tcp: usize, innermost: Option<(IpAddr, IpAddr)>) -> Option<usize> {
    let farthest = tcp.saturating_sub(REACH);
    let fitting = || (farthest..tcp).rev().filter(|&start| leads_to(data, start, tcp).is_some());
    let nearest = fitting().next()?;
    let known = fitting().find(|&start| addresses(&data[start..]).is_some_and(|a| Some(a) == innermost));
    Some(known.unwrap_or(nearest))
}

/// `Some` when the bytes at `start` are an IP header from which the chain of headers leads to TCP at `tcp`.
fn leads_to(data: &[u8], start: usize, tcp: usize) -> Option<()> {
    let packet = data.get(start..)?;
    let (mut protocol, mut next) = match packet.first()? >> 4 {
        4 => {
            let length = usize::from(packet[0] & 0x0f) * 4;
            let total = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
            let fragment_offset = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x1fff;
            // Segmentation offload leaves a total length of 0.
            let plausible = length >= 20 && fragment_offset == 0 && (total == 0 || start + total >= tcp);
            plausible.then_some((*packet.get(9)?, start + length))?
        }
        6 => (*packet.get(6)?, start + 40),
        _ => return None,
    };
    while next < tcp {
        let [following, length] = [*data.get(next)?, *data.get(next + 1)?];
        next += extension_length(protocol, usize::from(length))?;
        protocol = following;
    }
    (next == tcp && protocol == TCP).then_some(())
}

/// Length of an extension header (RFC 8200, section 4; RFC 4302 for the authentication header) from its length field.
fn extension_length(protocol: u8, field: usize) -> Option<usize> {
    match protocol {
        0 | 43 | 60 | 135 | 139 | 140 => Some((field + 1) * 8),
        44 => Some(8),
        51 => Some((field + 2) * 4),
        _ => None,
    }
}

/// Source and destination of an IP header.
fn addresses(header: &[u8]) -> Option<(IpAddr, IpAddr)> {
    fn two<const N: usize>(bytes: Option<&[u8]>) -> Option<([u8; N], [u8; N])> {
        let (source, destination) = bytes?.split_at_checked(N)?;
        Some((source.try_into().ok()?, destination.try_into().ok()?))
    }
    if header.first()? >> 4 == 4 {
        let (source, destination) = two(header.get(12..20))?;
        Some((Ipv4Addr::from_octets(source).into(), Ipv4Addr::from_octets(destination).into()))
    } else {
        let (source, destination) = two(header.get(8..40))?;
        Some((Ipv6Addr::from_octets(source).into(), Ipv6Addr::from_octets(destination).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP_HEADER: [u8; 20] = [0, 80, 4, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12, 0, 0, 0, 0, 0, 0];

    fn ipv4(words: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; usize::from(words) * 4];
        packet[0] = 0x40 | words;
        packet[8] = 64;
        packet[9] = protocol;
        packet[12..20].copy_from_slice(&[192, 0, 2, 1, 192, 0, 2, 2]);
        packet.extend(payload);
        let total = u16::try_from(packet.len()).unwrap();
        packet[2..4].copy_from_slice(&total.to_be_bytes());
        packet
    }

    fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; 40];
        packet[0] = 0x60;
        packet[6] = next_header;
        packet[8..10].copy_from_slice(&[0x20, 1]);
        packet[24..26].copy_from_slice(&[0x20, 1]);
        packet.extend(payload);
        packet
    }

    fn behind(front: &[u8], packet: &[u8]) -> Vec<u8> {
        [front, packet].concat()
    }

    #[test]
    fn an_ipv4_header_of_every_length_is_found() {
        for words in 5..=15 {
            let data = behind(&[0xff; 14], &ipv4(words, TCP, &TCP_HEADER));
            assert_eq!(ip_header(&data, 14 + usize::from(words) * 4, None), Some(14), "{words} words");
        }
    }

    #[test]
    fn an_ipv6_header_is_found_behind_extension_headers() {
        let hop_by_hop = [60, 0, 1, 4, 0, 0, 0, 0];
        let destination_options = [44, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let atomic_fragment = [51, 0, 0, 0, 0, 0, 0, 9];
        let authentication = [6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let chain = [&hop_by_hop[..], &destination_options, &atomic_fragment, &authentication, &TCP_HEADER].concat();
        let data = behind(&[0xff; 14], &ipv6(0, &chain));
        assert_eq!(ip_header(&data, data.len() - 20, None), Some(14));
        let plain = behind(&[0xff; 14], &ipv6(TCP, &TCP_HEADER));
        assert_eq!(ip_header(&plain, plain.len() - 20, None), Some(14));
    }

    #[test]
    fn in_a_tunnel_the_inner_header_is_taken() {
        let data = ipv4(5, 4, &ipv4(5, TCP, &TCP_HEADER));
        assert_eq!(ip_header(&data, 40, None), Some(20));
        let six_in_four = ipv4(5, 41, &ipv6(TCP, &TCP_HEADER));
        assert_eq!(ip_header(&six_in_four, 60, None), Some(20));
    }

    #[test]
    fn an_ipv6_address_that_looks_like_an_ipv4_header_is_told_by_the_addresses() {
        let mut packet = ipv6(TCP, &TCP_HEADER);
        packet[20] = 0x45; // the last 20 bytes of the header, read as IPv4 …
        packet[22..24].copy_from_slice(&[0, 40]);
        packet[29] = TCP; // … announce TCP
        assert_eq!(ip_header(&packet, 40, None), Some(20), "nothing else to go by");
        assert_eq!(ip_header(&packet, 40, addresses(&packet)), Some(0));
    }

    #[test]
    fn without_an_ip_header_in_front_there_is_none() {
        assert_eq!(ip_header(&TCP_HEADER, 0, None), None);
        assert_eq!(ip_header(&behind(&[0; 200], &TCP_HEADER), 200, None), None);
        assert_eq!(ip_header(&ipv4(5, 17, &TCP_HEADER), 20, None), None, "UDP");
        let mut later_fragment = ipv4(5, TCP, &TCP_HEADER);
        later_fragment[7] = 3;
        assert_eq!(ip_header(&later_fragment, 20, None), None);
    }

    #[test]
    fn any_bytes_and_any_offset_are_survived() {
        let mut state = 1_u32;
        let data: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            [0x45, 0x60, 0, 6, 44, (state >> 24) as u8][(state >> 16) as usize % 6]
        })
        .take(1200)
        .collect();
        for tcp in (0..1300).chain([usize::MAX]) {
            if let Some(start) = ip_header(&data, tcp, None) {
                assert!(start < tcp);
            }
        }
    }
}
