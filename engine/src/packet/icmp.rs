//! ICMP and ICMPv6 errors, and the packet that each quotes (RFC 792, RFC 4443).

use std::net::IpAddr;

use etherparse::{LaxIpSlice, ip_number};

use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame, Timestamp};

/// Length of the header before the quoted packet, in bytes.
const ICMP_HEADER: usize = 8;
/// Least that an error quotes of a TCP header, in bytes: ports and sequence number (RFC 792).
const QUOTED_TCP: usize = 8;

/// Error that quotes a TCP segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IcmpError {
    pub frame: Frame,
    pub time: Timestamp,
    pub kind: IcmpKind,
    /// Address that sent the error.
    pub sender: IpAddr,
    /// TTL or hop limit of the error as captured.
    pub ttl: u8,
    pub quoted: QuotedSegment,
}

/// Type of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IcmpKind {
    /// The packet is not delivered: type and code.
    Rejected { version: u8, code: (u8, u8) },
    /// The packet is larger than the next link allows: its MTU in bytes, or 0 where old routers
    /// leave it out.
    TooBig { mtu: u32 },
}

/// The header that an error quotes, as it was where the error was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotedSegment {
    pub source: Endpoint,
    pub destination: Endpoint,
    pub seq: SeqNumber,
    pub ttl: u8,
}

impl IcmpKind {
    fn of(version: u8, header: &[u8; ICMP_HEADER]) -> Option<Self> {
        let code = (header[0], header[1]);
        let mtu = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        match (version, code) {
            // The upper half is not used (RFC 1191 section 4).
            (4, (3, 4)) => Some(Self::TooBig { mtu: mtu & 0xffff }),
            (6, (2, _)) => Some(Self::TooBig { mtu }),
            (4, (3 | 11 | 12, _)) | (6, (1 | 3 | 4, _)) => Some(Self::Rejected { version, code }),
            _ => None,
        }
    }

    /// Returns the meaning of type and code, in the words of their registry.
    pub(crate) const fn meaning(self) -> &'static str {
        let Self::Rejected { version, code } = self else { return "packet too big" };
        match (version, code) {
            (4, (3, 0)) => "network unreachable",
            (4, (3, 1)) => "host unreachable",
            (4, (3, 2)) => "protocol unreachable",
            (4, (3, 3)) | (6, (1, 4)) => "port unreachable",
            (4, (3, 9)) => "network administratively prohibited",
            (4, (3, 10)) => "host administratively prohibited",
            (4, (3, 13)) | (6, (1, 1)) => "communication administratively prohibited",
            (4, (3, _)) => "destination unreachable",
            (4, (11, _)) => "TTL exceeded",
            (6, (1, 0)) => "no route to destination",
            (6, (1, 3)) => "address unreachable",
            (6, (1, 5)) => "source address failed ingress or egress policy",
            (6, (1, 6)) => "reject route to destination",
            (6, (1, _)) => "destination unreachable",
            (6, (3, _)) => "hop limit exceeded",
            _ => "parameter problem",
        }
    }
}

/// Parses an IP packet with an ICMP error about a TCP segment; `None` for any other packet.
pub(crate) fn error(frame: Frame, time: Timestamp, bytes: &[u8]) -> Option<IcmpError> {
    let (ip, _) = LaxIpSlice::from_slice(bytes).ok()?;
    let version = match ip.payload_ip_number() {
        ip_number::ICMP => 4,
        ip_number::IPV6_ICMP => 6,
        _ => return None,
    };
    if ip.is_fragmenting_payload() {
        return None;
    }
    let (header, quoted) = ip.payload().payload.split_first_chunk()?;
    let kind = IcmpKind::of(version, header)?;
    let (ttl, [sender, _]) = facts(&ip);
    Some(IcmpError { frame, time, kind, sender, ttl, quoted: quoted_segment(quoted)? })
}

fn quoted_segment(bytes: &[u8]) -> Option<QuotedSegment> {
    let (ip, _) = LaxIpSlice::from_slice(bytes).ok()?;
    if ip.payload_ip_number() != ip_number::TCP || ip.is_fragmenting_payload() {
        return None;
    }
    let tcp: &[u8; QUOTED_TCP] = ip.payload().payload.first_chunk()?;
    let (ttl, [source, destination]) = facts(&ip);
    let port = |at: usize| u16::from_be_bytes([tcp[at], tcp[at + 1]]);
    Some(QuotedSegment {
        source: Endpoint { ip: source, port: port(0) },
        destination: Endpoint { ip: destination, port: port(2) },
        seq: SeqNumber(u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]])),
        ttl,
    })
}

/// Returns TTL or hop limit, and source and destination address.
fn facts(ip: &LaxIpSlice<'_>) -> (u8, [IpAddr; 2]) {
    match ip {
        LaxIpSlice::Ipv4(v4) => {
            let header = v4.header();
            (header.ttl(), [header.source_addr().into(), header.destination_addr().into()])
        }
        LaxIpSlice::Ipv6(v6) => {
            let header = v6.header();
            (header.hop_limit(), [header.source_addr().into(), header.destination_addr().into()])
        }
    }
}
