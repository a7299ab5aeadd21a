//! TCP segments (RFC 9293): fields, options, and the packets that carry them.

use crate::checksum::{fold, sum};
use crate::ip::{self, Ipv4, Ipv6};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

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
/// ECE flag (RFC 3168).
pub const ECE: u8 = 0x40;
/// CWR flag (RFC 3168).
pub const CWR: u8 = 0x80;

/// A TCP option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpOption {
    /// Maximum segment size in bytes.
    Mss(u16),
    /// Window scale (RFC 7323): the shift count.
    WindowScale(u8),
    /// SACK permitted (RFC 2018).
    SackPermitted,
    /// Timestamps (RFC 7323): TSval and TSecr.
    Timestamps(u32, u32),
    /// One block of a selective acknowledgment (RFC 2018): its first octet and the one after it.
    Sack(u32, u32),
    /// No operation.
    Nop,
    /// End of the option list.
    End,
    /// A request for a Fast Open cookie (RFC 7413).
    FastOpenRequest,
    /// A Fast Open cookie of 8 bytes (RFC 7413).
    FastOpenCookie(u64),
    /// MP_CAPABLE of MPTCP version 1 (RFC 8684, 3.1): without a key in a SYN, with the sender's in a SYN-ACK.
    MpCapable(Option<u64>),
}

impl TcpOption {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Mss(size) => {
                out.extend([2, 4]);
                out.extend(size.to_be_bytes());
            }
            Self::WindowScale(shift) => out.extend([3, 3, shift]),
            Self::SackPermitted => out.extend([4, 2]),
            Self::Timestamps(value, echo) => {
                out.extend([8, 10]);
                out.extend(value.to_be_bytes());
                out.extend(echo.to_be_bytes());
            }
            Self::Sack(start, end) => {
                out.extend([5, 10]);
                out.extend(start.to_be_bytes());
                out.extend(end.to_be_bytes());
            }
            Self::Nop => out.push(1),
            Self::End => out.push(0),
            Self::FastOpenRequest => out.extend([34, 2]),
            Self::FastOpenCookie(cookie) => {
                out.extend([34, 10]);
                out.extend(cookie.to_be_bytes());
            }
            // Subtype 0, version 1; flags H (HMAC-SHA256).
            Self::MpCapable(key) => {
                out.extend([30, if key.is_some() { 12 } else { 4 }, 1, 1]);
                out.extend(key.iter().flat_map(|key| key.to_be_bytes()));
            }
        }
    }
}

/// Returns a TCP header, its checksum left zero. Ports: source, destination. Options are padded with zeros to a multiple
/// of 4 bytes.
#[must_use]
pub fn header(ports: [u16; 2], seq: u32, ack: u32, flags: u8, window: u16, options: &[TcpOption]) -> Vec<u8> {
    let mut header = Vec::with_capacity(60);
    header.extend(ports.map(u16::to_be_bytes).as_flattened());
    header.extend(seq.to_be_bytes());
    header.extend(ack.to_be_bytes());
    header.extend([0, flags]);
    header.extend(window.to_be_bytes());
    header.extend([0; 4]);
    options.iter().for_each(|option| option.write(&mut header));
    header.resize(header.len().next_multiple_of(4), 0);
    header[12] = (header.len() as u8 / 4) << 4;
    header
}

/// A TCP segment and the IP fields beside it, without addresses and ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// TTL (IPv4) or hop limit (IPv6).
    pub ttl: u8,
    /// IP identification (IPv4 only).
    pub id: u16,
    /// The flag "don't fragment" (IPv4 only).
    pub dont_fragment: bool,
    /// Type of service (IPv4) or traffic class (IPv6).
    pub tos: u8,
    /// TCP flags.
    pub flags: u8,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgment number, written even without the ACK flag.
    pub ack: u32,
    /// Window field, not scaled.
    pub window: u16,
    /// Options, in the order in which they are written.
    pub options: Vec<TcpOption>,
    /// Bytes of payload, all zero.
    pub payload: u16,
}

impl Segment {
    /// Returns the value of the MSS option.
    #[must_use]
    pub fn mss(&self) -> Option<u16> {
        self.options.iter().find_map(|o| if let TcpOption::Mss(v) = o { Some(*v) } else { None })
    }

    /// Returns the shift count of the window scale option.
    #[must_use]
    pub fn window_scale(&self) -> Option<u8> {
        self.options.iter().find_map(|o| if let TcpOption::WindowScale(v) = o { Some(*v) } else { None })
    }

    /// Reports whether SACK is permitted.
    #[must_use]
    pub fn sack_permitted(&self) -> bool {
        self.options.contains(&TcpOption::SackPermitted)
    }

    /// Returns the TSval of the timestamps option.
    #[must_use]
    pub fn tsval(&self) -> Option<u32> {
        self.options.iter().find_map(|o| if let TcpOption::Timestamps(v, _) = o { Some(*v) } else { None })
    }

    /// Reports whether the segment is an ECN-setup SYN (RFC 3168, 6.1.1).
    #[must_use]
    pub fn ecn_setup(&self) -> bool {
        self.flags & (SYN | ACK | ECE | CWR) == SYN | ECE | CWR
    }

    /// Replaces the TSval of the timestamps option, if the segment has one.
    pub fn set_tsval(&mut self, value: u32) {
        for option in &mut self.options {
            if let TcpOption::Timestamps(val, _) = option {
                *val = value;
            }
        }
    }

    /// Returns the whole IP packet, with checksums. It is an IPv4 packet when both addresses are of that version, and an
    /// IPv6 packet otherwise.
    #[must_use]
    pub fn packet(&self, source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
        self.packet_cut_at(source, destination, usize::from(self.payload))
    }

    /// Returns the IP packet with at most `kept` bytes of its payload, as a capture with a snap length has it. Lengths
    /// and checksums are those of the whole packet.
    #[must_use]
    pub fn packet_cut_at(&self, source: SocketAddr, destination: SocketAddr, kept: usize) -> Vec<u8> {
        let ports = [source.port(), destination.port()];
        let mut tcp = header(ports, self.seq, self.ack, self.flags, self.window, &self.options);
        let length = tcp.len() + usize::from(self.payload);
        let checksum = !fold(sum(&tcp) + pseudo_header(source.ip(), destination.ip(), length as u32));
        tcp[16..18].copy_from_slice(&checksum.to_be_bytes());
        let mut packet = self.ip_header(source.ip(), destination.ip(), length);
        packet.extend(tcp);
        packet.resize(packet.len() + kept.min(usize::from(self.payload)), 0);
        packet
    }

    fn ip_header(&self, source: IpAddr, destination: IpAddr, length: usize) -> Vec<u8> {
        if let (IpAddr::V4(source), IpAddr::V4(destination)) = (source, destination) {
            let Self { tos, id, dont_fragment, ttl, .. } = *self;
            let ip = Ipv4 { tos, id, dont_fragment, ttl, protocol: ip::TCP, source, destination };
            return ip.header_with_checksum(length).to_vec();
        }
        let (source, destination) = (ipv6(source), ipv6(destination));
        let ip = Ipv6 { traffic_class: self.tos, next_header: ip::TCP, hop_limit: self.ttl, source, destination };
        ip.header(length).to_vec()
    }
}

fn ipv6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// Returns the sum of the pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1); `length` is that of the TCP segment.
fn pseudo_header(source: IpAddr, destination: IpAddr, length: u32) -> u32 {
    let address = |ip: IpAddr| match ip {
        IpAddr::V4(address) => sum(&address.octets()),
        IpAddr::V6(address) => sum(&address.octets()),
    };
    address(source) + address(destination) + u32::from(ip::TCP) + (length >> 16) + (length & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_right_over_either_version_of_ip_and_stays_that_of_the_whole_packet_when_it_is_cut() {
        let options = vec![TcpOption::Mss(1460), TcpOption::Timestamps(7, 8), TcpOption::WindowScale(7)];
        let segment = Segment { ttl: 64, flags: SYN, seq: 1, window: 512, options, payload: 999, ..Segment::default() };
        for ends in [["192.0.2.1:4711", "192.0.2.2:80"], ["[2001:db8::1]:4711", "[2001:db8::2]:80"]] {
            let [source, destination] = ends.map(|end| end.parse::<SocketAddr>().unwrap());
            let whole = segment.packet(source, destination);
            let start = if source.is_ipv4() { 20 } else { 40 };
            let tcp = &whole[start..];
            let pseudo = pseudo_header(source.ip(), destination.ip(), tcp.len() as u32);
            assert_eq!(fold(sum(tcp) + pseudo), 0xffff, "{source}");
            assert_eq!(tcp.len(), 20 + 20 + 999, "options are padded");
            assert_eq!(segment.packet_cut_at(source, destination, 32), whole[..start + 72]);
        }
    }

    #[test]
    fn options_are_written_in_their_order_and_padded_with_zeros() {
        use TcpOption::{End, FastOpenRequest, Mss, Nop, SackPermitted, Timestamps, WindowScale};
        let options = [Mss(1460), SackPermitted, Timestamps(1, 2), Nop, WindowScale(7), FastOpenRequest, End];
        let header = header([80, 1024], 1, 2, SYN | ACK, 3, &options);
        assert_eq!(header[12] >> 4, 11);
        let written = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7, 34, 2, 0, 0];
        assert_eq!(header[20..], written);
    }
}
