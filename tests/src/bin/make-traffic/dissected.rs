//! Traffic with contents that Wireshark dissects; `script/bench-plugin` measures with it.

use std::io::Result;
use std::net::Ipv4Addr;

use syncookie_testkit::ip::{self, Ipv4};
use syncookie_testkit::tcp::TcpOption::{self, Mss, Nop, SackPermitted, Timestamps, WindowScale};
use syncookie_testkit::tcp::{self, ACK, FIN, PSH, RST, SYN};
use syncookie_testkit::{link, udp};

use crate::writer::CaptureWriter;

/// Time of the first packet, in microseconds since 1970.
const START: u64 = 1_700_000_000_000_000;
/// Time in which connections begin, in microseconds.
const SPAN: u64 = 600_000_000;
/// Bytes of a TLS record that fills a segment.
const FULL: usize = 1448;

/// Writes connections that begin at even intervals, each with `exchanges` requests and answers. With any exchange a DNS
/// lookup precedes the connection.
pub fn dissected(writer: &mut CaptureWriter, connections: u64, exchanges: u32) -> Result<()> {
    let mut frames = Vec::new();
    for number in 0..connections {
        let mut connection = Connection::new(number as u32, number * SPAN / connections);
        if exchanges > 0 {
            connection.lookup();
        }
        connection.run(exchanges);
        frames.append(&mut connection.frames);
    }
    frames.sort_by_key(|(time, _)| *time);
    frames.iter().try_for_each(|(time, frame)| writer.frame(*time, frame, 0))
}

struct Connection {
    number: u32,
    /// Time of the latest packet, or of the first one to come, in microseconds after the start.
    micros: u64,
    /// Next sequence numbers of the client and the server.
    seq: [u32; 2],
    /// Whether a SYN proxy answers: one of eight listeners has one, and it answers every third time.
    proxied: bool,
    /// Times in nanoseconds since 1970, and frames.
    frames: Vec<(u64, Vec<u8>)>,
}

impl Connection {
    fn new(number: u32, micros: u64) -> Self {
        let mixed = number.wrapping_mul(2_654_435_761);
        Self {
            number,
            micros,
            seq: [mixed ^ 0x5a5a_0000, mixed.rotate_left(13)],
            proxied: number % 8 == 3 && number.is_multiple_of(3),
            frames: Vec::new(),
        }
    }

    fn addresses(&self) -> [Ipv4Addr; 2] {
        let client = self.number / 20_000;
        [
            Ipv4Addr::new(10, 1 + client as u8, (self.number / 250 % 80) as u8, (self.number % 250) as u8 + 1),
            Ipv4Addr::new(192, 0, 2, (self.number % 8) as u8 + 1),
        ]
    }

    /// Adds a DNS query and its response.
    fn lookup(&mut self) {
        let id = self.number as u16;
        let question = [&[7][..], b"example", &[3], b"com", &[0, 0, 1, 0, 1]].concat();
        let header = |flags: u16, answers: u16| [id, flags, 1, answers, 0, 0].map(u16::to_be_bytes).concat();
        let answer = [&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4][..], &[192, 0, 2, 1]].concat();
        self.datagram(0, &[header(0x0100, 0), question.clone()].concat());
        self.datagram(1, &[header(0x8180, 1), question, answer].concat());
    }

    fn run(&mut self, exchanges: u32) {
        self.segment(0, SYN, &self.options(0, true), &[]);
        self.segment(1, SYN | ACK, &self.options(1, true), &[]);
        self.segment(0, ACK, &self.options(0, false), &[]);
        if self.proxied && self.number % 2 == 1 {
            self.segment(1, RST, &[], &[]);
            return;
        }
        for _ in 0..exchanges {
            self.data(0, 300);
            self.data(1, FULL);
            self.data(1, 600);
            self.segment(0, ACK, &self.options(0, false), &[]);
        }
        self.segment(0, FIN | ACK, &self.options(0, false), &[]);
        self.segment(1, FIN | ACK, &self.options(1, false), &[]);
        self.segment(0, ACK, &self.options(0, false), &[]);
    }

    /// Adds a segment with a TLS record of application data.
    fn data(&mut self, side: usize, length: usize) {
        let mut record = vec![0x5c; length];
        record[..3].copy_from_slice(&[0x17, 3, 3]);
        record[3..5].copy_from_slice(&(length as u16 - 5).to_be_bytes());
        self.segment(side, PSH | ACK, &self.options(side, false), &record);
    }

    fn options(&self, side: usize, opening: bool) -> Vec<TcpOption> {
        if self.proxied {
            return if opening { vec![Mss(1460)] } else { Vec::new() };
        }
        let clock =
            |side: usize| self.number.wrapping_mul(77_777 + side as u32).wrapping_add((self.micros / 1000) as u32);
        let echo = if opening && side == 0 { 0 } else { clock(1 - side).wrapping_sub(1) };
        let timestamps = Timestamps(clock(side), echo);
        if opening {
            vec![Mss(1460), SackPermitted, timestamps, Nop, WindowScale(7)]
        } else {
            vec![Nop, Nop, timestamps]
        }
    }

    fn segment(&mut self, side: usize, flags: u8, options: &[TcpOption], payload: &[u8]) {
        let client = 32_768 + (self.number / 250 % 28_000) as u16;
        let ports = if side == 0 { [client, 443] } else { [443, client] };
        let window = if flags == SYN | ACK && self.proxied { 0 } else { 64_240 };
        let ack = if flags & ACK == 0 { 0 } else { self.seq[1 - side] };
        let header = tcp::header(ports, self.seq[side], ack, flags, window, options);
        let opens = u32::from(flags & (SYN | FIN) != 0);
        self.seq[side] = self.seq[side].wrapping_add(payload.len() as u32 + opens);
        self.packet(side, ip::TCP, &[&header, payload].concat());
    }

    fn datagram(&mut self, side: usize, payload: &[u8]) {
        let ports = if side == 0 { [40_000, 53] } else { [53, 40_000] };
        self.packet(side, ip::UDP, &udp::datagram(ports, payload));
    }

    fn packet(&mut self, side: usize, protocol: u8, payload: &[u8]) {
        let addresses = self.addresses();
        let (id, ttl) = (self.frames.len() as u16, if side == 0 { 64 } else { 57 });
        let (source, destination) = (addresses[side], addresses[1 - side]);
        let ip = Ipv4 { id, dont_fragment: true, ttl, protocol, source, destination, ..Ipv4::default() };
        // The round-trip time to the server is 20 ms; consecutive packets of one side follow each other at once.
        if !self.frames.is_empty() {
            self.micros += 400 + u64::from(side == 1) * 20_000;
        }
        self.frames
            .push(((START + self.micros) * 1000, link::ethernet(&[&ip.header(payload.len()), payload].concat())));
    }
}
