//! The kinds of traffic.

use std::io::Result;

use crate::flow::Flow;
use crate::headers::{SYN, UDP, udp};
use crate::random::Random;
use crate::sink::Sink;

/// Connections under way at a time.
const CONCURRENT: usize = 5_000;
/// When the first packet passes: nanoseconds since 1970.
const START: u64 = 1_790_000_000_000_000_000;

/// Connections that come and go, with datagrams in between.
pub fn mixed(sink: &mut Sink, packets: u64, seed: u64, flow: impl Fn(&mut Random, u64) -> Flow) -> Result<()> {
    let mut random = Random(7 + seed);
    let mut time = START;
    let mut flows: Vec<Flow> = (0..CONCURRENT as u64).map(|serial| flow(&mut random, serial)).collect();
    let mut serial = CONCURRENT as u64;
    for _ in 0..packets {
        time += 500 + random.below(3_000);
        if random.chance(20) {
            datagram(sink, &mut random, time)?;
            continue;
        }
        let at = random.below(flows.len() as u64) as usize;
        if !flows[at].step(sink, &mut random, time)? {
            flows[at] = flow(&mut random, serial);
            serial += 1;
        }
    }
    Ok(())
}

/// One of many connections whose packets are nearly all of long ones: a connection to 200 packets, datagrams included.
pub fn long(random: &mut Random, serial: u64) -> Flow {
    let left = if random.chance(50) { 1 + random.below(6) } else { 100 + random.below(400) };
    Flow { left, ..Flow::new(random, serial) }
}

/// SYNs from everywhere to one server, which answers none.
pub fn flood(sink: &mut Sink, syns: u64, seed: u64) -> Result<()> {
    let mut random = Random(11 + seed);
    let mut time = START;
    for serial in 0..syns {
        time += 2_000 + random.below(4_000);
        let mut flow = Flow::new(&mut random, serial);
        (flow.v6, flow.vlan) = (false, false);
        flow.client = random.below(1 << 32);
        (flow.server, flow.server_port) = (1, 80);
        flow.segment(sink, time, true, SYN, 0, &[2, 4, 5, 180, 1, 1, 4, 2])?;
    }
    Ok(())
}

/// Short connections of random clients to 1000 listeners, each to its end: 5,000 begin in a second, and last one.
pub fn ordinary(sink: &mut Sink, number: u64, seed: u64) -> Result<()> {
    let mut random = Random(13 + seed);
    let mut time = START;
    let mut flows = Vec::with_capacity(CONCURRENT);
    let mut serials = 0..number;
    loop {
        while flows.len() < CONCURRENT {
            let Some(serial) = serials.next() else { break };
            flows.push(short(&mut random, serial));
        }
        if flows.is_empty() {
            return Ok(());
        }
        time += 15_000 + random.below(20_000);
        let at = random.below(flows.len() as u64) as usize;
        if !flows[at].step(sink, &mut random, time)? {
            flows.swap_remove(at);
        }
    }
}

fn short(random: &mut Random, serial: u64) -> Flow {
    let server = random.below(1_000);
    let client = random.below(1 << 32);
    Flow { left: 1, client, server, server_port: 443, v6: server.is_multiple_of(3), ..Flow::new(random, serial) }
}

fn datagram(sink: &mut Sink, random: &mut Random, time: u64) -> Result<()> {
    let mut flow = Flow::new(random, 0);
    flow.server_port = 443;
    let length = [60, 200, 1200, 1350][random.below(4) as usize];
    flow.packet(sink, time, true, UDP, &udp([flow.client_port, flow.server_port], length), length)
}
