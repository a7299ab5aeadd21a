//! TCP segments with the header fields that the analysis needs.

use std::net::IpAddr;

use crate::packet::options::Options;
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame, Timestamp};

/// Shortest TCP header (RFC 9293 section 3.1), in bytes.
pub(crate) const TCP_HEADER: usize = 20;

/// Length of an IPv4 header without options, in bytes.
pub(crate) const V4_HEADER: usize = 20;
/// Length of the fixed IPv6 header, in bytes.
pub(crate) const V6_HEADER: usize = 40;

/// Flags of a TCP header (RFC 9293 section 3.1), as on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(pub u8);

impl Flags {
    pub(crate) const FIN: u8 = 0x01;
    pub(crate) const SYN: u8 = 0x02;
    pub(crate) const RST: u8 = 0x04;
    pub(crate) const PSH: u8 = 0x08;
    pub(crate) const ACK: u8 = 0x10;
    pub(crate) const URG: u8 = 0x20;
    pub(crate) const ECE: u8 = 0x40;
    pub(crate) const CWR: u8 = 0x80;

    /// Returns whether all bits of `flag` are set.
    #[inline]
    pub(crate) const fn has(self, flag: u8) -> bool {
        self.0 & flag == flag
    }

    /// Returns whether SYN, RST and FIN are all unset.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        self.0 & (Self::FIN | Self::SYN | Self::RST) == 0
    }

    /// Returns whether the segment is a SYN without ACK and RST, which opens a connection.
    pub(crate) const fn is_syn(self) -> bool {
        self.0 & (Self::SYN | Self::ACK | Self::RST) == Self::SYN
    }

    /// Returns whether the segment is a SYN-ACK without RST.
    pub(crate) const fn is_syn_ack(self) -> bool {
        self.0 & (Self::SYN | Self::ACK | Self::RST) == Self::SYN | Self::ACK
    }
}

/// Fields of the IP header that characterise its sender, in four bytes, because a handshake keeps
/// many of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IpFacts {
    identification: u16,
    ttl: u8,
    header: HeaderKind,
}

/// IP header that [`IpFacts`] were read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum HeaderKind {
    V4,
    V6,
    #[default]
    Missing,
}

impl IpFacts {
    /// Creates the facts of an IPv4 header with TTL and identification, of an IPv6 header with a hop
    /// limit alone, or of a header that is not available.
    pub(crate) const fn new(ttl: Option<u8>, identification: Option<u16>) -> Self {
        match (ttl, identification) {
            (Some(ttl), Some(identification)) => Self { identification, ttl, header: HeaderKind::V4 },
            (Some(ttl), None) => Self { identification: 0, ttl, header: HeaderKind::V6 },
            (None, _) => Self { identification: 0, ttl: 0, header: HeaderKind::Missing },
        }
    }

    /// Returns TTL (IPv4) or hop limit (IPv6); `None` if the header is not available.
    #[inline]
    pub(crate) const fn ttl(self) -> Option<u8> {
        match self.header {
            HeaderKind::V4 | HeaderKind::V6 => Some(self.ttl),
            HeaderKind::Missing => None,
        }
    }

    /// Returns the identification of an IPv4 header.
    #[inline]
    pub(crate) const fn identification(self) -> Option<u16> {
        match self.header {
            HeaderKind::V4 => Some(self.identification),
            HeaderKind::V6 | HeaderKind::Missing => None,
        }
    }

    /// Returns whether both hop limits are known and differ as in [`is_from_elsewhere`].
    pub(crate) fn is_from_elsewhere(self, other: Self) -> bool {
        self.ttl().zip(other.ttl()).is_some_and(|(a, b)| is_from_elsewhere(a, b))
    }
}

/// Header fields that only the signature of a SYN needs, in one byte, because a handshake keeps two
/// of them: the flags below, and the length of the IPv4 options in words of 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignatureBits(pub u8);

impl SignatureBits {
    /// Bits of the length, at most 10 words.
    const WORDS: u8 = 0x0f;
    /// Length if the capture lacks a part of the TCP options: there is no signature.
    const TRUNCATED: u8 = 0x0f;
    /// The flag Don't Fragment; IPv4 only.
    pub(crate) const DONT_FRAGMENT: u8 = 0x10;
    /// IPv4: the reserved flag. IPv6: a flow label.
    pub(crate) const RESERVED_OR_FLOW: u8 = 0x20;
    /// An ECN codepoint of the IP header (RFC 3168), or the former NS flag of the TCP header
    /// (RFC 3540).
    pub(crate) const ECN: u8 = 0x40;
    /// An urgent pointer that is not 0.
    pub(crate) const URGENT_POINTER: u8 = 0x80;

    /// Returns whether `bit` is set.
    pub(crate) const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// Returns the length of the IPv4 options in bytes; `None` if there is no signature.
    pub(crate) const fn ip_options(self) -> Option<u8> {
        match self.0 & Self::WORDS {
            Self::TRUNCATED => None,
            words => Some(words * 4),
        }
    }
}

/// Largest difference that load-balanced paths and the capture point explain, in hops.
const PATH_CHANGE: u8 = 2;

/// Returns whether two hop limits differ by more than load-balanced paths and the capture point
/// explain: another machine sent the packet.
pub(crate) const fn is_from_elsewhere(a: u8, b: u8) -> bool {
    a.abs_diff(b) > PATH_CHANGE
}

/// IP header of a segment, or only its addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum IpHeader<'a> {
    V4(&'a [u8; V4_HEADER]),
    V6(&'a [u8; V6_HEADER]),
    /// Source and destination of a header that is not available.
    Missing([&'a IpAddr; 2]),
}

/// One TCP segment, borrowed from the packet's bytes. Fields are parsed on access, because most
/// segments need few of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub frame: Frame,
    pub time: Timestamp,
    pub ip: IpHeader<'a>,
    /// TCP header without options.
    pub header: &'a [u8; TCP_HEADER],
    /// Captured option bytes, at most 40.
    pub option_bytes: &'a [u8],
    /// Length of the payload in bytes, whether or not it was captured.
    pub payload: u32,
}

impl Segment<'_> {
    pub(crate) fn source(&self) -> Endpoint {
        self.end(0)
    }

    pub(crate) fn destination(&self) -> Endpoint {
        self.end(1)
    }

    /// Returns the source (`which` 0) or the destination (`which` 1), which are adjacent in every
    /// header.
    fn end(&self, which: usize) -> Endpoint {
        let ip = match self.ip {
            IpHeader::V4(header) => part::<4>(header, 12 + 4 * which).into(),
            IpHeader::V6(header) => part::<16>(header, 8 + 16 * which).into(),
            IpHeader::Missing(ends) => *ends[which],
        };
        Endpoint { ip, port: self.half(2 * which) }
    }

    #[inline]
    pub(crate) fn ip_facts(&self) -> IpFacts {
        match self.ip {
            IpHeader::V4(header) => {
                let identification = u16::from_be_bytes([header[4], header[5]]);
                IpFacts { identification, ttl: header[8], header: HeaderKind::V4 }
            }
            IpHeader::V6(header) => IpFacts { identification: 0, ttl: header[7], header: HeaderKind::V6 },
            IpHeader::Missing(_) => IpFacts::default(),
        }
    }

    /// Returns the header fields that only a signature needs.
    pub(crate) fn signature_bits(&self) -> SignatureBits {
        let (words, is_unfragmented, is_reserved_or_flow, has_ecn) = match self.ip {
            IpHeader::V4(header) => {
                let words = (header[0] & 0x0f).saturating_sub(5);
                (words, header[6] & 0x40 != 0, header[6] & 0x80 != 0, header[1] & 0x03 != 0)
            }
            IpHeader::V6(header) => {
                let has_label = header[1] & 0x0f != 0 || header[2..4] != [0, 0];
                // The traffic class begins in the middle of the first byte.
                (0, false, has_label, header[1] & 0x30 != 0)
            }
            IpHeader::Missing(_) => (0, false, false, false),
        };
        let is_whole = self.option_bytes.len() >= self.options_promised();
        let flags = [
            (is_unfragmented, SignatureBits::DONT_FRAGMENT),
            (is_reserved_or_flow, SignatureBits::RESERVED_OR_FLOW),
            (has_ecn || self.header[12] & 1 != 0, SignatureBits::ECN),
            (self.half(18) != 0, SignatureBits::URGENT_POINTER),
        ];
        let length = if is_whole { words } else { SignatureBits::TRUNCATED };
        SignatureBits(flags.into_iter().filter(|(is_set, _)| *is_set).fold(length, |bits, (_, flag)| bits | flag))
    }

    #[inline]
    pub(crate) fn seq(&self) -> SeqNumber {
        SeqNumber(self.word(4))
    }

    #[inline]
    pub(crate) fn ack(&self) -> SeqNumber {
        SeqNumber(self.word(8))
    }

    #[inline]
    pub(crate) fn flags(&self) -> Flags {
        Flags(self.header[13])
    }

    /// Returns the window as on the wire, not scaled.
    #[inline]
    pub(crate) fn window(&self) -> u16 {
        self.half(14)
    }

    /// Returns the number of option bytes that the data offset announces.
    #[inline]
    pub(crate) fn options_promised(&self) -> usize {
        (usize::from(self.header[12] >> 4) * 4).saturating_sub(TCP_HEADER)
    }

    pub(crate) fn options(&self) -> Options {
        Options::read(self.option_bytes, self.options_promised())
    }

    /// Returns TSval, if the segment has timestamps.
    #[inline]
    pub(crate) fn timestamp(&self) -> Option<u32> {
        Options::timestamp(self.option_bytes)
    }

    #[inline]
    fn half(&self, at: usize) -> u16 {
        u16::from_be_bytes(part(self.header, at))
    }

    #[inline]
    fn word(&self, at: usize) -> u32 {
        u32::from_be_bytes(part(self.header, at))
    }
}

/// Returns `N` bytes of a header from the offset `at`, which must lie within the header.
#[inline]
fn part<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&header[at..at + N]);
    part
}
