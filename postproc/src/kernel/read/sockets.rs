//! `ss` and `netstat -an`: a socket on a line.

use std::net::IpAddr;

use super::{Form, number};
use crate::kernel::facts::{Facts, Listener, Local};

/// The forms.
#[derive(Default)]
pub struct Sockets {
    /// Rows have no state: `ss state listening`.
    is_stateless: bool,
    is_listener_last: bool,
}

impl Form for Sockets {
    fn name(&self) -> &'static str {
        "ss or netstat -an"
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
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
        let Some(row) = Row::of(line, self.is_stateless) else { return false };
        self.is_listener_last = row.state == "LISTEN";
        row.add(line, facts);
        if self.is_listener_last {
            self.drops(line, facts);
        }
        true
    }

    fn leave(&mut self) {
        *self = Self::default();
    }
}

impl Sockets {
    /// `skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d3)`: what was dropped at the listener before it.
    fn drops(&self, line: &str, facts: &mut Facts) {
        let Some((_, memory)) = line.split_once("skmem:(") else { return };
        let parts = memory.split(')').next().unwrap_or_default().split(',');
        let drops = parts.filter_map(|part| number(part.strip_prefix('d')?)).next_back();
        if let (true, Some(listener)) = (self.is_listener_last, facts.listeners.last_mut()) {
            listener.drops = drops;
        }
    }
}

/// One socket.
struct Row<'a> {
    state: &'static str,
    received: u64,
    sent: u64,
    local: Local,
    peer: &'a str,
    is_netstat: bool,
}

impl<'a> Row<'a> {
    fn of(line: &'a str, is_stateless: bool) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().take(8).collect();
        let is_tcp = |word: &str| matches!(word, "tcp" | "tcp4" | "tcp6");
        let (state, at, is_netstat) = match words.as_slice() {
            [tcp, state, ..] if is_tcp(tcp) && state_of(state).is_some() => (state_of(state)?, 2, false),
            [tcp, _, _, _, _, state, ..] if is_tcp(tcp) => (state_of(state)?, 1, true),
            [state, ..] if state_of(state).is_some() => (state_of(state)?, 1, false),
            [received, ..] if is_stateless && number(received).is_some() => ("", 0, false),
            _ => return None,
        };
        let (received, sent) = (number(words.get(at)?)?, number(words.get(at + 1)?)?);
        let local = local(words.get(at + 2)?)?;
        let peer = words.get(at + 3)?;
        let state = if state.is_empty() && peer.ends_with(":*") { "LISTEN" } else { state };
        Some(Self { state, received, sent, local, peer, is_netstat })
    }

    fn add(self, line: &str, facts: &mut Facts) {
        match self.state {
            "LISTEN" => facts.add_listener(Listener {
                local: self.local,
                accept_queue: self.received,
                backlog: (!self.is_netstat).then_some(self.sent),
                drops: None,
                holders: holders(line),
                inode: line.split_whitespace().find_map(|word| number(word.strip_prefix("ino:")?)),
            }),
            "SYN-RECV" => facts.add_half_open(self.local, 1),
            _ => {
                // Who connected has the higher port, as a rule: services have the lower ones.
                let peer = local(self.peer).and_then(|peer| Some((peer.address?, peer.port)));
                if let Some((address, port)) = peer.filter(|(_, port)| self.local.port > *port) {
                    facts.add_towards(address, port, 1);
                }
            }
        }
    }
}

/// States in one spelling: `ss` writes hyphens, `netstat` underscores.
fn state_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "LISTEN" => "LISTEN",
        "SYN-RECV" | "SYN_RECV" => "SYN-RECV",
        "ESTAB" | "ESTABLISHED" | "SYN-SENT" | "SYN_SENT" | "FIN-WAIT-1" | "FIN_WAIT1" | "FIN-WAIT-2" | "FIN_WAIT2"
        | "TIME-WAIT" | "TIME_WAIT" | "CLOSE-WAIT" | "CLOSE_WAIT" | "LAST-ACK" | "LAST_ACK" | "CLOSING" => "other",
        _ => return None,
    })
}

/// `0.0.0.0:80`, `*:80`, `[::]:80`, `:::80`, `127.0.0.53%lo:53`, `[fe80::1]%eth0:80`, `*:http`.
pub fn local(text: &str) -> Option<Local> {
    let (address, port) = text.rsplit_once(':')?;
    let port = number(port).and_then(|port| u16::try_from(port).ok()).or_else(|| service(port))?;
    let (address, interface) = match address.split_once('%') {
        Some((address, interface)) => (address, Some(interface.chars().take(64).collect())),
        None => (address, None),
    };
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let address = match address {
        "*" => None,
        text => Some(text.parse::<IpAddr>().ok()?),
    };
    Some(Local { address, interface, port })
}

/// Without `-n` the ports have names; these are the usual ones.
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

/// `users:(("nginx",pid=1,fd=6),("nginx",pid=2,fd=6))`, and as older versions write it, `(("nginx",1,6))`; or
/// netstat's `1/nginx`.
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
