//! A client that opens connections from given ports at given times.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use super::super::SERVER;

/// Behaviour of the client after its connection is open. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Sends a request at once and reads the response.
    Ask,
    /// The same after a pause.
    AskAfter(u64),
    /// Reads a greeting, then sends a request and reads the response.
    AskWhenGreeted,
    /// Sends nothing, and resets the connection after a pause.
    Reset(u64),
    /// Sends nothing, and closes the connection after a pause.
    Close(u64),
    /// Sends a request, and resets the connection after a pause.
    Abandon(u64),
    /// Sends a request, and closes the connection after a pause.
    Hold(u64),
}

/// Connections from consecutive ports at constant intervals.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Wave {
    /// First client port.
    pub port: u16,
    /// Number of connections.
    pub count: u16,
    /// Time of the first connection, in milliseconds.
    pub start: u64,
    /// Time between connections, in milliseconds.
    pub every: u64,
    /// Behaviour of the client.
    pub act: Act,
    /// Address of the client.
    pub from: Ipv4Addr,
}

/// Time for which a client waits for its connection, and for each part of a response.
const PATIENCE: Duration = Duration::from_secs(8);

/// Opens the connections of all waves. Returns how each ended.
#[must_use]
pub fn visit(waves: &[Wave]) -> Value {
    let one = |wave: Wave, n: u16| {
        thread::sleep(Duration::from_millis(wave.start + wave.every * u64::from(n)));
        let port = wave.port + n;
        let ended = connect(wave, port).map_or_else(|e| format!("{:?}", e.kind()), |()| "ok".to_owned());
        (port.to_string(), ended)
    };
    let all = waves.iter().flat_map(|&wave| (0..wave.count).map(move |n| thread::spawn(move || one(wave, n))));
    let all: Vec<_> = all.collect();
    json!(all.into_iter().filter_map(|one| one.join().ok()).collect::<BTreeMap<_, _>>())
}

fn connect(wave: Wave, port: u16) -> io::Result<()> {
    let mut socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::new(IpAddr::V4(wave.from), port).into())?;
    socket.set_read_timeout(Some(PATIENCE * 3))?;
    socket.connect_timeout(&SERVER.into(), PATIENCE)?;
    let pause = |ms| thread::sleep(Duration::from_millis(ms));
    match wave.act {
        Act::Ask => ask(&mut socket),
        Act::AskAfter(ms) => {
            pause(ms);
            ask(&mut socket)
        }
        Act::AskWhenGreeted => {
            let _ = socket.read(&mut [0; 256])?;
            ask(&mut socket)
        }
        Act::Reset(ms) => {
            pause(ms);
            socket.set_linger(Some(Duration::ZERO))
        }
        Act::Close(ms) => {
            pause(ms);
            Ok(())
        }
        Act::Abandon(ms) => {
            request(&mut socket)?;
            pause(ms);
            socket.set_linger(Some(Duration::ZERO))
        }
        Act::Hold(ms) => {
            request(&mut socket)?;
            pause(ms);
            Ok(())
        }
    }
}

fn request(socket: &mut Socket) -> io::Result<()> {
    socket.write_all(b"GET / HTTP/1.0\r\nHost: lab\r\n\r\n")
}

fn ask(socket: &mut Socket) -> io::Result<()> {
    request(socket)?;
    let mut all = Vec::new();
    socket.read_to_end(&mut all)?;
    if all.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}
