//! A device on the router that sees what passes and sends packets of its own.

use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashSet;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, RST, SYN, Segment, TcpOption};

use super::super::super::agent::raw;
use super::super::{SERVER, meets_cause};

/// EtherType of IPv4.
const IPV4: u16 = 0x0800;
/// Ports up to this one get a challenge; a client's next attempt comes from a later one.
const CHALLENGED: u16 = 25_000;
/// TTL of the device's packets.
const TTL: u8 = 123;

/// Acts as `mode` says on the packets of clients that meet the cause, for a time.
pub fn run(mode: &str, time: Duration) -> io::Result<()> {
    let mut tap = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(i32::from(IPV4.to_be()))))?;
    tap.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut device = Device { out: raw()?, rng: Rng::new(7), met: HashSet::new() };
    let begin = Instant::now();
    let mut buffer = [0; 2048];
    while begin.elapsed() < time {
        match tap.read(&mut buffer) {
            Ok(length) => {
                if let Some(seen) = Seen::read(&buffer[..length]) {
                    device.react(mode, &seen)?;
                }
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// A segment of a client that meets the cause.
struct Seen {
    from: SocketAddr,
    flags: u8,
    seq: u32,
    ack: u32,
    payload: u32,
}

impl Seen {
    fn read(packet: &[u8]) -> Option<Self> {
        let header = usize::from(packet.first()? & 15) * 4;
        let (ip, tcp) = (packet.get(..20)?, packet.get(header..).filter(|tcp| tcp.len() >= 20)?);
        let port = |at: usize| u16::from_be_bytes([tcp[at], tcp[at + 1]]);
        let number = |at: usize| u32::from_be_bytes([tcp[at], tcp[at + 1], tcp[at + 2], tcp[at + 3]]);
        let length = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
        let payload = length.checked_sub(header + usize::from(tcp[12] >> 4) * 4)?;
        let from = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(ip[12], ip[13], ip[14], ip[15])), port(0));
        let is_ours = ip[9] == 6 && port(2) == SERVER.port() && meets_cause(from.port());
        let (flags, seq, ack) = (tcp[13], number(4), number(8));
        is_ours.then_some(Self { from, flags, seq, ack, payload: payload as u32 })
    }

    fn is(&self, flags: u8, of: u8) -> bool {
        self.flags & of == flags
    }
}

struct Device {
    out: Socket,
    rng: Rng,
    /// Clients that met the device.
    met: HashSet<SocketAddr>,
}

impl Device {
    fn react(&mut self, mode: &str, seen: &Seen) -> io::Result<()> {
        match mode {
            "challenge" => self.challenge(seen),
            "wrong-number" => self.answer_with_wrong_number(seen),
            "inject-both" => self.inject(seen, true),
            _ => self.inject(seen, false),
        }
    }

    /// Completes a client's handshake and resets it.
    fn challenge(&mut self, seen: &Seen) -> io::Result<()> {
        if seen.from.port() > CHALLENGED {
            return Ok(());
        }
        if seen.is(SYN, SYN | ACK) {
            let (seq, ack) = (self.rng.next_u64() as u32, seen.seq.wrapping_add(1));
            return self
                .send(seen, Segment { flags: SYN | ACK, seq, ack, options: vec![TcpOption::Mss(1460)], ..ANSWER });
        }
        let is_first_ack = seen.is(ACK, ACK | RST) && self.met.insert(seen.from);
        if is_first_ack { self.send(seen, Segment { flags: RST, seq: seen.ack, window: 0, ..ANSWER }) } else { Ok(()) }
    }

    /// Answers a client's first SYN with a number that it never sent.
    fn answer_with_wrong_number(&mut self, seen: &Seen) -> io::Result<()> {
        if !seen.is(SYN, SYN | ACK) || !self.met.insert(seen.from) {
            return Ok(());
        }
        let (seq, ack) = (self.rng.next_u64() as u32, self.rng.next_u64() as u32);
        self.send(seen, Segment { flags: SYN | ACK, seq, ack, options: vec![TcpOption::Mss(1460)], ..ANSWER })
    }

    /// Resets the client at its first data, and the server in the client's name if `resets_server`, and
    /// lets the data pass.
    fn inject(&mut self, seen: &Seen, resets_server: bool) -> io::Result<()> {
        if seen.payload == 0 || !self.met.insert(seen.from) {
            return Ok(());
        }
        let ack = seen.seq.wrapping_add(seen.payload);
        let reset = |seq, ack| Segment { flags: RST | ACK, seq, ack, window: 0, ..ANSWER };
        (0..2).try_for_each(|_| self.send(seen, reset(seen.ack, ack)))?;
        let in_clients_name = reset(ack, seen.ack).packet(seen.from, SERVER);
        if resets_server { self.out.send_to(&in_clients_name, &SERVER.into()).map(drop) } else { Ok(()) }
    }

    fn send(&self, seen: &Seen, segment: Segment) -> io::Result<()> {
        self.out.send_to(&segment.packet(SERVER, seen.from), &seen.from.into()).map(drop)
    }
}

/// Fields that all answers of the device have.
const ANSWER: Segment = Segment {
    ttl: TTL,
    id: 0,
    dont_fragment: true,
    tos: 0,
    flags: 0,
    seq: 0,
    ack: 0,
    window: 8192,
    options: Vec::new(),
    payload: 0,
};
