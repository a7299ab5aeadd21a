//! Packets that can be shown to strangers.
//!
//! A packet is not cleaned of what is known to be private: it is built anew from what is known to be harmless. That is the
//! IP header and the TCP header of the innermost packet, with other addresses; behind an Ethernet header with other
//! addresses where the capture has Ethernet. Payload, tunnels, tags, unknown options, and every frame that holds no TCP
//! are not copied. What the analysis reads (sequence numbers, timestamps, hop limits, identifications, lengths) is.

use std::net::IpAddr;

use etherparse::{LaxIpSlice, ip_number};

use super::mask::Mask;
use super::tcp;
use crate::capture::LinkType;
use crate::link::{self, Content};

pub const ETHERNET: LinkType = LinkType(1);
pub const RAW_IP: LinkType = LinkType(101);

const MAC: usize = 6;

/// A frame in which nothing tells who it was.
#[derive(Debug, Default)]
pub struct Masked {
    /// Its bytes; none where the frame held nothing that may be shown.
    pub bytes: Vec<u8>,
    /// Bytes it has on the wire.
    pub length: u32,
}

impl Masked {
    /// Rebuilds a frame in place of the one before; an empty one, which still shows that time went by, where that cannot
    /// be done.
    pub fn rebuild(&mut self, mask: &Mask, link: LinkType, frame: &[u8], length: u32) {
        self.bytes.clear();
        self.length = length;
        let Content::Ip(packet) = link::ip_packet(link, frame) else { return };
        if link == ETHERNET {
            self.ethernet(mask, frame, packet);
        }
        let before = self.bytes.len();
        match self.ip(mask, packet) {
            Some(length) => self.length = (before + length) as u32,
            None => self.bytes.clear(),
        }
    }

    /// An Ethernet header, with the type of the packet that now follows it.
    fn ethernet(&mut self, mask: &Mask, frame: &[u8], packet: &[u8]) {
        for at in [0, MAC] {
            let address = frame.get(at..).and_then(<[u8]>::first_chunk::<MAC>).copied().unwrap_or_default();
            self.bytes.extend(mask.mac(address));
        }
        let is_v6 = packet.first().is_some_and(|byte| byte >> 4 == 6);
        self.bytes.extend(if is_v6 { [0x86, 0xdd] } else { [8, 0] });
    }

    /// The packet, up to the end of its TCP header; its length on the wire.
    fn ip(&mut self, mask: &Mask, packet: &[u8]) -> Option<usize> {
        let (ip, _) = LaxIpSlice::from_slice(packet).ok()?;
        if ip.is_fragmenting_payload() || ip.payload_ip_number() != ip_number::TCP {
            return None;
        }
        let segment = ip.payload().payload;
        let start = segment.as_ptr() as usize - packet.as_ptr() as usize;
        let addresses = (mask.ip(ip.source_addr()), mask.ip(ip.destination_addr()));
        let header = match &ip {
            LaxIpSlice::Ipv4(v4) => v4.header().slice(),
            LaxIpSlice::Ipv6(v6) => v6.header().slice(),
        };
        let promised = match &ip {
            LaxIpSlice::Ipv4(v4) => usize::from(v4.header().total_len()),
            LaxIpSlice::Ipv6(v6) => header.len() + usize::from(v6.header().payload_length()),
        };
        // A length of nothing is that of a packet which the card was to cut up.
        let carried = if promised > start { promised - start } else { segment.len() };
        let carried = carried.min(usize::from(u16::MAX) - header.len());
        let written = match addresses {
            (IpAddr::V4(source), IpAddr::V4(destination)) => v4(header, source.octets(), destination.octets(), carried),
            (source, destination) => v6(header, source, destination, carried),
        };
        self.bytes.extend(&written);
        self.bytes.extend(tcp::header(segment, addresses, carried)?);
        Some(written.len() + carried)
    }
}

/// An IPv4 header for these addresses and so many bytes. Its options, which may hold addresses, become padding.
fn v4(header: &[u8], source: [u8; 4], destination: [u8; 4], carried: usize) -> Vec<u8> {
    const FIXED: usize = 20;
    const PADDING: u8 = 1;
    let mut header = header.to_vec();
    let length = (header.len() + carried) as u16;
    header[2..4].copy_from_slice(&length.to_be_bytes());
    header[9] = ip_number::TCP.0;
    header[10..12].fill(0);
    header[12..16].copy_from_slice(&source);
    header[16..20].copy_from_slice(&destination);
    header[FIXED..].fill(PADDING);
    let checksum = tcp::checksum(&[&header]);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    header
}

/// An IPv6 header for these addresses and so many bytes. Extension headers, which may hold addresses, are left out.
fn v6(header: &[u8], source: IpAddr, destination: IpAddr, carried: usize) -> Vec<u8> {
    let mut header = header.to_vec();
    header[4..6].copy_from_slice(&(carried as u16).to_be_bytes());
    header[6] = ip_number::TCP.0;
    for (at, address) in [(8, source), (24, destination)] {
        if let IpAddr::V6(address) = address {
            header[at..at + 16].copy_from_slice(&address.octets());
        }
    }
    header
}
