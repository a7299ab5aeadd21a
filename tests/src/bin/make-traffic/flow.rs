//! One connection, a segment at a time.

use std::io::Result;

use crate::headers::{ACK, ETHERNET, FIN, PSH, SYN, TCP, ipv4, tcp};
use crate::random::Random;
use crate::sink::Sink;

const SERVERS: u64 = 200;
const CLIENTS: u64 = 30_000;

/// One connection: who, how far it is, how much is left.
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
    /// Segments of data left.
    pub left: u64,
    pub uplink: bool,
    pub mss: usize,
}

impl Flow {
    pub fn new(random: &mut Random, serial: u64) -> Self {
        // Most connections are short, and most packets belong to long ones.
        let left = match random.below(100) {
            0..60 => 1 + random.below(6),
            60..96 => 5 + random.below(25),
            _ => 100 + random.below(1_500),
        };
        Self {
            v6: random.chance(35),
            vlan: random.chance(20),
            stamped: random.chance(70),
            client: random.below(CLIENTS),
            server: random.below(SERVERS),
            client_port: 1024 + (serial % 60_000) as u16,
            server_port: [80, 443, 443, 443, 22, 5432][random.below(6) as usize],
            isn: [random.draw() as u32, random.draw() as u32],
            sent: [0; 2],
            stage: 0,
            left,
            uplink: random.chance(15),
            mss: [1448, 1448, 1380, 1220][random.below(4) as usize],
        }
    }

    /// Sends the next segment; `false` when there is none left.
    pub fn step(&mut self, sink: &mut Sink, random: &mut Random, time: u64) -> Result<bool> {
        self.stage += u8::from(self.stage < 4 || self.left == 0);
        match self.stage {
            1 => self.opening(sink, time, true, SYN)?,
            2 => self.opening(sink, time, false, SYN | ACK)?,
            3 => self.segment(sink, time, true, ACK, 0, &[])?,
            4 => {
                self.left -= 1;
                let acknowledges = random.chance(25);
                let length = if acknowledges { 0 } else { self.mss };
                self.segment(sink, time, self.uplink != acknowledges, ACK, length, &[])?;
            }
            5 => self.segment(sink, time, false, ACK | PSH, 120, &[])?,
            6 => self.segment(sink, time, true, ACK | FIN, 0, &[])?,
            7 => self.segment(sink, time, false, ACK | FIN, 0, &[])?,
            _ => {
                self.segment(sink, time, true, ACK, 0, &[])?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn opening(&mut self, sink: &mut Sink, time: u64, up: bool, flags: u8) -> Result<()> {
        let mut options = vec![2, 4, 5, 180];
        options.extend(if self.stamped { [4, 2] } else { [1, 1] });
        if self.stamped {
            options.extend(self.timestamps(time, up));
        } else {
            options.extend([4, 2]);
        }
        options.extend([1, 3, 3, 7]);
        self.segment(sink, time, up, flags, 0, &options)
    }

    /// The option, from clocks of 1000 Hz.
    fn timestamps(&self, time: u64, up: bool) -> [u8; 10] {
        let clock = |end: u64| ((time / 1_000_000) as u32).wrapping_add((end as u32).wrapping_mul(0x9e37_79b9));
        let (own, other) = if up { (self.client, self.server) } else { (self.server, self.client) };
        let mut option = [8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
        option[2..6].copy_from_slice(&clock(own).to_be_bytes());
        option[6..].copy_from_slice(&clock(other).to_be_bytes());
        option
    }

    pub fn segment(
        &mut self,
        sink: &mut Sink,
        time: u64,
        up: bool,
        flags: u8,
        length: usize,
        options: &[u8],
    ) -> Result<()> {
        let mut later = Vec::new();
        if self.stamped && options.is_empty() {
            later.extend([1, 1]);
            later.extend(self.timestamps(time, up));
        }
        let options = if options.is_empty() { &later } else { options };
        let (own, other) = (usize::from(!up), usize::from(up));
        let mut ports = [self.client_port, self.server_port];
        if !up {
            ports.reverse();
        }
        let seq = self.isn[own].wrapping_add(self.sent[own]);
        let ack = self.isn[other].wrapping_add(self.sent[other]);
        let window = if flags & SYN == 0 { 501 } else { 64_240 };
        self.sent[own] = self.sent[own].wrapping_add(length as u32 + u32::from(flags & (SYN | FIN) != 0));
        self.packet(sink, time, up, TCP, &tcp(ports, seq, ack, flags, window, options), length)
    }

    pub fn packet(
        &self,
        sink: &mut Sink,
        time: u64,
        up: bool,
        protocol: u8,
        header: &[u8],
        payload: usize,
    ) -> Result<()> {
        let mut frame = ETHERNET.to_vec();
        if self.vlan {
            frame.extend([0x81, 0, 0, 7]);
        }
        frame.extend(if self.v6 { [0x86, 0xdd] } else { [8, 0] });
        let length = header.len() + payload;
        let (source, destination) = if up { (self.client, self.server) } else { (self.server, self.client) };
        if self.v6 {
            frame.extend([0x60, 0, 0, 0]);
            frame.extend((length as u16).to_be_bytes());
            frame.extend([protocol, 60]);
            frame.extend(v6(source, up));
            frame.extend(v6(destination, !up));
        } else {
            let id = (time / 1_000) as u16;
            frame.extend(ipv4(length, id, 60, protocol, v4(source, up), v4(destination, !up)));
        }
        frame.extend(header);
        sink.frame(time, &frame, payload)
    }
}

/// Clients in one network, servers in another.
fn v4(host: u64, is_client: bool) -> [u8; 4] {
    if is_client { (0x1000_0000_u32 ^ host as u32).to_be_bytes() } else { (0xc612_0000 | host as u32).to_be_bytes() }
}

fn v6(host: u64, is_client: bool) -> [u8; 16] {
    let mut address = [0x20, 1, 0xd, 0xb8, 0, u8::from(is_client), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    address[8..].copy_from_slice(&host.to_be_bytes());
    address
}
