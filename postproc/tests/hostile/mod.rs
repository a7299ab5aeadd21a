//! Captures that cost more than ordinary ones, and ordinary ones of the same size.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use syncookie_testkit::ByteOrder;
use syncookie_testkit::ip::{self, Ipv4};
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::pcapng::Pcapng;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, FIN, PSH, RST, SYN, Segment, TcpOption};

use crate::sandbox::Sandbox;

/// Capture that may cost more than others.
pub struct Hostile {
    pub name: &'static str,
    /// Returns a file for a number of packets or handshakes, and its size in bytes without
    /// compression.
    pub make: fn(usize) -> (Vec<u8>, usize),
    /// Most CPU time, and most memory, as ratios to an ordinary capture of the same size.
    pub cpu_limit: f64,
    pub memory_limit: f64,
}

pub const ALL: [Hostile; 11] = [
    Hostile { name: "SYN flood", make: flood, cpu_limit: 5.0, memory_limit: 3.0 },
    Hostile { name: "SYN flood, answered by a proxy and reset", make: proxied, cpu_limit: 8.0, memory_limit: 5.0 },
    Hostile { name: "one four-tuple again and again", make: one_tuple, cpu_limit: 9.0, memory_limit: 5.0 },
    Hostile { name: "retransmitted SYNs", make: retransmissions, cpu_limit: 1.0, memory_limit: 1.0 },
    Hostile { name: "listeners with one handshake each", make: listeners, cpu_limit: 25.0, memory_limit: 7.0 },
    Hostile { name: "damage in every second record", make: damaged, cpu_limit: 2.0, memory_limit: 1.0 },
    Hostile { name: "30 tunnels in each other", make: tunnels, cpu_limit: 2.0, memory_limit: 1.0 },
    Hostile { name: "10,000 interfaces", make: interfaces, cpu_limit: 1.0, memory_limit: 1.0 },
    Hostile { name: "decompression bomb of empty frames", make: bomb_of_frames, cpu_limit: 2.0, memory_limit: 1.0 },
    Hostile { name: "decompression bomb of damage", make: bomb_of_damage, cpu_limit: 2.0, memory_limit: 1.0 },
    Hostile { name: "decompression bomb in pcapng", make: bomb_of_blocks, cpu_limit: 2.0, memory_limit: 1.0 },
];

/// Time of the first packet, in nanoseconds.
const START: u64 = 1_700_000_000_000_000_000;

/// Pcap file in the making, with one packet every ten microseconds.
struct Capture {
    file: Pcap,
    now: u64,
}

impl Capture {
    fn new() -> Self {
        Self { file: Pcap::ethernet(), now: START }
    }

    fn push(&mut self, packet: &[u8]) {
        self.file.record_at(self.now, &ethernet(packet));
        self.now += 10_000;
    }

    fn send(&mut self, from: SocketAddr, to: SocketAddr, flags: u8, seq: u32, ack: u32) {
        self.push(&segment(flags, seq, ack).packet_cut_at(from, to, 0));
    }

    fn end(self) -> (Vec<u8>, usize) {
        let bytes = self.file.bytes.len();
        (self.file.bytes, bytes)
    }
}

fn segment(flags: u8, seq: u32, ack: u32) -> Segment {
    let options = if flags & SYN != 0 {
        vec![TcpOption::Mss(1460), TcpOption::SackPermitted, TcpOption::Nop, TcpOption::WindowScale(7)]
    } else {
        Vec::new()
    };
    let payload = if flags & PSH != 0 { 1000 } else { 0 };
    Segment {
        ttl: 64,
        id: 1,
        dont_fragment: true,
        flags,
        seq,
        ack,
        window: 64_240,
        options,
        payload,
        ..Segment::default()
    }
}

fn server() -> SocketAddr {
    SocketAddr::new(Ipv4Addr::new(192, 0, 2, 2).into(), 80)
}

fn anybody(rng: &mut Rng) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::from_bits(0x0a00_0000 | rng.next_u32() >> 8).into(), 1024 + rng.next_u16() % 60_000)
}

/// Returns a capture of short connections to a few servers, cut to their headers, of at least this
/// size in bytes.
pub fn ordinary(bytes: usize) -> Vec<u8> {
    let (mut capture, mut rng) = (Capture::new(), Rng::new(1));
    while capture.file.bytes.len() < bytes {
        let (client, (seq, ack)) = (anybody(&mut rng), (rng.next_u32(), rng.next_u32()));
        let server = SocketAddr::new(Ipv4Addr::new(192, 0, 2, rng.below(20) as u8).into(), 443);
        let [next, other] = [seq.wrapping_add(1), ack.wrapping_add(1)];
        capture.send(client, server, SYN, seq, 0);
        capture.send(server, client, SYN | ACK, ack, next);
        capture.send(client, server, ACK, next, other);
        for part in 0..4 {
            let [next, other] = [next, other].map(|number| number.wrapping_add(part * 1000));
            capture.send(client, server, ACK | PSH, next, other);
            capture.send(server, client, ACK | PSH, other, next.wrapping_add(1000));
        }
        let [next, other] = [next, other].map(|number| number.wrapping_add(4000));
        capture.send(client, server, ACK | FIN, next, other);
        capture.send(server, client, ACK | FIN, other, next.wrapping_add(1));
    }
    capture.file.bytes
}

fn flood(size: usize) -> (Vec<u8>, usize) {
    let (mut capture, mut rng) = (Capture::new(), Rng::new(2));
    for _ in 0..size {
        capture.send(anybody(&mut rng), server(), SYN, rng.next_u32(), 0);
    }
    capture.end()
}

fn proxied(size: usize) -> (Vec<u8>, usize) {
    let (mut capture, mut rng) = (Capture::new(), Rng::new(3));
    for _ in 0..size {
        let (client, seq, ack) = (anybody(&mut rng), rng.next_u32(), rng.next_u32());
        capture.send(client, server(), SYN, seq, 0);
        let answer = Segment { window: 0, ..segment(SYN | ACK, ack, seq.wrapping_add(1)) };
        capture.push(&answer.packet(server(), client));
        capture.send(client, server(), ACK, seq.wrapping_add(1), ack.wrapping_add(1));
        capture.send(server(), client, RST | ACK, ack.wrapping_add(1), seq.wrapping_add(1));
    }
    capture.end()
}

fn one_tuple(size: usize) -> (Vec<u8>, usize) {
    let (mut capture, mut rng) = (Capture::new(), Rng::new(4));
    let client = anybody(&mut rng);
    for _ in 0..size {
        let (seq, ack) = (rng.next_u32(), rng.next_u32());
        capture.send(client, server(), SYN, seq, 0);
        capture.send(server(), client, SYN | ACK, ack, seq.wrapping_add(1));
        capture.send(client, server(), RST, seq.wrapping_add(1), 0);
    }
    capture.end()
}

fn retransmissions(size: usize) -> (Vec<u8>, usize) {
    let (mut capture, mut rng) = (Capture::new(), Rng::new(5));
    let clients: Vec<_> = (0..100).map(|_| (anybody(&mut rng), rng.next_u32())).collect();
    for number in 0..size {
        let (client, seq) = clients[number % clients.len()];
        capture.send(client, server(), SYN, seq, 0);
        capture.send(server(), client, SYN | ACK, 7, seq.wrapping_add(1));
    }
    capture.end()
}

fn listeners(size: usize) -> (Vec<u8>, usize) {
    let (mut capture, mut rng) = (Capture::new(), Rng::new(6));
    for _ in 0..size {
        let (client, server, seq) = (anybody(&mut rng), anybody(&mut rng), rng.next_u32());
        capture.send(client, server, SYN, seq, 0);
        capture.send(server, client, SYN | ACK, rng.next_u32(), seq.wrapping_add(1));
    }
    capture.end()
}

fn damaged(size: usize) -> (Vec<u8>, usize) {
    let (mut capture, mut rng) = (Capture::new(), Rng::new(7));
    for number in 0..size {
        let at = capture.file.bytes.len();
        capture.send(anybody(&mut rng), server(), ACK, rng.next_u32(), 0);
        if number % 2 == 1 {
            capture.file.bytes[at..at + 16].fill(0xff);
        }
    }
    capture.end()
}

fn tunnels(size: usize) -> (Vec<u8>, usize) {
    const DEPTH: usize = 30;
    let (mut capture, mut rng) = (Capture::new(), Rng::new(8));
    for _ in 0..size / DEPTH {
        let mut packet = segment(SYN, rng.next_u32(), 0).packet(anybody(&mut rng), server());
        for _ in 0..DEPTH {
            packet = Ipv4 { protocol: ip::IPV4, ..Ipv4::default() }.packet(&packet);
        }
        capture.push(&packet);
    }
    capture.end()
}

fn interfaces(size: usize) -> (Vec<u8>, usize) {
    const INTERFACES: u32 = 10_000;
    let (mut file, mut rng) = (Pcapng::new(ByteOrder::Little), Rng::new(9));
    for _ in 0..INTERFACES {
        file.interface(1, 0, &[]);
    }
    for number in 0..size as u64 {
        let packet = segment(ACK, rng.next_u32(), 0).packet(anybody(&mut rng), server());
        file.enhanced(rng.below(INTERFACES.into()) as u32, START / 1000 + number, &ethernet(&packet));
    }
    let bytes = file.bytes.len();
    (file.bytes, bytes)
}

/// A record of zeros is an empty frame of the year 1970.
fn bomb_of_frames(size: usize) -> (Vec<u8>, usize) {
    compressed(&[Pcap::ethernet().bytes, vec![0; size * 64]].concat())
}

fn bomb_of_damage(size: usize) -> (Vec<u8>, usize) {
    compressed(&[Pcap::ethernet().bytes, vec![0xff; size * 64]].concat())
}

/// Blocks without a packet, of a type that no program knows.
fn bomb_of_blocks(size: usize) -> (Vec<u8>, usize) {
    let mut file = Pcapng::new(ByteOrder::Little);
    for _ in 0..size {
        file.block(0x0bad, &[0; 52]);
    }
    compressed(&file.bytes)
}

fn compressed(bytes: &[u8]) -> (Vec<u8>, usize) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all bytes");
    (encoder.finish().expect("memory takes all bytes"), bytes.len())
}

/// Writes the files of a ring with one refused handshake each. All are finished.
pub fn rotated(sandbox: &Sandbox, files: usize) {
    let mut rng = Rng::new(10);
    for number in 0..files {
        let mut capture = Capture { now: START + number as u64 * 60_000_000_000, ..Capture::new() };
        let (client, seq) = (anybody(&mut rng), rng.next_u32());
        capture.send(client, server(), SYN, seq, 0);
        capture.send(server(), client, RST | ACK, 0, seq.wrapping_add(1));
        let name = sandbox.file(&format!("ring/ring_{number:05}.pcap"), &capture.end().0);
        let finished = SystemTime::now() - Duration::from_secs(3600);
        File::options()
            .append(true)
            .open(sandbox.path(&name))
            .and_then(|file| file.set_modified(finished))
            .expect("it is ours");
    }
}
