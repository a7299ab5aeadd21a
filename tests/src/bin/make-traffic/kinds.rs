//! The kinds of traffic.

use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr};

use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, RST, SYN, Segment, TcpOption};
use syncookie_testkit::{ip, link, udp};

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

/// Writes handshakes with one listener that a SYN proxy answers and whose ACK meets a server that knows nothing: 5,000
/// begin each second, and one takes 90 ms.
pub fn proxied(writer: &mut CaptureWriter, number: u64, seed: u64) -> Result<()> {
    const PERIOD: u64 = 200_000;
    let stages = [
        (SYN, 0, 64_240, vec![TcpOption::Mss(1460), TcpOption::SackPermitted, TcpOption::WindowScale(8)]),
        (SYN | ACK, 320, 0, vec![TcpOption::Mss(1380)]),
        (ACK, 320, 64_240, Vec::new()),
        (RST, 450, 0, Vec::new()),
    ];
    for step in 0..number + 450 {
        for (stage, (flags, later, window, options)) in stages.iter().enumerate() {
            let Some(serial) = step.checked_sub(*later).filter(|serial| *serial < number) else { continue };
            let segment = Segment { flags: *flags, window: *window, options: options.clone(), ..Segment::default() };
            let time = START + step * PERIOD + stage as u64 * 1000;
            writer.frame(time, &link::ethernet(&proxied_packet(segment, serial, seed)), 0)?;
        }
    }
    Ok(())
}

/// Returns a segment of a handshake as a packet, with its addresses and sequence numbers.
fn proxied_packet(segment: Segment, serial: u64, seed: u64) -> Vec<u8> {
    let mut rng = Rng::with_state(17 + seed + serial);
    let host = rng.remainder(60_000) as u16;
    let client = Ipv4Addr::from(0x0a00_0000 | u32::from(host));
    let isn = [rng.next_u64() as u32, rng.next_u64() as u32].map(|isn| isn & 0x7fff_ffff);
    let client = SocketAddr::new(client.into(), 1024 + (serial % 60_000) as u16);
    let server = SocketAddr::new(Ipv4Addr::new(192, 0, 2, 1).into(), 443);
    let is_of_client = segment.flags == SYN || segment.flags == ACK;
    let (own, other) = if is_of_client { (0, 1) } else { (1, 0) };
    let seq = isn[own] + u32::from(segment.flags & SYN == 0);
    let ack = if segment.flags & ACK == 0 { 0 } else { isn[other] + 1 };
    let ttl = if is_of_client { 120 } else { 57 };
    let segment = Segment { ttl, id: serial as u16, dont_fragment: true, seq, ack, ..segment };
    if is_of_client { segment.packet(client, server) } else { segment.packet(server, client) }
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
