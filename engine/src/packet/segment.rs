//! One TCP segment, as far as the analysis needs it.

use std::net::IpAddr;

use crate::packet::options::Options;
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame, Timestamp};

/// Shortest TCP header (RFC 9293 section 3.1), in bytes.
pub(crate) const TCP_HEADER: usize = 20;

/// IP headers without options and extensions, in bytes.
pub(crate) const V4_HEADER: usize = 20;
pub(crate) const V6_HEADER: usize = 40;

/// The flags of a TCP header (RFC 9293 section 3.1), bit for bit as on the wire.
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

    #[inline]
    pub(crate) const fn has(self, flag: u8) -> bool {
        self.0 & flag == flag
    }

    /// Neither opens nor ends anything.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        self.0 & (Self::FIN | Self::SYN | Self::RST) == 0
    }

    /// SYN without ACK and RST: opens a connection.
    pub(crate) const fn is_syn(self) -> bool {
        self.0 & (Self::SYN | Self::ACK | Self::RST) == Self::SYN
    }

    /// SYN and ACK without RST: answers one.
    pub(crate) const fn is_syn_ack(self) -> bool {
        self.0 & (Self::SYN | Self::ACK | Self::RST) == Self::SYN | Self::ACK
    }
}

/// What the IP header says about the host that sent it. `None` where the header was not at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IpFacts {
    /// Time to live, or hop limit.
    pub ttl: Option<u8>,
    /// Identification; IPv4 only.
    pub identification: Option<u16>,
}

/// Where a segment's addresses stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum IpHeader<'a> {
    V4(&'a [u8; V4_HEADER]),
    V6(&'a [u8; V6_HEADER]),
    /// It is not at hand, only the source and the destination that it names.
    Missing([&'a IpAddr; 2]),
}

/// One TCP segment, where it stands. Its fields are read when they are asked for: of most segments few are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub frame: Frame,
    pub time: Timestamp,
    pub ip: IpHeader<'a>,
    /// Its header without options.
    pub header: &'a [u8; TCP_HEADER],
    /// The option bytes that were captured, at most 40.
    pub option_bytes: &'a [u8],
    /// Bytes of payload, whether or not they were captured.
    pub payload: u32,
}

impl Segment<'_> {
    pub(crate) fn source(&self) -> Endpoint {
        self.end(0)
    }

    pub(crate) fn destination(&self) -> Endpoint {
        self.end(1)
    }

    /// The source, 0, or the destination, 1: in every header one stands right behind the other.
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
                IpFacts { ttl: Some(header[8]), identification: Some(u16::from_be_bytes([header[4], header[5]])) }
            }
            IpHeader::V6(header) => IpFacts { ttl: Some(header[7]), identification: None },
            IpHeader::Missing(_) => IpFacts::default(),
        }
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

    /// As on the wire, not scaled.
    #[inline]
    pub(crate) fn window(&self) -> u16 {
        self.half(14)
    }

    /// How many option bytes there are by the header's data offset.
    #[inline]
    pub(crate) fn options_promised(&self) -> usize {
        (usize::from(self.header[12] >> 4) * 4).saturating_sub(TCP_HEADER)
    }

    pub(crate) fn options(&self) -> Options {
        Options::read(self.option_bytes, self.options_promised())
    }

    /// TSval, where there are timestamps.
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

/// The bytes of a header from that place on, which lies within it.
#[inline]
fn part<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&header[at..at + N]);
    part
}
