//! Finds the packets that carry the TCP headers which Wireshark decoded in a frame.
//!
//! Wireshark would say where each header begins, but only to those for whom it builds a tree of every frame, and that costs
//! more than all that is done here. What it says for nothing is enough: which protocols it decoded, one after the other,
//! the addresses and ports it read last, and the bytes. So the bytes are searched for an IP header that leads to TCP
//! and agrees with the rest. Link layers and tunnels in front of it need not be known for that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use syncookie_engine::Packet;

const TCP: u8 = 6;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// Where nearly every frame has its IP header: behind an Ethernet header.
const USUAL: usize = 14;
/// Extension headers that are followed: more than IPv6 allows of each, and few enough for any bytes.
const MOST_EXTENSIONS: usize = 12;

/// A protocol that Wireshark decoded in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// TCP.
    Tcp,
    /// ICMP or ICMPv6: what it quotes is decoded like a packet.
    Icmp,
    /// Anything else.
    Other,
}

/// What Wireshark decoded of TCP in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// TCP headers.
    pub headers: usize,
    /// TCP headers behind an ICMP header.
    pub behind_icmp: usize,
}

impl Decoded {
    /// From all protocols that were decoded, in order.
    pub fn of(layers: impl Iterator<Item = Layer>) -> Self {
        let mut decoded = Self::default();
        let mut icmp = false;
        for layer in layers {
            icmp |= layer == Layer::Icmp;
            if layer == Layer::Tcp {
                decoded.headers += 1;
                decoded.behind_icmp += usize::from(icmp);
            }
        }
        decoded
    }
}

/// What Wireshark read last in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Innermost {
    /// Source and destination.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// Source and destination.
    pub ports: (u16, u16),
}

/// The packets in a frame that carry TCP and are no quotations. `sources` are the bytes of the frame, then those that
/// Wireshark made of it: fragments put together, headers decompressed.
pub fn packets<'a>(
    sources: impl Iterator<Item = &'a [u8]> + Clone,
    decoded: Decoded,
    innermost: &Innermost,
) -> Packets<'a> {
    match decoded {
        Decoded { headers: 0, .. } | Decoded { headers: 1, behind_icmp: 1 } => Packets::One(None),
        Decoded { headers: 1, .. } => Packets::One(only(sources, innermost)),
        Decoded { headers, .. } => Packets::Several(several(sources, headers).into_iter()),
    }
}

/// See [`packets`].
#[derive(Debug)]
pub enum Packets<'a> {
    /// At most one, as in almost every frame.
    One(Option<Packet<'a>>),
    /// Any number.
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

/// The only packet with TCP in a frame. Who else changed addresses and ports after TCP was decoded, or in what order, is not
/// known: so the one that agrees with all of it is looked for first, then what agrees with less.
fn only<'a>(sources: impl Iterator<Item = &'a [u8]> + Clone, innermost: &Innermost) -> Option<Packet<'a>> {
    let first = |fits: &dyn Fn(&Header<'_>) -> bool| sources.clone().find_map(|data| Header::first(data, fits));
    let whole = |header: &Header<'_>| header.ports() == innermost.ports && header.addresses() == innermost.addresses;
    let usual = |data| Header::at(data, USUAL).filter(|header| header.protocol == TCP && whole(header));
    sources
        .clone()
        .next()
        .and_then(usual)
        .map(|header| Packet::Ip(header.bytes))
        .or_else(|| first(&whole))
        .or_else(|| reassembled(sources.clone().skip(1), innermost))
        .or_else(|| first(&|header| header.ports() == innermost.ports))
        .or_else(|| first(&|_| true))
}

/// A segment that was put together from IP fragments: no IP header stands in front of it.
fn reassembled<'a>(mut sources: impl Iterator<Item = &'a [u8]>, innermost: &Innermost) -> Option<Packet<'a>> {
    let (source, destination) = innermost.addresses?;
    let segment = sources.find(|data| ports(data) == Some(innermost.ports))?;
    Some(Packet::Tcp { source, destination, segment })
}

/// Up to `most` packets with TCP, one behind the other or one in another, as multiplexed and tunnelled in TCP.
fn several<'a>(sources: impl Iterator<Item = &'a [u8]>, most: usize) -> Vec<Packet<'a>> {
    let mut found = Vec::new();
    for data in sources {
        let mut at = 0;
        while at < data.len() && found.len() < most {
            at = match Header::at(data, at) {
                Some(header) if header.is_sound() && header.protocol == TCP => {
                    found.push(Packet::Ip(header.bytes));
                    header.payload_start() + 20
                }
                Some(header) if header.is_sound() && matches!(header.protocol, ICMP | ICMPV6) => header.end(),
                _ => at + 1,
            };
        }
    }
    found
}

/// Bytes that can be read as an IP header.
struct Header<'a> {
    /// Where they begin.
    start: usize,
    /// From there on, as much as there is.
    bytes: &'a [u8],
    /// Length, extension headers included.
    length: usize,
    /// What it carries.
    protocol: u8,
}

impl<'a> Header<'a> {
    /// The first packet with TCP that fits.
    fn first(data: &'a [u8], fits: &dyn Fn(&Header<'_>) -> bool) -> Option<Packet<'a>> {
        (0..data.len()).find_map(|start| {
            let header = Self::at(data, start).filter(|header| header.protocol == TCP && fits(header))?;
            Some(Packet::Ip(header.bytes))
        })
    }

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

    /// Where the packet ends, as far as it says so.
    fn end(&self) -> usize {
        self.start + self.promised().max(self.length)
    }

    /// Length of the packet in its own words.
    fn promised(&self) -> usize {
        let field = |at: usize| usize::from(u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]]));
        if self.bytes[0] >> 4 == 4 { field(2) } else { 40 + field(4) }
    }

    /// Whether more speaks for a header than that it can be read as one.
    fn is_sound(&self) -> bool {
        self.promised() >= self.length && (self.bytes[0] >> 4 == 6 || checksum_is_right(&self.bytes[..self.length]))
    }

    fn ports(&self) -> (u16, u16) {
        self.bytes.get(self.length..).and_then(ports).unwrap_or_default()
    }

    fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        fn two<const N: usize>(bytes: Option<&[u8]>) -> Option<([u8; N], [u8; N])> {
            let (source, destination) = bytes?.split_at_checked(N)?;
            Some((source.try_into().ok()?, destination.try_into().ok()?))
        }
        if self.bytes[0] >> 4 == 4 {
            let (source, destination) = two(self.bytes.get(12..20))?;
            Some((Ipv4Addr::from_octets(source).into(), Ipv4Addr::from_octets(destination).into()))
        } else {
            let (source, destination) = two(self.bytes.get(8..40))?;
            Some((Ipv6Addr::from_octets(source).into(), Ipv6Addr::from_octets(destination).into()))
        }
    }
}

/// Protocol and header length, where the first fragment or the whole of a packet begins.
fn ipv4(bytes: &[u8]) -> Option<(u8, usize)> {
    let header: &[u8; 20] = bytes.first_chunk()?;
    let length = usize::from(header[0] & 0x0f) * 4;
    let fragment_offset = u16::from_be_bytes([header[6], header[7]]) & 0x1fff;
    (length >= 20 && bytes.len() >= length && fragment_offset == 0).then_some((header[9], length))
}

/// Protocol and header length with all extension headers.
fn ipv6(bytes: &[u8]) -> Option<(u8, usize)> {
    let header: &[u8; 40] = bytes.first_chunk()?;
    let (mut protocol, mut length) = (header[6], 40);
    for _ in 0..MOST_EXTENSIONS {
        let Some(&[following, field]) = bytes.get(length..).and_then(<[u8]>::first_chunk) else { break };
        let Some(extension) = extension_length(protocol, usize::from(field)) else { break };
        (protocol, length) = (following, length + extension);
    }
    (bytes.len() >= length).then_some((protocol, length))
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

fn ports(segment: &[u8]) -> Option<(u16, u16)> {
    let &[a, b, c, d] = segment.first_chunk()?;
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

/// RFC 1071.
fn checksum_is_right(header: &[u8]) -> bool {
    let sum: u32 = header.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    (sum & 0xffff) + (sum >> 16) == 0xffff
}

#[cfg(test)]
mod tests;
