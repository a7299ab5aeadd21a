//! Builds packets from RFC 791, RFC 8200 and RFC 9293, without the engine's own reader, so that one mistake cannot be
//! in both.
#![allow(dead_code, reason = "every test binary uses its own part of this")]

use std::net::IpAddr;

use syncookie_engine::{Analyzer, Finding, Findings, Frame, Limits, Observation, Packet, Timestamp};

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const PSH: u8 = 8;
pub const ACK: u8 = 16;

/// Options a Linux client sends.
pub fn linux_options(value: u32) -> Vec<u8> {
    let mut options = vec![2, 4, 5, 180, 4, 2, 8, 10];
    options.extend(value.to_be_bytes());
    options.extend([0, 0, 0, 0, 1, 3, 3, 7]);
    options
}

/// Options of a client without timestamps.
pub const PLAIN_OPTIONS: [u8; 12] = [2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 8];
/// An MSS of 1460 and nothing else.
pub const MSS_ONLY: [u8; 4] = [2, 4, 5, 180];

/// Timestamps as they stand in segments after the handshake.
pub fn timestamps(value: u32) -> Vec<u8> {
    let mut options = vec![1, 1, 8, 10];
    options.extend(value.to_be_bytes());
    options.extend([0, 0, 0, 0]);
    options
}

/// A TCP segment with its IP header.
#[derive(Clone)]
pub struct Tcp {
    pub source: (IpAddr, u16),
    pub destination: (IpAddr, u16),
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub window: u16,
    pub options: Vec<u8>,
    pub payload: usize,
    pub ttl: u8,
    pub ip_id: u16,
}

impl Tcp {
    pub fn bytes(&self) -> Vec<u8> {
        let mut tcp = Vec::new();
        tcp.extend(self.source.1.to_be_bytes());
        tcp.extend(self.destination.1.to_be_bytes());
        tcp.extend(self.seq.to_be_bytes());
        tcp.extend(self.ack.to_be_bytes());
        tcp.push(((20 + self.options.len()) / 4 * 16) as u8);
        tcp.push(self.flags);
        tcp.extend(self.window.to_be_bytes());
        tcp.extend([0, 0, 0, 0]);
        tcp.extend(&self.options);
        tcp.extend(vec![b'x'; self.payload]);
        match (self.source.0, self.destination.0) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let mut ip = vec![0x45, 0];
                ip.extend(((20 + tcp.len()) as u16).to_be_bytes());
                ip.extend(self.ip_id.to_be_bytes());
                ip.extend([0x40, 0, self.ttl, 6, 0, 0]);
                ip.extend(source.octets());
                ip.extend(destination.octets());
                ip.extend(tcp);
                ip
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let mut ip = vec![0x60, 0, 0, 0];
                ip.extend((tcp.len() as u16).to_be_bytes());
                ip.extend([6, self.ttl]);
                ip.extend(source.octets());
                ip.extend(destination.octets());
                ip.extend(tcp);
                ip
            }
            _ => panic!("both ends of one family"),
        }
    }
}

/// Packets of one connection, in order, with times in seconds.
#[derive(Clone)]
pub struct Talk {
    pub client: (IpAddr, u16),
    pub server: (IpAddr, u16),
    pub client_isn: u32,
    pub server_isn: u32,
    pub packets: Vec<(f64, Vec<u8>)>,
}

impl Talk {
    pub fn new(client: &str, client_port: u16, server: &str, port: u16) -> Self {
        Self {
            client: (client.parse().expect("an address"), client_port),
            server: (server.parse().expect("an address"), port),
            client_isn: 1_000_000,
            server_isn: 9_000_000,
            packets: Vec::new(),
        }
    }

    fn base(&self, from_client: bool) -> Tcp {
        let (source, destination) = if from_client { (self.client, self.server) } else { (self.server, self.client) };
        let (seq, ack) = if from_client {
            (self.client_isn.wrapping_add(1), self.server_isn.wrapping_add(1))
        } else {
            (self.server_isn.wrapping_add(1), self.client_isn.wrapping_add(1))
        };
        Tcp {
            source,
            destination,
            seq,
            ack,
            flags: ACK,
            window: 502,
            options: Vec::new(),
            payload: 0,
            ttl: 64,
            ip_id: 0,
        }
    }

    pub fn client(mut self, at: f64, change: impl FnOnce(&mut Tcp)) -> Self {
        let mut tcp = self.base(true);
        change(&mut tcp);
        self.packets.push((at, tcp.bytes()));
        self
    }

    pub fn server(mut self, at: f64, change: impl FnOnce(&mut Tcp)) -> Self {
        let mut tcp = self.base(false);
        change(&mut tcp);
        self.packets.push((at, tcp.bytes()));
        self
    }

    pub fn syn(self, at: f64, options: &[u8]) -> Self {
        let isn = self.client_isn;
        self.client(at, |t| {
            (t.seq, t.ack, t.flags, t.window) = (isn, 0, SYN, 64240);
            t.options = options.to_vec();
        })
    }

    pub fn syn_ack(self, at: f64, window: u16, options: &[u8]) -> Self {
        let isn = self.server_isn;
        self.server(at, |t| {
            (t.seq, t.flags, t.window) = (isn, SYN | ACK, window);
            t.options = options.to_vec();
        })
    }

    pub fn ack(self, at: f64) -> Self {
        self.client(at, |_| {})
    }

    pub fn data(self, at: f64, bytes: usize) -> Self {
        self.client(at, |t| (t.flags, t.payload) = (PSH | ACK, bytes))
    }

    /// An ordinary exchange with a server that keeps what the client offers: SYN to the server's first data.
    pub fn ordinary(self, at: f64) -> Self {
        self.syn(at, &PLAIN_OPTIONS)
            .syn_ack(at + 0.01, 64240, &PLAIN_OPTIONS)
            .ack(at + 0.02)
            .data(at + 0.021, 100)
            .server(at + 0.03, |t| t.ack = t.ack.wrapping_add(100))
            .server(at + 0.031, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 500))
    }

    /// The user's trace: closed window, MSS only, ACK, bare reset a round trip later.
    pub fn leaked(self, at: f64) -> Self {
        self.syn(at, &PLAIN_OPTIONS)
            .syn_ack(at + 0.064, 0, &[2, 4, 5, 100])
            .ack(at + 0.065)
            .server(at + 0.13, |t| (t.ack, t.flags, t.window) = (0, RST, 0))
    }
}

/// What an analyzer makes of packets given in this order.
pub fn analyze(packets: &[(f64, Vec<u8>)]) -> Findings {
    analyze_with(packets, Limits::default())
}

pub fn analyze_with(packets: &[(f64, Vec<u8>)], limits: Limits) -> Findings {
    analyze_by(Analyzer::new(limits), packets)
}

pub fn analyze_by(mut analyzer: Analyzer, packets: &[(f64, Vec<u8>)]) -> Findings {
    for (number, (time, bytes)) in packets.iter().enumerate() {
        analyzer.push(&observation(number, *time, bytes));
    }
    analyzer.finish()
}

pub fn observation(index: usize, time: f64, bytes: &[u8]) -> Observation<'_> {
    Observation {
        frame: Frame { capture: 0, number: index as u32 + 1 },
        time: Timestamp::from_nanos((time * 1e9) as i64),
        packet: Packet::Ip(bytes),
    }
}

/// The only finding.
pub fn only(talk: &Talk) -> Finding {
    let findings = analyze(&talk.packets);
    assert_eq!(findings.handshakes.len(), 1, "{findings:#?}");
    findings.handshakes.into_iter().next().expect("one finding")
}

pub fn kinds(finding: &Finding) -> Vec<&'static str> {
    finding.assessment.evidence.iter().map(|e| e.kind.as_str()).collect()
}
