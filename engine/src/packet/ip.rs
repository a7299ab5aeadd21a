//! Parsers from the bytes of an IP packet to a TCP segment: a quick one and a full one.

use std::fmt;

use etherparse::{LaxIpSlice, ip_number};

use crate::intake::flow::{Flow, word_v4, word_v6};
use crate::intake::keyed_hash::KeyedHash;
use crate::intake::summary::{PacketKind, PacketSummary};
use crate::packet::segment::{Flags, IpHeader, Segment, TCP_HEADER, V4_HEADER, V6_HEADER};
use crate::{Frame, Observation, Packet, Timestamp};

/// Reason why a packet yields no TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSegment {
    /// The frame contains no packet.
    NoPacket,
    /// The packet is of another protocol than TCP.
    NotTcp,
    /// The packet is an IP fragment: its TCP header is elsewhere or its payload incomplete.
    Fragment,
    /// The packet is truncated or malformed before the end of the fixed TCP header.
    Unreadable,
}

impl fmt::Display for NoSegment {
    /// Writes the predicate of a sentence whose subject is the packet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPacket => "contains no packet",
            Self::NotTcp => "is not TCP",
            Self::Fragment => "is an IP fragment, and fragments are not reassembled",
            Self::Unreadable => "is truncated or malformed before the end of its TCP header",
        })
    }
}

/// Parses the TCP segment of an observation.
pub(crate) fn segment<'a>(observation: &'a Observation<'_>) -> Result<Segment<'a>, NoSegment> {
    let Observation { frame, time, ref packet } = *observation;
    match packet {
        Packet::None => Err(NoSegment::NoPacket),
        Packet::Ip(bytes) => full_parse(frame, time, bytes),
        Packet::Tcp { source, destination, segment } => {
            read_tcp(frame, time, IpHeader::Missing([source, destination]), segment, segment.len())
        }
    }
}

/// Parses the segment of a packet that [`summary`] recognised as a TCP segment.
#[inline(always)]
pub(crate) fn quick_segment(frame: Frame, time: Timestamp, bytes: &[u8]) -> Option<Segment<'_>> {
    let (ip, tcp, payload) = match Shape::of(bytes) {
        Shape::V4 { payload } => {
            let (header, tcp) = bytes.split_first_chunk()?;
            (IpHeader::V4(header), tcp, payload)
        }
        Shape::V6 { payload } => {
            let (header, tcp) = bytes.split_first_chunk()?;
            (IpHeader::V6(header), tcp, payload)
        }
        Shape::Udp | Shape::Other => return None,
    };
    read_tcp(frame, time, ip, &tcp[..payload.min(tcp.len())], payload).ok()
}

/// Layout of a packet's headers. Nearly all packets have one of the common layouts; others need a
/// full parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// An unfragmented IPv4 packet with TCP right after a header without options. `payload` is the
    /// length of the IP payload by the header, in bytes.
    V4 { payload: usize },
    /// An IPv6 packet with TCP right after the fixed header. `payload` is the payload length by the
    /// header, in bytes.
    V6 { payload: usize },
    /// An unfragmented UDP datagram.
    Udp,
    /// Any other packet.
    Other,
}

impl Shape {
    #[inline(always)]
    fn of(bytes: &[u8]) -> Self {
        const TCP: u8 = ip_number::TCP.0;
        const UDP: u8 = ip_number::UDP.0;
        match bytes.first() {
            Some(0x45) => {
                let Some(header) = bytes.first_chunk::<V4_HEADER>() else { return Self::Other };
                let half = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
                let total = usize::from(half(2));
                // The flag More Fragments, or an offset.
                let is_fragment = half(6) & 0x3fff != 0;
                match header[9] {
                    TCP if total >= V4_HEADER + TCP_HEADER && !is_fragment => Self::V4 { payload: total - V4_HEADER },
                    UDP if total >= V4_HEADER && !is_fragment => Self::Udp,
                    _ => Self::Other,
                }
            }
            Some(0x60..=0x6f) => {
                let Some(header) = bytes.first_chunk::<V6_HEADER>() else { return Self::Other };
                let payload = usize::from(u16::from_be_bytes([header[4], header[5]]));
                match header[6] {
                    TCP if payload >= TCP_HEADER => Self::V6 { payload },
                    UDP => Self::Udp,
                    _ => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }
}

/// Summarises an IP packet by its fixed headers.
#[inline(always)]
pub(crate) fn summary(keyed: KeyedHash, bytes: &[u8]) -> PacketSummary {
    match quick_parse(keyed, bytes) {
        Some(summary) => summary,
        None if Shape::of(bytes) == Shape::Udp => PacketSummary::without_flow(PacketKind::NotTcp),
        None => PacketSummary::without_flow(PacketKind::NeedsFullParse),
    }
}

/// Summarises a packet with TCP right after an IP header without options; `None` for other packets.
#[inline(always)]
fn quick_parse(keyed: KeyedHash, bytes: &[u8]) -> Option<PacketSummary> {
    // One check for most of the bounds below.
    bytes.first_chunk::<{ V4_HEADER + TCP_HEADER }>()?;
    let ((source, destination, Tcp { flags, header, .. }), length) = match Shape::of(bytes) {
        Shape::V4 { payload } => (ends_v4(bytes)?, payload),
        Shape::V6 { payload } => (ends_v6(keyed, bytes)?, payload),
        Shape::Udp | Shape::Other => return None,
    };
    Some(PacketSummary::segment(Flow::new(keyed, source, destination), flags, length > header))
}

/// Words of source and destination, and the fields of the TCP header.
type Ends = Option<(u64, u64, Tcp)>;

/// Fields of a TCP header that a summary needs.
struct Tcp {
    /// Ports of source and destination, in the byte order of the packet.
    ports: [[u8; 2]; 2],
    flags: Flags,
    /// Length of the header in bytes, options included.
    header: usize,
}

#[inline(always)]
fn ends_v4(bytes: &[u8]) -> Ends {
    let (ip, rest) = bytes.split_first_chunk::<V4_HEADER>()?;
    let ([source, destination], _) = ip[12..].as_chunks() else { return None };
    let tcp = tcp(rest)?;
    Some((word_v4(*source, tcp.ports[0]), word_v4(*destination, tcp.ports[1]), tcp))
}

#[inline(always)]
fn ends_v6(keyed: KeyedHash, bytes: &[u8]) -> Ends {
    let (ip, rest) = bytes.split_first_chunk::<V6_HEADER>()?;
    let ([source, destination], _) = ip[8..].as_chunks() else { return None };
    let tcp = tcp(rest)?;
    Some((word_v6(keyed, *source, tcp.ports[0]), word_v6(keyed, *destination, tcp.ports[1]), tcp))
}

#[inline(always)]
fn tcp(bytes: &[u8]) -> Option<Tcp> {
    let tcp: &[u8; TCP_HEADER] = bytes.first_chunk()?;
    let header = usize::from(tcp[12] >> 4) * 4;
    let ports = [[tcp[0], tcp[1]], [tcp[2], tcp[3]]];
    // A header with a shorter length is malformed.
    (header >= TCP_HEADER).then_some(Tcp { ports, flags: Flags(tcp[13]), header })
}

/// Parses the segment of any IP packet.
pub(crate) fn full_parse(frame: Frame, time: Timestamp, bytes: &[u8]) -> Result<Segment<'_>, NoSegment> {
    let (ip, _) = LaxIpSlice::from_slice(bytes).map_err(|_| NoSegment::Unreadable)?;
    let (header, promised) = match &ip {
        LaxIpSlice::Ipv4(v4) => (bytes.first_chunk().map(IpHeader::V4), usize::from(v4.header().total_len())),
        LaxIpSlice::Ipv6(v6) => {
            let header = v6.header();
            let promised = header.slice().len() + usize::from(header.payload_length());
            (bytes.first_chunk().map(IpHeader::V6), promised)
        }
    };
    if ip.is_fragmenting_payload() {
        return Err(NoSegment::Fragment);
    }
    if ip.payload_ip_number() != ip_number::TCP {
        return Err(NoSegment::NotTcp);
    }
    let tcp = ip.payload().payload;
    let start = offset_within(bytes, tcp);
    // A packet before segmentation offload may have the length 0, or less than its headers. Then
    // only the captured length is known.
    let end = if promised > start { promised - start } else { tcp.len() };
    read_tcp(frame, time, header.ok_or(NoSegment::Unreadable)?, tcp, end)
}

/// Returns the offset of `part`, a sub-slice of `whole`, within `whole`.
fn offset_within(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize - whole.as_ptr() as usize).min(whole.len() - part.len())
}

/// Parses a TCP segment. `end` is the offset from the start of the TCP header to the end of the
/// payload, whether or not the payload was captured.
#[inline(always)]
fn read_tcp<'a>(
    frame: Frame,
    time: Timestamp,
    ip: IpHeader<'a>,
    tcp: &'a [u8],
    end: usize,
) -> Result<Segment<'a>, NoSegment> {
    let (header, rest) = tcp.split_first_chunk::<TCP_HEADER>().ok_or(NoSegment::Unreadable)?;
    let length = usize::from(header[12] >> 4) * 4;
    let options = length.checked_sub(TCP_HEADER).ok_or(NoSegment::Unreadable)?;
    Ok(Segment {
        frame,
        time,
        ip,
        header,
        option_bytes: &rest[..options.min(rest.len())],
        payload: u32::try_from(end.saturating_sub(length)).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quick_and_full_parser_agree(
            mut bytes in prop::collection::vec(any::<u8>(), 0..120),
            version in prop::sample::select(vec![0x45_u8, 0x46, 0x44, 0x60, 0x6a]),
            length in 0_u8..130,
            protocol in prop::sample::select(vec![6_u8, 6, 17]),
            usual in any::<bool>(),
        ) {
            // Random bytes are rarely TCP packets, so the fields that make them one are often set.
            for (at, value) in [(0, version), (2, 0), (3, length), (4, 0), (5, length), (6, protocol), (9, protocol)] {
                if let Some(byte) = bytes.get_mut(at) && (usual || at < 6) {
                    *byte = if at == 6 && version < 0x60 { 0x40 } else { value };
                }
            }
            if usual && version < 0x60 && let Some(byte) = bytes.get_mut(7) {
                *byte = 0;
            }
            let (frame, time, keyed) = (Frame::default(), Timestamp::default(), KeyedHash::default());
            let full = full_parse(frame, time, &bytes);
            let summary = summary(keyed, &bytes);
            match (summary.kind, full) {
                (PacketKind::NeedsFullParse, _) => {}
                (PacketKind::NotTcp, full) => prop_assert_eq!(full.err(), Some(NoSegment::NotTcp)),
                (_, Ok(segment)) => {
                    prop_assert_eq!(format!("{:?}", quick_segment(frame, time, &bytes)), format!("{:?}", Some(segment)));
                    let flow = Flow::between(keyed, segment.source(), segment.destination());
                    let by_segment = PacketSummary::segment(flow, segment.flags(), segment.payload > 0);
                    prop_assert_eq!(summary, by_segment);
                }
                (kind, Err(reason)) => prop_assert!(false, "{kind:?}, but {reason:?}"),
            }
        }
    }
}
