//! Makes big captures of made-up traffic to measure on; `script/bench` runs it.
//!
//! `make-traffic full|headers|flood|connections pcap|pcapng NUMBER FILE`: NUMBER packets (of connections and their data),
//! SYNs (a flood) or connections. The same arguments always give the same bytes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Result, Write};

/// Bytes of a frame that are kept with `headers`.
const SNAP: usize = 96;
/// Connections under way at a time.
const CONCURRENT: usize = 5_000;
const SERVERS: u64 = 200;
const CLIENTS: u64 = 30_000;

const FIN: u8 = 1;
const SYN: u8 = 2;
const ACK: u8 = 16;
const PSH: u8 = 8;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, format, number, path] = arguments.as_slice() else { usage() };
    let (Ok(number), true) = (number.parse(), ["pcap", "pcapng"].contains(&format.as_str())) else { usage() };
    if let Err(error) = make(kind, format == "pcapng", number, path) {
        eprintln!("make-traffic: {path}: {error}");
        std::process::exit(1);
    }
}

fn usage() -> ! {
    eprintln!("usage: make-traffic full|headers|flood|connections pcap|pcapng NUMBER FILE");
    std::process::exit(1)
}

fn make(kind: &str, pcapng: bool, number: u64, path: &str) -> Result<()> {
    let snap = if kind == "full" { usize::from(u16::MAX) } else { SNAP };
    let mut sink = Sink::new(File::create(path)?, pcapng, snap)?;
    match kind {
        "full" | "headers" => mixed(&mut sink, number)?,
        "flood" => flood(&mut sink, number)?,
        "connections" => connections(&mut sink, number)?,
        _ => usage(),
    }
    sink.output.flush()
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Connections that come and go, with datagrams in between.
fn mixed(sink: &mut Sink, packets: u64) -> Result<()> {
    let mut random = Random(7);
    let mut time = 1_790_000_000_000_000_000;
    let mut flows: Vec<Flow> = (0..CONCURRENT as u64).map(|serial| Flow::new(&mut random, serial)).collect();
    let mut serial = CONCURRENT as u64;
    for _ in 0..packets {
        time += 500 + random.below(3_000);
        if random.chance(20) {
            datagram(sink, &mut random, time)?;
            continue;
        }
        let at = random.below(flows.len() as u64) as usize;
        if !flows[at].step(sink, &mut random, time)? {
            flows[at] = Flow::new(&mut random, serial);
            serial += 1;
        }
    }
    Ok(())
}

/// SYNs from everywhere to one server, which answers none.
fn flood(sink: &mut Sink, syns: u64) -> Result<()> {
    let mut random = Random(11);
    let mut time = 1_790_000_000_000_000_000;
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

/// Short connections, one after another.
fn connections(sink: &mut Sink, number: u64) -> Result<()> {
    let mut random = Random(13);
    let mut time = 1_790_000_000_000_000_000;
    let mut flows: VecDeque<Flow> = VecDeque::new();
    for serial in 0..number {
        let mut flow = Flow::new(&mut random, serial);
        flow.left = 1;
        flows.push_back(flow);
        while flows.len() > 64 {
            let mut flow = flows.pop_front().unwrap_or_else(|| unreachable!("there are more than 64"));
            time += 1_000 + random.below(2_000);
            if flow.step(sink, &mut random, time)? {
                flows.push_back(flow);
            }
        }
    }
    Ok(())
}

fn datagram(sink: &mut Sink, random: &mut Random, time: u64) -> Result<()> {
    let mut flow = Flow::new(random, 0);
    flow.server_port = 443;
    let length = [60, 200, 1200, 1350][random.below(4) as usize];
    let mut udp = Vec::with_capacity(8);
    udp.extend(flow.client_port.to_be_bytes());
    udp.extend(flow.server_port.to_be_bytes());
    udp.extend((8 + length as u16).to_be_bytes());
    udp.extend([0, 0]);
    flow.packet(sink, time, true, 17, &udp, length)
}

/// One connection: who, how far it is, how much is left.
struct Flow {
    v6: bool,
    vlan: bool,
    stamped: bool,
    client: u64,
    server: u64,
    client_port: u16,
    server_port: u16,
    isn: [u32; 2],
    sent: [u32; 2],
    stage: u8,
    /// Segments of data left.
    left: u64,
    uplink: bool,
    mss: usize,
}

impl Flow {
    fn new(random: &mut Random, serial: u64) -> Self {
        // Most connections are short, and most packets belong to long ones.
        let left = match random.below(100) {
            0..60 => 1 + random.below(6),
            60..96 => 5 + random.below(25),
            _ => 100 + random.below(1_500),
        };
        Self {
            v6: random.chance(35),
            vlan: random.chance(20),
            stamped: random.chance(70),
            client: random.below(CLIENTS),
            server: random.below(SERVERS),
            client_port: 1024 + (serial % 60_000) as u16,
            server_port: [80, 443, 443, 443, 22, 5432][random.below(6) as usize],
            isn: [random.draw() as u32, random.draw() as u32],
            sent: [0; 2],
            stage: 0,
            left,
            uplink: random.chance(15),
            mss: [1448, 1448, 1380, 1220][random.below(4) as usize],
        }
    }

    /// Sends the next segment; `false` when there is none left.
    fn step(&mut self, sink: &mut Sink, random: &mut Random, time: u64) -> Result<bool> {
        self.stage += u8::from(self.stage < 4 || self.left == 0);
        match self.stage {
            1 => self.opening(sink, time, true, SYN)?,
            2 => self.opening(sink, time, false, SYN | ACK)?,
            3 => self.segment(sink, time, true, ACK, 0, &[])?,
            4 if self.sent[0] == 0 => self.segment(sink, time, true, ACK | PSH, 200, &[])?,
            4 => {
                self.left -= 1;
                let acknowledges = random.chance(25);
                let length = if acknowledges { 0 } else { self.mss };
                self.segment(sink, time, self.uplink != acknowledges, ACK, length, &[])?;
            }
            5 => self.segment(sink, time, false, ACK | PSH, 120, &[])?,
            6 => self.segment(sink, time, true, ACK | FIN, 0, &[])?,
            7 => self.segment(sink, time, false, ACK | FIN, 0, &[])?,
            _ => {
                self.segment(sink, time, true, ACK, 0, &[])?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn opening(&mut self, sink: &mut Sink, time: u64, up: bool, flags: u8) -> Result<()> {
        let mut options = vec![2, 4, 5, 180];
        options.extend(if self.stamped { [4, 2] } else { [1, 1] });
        if self.stamped {
            options.extend(self.timestamps(time, up));
        } else {
            options.extend([4, 2]);
        }
        options.extend([1, 3, 3, 7]);
        self.segment(sink, time, up, flags, 0, &options)
    }

    /// The option, from clocks of 1000 Hz.
    fn timestamps(&self, time: u64, up: bool) -> [u8; 10] {
        let clock = |end: u64| ((time / 1_000_000) as u32).wrapping_add((end as u32).wrapping_mul(0x9e37_79b9));
        let (own, other) = if up { (self.client, self.server) } else { (self.server, self.client) };
        let mut option = [8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
        option[2..6].copy_from_slice(&clock(own).to_be_bytes());
        option[6..].copy_from_slice(&clock(other).to_be_bytes());
        option
    }

    fn segment(
        &mut self,
        sink: &mut Sink,
        time: u64,
        up: bool,
        flags: u8,
        length: usize,
        options: &[u8],
    ) -> Result<()> {
        let mut later = Vec::new();
        if self.stamped && options.is_empty() {
            later.extend([1, 1]);
            later.extend(self.timestamps(time, up));
        }
        let options = if options.is_empty() { &later } else { options };
        let (own, other) = (usize::from(!up), usize::from(up));
        let (source, destination) =
            if up { (self.client_port, self.server_port) } else { (self.server_port, self.client_port) };
        let seq = self.isn[own].wrapping_add(self.sent[own]);
        let ack = if flags & ACK == 0 { 0 } else { self.isn[other].wrapping_add(self.sent[other]) };
        let mut tcp = Vec::with_capacity(60);
        tcp.extend(source.to_be_bytes());
        tcp.extend(destination.to_be_bytes());
        tcp.extend(seq.to_be_bytes());
        tcp.extend(ack.to_be_bytes());
        tcp.extend([(((20 + options.len()) / 4) << 4) as u8, flags]);
        tcp.extend(if flags & SYN == 0 { 501_u16 } else { 64_240 }.to_be_bytes());
        tcp.extend([0, 0, 0, 0]);
        tcp.extend(options);
        self.sent[own] = self.sent[own].wrapping_add(length as u32 + u32::from(flags & (SYN | FIN) != 0));
        self.packet(sink, time, up, 6, &tcp, length)
    }

    fn packet(&self, sink: &mut Sink, time: u64, up: bool, protocol: u8, header: &[u8], payload: usize) -> Result<()> {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        if self.vlan {
            frame.extend([0x81, 0, 0, 7]);
        }
        frame.extend(if self.v6 { [0x86, 0xdd] } else { [8, 0] });
        let length = (header.len() + payload) as u16;
        let (source, destination) = if up { (self.client, self.server) } else { (self.server, self.client) };
        if self.v6 {
            frame.extend([0x60, 0, 0, 0]);
            frame.extend(length.to_be_bytes());
            frame.extend([protocol, 60]);
            frame.extend(v6(source, up));
            frame.extend(v6(destination, !up));
        } else {
            frame.extend([0x45, 0]);
            frame.extend((length + 20).to_be_bytes());
            frame.extend(((time / 1_000) as u16).to_be_bytes());
            frame.extend([0x40, 0, 60, protocol, 0, 0]);
            frame.extend(v4(source, up));
            frame.extend(v4(destination, !up));
        }
        frame.extend(header);
        sink.frame(time, &frame, payload)
    }
}

/// Clients in one network, servers in another.
fn v4(host: u64, is_client: bool) -> [u8; 4] {
    if is_client { (0x1000_0000_u32 ^ host as u32).to_be_bytes() } else { (0xc612_0000 | host as u32).to_be_bytes() }
}

fn v6(host: u64, is_client: bool) -> [u8; 16] {
    let mut address = [0x20, 1, 0xd, 0xb8, 0, u8::from(is_client), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    address[8..].copy_from_slice(&host.to_be_bytes());
    address
}

/// A capture being written.
struct Sink {
    output: BufWriter<File>,
    pcapng: bool,
    snap: usize,
    padding: Vec<u8>,
}

impl Sink {
    fn new(file: File, pcapng: bool, snap: usize) -> Result<Self> {
        let mut output = BufWriter::with_capacity(1 << 20, file);
        if pcapng {
            let words: [u32; 7] = [0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28];
            // Ethernet, and times in nanoseconds (if_tsresol 9).
            let interface: [u32; 8] = [1, 32, 1, snap as u32, 9 | 1 << 16, 9, 0, 32];
            words.into_iter().chain(interface).try_for_each(|word| output.write_all(&word.to_le_bytes()))?;
        } else {
            let words: [u32; 6] = [0xa1b2_3c4d, 2 | 4 << 16, 0, 0, snap as u32, 1];
            words.into_iter().try_for_each(|word| output.write_all(&word.to_le_bytes()))?;
        }
        Ok(Self { output, pcapng, snap, padding: (0..2048_u32).map(|i| (i * 131) as u8).collect() })
    }

    /// Headers, and so many bytes of payload behind them.
    fn frame(&mut self, time: u64, headers: &[u8], payload: usize) -> Result<()> {
        let original = headers.len() + payload;
        let kept = original.min(self.snap);
        let bytes = &headers[..headers.len().min(kept)];
        let mut words = if self.pcapng {
            let length = 32 + kept.next_multiple_of(4) as u32;
            vec![6, length, 0, (time >> 32) as u32, time as u32, kept as u32, original as u32]
        } else {
            vec![(time / 1_000_000_000) as u32, (time % 1_000_000_000) as u32, kept as u32, original as u32]
        };
        words.drain(..).try_for_each(|word| self.output.write_all(&word.to_le_bytes()))?;
        self.output.write_all(bytes)?;
        let rest = kept - bytes.len() + if self.pcapng { kept.next_multiple_of(4) - kept } else { 0 };
        self.output.write_all(&self.padding[..rest])?;
        if self.pcapng {
            self.output.write_all(&(32 + kept.next_multiple_of(4) as u32).to_le_bytes())?;
        }
        Ok(())
    }
}
