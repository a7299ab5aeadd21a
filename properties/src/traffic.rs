//! Packets of TCP connections whose fields the input chooses.
//!
//! Each record of the input is one packet of one of eight connections. Without a change, the packet
//! is what a plain stack would send next. A mask says which fields have other values, so that
//! mutated inputs still are handshakes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use syncookie_testkit::icmp;
use syncookie_testkit::tcp::{ACK, FIN, PSH, RST, SYN, Segment, TcpOption};

use crate::choices::Choices;

/// Maximum number of packets of one input.
const PACKETS: usize = 256;

/// Time of the first packet, and time from one packet to the next, in nanoseconds.
const START: i64 = 1_700_000_000_000_000_000;
const STEP: i64 = 10_000_000;

/// Payload that no anonymised capture may contain. Longer than all fields of a TCP header that stay
/// as they are, and therefore not found in damaged packets by chance.
pub const SECRET: &[u8] = b"<no anonymised capture may contain this text>";

/// Packet of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Time in nanoseconds since 1970.
    pub nanos: i64,
    /// Bytes from the IP header on; `None` for a frame without an IP packet.
    pub ip: Option<Vec<u8>>,
}

/// Connection, and what its ends send next.
#[derive(Clone, Copy, Debug)]
struct Connection {
    client: SocketAddr,
    server: SocketAddr,
    /// Next sequence numbers of client and server.
    next: [u32; 2],
    /// Options of the server's SYN-ACK: as Linux sends them, as from a SYN cookie, or as from a
    /// SYN proxy.
    style: u8,
}

/// Returns the packets of an input, at most `PACKETS`.
#[must_use]
pub fn traffic(choices: &mut Choices<'_>) -> Vec<Packet> {
    let mut traffic = Traffic { now: START, connections: connections(choices), packets: Vec::new() };
    while !choices.is_empty() && traffic.packets.len() < PACKETS {
        traffic.record(choices);
    }
    traffic.packets
}

/// Returns eight connections. They share servers and clients as the input chooses.
fn connections(choices: &mut Choices<'_>) -> [Connection; 8] {
    let form = choices.u16();
    std::array::from_fn(|index| {
        let number = index as u16;
        let (servers, is_v6) = (if form & 1 == 0 { 1 } else { 4 }, form & 2 != 0 && number % 2 == 1);
        let address = |host: u16| -> IpAddr {
            match is_v6 {
                true => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host).into(),
                false => Ipv4Addr::new(192, 0, 2, host as u8).into(),
            }
        };
        let (client, server) = (if form & 4 == 0 { 10 + number } else { 10 }, 1 + number % servers);
        Connection {
            client: SocketAddr::new(address(client), 40_000 + number),
            server: SocketAddr::new(address(server), 80),
            next: [1000 * u32::from(number), 0x9000_0000 + 77_777 * u32::from(number)],
            style: (form >> (3 + index)) as u8 & 3,
        }
    })
}

struct Traffic {
    now: i64,
    connections: [Connection; 8],
    packets: Vec<Packet>,
}

impl Traffic {
    /// Adds the packets of one record of the input.
    fn record(&mut self, choices: &mut Choices<'_>) {
        let head = choices.u8();
        let index = usize::from(head & 7);
        let is_server = head & 8 != 0;
        match head >> 4 {
            0 => self.segment(index, false, SYN, choices),
            1 => self.segment(index, true, SYN | ACK, choices),
            2 => self.segment(index, is_server, ACK, choices),
            3 => self.segment(index, is_server, ACK | PSH, choices),
            4 => self.segment(index, is_server, ACK | FIN, choices),
            5 => self.segment(index, is_server, RST, choices),
            6 => self.segment(index, is_server, RST | ACK, choices),
            7 => {
                let flags = choices.u8();
                self.segment(index, is_server, flags, choices);
            }
            8 | 9 => self.whole(index),
            10 => self.error(index, choices),
            11 => self.repeat(choices),
            12 => self.edit(choices),
            13 => self.cut(choices),
            14 => {
                let length = usize::from(choices.u8());
                self.push(choices.bytes(length).to_vec());
            }
            _ => self.pause(choices),
        }
    }

    fn push(&mut self, ip: Vec<u8>) {
        self.packets.push(Packet { nanos: self.now, ip: Some(ip) });
        self.now = self.now.saturating_add(STEP);
    }

    /// Adds a segment with the fields that the connection has now, or others.
    fn segment(&mut self, index: usize, is_server: bool, flags: u8, choices: &mut Choices<'_>) {
        let connection = &mut self.connections[index];
        let mut segment = connection.plain(is_server, flags, self.now);
        let mask = choices.u8();
        let is_changed = |bit: u8| mask & bit != 0;
        if is_changed(1) {
            segment.seq = segment.seq.wrapping_add_signed(offset(choices));
        }
        if is_changed(2) {
            segment.ack = segment.ack.wrapping_add_signed(offset(choices));
        }
        if is_changed(4) {
            segment.window = choices.u16();
        }
        if is_changed(8) {
            (segment.ttl, segment.tos) = (choices.u8(), choices.u8());
            (segment.id, segment.dont_fragment) = (choices.u16(), choices.u8() & 1 != 0);
        }
        if is_changed(16) {
            segment.options = options(choices);
        }
        if is_changed(32) {
            segment.payload = choices.u16() & 0x3ff;
        }
        if is_changed(64) {
            self.now = self.now.saturating_add(delay(choices));
        }
        connection.sent(is_server, &segment);
        let kept = if is_changed(128) { usize::from(choices.u8()) } else { usize::MAX };
        let packet = connection.packet(is_server, &segment, kept);
        self.push(packet);
    }

    /// Adds a handshake, a request, a response, and the end of the connection.
    fn whole(&mut self, index: usize) {
        const TALK: [(bool, u8); 7] = [
            (false, SYN),
            (true, SYN | ACK),
            (false, ACK),
            (false, ACK | PSH),
            (true, ACK | PSH),
            (true, ACK | FIN),
            (false, ACK | FIN),
        ];
        for (is_server, flags) in TALK {
            self.segment(index, is_server, flags, &mut Choices::new(&[]));
        }
    }

    /// Adds an ICMP error about the latest packet of the connection.
    fn error(&mut self, index: usize, choices: &mut Choices<'_>) {
        let error = icmp::Error { code: (choices.u8(), choices.u8()), mtu: choices.u16().into(), ttl: 60 };
        let Connection { client, server, .. } = self.connections[index];
        let quoted = self.connections[index].plain(false, SYN, self.now).packet(client, server);
        let latest = self.packets.iter().rev().find_map(|packet| packet.ip.as_ref()).unwrap_or(&quoted);
        let latest = latest[..latest.len().min(usize::from(choices.u8()))].to_vec();
        self.push(error.packet(server.ip(), client.ip(), &latest));
    }

    /// Adds an earlier packet again, as a retransmission or as a copy that the capture made.
    fn repeat(&mut self, choices: &mut Choices<'_>) {
        let back = usize::from(choices.u8());
        let Some(index) = self.packets.len().checked_sub(1 + back) else { return };
        let packet = self.packets[index].ip.clone();
        if back % 2 == 1 {
            self.now = self.now.saturating_add(1_000_000_000);
        }
        self.packets.push(Packet { nanos: self.now, ip: packet });
    }

    /// Changes a byte of the latest packet.
    fn edit(&mut self, choices: &mut Choices<'_>) {
        let (at, value) = (usize::from(choices.u8()), choices.u8());
        if let Some(byte) = self.packets.last_mut().and_then(|packet| packet.ip.as_mut()?.get_mut(at)) {
            *byte = value;
        }
    }

    /// Cuts the latest packet.
    fn cut(&mut self, choices: &mut Choices<'_>) {
        let length = usize::from(choices.u8());
        if let Some(packet) = self.packets.last_mut().and_then(|packet| packet.ip.as_mut()) {
            packet.truncate(length);
        }
    }

    /// Adds a frame without an IP packet, after a time.
    fn pause(&mut self, choices: &mut Choices<'_>) {
        self.now = self.now.saturating_add(delay(choices));
        self.packets.push(Packet { nanos: self.now, ip: None });
    }
}

impl Connection {
    /// Returns the segment that an end would send next.
    fn plain(&self, is_server: bool, flags: u8, now: i64) -> Segment {
        let own = usize::from(is_server);
        let milliseconds = (now / 1_000_000) as u32;
        let timestamps = TcpOption::Timestamps(milliseconds, milliseconds.wrapping_sub(10));
        let all = || {
            let rest = [TcpOption::SackPermitted, timestamps, TcpOption::Nop, TcpOption::WindowScale(7)];
            [&[TcpOption::Mss(1460)], &rest[..]].concat()
        };
        let options = match (flags & SYN != 0, is_server, self.style) {
            (true, true, 1) => vec![TcpOption::Mss(1460)],
            (true, true, 3) => vec![TcpOption::Mss(1460), TcpOption::SackPermitted],
            (true, ..) => all(),
            (false, _, 0 | 2) => vec![TcpOption::Nop, TcpOption::Nop, timestamps],
            (false, ..) => Vec::new(),
        };
        Segment {
            ttl: if is_server { 57 } else { 64 },
            id: 1,
            dont_fragment: true,
            tos: 0,
            flags,
            seq: self.next[own],
            ack: if flags & ACK == 0 { 0 } else { self.next[1 - own] },
            window: if flags & SYN != 0 && is_server && self.style == 2 { 0 } else { 64_240 },
            options,
            payload: if flags & PSH != 0 { 300 } else { 0 },
        }
    }

    /// Moves the sequence number of an end behind what it sent.
    fn sent(&mut self, is_server: bool, segment: &Segment) {
        let own = usize::from(is_server);
        let numbers =
            u32::from(segment.payload) + u32::from(segment.flags & SYN != 0) + u32::from(segment.flags & FIN != 0);
        self.next[own] = segment.seq.wrapping_add(numbers);
    }

    /// Returns the packet of a segment, whose payload is [`SECRET`], with at most `kept` bytes of
    /// the payload.
    fn packet(&self, is_server: bool, segment: &Segment, kept: usize) -> Vec<u8> {
        let (source, destination) = if is_server { (self.server, self.client) } else { (self.client, self.server) };
        let mut packet = segment.packet_cut_at(source, destination, kept);
        let payload = packet.len() - usize::from(segment.payload).min(kept);
        for (byte, secret) in packet[payload..].iter_mut().zip(SECRET.iter().cycle()) {
            *byte = *secret;
        }
        packet
    }
}

/// Returns an offset of a sequence number: mostly a small one.
fn offset(choices: &mut Choices<'_>) -> i32 {
    match choices.u8() {
        0 => choices.u32() as i32,
        small => i32::from(small as i8),
    }
}

/// Returns a time in nanoseconds: from a microsecond to months, and sometimes back.
fn delay(choices: &mut Choices<'_>) -> i64 {
    match choices.u8() {
        255 => choices.u64() as i64,
        254 => -(1 << (choices.u8() % 62)),
        power => 1 << (10 + power % 44),
    }
}

/// Returns up to fifteen options that fit into a header.
fn options(choices: &mut Choices<'_>) -> Vec<TcpOption> {
    /// Space of options in a TCP header, in bytes.
    const SPACE: usize = 40;
    let mut options = Vec::new();
    let mut space = SPACE;
    for _ in 0..choices.u8() & 15 {
        let (length, option) = match choices.u8() % 10 {
            0 => (4, TcpOption::Mss(choices.u16())),
            1 => (3, TcpOption::WindowScale(choices.u8())),
            2 => (2, TcpOption::SackPermitted),
            3 => (10, TcpOption::Timestamps(choices.u32(), choices.u32())),
            4 => (10, TcpOption::Sack(choices.u32(), choices.u32())),
            5 => (1, TcpOption::End),
            6 => (2, TcpOption::FastOpenRequest),
            7 => (10, TcpOption::FastOpenCookie(choices.u64())),
            8 => (12, TcpOption::MpCapable(Some(choices.u64()))),
            _ => (1, TcpOption::Nop),
        };
        let Some(left) = space.checked_sub(length) else { break };
        space = left;
        options.push(option);
    }
    options
}
