//! One connection of the traffic, sent segment by segment.

use std::io::Result;
use std::net::{Ipv4Addr, Ipv6Addr};

use syncookie_testkit::ip::{self, Ipv4, Ipv6};
use syncookie_testkit::link;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::TcpOption::{self, Mss, Nop, SackPermitted, Timestamps, WindowScale};
use syncookie_testkit::tcp::{self, ACK, FIN, PSH, SYN};

use crate::writer::CaptureWriter;

const SERVERS: u64 = 200;
const CLIENTS: u64 = 30_000;

/// A connection: its ends, its progress, and what is left to send.
pub struct Flow {
    pub v6: bool,
    pub vlan: bool,
    pub stamped: bool,
    pub client: u64,
    pub server: u64,
    pub client_port: u16,
    pub server_port: u16,
    pub isn: [u32; 2],
    pub sent: [u32; 2],
    pub stage: u8,
    /// Data segments left to send.
    pub left: u64,
    pub uplink: bool,
    pub mss: usize,
}

impl Flow {
    pub fn new(rng: &mut Rng, serial: u64) -> Self {
        // Most connections are short, and most packets belong to long ones.
        let left = match rng.remainder(100) {
            0..60 => 1 + rng.remainder(6),
            60..96 => 5 + rng.remainder(25),
            _ => 100 + rng.remainder(1_500),
        };
        Self {
            v6: rng.remainder(100) < 35,
            vlan: rng.remainder(100) < 20,
            stamped: rng.remainder(100) < 70,
            client: rng.remainder(CLIENTS),
            server: rng.remainder(SERVERS),
            client_port: 1024 + (serial % 60_000) as u16,
            server_port: [80, 443, 443, 443, 22, 5432][rng.remainder(6) as usize],
            isn: [rng.next_u64() as u32, rng.next_u64() as u32],
            sent: [0; 2],
            stage: 0,
            left,
            uplink: rng.remainder(100) < 15,
            mss: [1448, 1448, 1380, 1220][rng.remainder(4) as usize],
        }
    }

    /// Sends the next segment. Returns `false` after the last one.
    pub fn step(&mut self, writer: &mut CaptureWriter, rng: &mut Rng, time: u64) -> Result<bool> {
        self.stage += u8::from(self.stage < 4 || self.left == 0);
        match self.stage {
            1 => self.opening(writer, time, true, SYN)?,
            2 => self.opening(writer, time, false, SYN | ACK)?,
            3 => self.segment(writer, time, true, ACK, 0, &[])?,
            4 => {
                self.left -= 1;
                let acknowledges = rng.remainder(100) < 25;
                let length = if acknowledges { 0 } else { self.mss };
                self.segment(writer, time, self.uplink != acknowledges, ACK, length, &[])?;
            }
            5 => self.segment(writer, time, false, ACK | PSH, 120, &[])?,
            6 => self.segment(writer, time, true, ACK | FIN, 0, &[])?,
            7 => self.segment(writer, time, false, ACK | FIN, 0, &[])?,
            _ => {
                self.segment(writer, time, true, ACK, 0, &[])?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn opening(&mut self, writer: &mut CaptureWriter, time: u64, up: bool, flags: u8) -> Result<()> {
        let options = if self.stamped {
            [Mss(1460), SackPermitted, self.timestamps(time, up), Nop, WindowScale(7)].to_vec()
        } else {
            [Mss(1460), Nop, Nop, SackPermitted, Nop, WindowScale(7)].to_vec()
        };
        self.segment(writer, time, up, flags, 0, &options)
    }

    /// Returns the timestamps option, from clocks of 1000 Hz.
    fn timestamps(&self, time: u64, up: bool) -> TcpOption {
        let clock = |host: u64| ((time / 1_000_000) as u32).wrapping_add((host as u32).wrapping_mul(0x9e37_79b9));
        let (own, other) = if up { (self.client, self.server) } else { (self.server, self.client) };
        Timestamps(clock(own), clock(other))
    }

    /// Sends a segment with `length` bytes of payload. Without `options` it has timestamps where the connection uses them.
    pub fn segment(
        &mut self,
        writer: &mut CaptureWriter,
        time: u64,
        up: bool,
        flags: u8,
        length: usize,
        options: &[TcpOption],
    ) -> Result<()> {
        let stamps = [Nop, Nop, self.timestamps(time, up)];
        let options = if options.is_empty() && self.stamped { &stamps } else { options };
        let (own, other) = (usize::from(!up), usize::from(up));
        let mut ports = [self.client_port, self.server_port];
        if !up {
            ports.reverse();
        }
        let seq = self.isn[own].wrapping_add(self.sent[own]);
        let ack = if flags & ACK == 0 { 0 } else { self.isn[other].wrapping_add(self.sent[other]) };
        let window = if flags & SYN == 0 { 501 } else { 64_240 };
        self.sent[own] = self.sent[own].wrapping_add(length as u32 + u32::from(flags & (SYN | FIN) != 0));
        self.packet(writer, time, up, ip::TCP, &tcp::header(ports, seq, ack, flags, window, options), length)
    }

    /// Sends a packet with `header` and `payload` bytes behind the IP header.
    pub fn packet(
        &self,
        writer: &mut CaptureWriter,
        time: u64,
        up: bool,
        protocol: u8,
        header: &[u8],
        payload: usize,
    ) -> Result<()> {
        let mut frame = link::ADDRESSES.to_vec();
        if self.vlan {
            frame.extend([0x81, 0, 0, 7]);
        }
        frame.extend(if self.v6 { link::IPV6 } else { link::IPV4 }.to_be_bytes());
        let length = header.len() + payload;
        let (source, destination) = if up { (self.client, self.server) } else { (self.server, self.client) };
        if self.v6 {
            let (source, destination) = (v6(source, up), v6(destination, !up));
            let ip = Ipv6 { next_header: protocol, hop_limit: 60, source, destination, ..Ipv6::default() };
            frame.extend(ip.header(length));
        } else {
            let (source, destination) = (v4(source, up), v4(destination, !up));
            let id = (time / 1_000) as u16;
            let ip = Ipv4 { id, dont_fragment: true, ttl: 60, protocol, source, destination, ..Ipv4::default() };
            frame.extend(ip.header(length));
        }
        frame.extend(header);
        writer.frame(time, &frame, payload)
    }
}

/// Returns an IPv4 address: clients are in one network, servers in another.
fn v4(host: u64, is_client: bool) -> Ipv4Addr {
    Ipv4Addr::from_bits(if is_client { 0x1000_0000_u32 ^ host as u32 } else { 0xc612_0000 | host as u32 })
}

/// Returns an IPv6 address: clients are in one network, servers in another.
fn v6(host: u64, is_client: bool) -> Ipv6Addr {
    let network = 0x2001_0db8_0000_0000 | u64::from(is_client) << 16;
    Ipv6Addr::from_bits(u128::from(network) << 64 | u128::from(host))
}
