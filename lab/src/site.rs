//! A scene being played: a tap, chance, addresses and the time.

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

/// The scene.
#[derive(Debug)]
pub struct Site {
    /// Where packets are collected.
    pub tap: Tap,
    /// Chance.
    pub rng: Rng,
    /// The scene's time.
    pub now: Nanos,
    next_port: u16,
}

impl Site {
    /// An empty scene.
    #[must_use]
    pub fn new(mut rng: Rng) -> Self {
        let now = EPOCH + rng.below(3_000_000) * SECOND + rng.below(SECOND);
        let next_port = rng.between(32_768, 50_000) as u16;
        Self { tap: Tap::default(), rng, now, next_port }
    }

    /// The client most scenes have.
    #[must_use]
    pub fn client(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 1, 2))
    }

    /// The server most scenes have.
    #[must_use]
    pub fn server(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 2, 2)), 80)
    }

    /// A port not used before in this scene.
    pub fn port(&mut self) -> u16 {
        self.next_port = if self.next_port >= 60_990 { 1_100 } else { self.next_port + 1 };
        self.next_port
    }

    /// Some public address.
    pub fn stranger(&mut self) -> IpAddr {
        let [_, b, c, d] = self.rng.next_u32().to_be_bytes();
        let first = self.rng.pick(&[5, 23, 31, 45, 62, 77, 84, 91, 104, 151, 185, 203]);
        IpAddr::V4(Ipv4Addr::new(first, b, c, d.clamp(1, 254)))
    }

    /// One connection from a fresh port of the usual client, beginning now. Returns when it ended.
    pub fn connect(&mut self, stack: ClientStack, server: &mut dyn Answerer, path: &Path, plan: &Plan) -> Nanos {
        let from = SocketAddr::new(self.client(), self.port());
        let to = self.server();
        self.connect_from(from, to, stack, server, path, plan)
    }

    /// One connection between given ends, beginning now. Returns when it ended.
    pub fn connect_from(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        stack: ClientStack,
        server: &mut dyn Answerer,
        path: &Path,
        plan: &Plan,
    ) -> Nanos {
        let mut attempt = Attempt::new(stack, from, self.now, &mut self.rng);
        converse(&mut self.tap, &mut self.rng, &mut attempt, to, server, path, plan, self.now)
    }

    /// So many connections of the usual client, with random pauses around `gap`.
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

    /// Lets time pass, at random around that long.
    pub fn pause(&mut self, about: Nanos) {
        self.now += (self.rng.exponential(1.0) * about as f64) as Nanos + self.rng.below(MILLI / 10);
    }

    /// SYNs nobody stands behind, for that long.
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

    /// The capture.
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
