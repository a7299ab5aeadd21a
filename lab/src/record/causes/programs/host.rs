//! A server that treats the connections of some clients badly.

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use super::super::{SERVER, meets_cause};

/// Time to make a response.
const THINK: Duration = Duration::from_millis(15);
/// A pause between two looks for a new connection.
const LOOK: Duration = Duration::from_millis(2);
/// Time for which a stalled or restarted listener works first, and then does not.
const WORKS: Duration = Duration::from_millis(2500);
const STALLS: Duration = Duration::from_secs(7);
const RESTARTS: Duration = Duration::from_millis(4000);

/// Listens on port 80 and serves as `mode` says, until the process is ended.
pub fn serve(mode: &str, backlog: i32) -> io::Result<()> {
    let listener = listen(mode, backlog)?;
    match mode {
        "stall" => {
            accept_for(&listener, mode, WORKS)?;
            thread::sleep(STALLS);
        }
        "restart" => {
            accept_for(&listener, mode, WORKS)?;
            drop(listener);
            thread::sleep(RESTARTS);
            return accept_for(&listen(mode, backlog)?, mode, Duration::MAX);
        }
        _ => {}
    }
    accept_for(&listener, mode, Duration::MAX)
}

/// Program that opens a listener with TCP_DEFER_ACCEPT of three seconds as its standard input and
/// becomes the program in its arguments. No crate of this workspace can set the option.
pub const DEFER_ACCEPT: &[&str] = &[
    "perl",
    "-MSocket",
    "-e",
    "socket(my $s, PF_INET, SOCK_STREAM, 0) or die; \
     setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1) or die; setsockopt($s, 6, 9, pack('i', 3)) or die; \
     bind($s, sockaddr_in(80, INADDR_ANY)) or die; listen($s, 128) or die; open(STDIN, '<&', $s) or die; exec @ARGV",
];

fn listen(mode: &str, backlog: i32) -> io::Result<Socket> {
    if mode == "defer" {
        let listener = Socket::from(io::stdin().as_fd().try_clone_to_owned()?);
        listener.set_nonblocking(true)?;
        return Ok(listener);
    }
    let listener = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    listener.set_reuse_address(true)?;
    listener.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::UNSPECIFIED, SERVER.port()))))?;
    listener.listen(backlog)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn accept_for(listener: &Socket, mode: &str, time: Duration) -> io::Result<()> {
    let begin = Instant::now();
    while begin.elapsed() < time {
        match listener.accept() {
            Ok((connection, peer)) => {
                connection.set_nonblocking(false)?;
                let is_bad = peer.as_socket().is_some_and(|peer| meets_cause(peer.port()));
                let mode = mode.to_owned();
                thread::spawn(move || drop(answer(connection, if is_bad { &mode } else { polite(&mode) })));
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => thread::sleep(LOOK),
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Returns how a server treats the other clients.
fn polite(mode: &str) -> &str {
    if mode == "greet" { mode } else { "http" }
}

fn answer(mut connection: Socket, mode: &str) -> io::Result<()> {
    let mut buffer = [0; 4096];
    match mode {
        "abort" => return connection.set_linger(Some(Duration::ZERO)),
        "abort-request" => {
            let _ = connection.read(&mut buffer)?;
            return connection.set_linger(Some(Duration::ZERO));
        }
        "close" => return Ok(()),
        "never" => {
            thread::sleep(Duration::from_secs(60));
            return Ok(());
        }
        "greet" => connection.write_all(b"220 lab\r\n")?,
        _ => {}
    }
    if connection.read(&mut buffer)? > 0 {
        thread::sleep(THINK);
        connection.write_all(b"HTTP/1.0 200 OK\r\n\r\n")?;
        // Two full segments and a small one.
        let size = if mode == "large" { 3000 } else { 60 };
        connection.write_all(&vec![b'x'; size])?;
    }
    connection.shutdown(Shutdown::Write)?;
    while connection.read(&mut buffer)? > 0 {}
    Ok(())
}
