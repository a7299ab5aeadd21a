//! A client that writes its own packets, from the ports that meet the cause.

use crate::client::{Attempt, ClientStack};
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::TcpOption;

use super::super::super::agent::{CLIENT, RawClient, raw};
use super::super::{FIRST_BAD, SERVER};

/// Times of a SYN and its retransmissions, in milliseconds.
const SYNS: [u64; 3] = [0, 1000, 3000];
/// Time between two connections, in milliseconds.
const EVERY: u64 = 120;

/// Sends the packets that `mode` names.
pub fn forge(mode: &str, times: u16, hold: Duration) -> io::Result<Value> {
    match mode {
        "hold" => hold_acks(times, hold),
        "old-timestamps" => old_timestamps(times),
        _ => scan(times),
    }
}

/// Opens connections, and acknowledges the SYN-ACKs only after a time. Returns how many SYNs were
/// answered.
fn hold_acks(times: u16, hold: Duration) -> io::Result<Value> {
    let mut client = RawClient::new()?;
    let mut open = Vec::new();
    for n in 0..times {
        open.extend(client.begin(FIRST_BAD + n)?);
    }
    thread::sleep(hold);
    for (attempt, got) in &mut open {
        client.acknowledge(attempt, got, 1)?;
        thread::sleep(Duration::from_millis(20));
    }
    Ok(json!({"answered": open.len()}))
}

/// Sends SYNs of a host whose clock is far behind, as another client behind the same address.
fn old_timestamps(times: u16) -> io::Result<Value> {
    send_syns(times, &SYNS, |options| {
        for option in options {
            if let TcpOption::Timestamps(value, _) = option {
                *value = 1000 + (*value & 0xfff);
            }
        }
    })
}

/// Sends SYNs as scanners do; the kernel resets the SYN-ACKs.
fn scan(times: u16) -> io::Result<Value> {
    send_syns(times, &SYNS[..1], |options| options.retain(|option| matches!(option, TcpOption::Mss(_))))
}

fn send_syns(times: u16, at: &[u64], change: impl Fn(&mut Vec<TcpOption>)) -> io::Result<Value> {
    let (out, mut rng) = (raw()?, Rng::new(11));
    let mut due = Vec::new();
    for n in 0..times {
        let from = SocketAddr::new(CLIENT, FIRST_BAD + n);
        let now = 0x5000_0000_0000_0000;
        let mut syn = Attempt::new(ClientStack::LINUX, from, now, &mut rng).syn(now, &mut rng);
        change(&mut syn.options);
        due.extend(at.iter().map(|at| (at + EVERY * u64::from(n), syn.packet(from, SERVER))));
    }
    due.sort_by_key(|(at, _)| *at);
    let begin = Instant::now();
    for (at, packet) in &due {
        thread::sleep(Duration::from_millis(*at).saturating_sub(begin.elapsed()));
        out.send_to(packet, &SERVER.into())?;
    }
    Ok(json!({"sent": due.len()}))
}
