//! Connections packet by packet, and what an analyzer makes of them. `syncookie-testkit` writes the
//! packets.
#![allow(dead_code, unused_imports, reason = "every test binary uses its own part of this")]

use std::net::{IpAddr, SocketAddr};

use syncookie_engine::{
    Analyzer, Cause, CauseKind, Counter, CounterReading, Finding, Findings, Frame, Host, Limits, Observation, Packet,
    Timestamp,
};
pub use syncookie_testkit::icmp;
use syncookie_testkit::tcp::TcpOption::{Mss, Nop, SackPermitted, Timestamps, WindowScale};
pub use syncookie_testkit::tcp::{ACK, FIN, PSH, RST, SYN, Segment, TcpOption};

/// Returns the options of a Linux client with this TSval.
pub fn linux_options(tsval: u32) -> Vec<TcpOption> {
    vec![Mss(1460), SackPermitted, Timestamps(tsval, 0), Nop, WindowScale(7)]
}

/// Options of a client without timestamps.
pub const PLAIN_OPTIONS: [TcpOption; 6] = [Mss(1460), Nop, Nop, SackPermitted, Nop, WindowScale(8)];
/// An MSS of 1460 and nothing else.
pub const MSS_ONLY: [TcpOption; 1] = [Mss(1460)];

/// Returns the options of a segment after the handshake with this TSval.
pub fn timestamps(tsval: u32) -> Vec<TcpOption> {
    vec![Nop, Nop, Timestamps(tsval, 0)]
}

/// Returns an option of a SYN-ACK, with the client's TSval as TSecr.
fn echoing(option: TcpOption, tsval: Option<u32>) -> TcpOption {
    match (option, tsval) {
        (Timestamps(value, 0), Some(tsval)) => Timestamps(value, tsval),
        _ => option,
    }
}

/// Packets of one connection, in order, with times in seconds.
#[derive(Clone)]
pub struct Talk {
    pub client: SocketAddr,
    pub server: SocketAddr,
    pub client_isn: u32,
    pub server_isn: u32,
    /// TSval of the latest SYN, which the SYN-ACK echoes.
    pub tsval: Option<u32>,
    pub packets: Vec<(f64, Vec<u8>)>,
}

impl Talk {
    pub fn new(client: &str, client_port: u16, server: &str, port: u16) -> Self {
        Self {
            client: SocketAddr::new(client.parse().expect("an address"), client_port),
            server: SocketAddr::new(server.parse().expect("an address"), port),
            client_isn: 1_000_000,
            server_isn: 9_000_000,
            tsval: None,
            packets: Vec::new(),
        }
    }

    /// Returns a pure ACK after the handshake, of the client or the server.
    fn base(&self, from_client: bool) -> Segment {
        let (client, server) = (self.client_isn.wrapping_add(1), self.server_isn.wrapping_add(1));
        let (seq, ack) = if from_client { (client, server) } else { (server, client) };
        Segment { ttl: 64, dont_fragment: true, flags: ACK, seq, ack, window: 502, ..Segment::default() }
    }

    pub fn client(mut self, at: f64, change: impl FnOnce(&mut Segment)) -> Self {
        let mut segment = self.base(true);
        change(&mut segment);
        self.packets.push((at, segment.packet(self.client, self.server)));
        self
    }

    pub fn server(mut self, at: f64, change: impl FnOnce(&mut Segment)) -> Self {
        let mut segment = self.base(false);
        change(&mut segment);
        self.packets.push((at, segment.packet(self.server, self.client)));
        self
    }

    /// Adds an ICMP error about the latest packet.
    pub fn icmp(mut self, at: f64, sender: &str, error: icmp::Error) -> Self {
        let (_, quoted) = self.packets.last().expect("a packet to quote");
        let from = if quoted[0] >> 4 == 4 {
            IpAddr::from([quoted[12], quoted[13], quoted[14], quoted[15]])
        } else {
            IpAddr::from(<[u8; 16]>::try_from(&quoted[8..24]).expect("an address"))
        };
        let packet = error.packet(sender.parse().expect("an address"), from, quoted);
        self.packets.push((at, packet));
        self
    }

    pub fn syn(mut self, at: f64, options: &[TcpOption]) -> Self {
        let isn = self.client_isn;
        self.tsval = options.iter().find_map(|o| if let Timestamps(value, _) = o { Some(*value) } else { None });
        self.client(at, |t| {
            (t.seq, t.ack, t.flags, t.window) = (isn, 0, SYN, 64240);
            t.options = options.to_vec();
        })
    }

    pub fn syn_ack(self, at: f64, window: u16, options: &[TcpOption]) -> Self {
        let (isn, echo) = (self.server_isn, self.tsval);
        self.server(at, |t| {
            (t.seq, t.flags, t.window) = (isn, SYN | ACK, window);
            t.options = options.iter().map(|&option| echoing(option, echo)).collect();
        })
    }

    pub fn ack(self, at: f64) -> Self {
        self.client(at, |_| {})
    }

    pub fn data(self, at: f64, bytes: u16) -> Self {
        self.client(at, |t| (t.flags, t.payload) = (PSH | ACK, bytes))
    }

    /// Adds a handshake whose answer keeps what was offered, so it is not a cookie's.
    pub fn open(self, at: f64) -> Self {
        self.syn(at, &PLAIN_OPTIONS).syn_ack(at + 0.01, 64240, &PLAIN_OPTIONS).ack(at + 0.011)
    }

    /// Adds an exchange with a server that accepts what the client offers, from the SYN to the
    /// server's first data.
    pub fn ordinary(self, at: f64) -> Self {
        self.syn(at, &PLAIN_OPTIONS)
            .syn_ack(at + 0.01, 64240, &PLAIN_OPTIONS)
            .ack(at + 0.02)
            .data(at + 0.021, 100)
            .server(at + 0.03, |t| t.ack = t.ack.wrapping_add(100))
            .server(at + 0.031, |t| (t.ack, t.payload) = (t.ack.wrapping_add(100), 500))
    }

    /// Adds a handshake whose ACK bypassed a SYN proxy: closed window, MSS only, and a stateless
    /// reset a round trip after the ACK.
    pub fn leaked(self, at: f64) -> Self {
        self.syn(at, &PLAIN_OPTIONS)
            .syn_ack(at + 0.064, 0, &[Mss(1380)])
            .ack(at + 0.065)
            .server(at + 0.13, |t| (t.ack, t.flags, t.window) = (0, RST, 0))
    }
}

/// Returns what an analyzer finds in packets given in this order.
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

/// Returns what an analyzer finds in several connections.
pub fn analyze_all(talks: impl IntoIterator<Item = Talk>) -> Findings {
    let mut packets: Vec<_> = talks.into_iter().flat_map(|talk| talk.packets).collect();
    packets.sort_by(|a, b| a.0.total_cmp(&b.0));
    analyze(&packets)
}

/// Returns the findings of several connections, by client port.
pub fn by_port(talks: &[Talk]) -> Vec<Finding> {
    let mut findings = analyze_all(talks.iter().cloned()).handshakes;
    findings.sort_by_key(|finding| finding.client.port);
    findings
}

/// Returns an empty connection between the hosts of most tests.
pub fn talk(port: u16) -> Talk {
    Talk::new("10.0.1.2", port, "10.0.2.2", 80)
}

/// Returns the finding of the first connection, with the others around it.
pub fn first_of(talks: &[Talk]) -> Finding {
    by_port(talks).into_iter().next().expect("a finding")
}

/// Returns the most likely cause.
pub fn top(finding: &Finding) -> Option<CauseKind> {
    Cause::most_likely(&finding.causes).map(|cause| cause.kind)
}

/// Returns the finding of a connection that is the only one.
pub fn only(talk: &Talk) -> Finding {
    let findings = analyze(&talk.packets);
    assert_eq!(findings.handshakes.len(), 1, "{findings:#?}");
    findings.handshakes.into_iter().next().expect("one finding")
}

pub fn kinds(finding: &Finding) -> Vec<&'static str> {
    finding.assessment.evidence.iter().map(|e| e.kind.as_str()).collect()
}

/// Returns the cause of that kind, which must have been considered.
pub fn of(finding: &Finding, kind: CauseKind) -> &Cause {
    finding.causes.iter().find(|cause| cause.kind == kind).unwrap_or_else(|| panic!("no {kind}: {finding:#?}"))
}

/// Returns a kernel that counted: counters with their value and their increase.
pub fn host(counters: &[(Counter, u64, Option<u64>)]) -> Host {
    let counters = counters.iter().map(|&(counter, value, rose)| (counter, CounterReading { value, rose }));
    Host { counters: counters.collect(), ..Host::default() }
}
