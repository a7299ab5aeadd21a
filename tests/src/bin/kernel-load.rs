//! Puts load on a resource of the kernel, for the tests of `syncookie kernel`.
//!
//! The process prints `ready` when the load is there, keeps it, and ends when its standard input
//! does.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["listen", at] => hold(&TcpListener::bind(at)?),
        ["hoard", at] => hoard(at),
        ["connect", to, count] => connect(to, number(count)),
        ["talk", to] => talk(to),
        ["fill", bytes] => fill(number(bytes)),
        ["datagrams", count] => datagrams(number(count)),
        ["set", path, value] => set(path, value),
        _ => Err(io::Error::other(format!("unknown work: {args:?}"))),
    }
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or(0)
}

/// Prints `ready` and keeps something until standard input ends.
fn hold<T>(_held: &T) -> io::Result<()> {
    println!("ready");
    io::stdout().flush()?;
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

/// Listens, and opens files until no descriptor is left.
fn hoard(at: &str) -> io::Result<()> {
    let listener = TcpListener::bind(at)?;
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    hold(&(listener, files))
}

/// Tries `count` connections at once, and keeps those that succeed.
fn connect(to: &str, count: usize) -> io::Result<()> {
    let to: SocketAddr = to.parse().map_err(io::Error::other)?;
    let tries: Vec<_> = (0..count)
        .map(|_| thread::spawn(move || TcpStream::connect_timeout(&to, Duration::from_millis(1500))))
        .collect();
    // Half-open ones hang: what is wanted is there long before they give up.
    thread::sleep(Duration::from_millis(300));
    hold(&tries)
}

/// Connects, and sends a byte for each line of standard input.
fn talk(to: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    println!("ready");
    io::stdout().flush()?;
    for line in io::stdin().lock().lines() {
        line?;
        stream.write_all(b"x")?;
        println!("said");
        io::stdout().flush()?;
    }
    Ok(())
}

/// Fills socket buffers with `bytes` bytes that nobody reads.
fn fill(bytes: usize) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut pairs = Vec::new();
    let mut left = bytes;
    let block = vec![0; 64 << 10];
    while left > 0 {
        let mut writer = TcpStream::connect(listener.local_addr()?)?;
        let (reader, _) = listener.accept()?;
        writer.set_write_timeout(Some(Duration::from_millis(200)))?;
        while left > 0 {
            match writer.write(&block) {
                Ok(written) => left = left.saturating_sub(written),
                // Its buffers are full: another pair.
                Err(_) => break,
            }
        }
        pairs.push((writer, reader));
    }
    hold(&pairs)
}

/// Sends a datagram to each of `count` ports, which makes an entry each in a table of connections.
fn datagrams(count: usize) -> io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    for port in (1..=u16::MAX).take(count) {
        // A closed port answers with an error to the next call.
        let _ = socket.send_to(b"x", ("127.0.0.1", port));
    }
    hold(&socket)
}

/// Changes a setting, prints its old value, and restores it when standard input ends. A lock allows
/// one change at a time.
fn set(path: &str, value: &str) -> io::Result<()> {
    let lock = File::create(std::env::temp_dir().join("syncookie-tests-setting.lock"))?;
    lock.lock()?;
    let before = std::fs::read_to_string(path)?;
    std::fs::write(path, value)?;
    println!("was {}", before.split_whitespace().collect::<Vec<_>>().join(" "));
    io::stdout().flush()?;
    let ended = io::stdin().read_to_end(&mut Vec::new());
    std::fs::write(path, before)?;
    ended.map(drop)
}
