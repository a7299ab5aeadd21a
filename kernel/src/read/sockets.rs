//! `ss` and `netstat -an`: a socket on each line.

use std::net::IpAddr;

use super::{LineParser, decimal};
use crate::facts::{Facts, Listener, LocalAddress};

/// Parser of lists of sockets.
#[derive(Default)]
pub struct Sockets {
    /// Whether the rows have no state, as those of `ss state listening`.
    is_stateless: bool,
    /// Whether the last row was that of a listener.
    is_listener_last: bool,
}

impl LineParser for Sockets {
    fn format(&self) -> &'static str {
        "ss or netstat -an"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if line.contains("Recv-Q") && line.contains("Send-Q") {
            let first = line.split_whitespace().next();
            self.is_stateless = first == Some("Recv-Q");
            return true;
        }
        if line.starts_with("Active Internet connections") {
            return true;
        }
        if line.starts_with([' ', '\t']) && line.contains("skmem:(") {
            self.drops(line, facts);
            return true;
        }
        let Some(row) = Row::parse(line, self.is_stateless) else { return false };
        self.is_listener_last = row.state == "LISTEN";
        row.add(line, facts);
        if self.is_listener_last {
            self.drops(line, facts);
        }
        true
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

impl Sockets {
    /// Adds the number of drops in `skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d3)` to the listener
    /// above.
    fn drops(&self, line: &str, facts: &mut Facts) {
        let Some((_, memory)) = line.split_once("skmem:(") else { return };
        let parts = memory.split(')').next().unwrap_or_default().split(',');
        let drops = parts.filter_map(|part| decimal(part.strip_prefix('d')?)).next_back();
        if let (true, Some(listener)) = (self.is_listener_last, facts.listeners.last_mut()) {
            listener.drops = drops;
        }
    }
}

/// Row of a socket.
struct Row<'a> {
    state: &'static str,
    /// `Recv-Q`.
    received: u64,
    /// `Send-Q`.
    sent: u64,
    local: LocalAddress,
    peer: &'a str,
    is_netstat: bool,
}

impl<'a> Row<'a> {
    /// Parses a row of either program.
    fn parse(line: &'a str, is_stateless: bool) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().take(8).collect();
        let is_tcp = |word: &str| matches!(word, "tcp" | "tcp4" | "tcp6");
        let (state, at, is_netstat) = match words.as_slice() {
            [tcp, state, ..] if is_tcp(tcp) && state_of(state).is_some() => (state_of(state)?, 2, false),
            [tcp, _, _, _, _, state, ..] if is_tcp(tcp) => (state_of(state)?, 1, true),
            [state, ..] if state_of(state).is_some() => (state_of(state)?, 1, false),
            [received, ..] if is_stateless && decimal(received).is_some() => ("", 0, false),
            _ => return None,
        };
        let (received, sent) = (decimal(words.get(at)?)?, decimal(words.get(at + 1)?)?);
        let local = parse_local_address(words.get(at + 2)?)?;
        let peer = words.get(at + 3)?;
        let state = if state.is_empty() && peer.ends_with(":*") { "LISTEN" } else { state };
        Some(Self { state, received, sent, local, peer, is_netstat })
    }

    /// Adds the socket of the row.
    fn add(self, line: &str, facts: &mut Facts) {
        facts.has_connections |= self.state != "LISTEN";
        match self.state {
            "LISTEN" => facts.add_listener(Listener {
                local: self.local,
                accept_queue: self.received,
                backlog: (!self.is_netstat).then_some(self.sent),
                drops: None,
                holders: holders(line),
                inode: line.split_whitespace().find_map(|word| decimal(word.strip_prefix("ino:")?)),
            }),
            "SYN-RECV" => facts.add_half_open(self.local, 1),
            _ => {
                // The client has the higher port, as a rule.
                let peer = parse_local_address(self.peer).and_then(|peer| Some((peer.address?, peer.port)));
                if let Some((address, port)) = peer.filter(|(_, port)| self.local.port > *port) {
                    facts.add_destination(address, port, 1);
                }
            }
        }
    }
}

/// Returns a state in the spelling of `ss`, which has hyphens where `netstat` has underscores; all
/// states but LISTEN and SYN-RECV are `other`.
fn state_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "LISTEN" => "LISTEN",
        "SYN-RECV" | "SYN_RECV" => "SYN-RECV",
        "ESTAB" | "ESTABLISHED" | "SYN-SENT" | "SYN_SENT" | "FIN-WAIT-1" | "FIN_WAIT1" | "FIN-WAIT-2" | "FIN_WAIT2"
        | "TIME-WAIT" | "TIME_WAIT" | "CLOSE-WAIT" | "CLOSE_WAIT" | "LAST-ACK" | "LAST_ACK" | "CLOSING" => "other",
        _ => return None,
    })
}

/// Parses `0.0.0.0:80`, `*:80`, `[::]:80`, `:::80`, `127.0.0.53%lo:53`, `[fe80::1]%eth0:80`,
/// `*:http`.
pub(crate) fn parse_local_address(text: &str) -> Option<LocalAddress> {
    let (address, port) = text.rsplit_once(':')?;
    let port = decimal(port).and_then(|port| u16::try_from(port).ok()).or_else(|| service(port))?;
    let (address, interface) = match address.split_once('%') {
        Some((address, interface)) => (address, Some(interface.chars().take(64).collect())),
        None => (address, None),
    };
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let address = match address {
        "*" => None,
        text => Some(text.parse::<IpAddr>().ok()?),
    };
    Some(LocalAddress { address, interface, port })
}

/// Returns the port of a service by its name in `/etc/services`, which is printed without `-n`.
fn service(name: &str) -> Option<u16> {
    Some(match name {
        "ftp" => 21,
        "ssh" => 22,
        "telnet" => 23,
        "smtp" => 25,
        "domain" => 53,
        "http" => 80,
        "pop3" => 110,
        "sunrpc" => 111,
        "imap2" | "imap" => 143,
        "ldap" => 389,
        "https" => 443,
        "submission" => 587,
        "ldaps" => 636,
        "imaps" => 993,
        "mysql" => 3306,
        "postgresql" => 5432,
        "http-alt" | "webcache" => 8080,
        _ => return None,
    })
}

/// Parses names and process ids in `users:(("nginx",pid=1,fd=6),("nginx",pid=2,fd=6))`, or as older
/// versions print it, `users:(("nginx",1,6))`, or as `netstat` prints it, `1/nginx`.
fn holders(line: &str) -> Vec<(String, u32)> {
    let Some((_, users)) = line.split_once("users:((") else {
        let last = line.split_whitespace().nth(6).and_then(|word| word.split_once('/'));
        let holder = last.and_then(|(pid, name)| Some((name.to_owned(), pid.parse().ok()?)));
        return holder.into_iter().collect();
    };
    let mut found = Vec::new();
    for user in users.split("),(").take(1024) {
        let Some((name, rest)) = user.trim_start_matches(['(', '"']).split_once('"') else { continue };
        let pid = rest.trim_start_matches(',').split(',').next().unwrap_or_default();
        if let Ok(pid) = pid.trim_start_matches("pid=").parse() {
            found.push((name.to_owned(), pid));
        }
    }
    found
}
