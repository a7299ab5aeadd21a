//! A site: the tap, the addresses, the time and the randomness of a capture in the making.

use crate::answer::Answerer;
use crate::capture::{Capture, MILLI, Nanos, SECOND, Tap};
use crate::client::{Attempt, ClientStack};
use crate::clock::EPOCH;
use crate::converse::converse;
use crate::path::Path;
use crate::plan::Plan;
use crate::truth::Truth;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use syncookie_testkit::rng::Rng;

/// A capture point and what happens there.
#[derive(Debug)]
pub struct Site {
    /// Collects the packets.
    pub tap: Tap,
    /// Source of randomness.
    pub rng: Rng,
    /// Current time.
    pub now: Nanos,
    next_port: u16,
}

impl Site {
    /// Creates a site without traffic.
    #[must_use]
    pub fn new(mut rng: Rng) -> Self {
        let now = EPOCH + rng.below(3_000_000) * SECOND + rng.below(SECOND);
        let next_port = rng.between(32_768, 50_000) as u16;
        Self { tap: Tap::default(), rng, now, next_port }
    }

    /// Returns the address of the usual client.
    #[must_use]
    pub fn client(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 1, 2))
    }

    /// Returns the address and port of the usual server.
    #[must_use]
    pub fn server(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 2, 2)), 80)
    }

    /// Returns the next client port.
    pub fn port(&mut self) -> u16 {
        self.next_port = if self.next_port >= 60_990 { 1_100 } else { self.next_port + 1 };
        self.next_port
    }

    /// Returns a random public address.
    pub fn stranger(&mut self) -> IpAddr {
        let [_, b, c, d] = self.rng.next_u32().to_be_bytes();
        let first = self.rng.pick(&[5, 23, 31, 45, 62, 77, 84, 91, 104, 151, 185, 203]);
        IpAddr::V4(Ipv4Addr::new(first, b, c, d.clamp(1, 254)))
    }

    /// Plays a connection from a new port of the usual client, beginning now. Returns when it
    /// ended.
    pub fn connect(&mut self, stack: ClientStack, server: &mut dyn Answerer, path: &Path, plan: &Plan) -> Nanos {
        let from = SocketAddr::new(self.client(), self.port());
        let to = self.server();
        self.connect_from(from, to, stack, server, path, plan)
    }

    /// Plays a connection between two ends, beginning now. Returns when it ended.
    pub fn connect_from(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        stack: ClientStack,
        server: &mut dyn Answerer,
        path: &Path,
        plan: &Plan,
    ) -> Nanos {
        let mut attempt = Attempt::new(stack, from, self.now, &mut self.rng).toward(to, self.now);
        converse(&mut self.tap, &mut self.rng, &mut attempt, to, server, path, plan, self.now)
    }

    /// Plays connections of the usual client, with random pauses around `gap`.
    pub fn connects(
        &mut self,
        times: usize,
        gap: Nanos,
        stack: ClientStack,
        server: &mut dyn Answerer,
        path: &Path,
        plan: &Plan,
    ) {
        for _ in 0..times {
            self.connect(stack, server, path, plan);
            self.pause(gap);
        }
    }

    /// Lets time pass: a random duration around `about`.
    pub fn pause(&mut self, about: Nanos) {
        self.now += (self.rng.exponential(1.0) * about as f64) as Nanos + self.rng.below(MILLI / 10);
    }

    /// Plays a flood of SYNs with spoofed sources for the time `lasting`, and returns to its
    /// beginning.
    pub fn flood(&mut self, rate: u64, lasting: Nanos, server: &mut dyn Answerer, path: &Path) {
        let (begin, to) = (self.now, self.server());
        while self.now < begin + lasting {
            let from = SocketAddr::new(self.stranger(), self.rng.between(1024, 65535) as u16);
            let ttl = self.rng.between(40, 120) as u8;
            self.connect_from(from, to, ClientStack { ttl, ..ClientStack::LINUX }, server, path, &Plan::FLOOD);
            self.now += (self.rng.exponential(1e9 / rate as f64)) as Nanos;
        }
        self.now = begin;
    }

    /// Returns the capture.
    #[must_use]
    pub fn finish(self, name: &str, label: &str, note: &str) -> Capture {
        self.tap.finish(Truth {
            name: name.into(),
            label: label.into(),
            note: note.into(),
            kernel: "synthetic".into(),
            ..Truth::default()
        })
    }
}
