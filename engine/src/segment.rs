//! One TCP segment, as far as the analysis needs it.

use crate::options::Options;
use crate::seq::SeqNumber;
use crate::{Endpoint, Frame, Timestamp};

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

/// One TCP segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub frame: Frame,
    pub time: Timestamp,
    pub source: Endpoint,
    pub destination: Endpoint,
    pub ip: IpFacts,
    pub seq: SeqNumber,
    pub ack: SeqNumber,
    pub flags: Flags,
    /// As on the wire, not scaled.
    pub window: u16,
    /// Bytes of payload, whether or not they were captured.
    pub payload: u32,
    /// The option bytes that were captured, at most 40.
    pub option_bytes: &'a [u8],
    /// How many there are by the header's data offset.
    pub options_promised: usize,
}

impl Segment<'_> {
    pub(crate) fn options(&self) -> Options {
        Options::read(self.option_bytes, self.options_promised)
    }
}
