//! From the bytes of a packet to a TCP segment.

use std::fmt;
use std::net::IpAddr;

use etherparse::{LaxIpSlice, ip_number};

use crate::segment::{Flags, IpFacts, Segment};
use crate::seq::SeqNumber;
use crate::{Endpoint, Observation, Packet};

/// Shortest TCP header (RFC 9293 section 3.1), in bytes.
const TCP_HEADER: usize = 20;

/// Why a packet yields no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSegment {
    /// There is no packet.
    NoPacket,
    /// Another protocol than TCP.
    NotTcp,
    /// A fragment of an IP packet: its TCP header is elsewhere or its payload incomplete.
    Fragment,
    /// Cut or malformed before the end of the fixed TCP header.
    Unreadable,
}

impl fmt::Display for NoSegment {
    /// Completes the sentence that begins with the packet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPacket => "is none",
            Self::NotTcp => "carries another protocol than TCP",
            Self::Fragment => "is a fragment of an IP packet, which is not put together",
            Self::Unreadable => "is cut or malformed before the end of its TCP header",
        })
    }
}

/// Reads the segment a packet carries.
#[inline]
pub(crate) fn segment<'a>(observation: &Observation<'a>) -> Result<Segment<'a>, NoSegment> {
    match observation.packet {
        Packet::None => Err(NoSegment::NoPacket),
        Packet::Ip(bytes) => from_ip(observation, bytes),
        Packet::Tcp { source, destination, segment } => {
            let payload_end = segment.len();
            read_tcp(observation, source, destination, IpFacts::default(), segment, payload_end)
        }
    }
}

#[inline]
fn from_ip<'a>(observation: &Observation<'a>, bytes: &'a [u8]) -> Result<Segment<'a>, NoSegment> {
    if is_plain_udp(bytes) {
        return Err(NoSegment::NotTcp);
    }
    match plain(bytes) {
        Some((source, destination, facts, tcp, end)) => read_tcp(observation, source, destination, facts, tcp, end),
        None => from_any_ip(observation, bytes),
    }
}

/// What most packets without TCP are.
#[inline]
fn is_plain_udp(bytes: &[u8]) -> bool {
    const UDP: u8 = ip_number::UDP.0;
    match *bytes {
        [0x45, _, high, low, _, _, flags, offset, _, UDP, ..] if bytes.len() >= 20 => {
            u16::from_be_bytes([high, low]) >= 20 && flags & 0x3f == 0 && offset == 0
        }
        [0x60..=0x6f, _, _, _, _, _, UDP, ..] => bytes.len() >= 40,
        _ => false,
    }
}

/// Addresses, facts, the bytes from the TCP header on, and where they end by the IP header.
type Plain<'a> = (IpAddr, IpAddr, IpFacts, &'a [u8], usize);

/// What nearly every packet is: a whole IPv4 or IPv6 packet with TCP right behind the header. `None` for all others,
/// which take the long way to the same end.
#[inline]
fn plain(bytes: &[u8]) -> Option<Plain<'_>> {
    match bytes.first()? {
        0x45 => {
            let header: &[u8; 20] = bytes.first_chunk()?;
            let half = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
            let total = usize::from(half(2));
            // More fragments, an offset, another protocol, an impossible length.
            if half(6) & 0x3fff != 0 || header[9] != ip_number::TCP.0 || total < 40 {
                return None;
            }
            let address = |at: usize| IpAddr::from([header[at], header[at + 1], header[at + 2], header[at + 3]]);
            let facts = IpFacts { ttl: Some(header[8]), identification: Some(half(4)) };
            Some((address(12), address(16), facts, &bytes[20..total.min(bytes.len())], total - 20))
        }
        0x60..=0x6f => {
            let header: &[u8; 40] = bytes.first_chunk()?;
            let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
            if header[6] != ip_number::TCP.0 || length < 20 {
                return None;
            }
            let address = |at: usize| -> Option<IpAddr> { Some(header[at..].first_chunk::<16>().copied()?.into()) };
            let facts = IpFacts { ttl: Some(header[7]), identification: None };
            Some((address(8)?, address(24)?, facts, &bytes[40..(40 + length).min(bytes.len())], length))
        }
        _ => None,
    }
}

fn from_any_ip<'a>(observation: &Observation<'a>, bytes: &'a [u8]) -> Result<Segment<'a>, NoSegment> {
    let (ip, _) = LaxIpSlice::from_slice(bytes).map_err(|_| NoSegment::Unreadable)?;
    let (facts, promised) = match &ip {
        LaxIpSlice::Ipv4(v4) => {
            let header = v4.header();
            let facts = IpFacts { ttl: Some(header.ttl()), identification: Some(header.identification()) };
            (facts, usize::from(header.total_len()))
        }
        LaxIpSlice::Ipv6(v6) => {
            let header = v6.header();
            let facts = IpFacts { ttl: Some(header.hop_limit()), identification: None };
            (facts, header.slice().len() + usize::from(header.payload_length()))
        }
    };
    if ip.is_fragmenting_payload() {
        return Err(NoSegment::Fragment);
    }
    let (source, destination) = (ip.source_addr(), ip.destination_addr());
    if ip.payload_ip_number() != ip_number::TCP {
        return Err(NoSegment::NotTcp);
    }
    let tcp = ip.payload().payload;
    let start = offset_within(bytes, tcp);
    // A packet handed to the card for segmentation may say 0, or less than its headers: then the capture's own
    // length is all there is.
    let end = if promised > start { promised - start } else { tcp.len() };
    read_tcp(observation, source, destination, facts, tcp, end)
}

/// Where `part`, a sub-slice of `whole`, begins in it.
fn offset_within(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize - whole.as_ptr() as usize).min(whole.len() - part.len())
}

/// `end` is where the payload ends, counted from the TCP header, whether or not it was captured.
#[inline]
fn read_tcp<'a>(
    observation: &Observation<'a>,
    source: IpAddr,
    destination: IpAddr,
    ip: IpFacts,
    tcp: &'a [u8],
    end: usize,
) -> Result<Segment<'a>, NoSegment> {
    let fixed: &[u8; TCP_HEADER] = tcp.first_chunk().ok_or(NoSegment::Unreadable)?;
    let word = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
    let half = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
    let header = usize::from(fixed[12] >> 4) * 4;
    if header < TCP_HEADER {
        return Err(NoSegment::Unreadable);
    }
    Ok(Segment {
        frame: observation.frame,
        time: observation.time,
        source: Endpoint { ip: source, port: half(0) },
        destination: Endpoint { ip: destination, port: half(2) },
        ip,
        seq: SeqNumber(word(4)),
        ack: SeqNumber(word(8)),
        flags: Flags(fixed[13]),
        window: half(14),
        payload: u32::try_from(end.saturating_sub(header)).unwrap_or(u32::MAX),
        option_bytes: &tcp[TCP_HEADER..header.min(tcp.len())],
        options_promised: header - TCP_HEADER,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Frame, Timestamp};

    fn observation(bytes: &[u8]) -> Observation<'_> {
        Observation { frame: Frame::default(), time: Timestamp::from_nanos(0), packet: Packet::Ip(bytes) }
    }

    proptest! {
        #[test]
        fn the_short_way_and_the_long_way_read_the_same(
            mut bytes in prop::collection::vec(any::<u8>(), 0..120),
            version in prop::sample::select(vec![0x45_u8, 0x46, 0x44, 0x60, 0x6a]),
            length in 0_u8..130,
            protocol in prop::sample::select(vec![6_u8, 6, 17]),
            usual in any::<bool>(),
        ) {
            // Most random bytes are no TCP packets: the fields that say so are set right more often than not.
            for (at, value) in [(0, version), (2, 0), (3, length), (4, 0), (5, length), (6, protocol), (9, protocol)] {
                if let Some(byte) = bytes.get_mut(at) && (usual || at < 6) {
                    *byte = if at == 6 && version < 0x60 { 0x40 } else { value };
                }
            }
            if usual && version < 0x60 && let Some(byte) = bytes.get_mut(7) {
                *byte = 0;
            }
            let seen = observation(&bytes);
            prop_assert_eq!(format!("{:?}", from_ip(&seen, &bytes)), format!("{:?}", from_any_ip(&seen, &bytes)));
        }
    }
}
