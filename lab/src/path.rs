//! The path between a client and a server, and the point on it where the capture is taken.

use crate::capture::{MICRO, MILLI, Nanos, Tap};
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::Segment;

/// Payload bytes that the captures keep of a packet, in place of a snap length.
const KEPT_PAYLOAD: usize = 32;

/// Where the capture is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// On the client's own link.
    Client,
    /// On the server's own link.
    Server,
}

/// Delay on top of the base delay, drawn for every packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Jitter {
    /// None but the microseconds of a quiet network.
    Quiet,
    /// Exponential with that mean, in milliseconds.
    Exponential(f64),
    /// Normal around three sigma, in milliseconds.
    Normal(f64),
    /// Quiet, but a share of the packets waits up to that many milliseconds.
    Spikes(f64, f64),
}

impl Jitter {
    fn draw(self, rng: &mut Rng) -> Nanos {
        let quiet = rng.exponential(20.0) * MICRO as f64;
        let more = match self {
            Self::Quiet => 0.0,
            Self::Exponential(mean) => rng.exponential(mean),
            Self::Normal(sigma) => (3.0 * sigma + rng.normal(sigma)).max(0.0),
            Self::Spikes(share, most) => {
                if rng.chance(share) {
                    rng.unit() * most
                } else {
                    0.0
                }
            }
        };
        (quiet + more * MILLI as f64) as Nanos
    }
}

/// A path and its faults.
#[derive(Clone, Debug)]
pub struct Path {
    /// From client to server.
    pub up: Nanos,
    /// From server to client.
    pub down: Nanos,
    /// Hops between them.
    pub hops: u8,
    /// Random delay.
    pub jitter: Jitter,
    /// Share of packets lost.
    pub loss: f64,
    /// Where the capture is taken.
    pub tap: At,
    /// Only the first packet to the client waits this long (address resolution, a radio that wakes up).
    pub first_down: Nanos,
    /// Several full segments in a row are captured as one (receive or segmentation offload).
    pub merged: bool,
}

impl Path {
    /// A quiet path with that round-trip time.
    #[must_use]
    pub fn quiet(round_trip: Nanos) -> Self {
        Self {
            up: round_trip / 2,
            down: round_trip / 2,
            hops: 9,
            jitter: Jitter::Quiet,
            loss: 0.0,
            tap: At::Client,
            first_down: 0,
            merged: false,
        }
    }

    /// The same path with jitter.
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The same path with loss.
    #[must_use]
    pub fn loss(mut self, loss: f64) -> Self {
        self.loss = loss;
        self
    }
}

/// One flow's packets on a path, in order in each direction, and captured.
pub struct Wire<'a> {
    /// Where packets are captured.
    pub tap: &'a mut Tap,
    /// Chance.
    pub rng: &'a mut Rng,
    /// The path.
    pub path: &'a Path,
    /// What stands for the server is next to the capture point: its packets keep their TTL.
    pub nearby: bool,
    client: SocketAddr,
    server: SocketAddr,
    last_up: Nanos,
    last_down: Nanos,
}

/// What became of a packet that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// When it arrived; `None` when it was lost.
    pub arrival: Option<Nanos>,
    /// Its index in the tap; `None` when it was lost before.
    pub captured: Option<usize>,
}

impl<'a> Wire<'a> {
    /// A flow on a path.
    pub fn new(tap: &'a mut Tap, rng: &'a mut Rng, path: &'a Path, client: SocketAddr, server: SocketAddr) -> Self {
        Self { tap, rng, path, nearby: false, client, server, last_up: 0, last_down: 0 }
    }

    /// When the last packet reached the client.
    #[must_use]
    pub fn last_down(&self) -> Nanos {
        self.last_down
    }

    /// The client sends a segment.
    pub fn up(&mut self, time: Nanos, seg: &Segment) -> Sent {
        let near = self.path.tap == At::Client;
        let arrival = (time + self.path.up + self.path.jitter.draw(self.rng)).max(self.last_up + MICRO);
        let lost = self.rng.chance(self.path.loss);
        let captured = self.capture(near, lost, time, arrival, seg, self.client, self.server);
        if !lost {
            self.last_up = arrival;
        }
        Sent { arrival: (!lost).then_some(arrival), captured }
    }

    /// The server, or what stands for it, sends a segment.
    pub fn down(&mut self, time: Nanos, seg: &Segment) -> Sent {
        let near = self.path.tap == At::Server;
        let waits = if self.last_down == 0 { self.path.first_down } else { 0 };
        let arrival = time + self.path.down + waits + self.path.jitter.draw(self.rng);
        let arrival = arrival.max(self.last_down + MICRO);
        let lost = self.rng.chance(self.path.loss);
        let captured = self.capture(near, lost, time, arrival, seg, self.server, self.client);
        if !lost {
            self.last_down = arrival;
        }
        Sent { arrival: (!lost).then_some(arrival), captured }
    }

    #[expect(clippy::too_many_arguments, reason = "the two directions differ in all of these")]
    fn capture(
        &mut self,
        near: bool,
        lost: bool,
        sent: Nanos,
        arrival: Nanos,
        seg: &Segment,
        from: SocketAddr,
        to: SocketAddr,
    ) -> Option<usize> {
        if near {
            return Some(self.tap.packet(sent, seg.packet_cut_at(from, to, KEPT_PAYLOAD)));
        }
        if lost {
            return None;
        }
        let hops = if self.nearby && from == self.server { 0 } else { self.path.hops };
        let seen = Segment { ttl: seg.ttl.saturating_sub(hops).max(1), ..seg.clone() };
        Some(self.tap.packet(arrival, seen.packet_cut_at(from, to, KEPT_PAYLOAD)))
    }
}
