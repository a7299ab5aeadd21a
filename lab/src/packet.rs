//! TCP segments as fields, and their bytes on the wire.

use std::net::{IpAddr, SocketAddr};

/// FIN flag.
pub const FIN: u8 = 0x01;
/// SYN flag.
pub const SYN: u8 = 0x02;
/// RST flag.
pub const RST: u8 = 0x04;
/// PSH flag.
pub const PSH: u8 = 0x08;
/// ACK flag.
pub const ACK: u8 = 0x10;
/// ECE flag.
pub const ECE: u8 = 0x40;
/// CWR flag.
pub const CWR: u8 = 0x80;

/// Payload bytes kept of a packet; the rest is cut as a snap length would.
const KEPT_PAYLOAD: usize = 32;

/// One TCP option as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opt {
    /// Maximum segment size.
    Mss(u16),
    /// Window scale.
    WScale(u8),
    /// SACK permitted.
    SackOk,
    /// Timestamps.
    Ts(u32, u32),
    /// No operation.
    Nop,
    /// End of list.
    Eol,
    /// A Fast Open request without cookie.
    FastOpenRequest,
}

impl Opt {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Mss(v) => {
                out.extend([2, 4]);
                out.extend(v.to_be_bytes());
            }
            Self::WScale(v) => out.extend([3, 3, v]),
            Self::SackOk => out.extend([4, 2]),
            Self::Ts(val, ecr) => {
                out.extend([8, 10]);
                out.extend(val.to_be_bytes());
                out.extend(ecr.to_be_bytes());
            }
            Self::Nop => out.push(1),
            Self::Eol => out.push(0),
            Self::FastOpenRequest => out.extend([34, 2]),
        }
    }
}

/// One TCP segment and the IP fields that matter, without addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seg {
    /// TTL or hop limit.
    pub ttl: u8,
    /// IP identification (not written for IPv6).
    pub id: u16,
    /// Don't fragment (not written for IPv6).
    pub df: bool,
    /// Type of service or traffic class.
    pub tos: u8,
    /// TCP flags.
    pub flags: u8,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgment number, written even without the ACK flag.
    pub ack: u32,
    /// Window field.
    pub window: u16,
    /// Options.
    pub options: Vec<Opt>,
    /// Payload length; the payload is zeros.
    pub payload: u16,
}

impl Seg {
    /// The MSS option.
    #[must_use]
    pub fn mss(&self) -> Option<u16> {
        self.options.iter().find_map(|o| if let Opt::Mss(v) = o { Some(*v) } else { None })
    }

    /// The window scale option.
    #[must_use]
    pub fn wscale(&self) -> Option<u8> {
        self.options.iter().find_map(|o| if let Opt::WScale(v) = o { Some(*v) } else { None })
    }

    /// Whether SACK is permitted.
    #[must_use]
    pub fn sack(&self) -> bool {
        self.options.contains(&Opt::SackOk)
    }

    /// The timestamp value.
    #[must_use]
    pub fn tsval(&self) -> Option<u32> {
        self.options.iter().find_map(|o| if let Opt::Ts(v, _) = o { Some(*v) } else { None })
    }

    /// Whether it is an ECN-setup SYN.
    #[must_use]
    pub fn ecn_setup(&self) -> bool {
        self.flags & (SYN | ACK | ECE | CWR) == SYN | ECE | CWR
    }

    /// Writes another timestamp value into the option, where there is one.
    pub fn restamp(&mut self, value: u32) {
        for option in &mut self.options {
            if let Opt::Ts(val, _) = option {
                *val = value;
            }
        }
    }

    /// The IP packet, cut after the first payload bytes. Checksums are right for the whole packet.
    #[must_use]
    pub fn bytes(&self, from: SocketAddr, to: SocketAddr) -> Vec<u8> {
        let mut tcp = self.tcp_header(from.port(), to.port());
        let length = tcp.len() as u32 + u32::from(self.payload);
        let checksum = !fold(sum(&tcp) + pseudo_header(from.ip(), to.ip(), length));
        tcp[16..18].copy_from_slice(&checksum.to_be_bytes());
        let mut packet = match (from.ip(), to.ip()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => self.ipv4_header(a.octets(), b.octets(), length),
            (a, b) => self.ipv6_header(v6(a), v6(b), length),
        };
        packet.extend(tcp);
        packet.resize(packet.len() + usize::from(self.payload).min(KEPT_PAYLOAD), 0);
        packet
    }

    fn tcp_header(&self, from: u16, to: u16) -> Vec<u8> {
        let mut options = Vec::with_capacity(40);
        self.options.iter().for_each(|o| o.write(&mut options));
        options.resize(options.len().next_multiple_of(4), 0);
        let mut tcp = Vec::with_capacity(20 + options.len());
        tcp.extend(from.to_be_bytes());
        tcp.extend(to.to_be_bytes());
        tcp.extend(self.seq.to_be_bytes());
        tcp.extend(self.ack.to_be_bytes());
        tcp.extend([(5 + options.len() as u8 / 4) << 4, self.flags]);
        tcp.extend(self.window.to_be_bytes());
        tcp.extend([0; 4]);
        tcp.extend(options);
        tcp
    }

    fn ipv4_header(&self, from: [u8; 4], to: [u8; 4], length: u32) -> Vec<u8> {
        let mut ip = vec![0x45, self.tos];
        ip.extend(((20 + length) as u16).to_be_bytes());
        ip.extend(self.id.to_be_bytes());
        ip.extend([if self.df { 0x40 } else { 0 }, 0, self.ttl, 6, 0, 0]);
        ip.extend(from);
        ip.extend(to);
        let checksum = !fold(sum(&ip));
        ip[10..12].copy_from_slice(&checksum.to_be_bytes());
        ip
    }

    fn ipv6_header(&self, from: [u8; 16], to: [u8; 16], length: u32) -> Vec<u8> {
        let mut ip = vec![0x60 | self.tos >> 4, self.tos << 4, 0, 0];
        ip.extend((length as u16).to_be_bytes());
        ip.extend([6, self.ttl]);
        ip.extend(from);
        ip.extend(to);
        ip
    }
}

/// Length of the packet on the wire, from its IP header.
#[must_use]
pub fn wire_length(ip: &[u8]) -> usize {
    match ip {
        [first, _, hi, lo, ..] if first >> 4 == 4 => usize::from(u16::from_be_bytes([*hi, *lo])).max(ip.len()),
        [_, _, _, _, hi, lo, ..] => (40 + usize::from(u16::from_be_bytes([*hi, *lo]))).max(ip.len()),
        _ => ip.len(),
    }
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(a) => a.to_ipv6_mapped().octets(),
        IpAddr::V6(a) => a.octets(),
    }
}

fn pseudo_header(from: IpAddr, to: IpAddr, length: u32) -> u32 {
    let address = |ip: IpAddr| match ip {
        IpAddr::V4(a) => sum(&a.octets()),
        IpAddr::V6(a) => sum(&a.octets()),
    };
    address(from) + address(to) + 6 + (length >> 16) + (length & 0xffff)
}

/// Sum of 16-bit words (RFC 1071), not folded.
pub fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(2).map(|c| u32::from(c[0]) << 8 | u32::from(c.get(1).copied().unwrap_or(0))).sum()
}

/// Folds the carries of [`sum`] in.
#[must_use]
pub fn fold(mut sum: u32) -> u16 {
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
