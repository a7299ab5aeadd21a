//! Anonymised packets.
//!
//! A packet is not cleaned of private data: it is rebuilt from data known to be harmless. These are
//! the IP and TCP headers of the innermost packet, with other addresses, and an Ethernet header
//! with other addresses if the capture has Ethernet. An ICMP error about a TCP segment is rebuilt with
//! the headers that it quotes. Payload, tunnels, tags, unknown options, and all other frames are not
//! copied. The fields that the analysis reads are: sequence numbers, timestamps, TTLs, IP
//! identifications and lengths.

use std::net::IpAddr;

use etherparse::{IpNumber, LaxIpSlice, ip_number};

use super::mask::Mask;
use super::{icmp, tcp};
use crate::capture::LinkType;
use crate::link::{self, Content};

pub const ETHERNET: LinkType = LinkType(1);
pub const RAW_IP: LinkType = LinkType(101);

const MAC: usize = 6;

/// Frame that identifies nobody.
#[derive(Debug, Default)]
pub struct Masked {
    /// Bytes of the frame; empty if nothing of it may be shown.
    pub bytes: Vec<u8>,
    /// Length on the wire, in bytes.
    pub length: u32,
}

impl Masked {
    /// Rebuilds a frame, replacing the previous one. A frame without TCP, or an ICMP error about it,
    /// becomes empty; its time is still written.
    pub fn rebuild(&mut self, mask: &Mask, link: LinkType, frame: &[u8], length: u32) {
        self.bytes.clear();
        self.length = length;
        let Content::Ip(packet) = link::ip_packet(link, frame) else { return };
        if link == ETHERNET {
            self.ethernet(mask, frame, packet);
        }
        let before = self.bytes.len();
        match ip(mask, packet) {
            Some((bytes, length)) => {
                self.bytes.extend(bytes);
                self.length = (before + length) as u32;
            }
            None => self.bytes.clear(),
        }
    }

    /// Appends an Ethernet header, with the EtherType of the rebuilt packet.
    fn ethernet(&mut self, mask: &Mask, frame: &[u8], packet: &[u8]) {
        for at in [0, MAC] {
            let address = frame.get(at..).and_then(<[u8]>::first_chunk::<MAC>).copied().unwrap_or_default();
            self.bytes.extend(mask.mac(address));
        }
        let is_v6 = packet.first().is_some_and(|byte| byte >> 4 == 6);
        self.bytes.extend(if is_v6 { [0x86, 0xdd] } else { [8, 0] });
    }
}

/// Returns a packet up to the end of its TCP header, or an ICMP error, and its length on the wire;
/// `None` for any other packet.
fn ip(mask: &Mask, packet: &[u8]) -> Option<(Vec<u8>, usize)> {
    let original = Original::parse(packet)?;
    let protocol = original.ip.payload_ip_number();
    if protocol == ip_number::TCP {
        return original.segment(mask, tcp::header);
    }
    let (header, quoted) = icmp::quoted(&original.ip)?;
    let (quoted, _) = Original::parse(quoted)?.segment(mask, tcp::quoted_header)?;
    let addresses = original.masked(mask);
    let error = icmp::error(header, protocol, addresses, &quoted);
    let mut bytes = original.header(addresses, protocol, error.len());
    bytes.extend(error);
    let length = bytes.len();
    Some((bytes, length))
}

/// Packet whose headers are rebuilt.
struct Original<'a> {
    ip: LaxIpSlice<'a>,
    packet: &'a [u8],
}

impl<'a> Original<'a> {
    /// Returns the packet, if it is whole or the first part of a whole one.
    fn parse(packet: &'a [u8]) -> Option<Self> {
        let (ip, _) = LaxIpSlice::from_slice(packet).ok()?;
        (!ip.is_fragmenting_payload()).then_some(Self { ip, packet })
    }

    fn addresses(&self) -> (IpAddr, IpAddr) {
        (self.ip.source_addr(), self.ip.destination_addr())
    }

    fn masked(&self, mask: &Mask) -> (IpAddr, IpAddr) {
        let (source, destination) = self.addresses();
        (mask.ip(source), mask.ip(destination))
    }

    /// Returns the packet up to the end of the TCP header that `rebuild` returns, and its length on
    /// the wire.
    fn segment(&self, mask: &Mask, rebuild: RebuildTcp) -> Option<(Vec<u8>, usize)> {
        if self.ip.payload_ip_number() != ip_number::TCP {
            return None;
        }
        let segment = self.ip.payload().payload;
        let (addresses, carried) = (self.masked(mask), self.carried());
        let mut bytes = self.header(addresses, ip_number::TCP, carried);
        let length = bytes.len() + carried;
        bytes.extend(rebuild(segment, self.addresses(), addresses, carried)?);
        Some((bytes, length))
    }

    /// Returns the length of the header and payload that the packet promises behind its IP headers.
    fn carried(&self) -> usize {
        let segment = self.ip.payload().payload;
        let start = segment.as_ptr() as usize - self.packet.as_ptr() as usize;
        let promised = match &self.ip {
            LaxIpSlice::Ipv4(v4) => usize::from(v4.header().total_len()),
            LaxIpSlice::Ipv6(v6) => self.fixed_header().len() + usize::from(v6.header().payload_length()),
        };
        // A packet that the network card was to segment has a length of 0.
        let carried = if promised > start { promised - start } else { segment.len() };
        carried.min(usize::from(u16::MAX) - self.fixed_header().len())
    }

    fn fixed_header(&self) -> &[u8] {
        match &self.ip {
            LaxIpSlice::Ipv4(v4) => v4.header().slice(),
            LaxIpSlice::Ipv6(v6) => v6.header().slice(),
        }
    }

    /// Returns the IP header for these addresses and `carried` bytes of a protocol.
    fn header(&self, addresses: (IpAddr, IpAddr), protocol: IpNumber, carried: usize) -> Vec<u8> {
        let header = self.fixed_header();
        match addresses {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                v4(header, source.octets(), destination.octets(), protocol, carried)
            }
            (source, destination) => v6(header, source, destination, protocol, carried),
        }
    }
}

/// Function that rebuilds the TCP header of a segment, from the original addresses, the new ones and
/// the length of the segment.
type RebuildTcp = fn(&[u8], (IpAddr, IpAddr), (IpAddr, IpAddr), usize) -> Option<Vec<u8>>;

/// Returns an IPv4 header for these addresses and `carried` bytes. Its options, which may contain
/// addresses, become padding.
fn v4(header: &[u8], source: [u8; 4], destination: [u8; 4], protocol: IpNumber, carried: usize) -> Vec<u8> {
    const FIXED: usize = 20;
    const PADDING: u8 = 1;
    let mut header = header.to_vec();
    let length = (header.len() + carried) as u16;
    header[2..4].copy_from_slice(&length.to_be_bytes());
    header[9] = protocol.0;
    header[10..12].fill(0);
    header[12..16].copy_from_slice(&source);
    header[16..20].copy_from_slice(&destination);
    header[FIXED..].fill(PADDING);
    let checksum = tcp::checksum(&[&header]);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    header
}

/// Returns an IPv6 header for these addresses and `carried` bytes, without extension headers, which
/// may contain addresses.
fn v6(header: &[u8], source: IpAddr, destination: IpAddr, protocol: IpNumber, carried: usize) -> Vec<u8> {
    let mut header = header.to_vec();
    header[4..6].copy_from_slice(&(carried as u16).to_be_bytes());
    header[6] = protocol.0;
    for (at, address) in [(8, source), (24, destination)] {
        if let IpAddr::V6(address) = address {
            header[at..at + 16].copy_from_slice(&address.octets());
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses and texts that must not appear in the output.
    const SECRETS: [&[u8]; 9] = [
        &[10, 20, 30, 1],
        &[10, 20, 30, 2],
        &[192, 0, 2, 1],
        &[192, 0, 2, 2],
        &[198, 51, 100, 7],
        &[0x00, 0x11, 0x22, 0x33, 0x44],
        &[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01],
        b"secret",
        &[0xaa, 0xbb, 0xcc],
    ];

    fn tcp_segment() -> Vec<u8> {
        let mut segment = vec![0x1f, 0x90, 0, 80, 0, 0, 0, 7, 0, 0, 0, 0, 0x80, 0x02, 0x20, 0, 0, 0, 0, 0];
        segment.extend([2, 4, 5, 180, 200, 8, 198, 51, 100, 7, 0, 80]);
        segment.extend(b"secret");
        segment
    }

    fn v4_packet(protocol: u8, options: &[u8], source: [u8; 4], destination: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let header = 20 + options.len();
        let mut packet = vec![0x40 | (header / 4) as u8, 0];
        packet.extend(((header + payload.len()) as u16).to_be_bytes());
        packet.extend([0x12, 0x34, 0x40, 0, 61, protocol, 0, 0]);
        packet.extend(
            source.into_iter().chain(destination).chain(options.iter().copied()).chain(payload.iter().copied()),
        );
        packet
    }

    /// Returns "fragmentation needed" with an MTU of 1400 and an extension that contains an address.
    fn icmp_error(quoted: &[u8]) -> Vec<u8> {
        let message = [&[3, 4, 0, 0, 0, 9, 5, 0x78], quoted, &[0x20, 0, 0, 0, 198, 51, 100, 7]].concat();
        v4_packet(1, &[], [192, 0, 2, 1], [10, 20, 30, 1], &message)
    }

    fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
        let stations = [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x00, 0x11, 0x22, 0x33, 0x44, 0x66];
        [&stations[..], &kind.to_be_bytes(), payload].concat()
    }

    /// Returns SYNs with addresses in every place of a packet that can hold one.
    fn frames() -> Vec<(LinkType, Vec<u8>)> {
        let route = [7, 7, 8, 198, 51, 100, 7, 0];
        let inner = v4_packet(6, &route, [10, 20, 30, 1], [10, 20, 30, 2], &tcp_segment());
        let mut vxlan = vec![0x12, 0xb5, 0x12, 0xb5, 0, 0, 0, 0, 8, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0];
        vxlan.extend(ethernet(0x0800, &inner));
        let outer = v4_packet(17, &[], [192, 0, 2, 1], [192, 0, 2, 2], &vxlan);
        let mut address = [0; 16];
        address[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        address[15] = 1;
        // With a routing header that names a third host.
        let mut routed = vec![6, 2, 0, 1, 0, 0, 0, 0];
        routed.extend(address);
        routed.extend(tcp_segment());
        let mut v6 = vec![0x60, 0, 0, 0, 0, routed.len() as u8, 43, 61];
        v6.extend(address.into_iter().chain(address).chain(routed));
        vec![
            (ETHERNET, ethernet(0x0800, &inner)),
            (ETHERNET, ethernet(0x0800, &outer)),
            (ETHERNET, ethernet(0x86dd, &v6)),
            (RAW_IP, inner),
            (ETHERNET, ethernet(0x0806, &[10, 20, 30, 1, 10, 20, 30, 2])),
            (RAW_IP, v4_packet(1, &[], [10, 20, 30, 1], [10, 20, 30, 2], b"secret")),
            (RAW_IP, icmp_error(&v4_packet(6, &route, [10, 20, 30, 1], [10, 20, 30, 2], &tcp_segment()))),
            (RAW_IP, icmp_error(&v4_packet(6, &[], [10, 20, 30, 1], [10, 20, 30, 2], &tcp_segment()[..18]))),
            (RAW_IP, icmp_error(&v4_packet(17, &[], [10, 20, 30, 1], [10, 20, 30, 2], b"secret"))),
        ]
    }

    #[test]
    fn no_part_of_a_packet_contains_a_real_address() {
        let (mask, mut masked) = (Mask::default(), Masked::default());
        for (number, (link, frame)) in frames().into_iter().enumerate() {
            masked.rebuild(&mask, link, &frame, frame.len() as u32);
            for secret in SECRETS {
                assert!(!masked.bytes.windows(secret.len()).any(|part| part == secret), "{number}: {secret:x?}");
            }
            assert_eq!(masked.bytes.is_empty(), matches!(number, 4 | 5 | 8), "{number}");
        }
    }

    #[test]
    fn fields_that_the_analysis_reads_are_kept() {
        let (mask, mut masked) = (Mask::default(), Masked::default());
        for (number, (link, frame)) in frames().into_iter().take(4).enumerate() {
            masked.rebuild(&mask, link, &frame, frame.len() as u32);
            let link = if link == ETHERNET { ETHERNET } else { RAW_IP };
            let Content::Ip(packet) = link::ip_packet(link, &masked.bytes) else { panic!("{number} holds no packet") };
            let (ip, _) = LaxIpSlice::from_slice(packet).unwrap();
            let segment = ip.payload().payload;
            // Ports, numbers, flags and window, then the options at their offsets.
            assert_eq!((&segment[..16], &segment[20..26]), (&tcp_segment()[..16], &tcp_segment()[20..26]), "{number}");
            assert_eq!((segment.len(), &segment[26..]), (32, &[0; 6][..]), "{number}");
            assert_eq!(masked.length as usize - masked.bytes.len(), b"secret".len(), "{number}");
            let hop_limit = if let LaxIpSlice::Ipv4(v4) = &ip { v4.header().ttl() } else { packet[7] };
            assert_eq!(hop_limit, 61);
        }
    }

    #[test]
    fn an_icmp_error_quotes_the_rebuilt_packet() {
        let (mask, mut masked, mut quoted) = (Mask::default(), Masked::default(), Masked::default());
        let (_, frame) = &frames()[6];
        masked.rebuild(&mask, RAW_IP, frame, frame.len() as u32);
        let message = &masked.bytes[20..];
        assert_eq!((&message[..2], &message[4..8]), (&[3, 4][..], &[0, 0, 5, 0x78][..]), "type, code and MTU");
        assert_eq!((tcp::checksum(&[message]), masked.length as usize), (0, masked.bytes.len()));
        let (_, syn) = &frames()[3];
        quoted.rebuild(&mask, RAW_IP, syn, syn.len() as u32);
        assert_eq!(message[8..], quoted.bytes, "equal addresses and numbers");
        // An error that quotes only the beginning of a header keeps ports and number.
        let (_, frame) = &frames()[7];
        masked.rebuild(&mask, RAW_IP, frame, frame.len() as u32);
        assert_eq!(masked.bytes[48..], tcp_segment()[..16]);
    }

    #[test]
    fn truncated_and_corrupt_frames_are_rebuilt_or_emptied() {
        let (mask, mut masked) = (Mask::default(), Masked::default());
        for (link, frame) in frames() {
            for at in 0..frame.len() {
                masked.rebuild(&mask, link, &frame[..at], frame.len() as u32);
                for value in [0, 0x0f, 0x80, 0xff] {
                    let mut flipped = frame.clone();
                    flipped[at] ^= value;
                    masked.rebuild(&mask, link, &flipped, frame.len() as u32);
                    assert!(!masked.bytes.windows(6).any(|part| part == b"secret"));
                }
            }
        }
    }
}
