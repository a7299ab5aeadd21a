//! The kinds of traffic.

use std::io::Result;

use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{SYN, TcpOption};
use syncookie_testkit::{ip, udp};

use crate::flow::Flow;
use crate::writer::CaptureWriter;

/// Connections open at the same time.
const CONCURRENT: usize = 5_000;
/// Time before the first packet, in nanoseconds since 1970.
const START: u64 = 1_790_000_000_000_000_000;

/// Writes connections that open and close, with datagrams in between.
pub fn mixed(writer: &mut CaptureWriter, packets: u64, seed: u64, flow: impl Fn(&mut Rng, u64) -> Flow) -> Result<()> {
    let mut rng = Rng::with_state(7 + seed);
    let mut time = START;
    let mut flows: Vec<Flow> = (0..CONCURRENT as u64).map(|serial| flow(&mut rng, serial)).collect();
    let mut serial = CONCURRENT as u64;
    for _ in 0..packets {
        time += 500 + rng.remainder(3_000);
        if rng.remainder(100) < 20 {
            datagram(writer, &mut rng, time)?;
            continue;
        }
        let at = rng.remainder(flows.len() as u64) as usize;
        if !flows[at].step(writer, &mut rng, time)? {
            flows[at] = flow(&mut rng, serial);
            serial += 1;
        }
    }
    Ok(())
}

/// Creates a connection of traffic that consists mostly of long ones: one connection for about 200 packets, datagrams
/// included.
pub fn long(rng: &mut Rng, serial: u64) -> Flow {
    let left = if rng.remainder(100) < 50 { 1 + rng.remainder(6) } else { 100 + rng.remainder(400) };
    Flow { left, ..Flow::new(rng, serial) }
}

/// Writes SYNs of random clients to one server, which answers none of them.
pub fn flood(writer: &mut CaptureWriter, syns: u64, seed: u64) -> Result<()> {
    let mut rng = Rng::with_state(11 + seed);
    let mut time = START;
    let options = [TcpOption::Mss(1460), TcpOption::Nop, TcpOption::Nop, TcpOption::SackPermitted];
    for serial in 0..syns {
        time += 2_000 + rng.remainder(4_000);
        let mut flow = Flow::new(&mut rng, serial);
        (flow.v6, flow.vlan) = (false, false);
        flow.client = rng.remainder(1 << 32);
        (flow.server, flow.server_port) = (1, 80);
        flow.segment(writer, time, true, SYN, 0, &options)?;
    }
    Ok(())
}

/// Writes short, complete connections of random clients to 1000 listeners: 5,000 begin each second and last a second.
pub fn ordinary(writer: &mut CaptureWriter, number: u64, seed: u64) -> Result<()> {
    let mut rng = Rng::with_state(13 + seed);
    let mut time = START;
    let mut flows = Vec::with_capacity(CONCURRENT);
    let mut serials = 0..number;
    loop {
        while flows.len() < CONCURRENT {
            let Some(serial) = serials.next() else { break };
            flows.push(short(&mut rng, serial));
        }
        if flows.is_empty() {
            return Ok(());
        }
        time += 15_000 + rng.remainder(20_000);
        let at = rng.remainder(flows.len() as u64) as usize;
        if !flows[at].step(writer, &mut rng, time)? {
            flows.swap_remove(at);
        }
    }
}

fn short(rng: &mut Rng, serial: u64) -> Flow {
    let server = rng.remainder(1_000);
    let client = rng.remainder(1 << 32);
    Flow { left: 1, client, server, server_port: 443, v6: server.is_multiple_of(3), ..Flow::new(rng, serial) }
}

fn datagram(writer: &mut CaptureWriter, rng: &mut Rng, time: u64) -> Result<()> {
    let mut flow = Flow::new(rng, 0);
    flow.server_port = 443;
    let length = [60, 200, 1200, 1350][rng.remainder(4) as usize];
    flow.packet(writer, time, true, ip::UDP, &udp::header([flow.client_port, flow.server_port], length), length)
}
