//! The programs that run inside the namespaces: a server, clients with ordinary sockets, and
//! clients that write their own packets.

use crate::client::{Attempt, ClientStack};
use serde_json::{Value, json};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, RST, SYN};

/// Address and port of the server in every recording.
pub(in crate::record) const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 2, 2)), 80);
/// Address of the clients that write their own packets.
pub(in crate::record) const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 1, 2));

/// Listens on port 80 of every address and answers as `mode` says, until the process is ended.
pub fn serve(mode: &str, backlog: i32, size: usize) -> io::Result<()> {
    let listener = Socket::new(Domain::IPV6, Type::STREAM, Some(Protocol::TCP))?;
    listener.set_only_v6(false)?;
    listener.set_reuse_address(true)?;
    listener.bind(&SockAddr::from(SocketAddr::new("::".parse().map_err(io::Error::other)?, 80)))?;
    listener.listen(backlog)?;
    if mode == "flicker" {
        drop(listener);
        return flicker(backlog);
    }
    if mode == "noaccept" {
        loop {
            thread::sleep(Duration::from_secs(60));
        }
    }
    loop {
        let (connection, _) = listener.accept()?;
        let mode = mode.to_owned();
        thread::spawn(move || drop(answer(connection, &mode, size)));
    }
}

/// Time for which a flickering listener listens, and for which it then does not.
const FLICKER: Duration = Duration::from_millis(300);

/// Opens and closes the listener in turns.
fn flicker(backlog: i32) -> io::Result<()> {
    loop {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        listener.set_reuse_address(true)?;
        listener.bind(&SockAddr::from(SocketAddr::from(([0, 0, 0, 0], SERVER.port()))))?;
        listener.listen(backlog)?;
        thread::sleep(FLICKER);
        drop(listener);
        thread::sleep(FLICKER);
    }
}

fn answer(mut connection: Socket, mode: &str, size: usize) -> io::Result<()> {
    match mode {
        "linger" => connection.set_linger(Some(Duration::ZERO)),
        "unread" => {
            thread::sleep(Duration::from_millis(50));
            Ok(())
        }
        _ => {
            let _ = connection.read(&mut [0; 4096])?;
            connection.write_all(b"HTTP/1.0 200 OK\r\n\r\n")?;
            connection.write_all(&vec![b'x'; size])
        }
    }
}

/// Connections for [`visit`] to make.
#[derive(Clone, Copy, Debug)]
pub struct Visits {
    /// Server to connect to.
    pub to: SocketAddr,
    /// Connections in all.
    pub times: usize,
    /// Connections at the same time.
    pub at_once: usize,
    /// Pause between connections.
    pub pause: Duration,
    /// Port to connect from; 0 for any.
    pub source_port: u16,
    /// Whether to close with a reset.
    pub resets: bool,
    /// Whether to close with a reset before the request.
    pub aborts: bool,
}

/// Connects, sends a request and reads the response. Returns the number of successes and the
/// errors.
pub fn visit(visits: Visits) -> Value {
    let errors = Arc::new(Mutex::new(BTreeMap::<String, u64>::new()));
    let mut ok = 0;
    for first in (0..visits.times).step_by(visits.at_once.max(1)) {
        let count = visits.at_once.max(1).min(visits.times - first);
        let workers: Vec<_> = (0..count).map(|_| thread::spawn(move || ask(visits))).collect();
        for worker in workers {
            match worker.join() {
                Ok(Ok(())) => ok += 1,
                Ok(Err(e)) => {
                    if let Ok(mut errors) = errors.lock() {
                        *errors.entry(format!("{:?}", e.kind())).or_default() += 1;
                    }
                }
                Err(_) => {}
            }
        }
        thread::sleep(visits.pause);
    }
    let errors = errors.lock().map(|e| e.clone()).unwrap_or_default();
    json!({"ok": ok, "errors": errors})
}

fn ask(visits: Visits) -> io::Result<()> {
    let mut socket = Socket::new(Domain::for_address(visits.to), Type::STREAM, Some(Protocol::TCP))?;
    if visits.source_port > 0 {
        socket.set_reuse_address(true)?;
        let any: IpAddr = if visits.to.is_ipv6() {
            Ipv4Addr::UNSPECIFIED.to_ipv6_mapped().into()
        } else {
            Ipv4Addr::UNSPECIFIED.into()
        };
        socket.bind(&SocketAddr::new(any, visits.source_port).into())?;
    }
    socket.set_read_timeout(Some(Duration::from_secs(4)))?;
    socket.connect_timeout(&visits.to.into(), Duration::from_secs(4))?;
    if visits.aborts {
        return socket.set_linger(Some(Duration::ZERO));
    }
    socket.write_all(b"GET / HTTP/1.0\r\nHost: lab\r\n\r\n")?;
    let mut all = Vec::new();
    if visits.resets {
        // With data still unread a close is a reset; a linger of zero makes sure.
        let _ = socket.read(&mut [0; 1024])?;
        return socket.set_linger(Some(Duration::ZERO));
    }
    socket.read_to_end(&mut all)?;
    if all.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Sends SYNs from random sources in 198.18.0.0/15, at most 5000 per second and for at most 20 s.
pub fn flood(rate: u64, seconds: u64) -> io::Result<Value> {
    let (rate, seconds) = (rate.clamp(1, 5000), seconds.min(20));
    let socket = raw()?;
    let mut rng = Rng::new(SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |d| d.as_nanos() as u64));
    let (begin, mut sent) = (Instant::now(), 0u64);
    while begin.elapsed() < Duration::from_secs(seconds) {
        let source = Ipv4Addr::new(198, 18 + rng.below(2) as u8, rng.below(256) as u8, 1 + rng.below(254) as u8);
        let from = SocketAddr::new(source.into(), 1024 + rng.below(64_000) as u16);
        let mut attempt = Attempt::new(ClientStack::LINUX, from, 0x5000_0000_0000_0000, &mut rng);
        let syn = attempt.syn(0x5000_0000_0000_0000, &mut rng);
        socket.send_to(&syn.packet(from, SERVER), &SERVER.into())?;
        sent += 1;
        let due = Duration::from_secs_f64(sent as f64 / rate as f64);
        thread::sleep(due.saturating_sub(begin.elapsed()));
    }
    Ok(json!({"flood": sent}))
}

/// Acknowledges SYN-ACKs with a wrong number. Returns how many SYNs were answered and how many ACKs
/// were reset.
pub fn wrong_ack(times: usize) -> io::Result<Value> {
    let mut client = RawClient::new()?;
    let (mut answered, mut reset) = (0, 0);
    for n in 0..times {
        let Some((mut attempt, got)) = client.begin(20_000 + n as u16)? else { continue };
        answered += 1;
        client.acknowledge(&mut attempt, &got, 0x0123_4567)?;
        reset += u64::from(await_tcp(&client.receiver, attempt.from.port(), RST)?.is_some());
        thread::sleep(Duration::from_millis(60));
    }
    Ok(json!({"answered": answered, "reset": reset}))
}

/// Makes two rounds of handshakes, and acknowledges each round after all its SYNs were answered:
/// the accept queue has room while the SYNs arrive, and none when the ACKs of the second round do.
pub fn late_ack(times: usize) -> io::Result<Value> {
    let mut client = RawClient::new()?;
    let (mut answered, mut reset) = (0, 0);
    for round in 0..2 {
        let mut open = Vec::new();
        for n in 0..times {
            open.extend(client.begin(20_000 + round * 1000 + n as u16)?);
        }
        answered += open.len();
        for (attempt, got) in &mut open {
            client.acknowledge(attempt, got, 1)?;
            thread::sleep(Duration::from_millis(5));
        }
    }
    while await_tcp(&client.receiver, 0, RST)?.is_some() {
        reset += 1;
    }
    Ok(json!({"answered": answered, "reset": reset}))
}

/// Acknowledges SYN-ACKs after the listener has closed. Returns how many SYNs were answered and how
/// many ACKs were reset.
pub fn gone_ack(times: usize) -> io::Result<Value> {
    let mut client = RawClient::new()?;
    let (mut answered, mut reset, mut tried) = (0, 0, 0);
    while answered < times && tried < times * 8 {
        tried += 1;
        let Some((mut attempt, got)) = client.begin(20_000 + tried as u16)? else {
            thread::sleep(Duration::from_millis(70));
            continue;
        };
        answered += 1;
        thread::sleep(FLICKER);
        client.acknowledge(&mut attempt, &got, 1)?;
        reset += u64::from(await_tcp(&client.receiver, attempt.from.port(), RST)?.is_some());
    }
    Ok(json!({"answered": answered, "reset": reset}))
}

/// A client that writes its own packets: raw sockets and state.
pub(in crate::record) struct RawClient {
    sender: Socket,
    receiver: Socket,
    rng: Rng,
    now: u64,
}

impl RawClient {
    /// Opens the sockets.
    pub(in crate::record) fn new() -> io::Result<Self> {
        let receiver = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::TCP))?;
        receiver.set_read_timeout(Some(Duration::from_millis(300)))?;
        let rng = Rng::new(u64::from(std::process::id()));
        Ok(Self { sender: raw()?, receiver, rng, now: 0x5000_0000_0000_0000 })
    }

    /// Sends a SYN and waits for its SYN-ACK.
    pub(in crate::record) fn begin(&mut self, port: u16) -> io::Result<Option<(Attempt, Got)>> {
        let from = SocketAddr::new(CLIENT, port);
        self.now += 100_000_000;
        let mut attempt = Attempt::new(ClientStack::LINUX, from, self.now, &mut self.rng);
        let syn = attempt.syn(self.now, &mut self.rng);
        self.sender.send_to(&syn.packet(from, SERVER), &SERVER.into())?;
        Ok(await_tcp(&self.receiver, port, SYN | ACK)?.map(|got| (attempt, got)))
    }

    /// Acknowledges a SYN-ACK with the number that is `ahead` of its own.
    pub(in crate::record) fn acknowledge(&mut self, attempt: &mut Attempt, got: &Got, ahead: u32) -> io::Result<()> {
        let numbers = (attempt.isn.wrapping_add(1), got.seq.wrapping_add(ahead));
        let ack = attempt.segment(self.now + 1_000_000, numbers, got.tsval, true, &mut self.rng);
        self.sender.send_to(&ack.packet(attempt.from, SERVER), &SERVER.into()).map(drop)
    }
}

/// Opens a socket for whole IP packets.
pub(in crate::record) fn raw() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255)))?;
    socket.set_header_included_v4(true)?;
    Ok(socket)
}

/// Answer to a SYN.
pub(in crate::record) struct Got {
    seq: u32,
    tsval: Option<u32>,
}

/// Waits for a segment to a port (0: any) with these flags. Returns `None` when none arrives in 700
/// ms.
fn await_tcp(mut receiver: &Socket, port: u16, flags: u8) -> io::Result<Option<Got>> {
    let begin = Instant::now();
    let mut buffer = [0u8; 2048];
    while begin.elapsed() < Duration::from_millis(700) {
        let length = match receiver.read(&mut buffer) {
            Ok(length) => length,
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => return Ok(None),
            Err(e) => return Err(e),
        };
        let packet = &buffer[..length];
        let header = usize::from(packet.first().unwrap_or(&0) & 15) * 4;
        if let Some(tcp) = packet.get(header..).filter(|t| t.len() >= 20)
            && (port == 0 || tcp[2..4] == port.to_be_bytes())
            && tcp[13] & flags == flags
        {
            let seq = u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]);
            return Ok(Some(Got { seq, tsval: tsval(tcp) }));
        }
    }
    Ok(None)
}

fn tsval(tcp: &[u8]) -> Option<u32> {
    let mut rest = tcp.get(20..usize::from(tcp[12] >> 4) * 4)?;
    while let [kind, tail @ ..] = rest {
        match (kind, tail) {
            (1, _) => rest = tail,
            (8, [10, a, b, c, d, ..]) => return Some(u32::from_be_bytes([*a, *b, *c, *d])),
            (0, _) | (_, []) => return None,
            (_, [length, ..]) => rest = rest.get(usize::from(*length).max(2)..)?,
        }
    }
    None
}
