//! Finds the packets whose TCP headers Wireshark decoded in a frame.
//!
//! Wireshark reveals where a header begins only in the tree of a frame, and building a tree for
//! every frame costs more than everything done here. The rest is available without a tree: the
//! protocols that Wireshark decoded, in order, the addresses and ports that it read last, and the
//! bytes. So this module searches the bytes for an IP header that leads to TCP and agrees with the
//! rest. It need not know the link layers and tunnels in front of that header.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use syncookie_engine::Packet;

const TCP: u8 = 6;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// Offset of the IP header in most frames: the length of an Ethernet header, in bytes.
const USUAL_OFFSET: usize = 14;
/// Maximum number of extension headers to follow: more than valid packets have, and a bound for
/// arbitrary bytes.
const MAX_EXTENSIONS: usize = 12;

/// A protocol that Wireshark decoded in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// TCP.
    Tcp,
    /// ICMP or ICMPv6: Wireshark decodes a quoted packet like any other.
    Icmp,
    /// Any other protocol.
    Other,
}

/// Numbers of TCP headers that Wireshark decoded in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpLayers {
    /// All TCP headers.
    pub count: usize,
    /// TCP headers after an ICMP header, which may be quoted ones.
    pub after_icmp: usize,
}

impl TcpLayers {
    /// Counts TCP headers among the decoded protocols, which are given in order.
    pub fn of(layers: impl Iterator<Item = Layer>) -> Self {
        let mut tcp = Self::default();
        let mut icmp = false;
        for layer in layers {
            match layer {
                Layer::Other => {}
                Layer::Icmp => icmp = true,
                Layer::Tcp => {
                    tcp.count += 1;
                    tcp.after_icmp += usize::from(icmp);
                }
            }
        }
        tcp
    }
}

/// Addresses and ports that Wireshark decoded last in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Innermost {
    /// Source and destination address.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// Source and destination port.
    pub ports: (u16, u16),
}

/// Returns the packets in a frame that carry TCP. If the only one is quoted by ICMP, the packet with
/// the ICMP message is returned instead; others that ICMP quotes are left out. `sources` are the
/// bytes of the frame, then those that Wireshark derived from it: reassembled fragments,
/// decompressed headers.
pub fn packets<'a>(
    sources: impl Iterator<Item = &'a [u8]> + Clone,
    tcp_layers: TcpLayers,
    innermost: &Innermost,
) -> Packets<'a> {
    match tcp_layers {
        TcpLayers { count: 0, .. } => Packets::One(None),
        TcpLayers { count: 1, after_icmp: 1 } => Packets::One(icmp_packet(sources)),
        TcpLayers { count: 1, .. } => Packets::One(single_packet(sources, innermost)),
        TcpLayers { count, .. } => Packets::Several(several_packets(sources, count).into_iter()),
    }
}

/// The iterator that [`packets`] returns.
#[derive(Debug)]
pub enum Packets<'a> {
    /// At most one packet, as in almost every frame.
    One(Option<Packet<'a>>),
    /// Any number of packets.
    Several(std::vec::IntoIter<Packet<'a>>),
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        match self {
            Self::One(packet) => packet.take(),
            Self::Several(packets) => packets.next(),
        }
    }
}

/// Finds the only packet with TCP in a frame. Another dissector may have changed addresses and
/// ports after TCP was decoded, so the search begins with a packet that agrees with all of them and
/// then requires less.
fn single_packet<'a>(sources: impl Iterator<Item = &'a [u8]> + Clone, innermost: &Innermost) -> Option<Packet<'a>> {
    let find = |fits: &dyn Fn(&IpHeader<'_>) -> bool| sources.clone().find_map(|data| IpHeader::find(data, fits));
    let agrees = |header: &IpHeader<'_>| header.ports() == innermost.ports && header.addresses() == innermost.addresses;
    let usual = |data| IpHeader::at(data, USUAL_OFFSET).filter(|header| header.protocol == TCP && agrees(header));
    sources
        .clone()
        .next()
        .and_then(usual)
        .map(|header| Packet::Ip(header.bytes))
        .or_else(|| find(&agrees))
        .or_else(|| reassembled(sources.clone().skip(1), innermost))
        .or_else(|| find(&|header| header.ports() == innermost.ports))
        .or_else(|| find(&|_| true))
}

/// Finds the packet with an ICMP message, outside of the packet that it quotes.
fn icmp_packet<'a>(mut sources: impl Iterator<Item = &'a [u8]>) -> Option<Packet<'a>> {
    let is_message = |header: &IpHeader<'_>| matches!(header.protocol, ICMP | ICMPV6) && header.is_plausible();
    sources.find_map(|data| {
        let starts = std::iter::once(USUAL_OFFSET).chain(0..data.len());
        let header = starts.filter_map(|start| IpHeader::at(data, start)).find(is_message)?;
        Some(Packet::Ip(header.bytes))
    })
}

/// Finds a segment that was reassembled from IP fragments and therefore has no IP header in front
/// of it.
fn reassembled<'a>(mut sources: impl Iterator<Item = &'a [u8]>, innermost: &Innermost) -> Option<Packet<'a>> {
    let (source, destination) = innermost.addresses?;
    let segment = sources.find(|data| ports(data) == Some(innermost.ports))?;
    Some(Packet::Tcp { source, destination, segment })
}

/// Finds up to `max` packets with TCP, one after another (multiplexed) or one inside another
/// (tunnelled in TCP).
fn several_packets<'a>(sources: impl Iterator<Item = &'a [u8]>, max: usize) -> Vec<Packet<'a>> {
    let mut found = Vec::new();
    for data in sources {
        let mut at = 0;
        while at < data.len() && found.len() < max {
            at = match IpHeader::at(data, at) {
                Some(header) if header.is_plausible() && header.protocol == TCP => {
                    found.push(Packet::Ip(header.bytes));
                    header.payload_start() + 20
                }
                Some(header) if header.is_plausible() && matches!(header.protocol, ICMP | ICMPV6) => header.end(),
                _ => at + 1,
            };
        }
    }
    found
}

/// Bytes that parse as an IP header.
struct IpHeader<'a> {
    /// Offset of the header in the data.
    start: usize,
    /// The bytes from there to the end of the data.
    bytes: &'a [u8],
    /// Length of the header with extension headers, in bytes.
    length: usize,
    /// Protocol number of the payload.
    protocol: u8,
}

impl<'a> IpHeader<'a> {
    /// Returns the first packet with TCP whose header fits.
    fn find(data: &'a [u8], fits: &dyn Fn(&IpHeader<'_>) -> bool) -> Option<Packet<'a>> {
        (0..data.len()).find_map(|start| {
            let header = Self::at(data, start).filter(|header| header.protocol == TCP && fits(header))?;
            Some(Packet::Ip(header.bytes))
        })
    }

    /// Parses a header at an offset; `None` where there is none.
    fn at(data: &'a [u8], start: usize) -> Option<Self> {
        let bytes = data.get(start..)?;
        let (protocol, length) = match bytes.first()? >> 4 {
            4 => ipv4(bytes)?,
            6 => ipv6(bytes)?,
            _ => return None,
        };
        Some(Self { start, bytes, length, protocol })
    }

    fn payload_start(&self) -> usize {
        self.start + self.length
    }

    /// Returns where the packet ends according to its header.
    fn end(&self) -> usize {
        self.start + self.total_length().max(self.length)
    }

    /// Returns the packet's length according to its header, in bytes.
    fn total_length(&self) -> usize {
        let field = |at: usize| usize::from(u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]]));
        if self.bytes[0] >> 4 == 4 { field(2) } else { 40 + field(4) }
    }

    /// Returns whether the length, and for IPv4 the checksum, is right as well.
    fn is_plausible(&self) -> bool {
        self.total_length() >= self.length
            && (self.bytes[0] >> 4 == 6 || has_valid_checksum(&self.bytes[..self.length]))
    }

    fn ports(&self) -> (u16, u16) {
        self.bytes.get(self.length..).and_then(ports).unwrap_or_default()
    }

    fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        fn pair<const N: usize>(bytes: Option<&[u8]>) -> Option<([u8; N], [u8; N])> {
            let (source, destination) = bytes?.split_at_checked(N)?;
            Some((source.try_into().ok()?, destination.try_into().ok()?))
        }
        if self.bytes[0] >> 4 == 4 {
            let (source, destination) = pair(self.bytes.get(12..20))?;
            Some((Ipv4Addr::from_octets(source).into(), Ipv4Addr::from_octets(destination).into()))
        } else {
            let (source, destination) = pair(self.bytes.get(8..40))?;
            Some((Ipv6Addr::from_octets(source).into(), Ipv6Addr::from_octets(destination).into()))
        }
    }
}

/// Returns protocol and header length, unless the packet is a later fragment.
fn ipv4(bytes: &[u8]) -> Option<(u8, usize)> {
    let header: &[u8; 20] = bytes.first_chunk()?;
    let length = usize::from(header[0] & 0x0f) * 4;
    let fragment_offset = u16::from_be_bytes([header[6], header[7]]) & 0x1fff;
    (length >= 20 && bytes.len() >= length && fragment_offset == 0).then_some((header[9], length))
}

/// Returns protocol and header length with all extension headers.
fn ipv6(bytes: &[u8]) -> Option<(u8, usize)> {
    let header: &[u8; 40] = bytes.first_chunk()?;
    let (mut protocol, mut length) = (header[6], 40);
    for _ in 0..MAX_EXTENSIONS {
        let Some(&[next, field]) = bytes.get(length..).and_then(<[u8]>::first_chunk) else { break };
        let Some(extension) = extension_length(protocol, usize::from(field)) else { break };
        (protocol, length) = (next, length + extension);
    }
    (bytes.len() >= length).then_some((protocol, length))
}

/// Returns the length of an extension header in bytes from its length field (RFC 8200, section 4;
/// RFC 4302 for the authentication header).
fn extension_length(protocol: u8, field: usize) -> Option<usize> {
    match protocol {
        0 | 43 | 60 | 135 | 139 | 140 => Some((field + 1) * 8),
        44 => Some(8),
        51 => Some((field + 2) * 4),
        _ => None,
    }
}

fn ports(segment: &[u8]) -> Option<(u16, u16)> {
    let &[a, b, c, d] = segment.first_chunk()?;
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

/// Returns whether the Internet checksum is right (RFC 1071).
fn has_valid_checksum(header: &[u8]) -> bool {
    let sum: u32 = header.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    (sum & 0xffff) + (sum >> 16) == 0xffff
}

#[cfg(test)]
mod tests;
