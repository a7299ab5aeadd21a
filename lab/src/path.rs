//! The path between a client and a server, and the point on it where the capture is taken.

use crate::capture::{MICRO, MILLI, Nanos, Tap};
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::Segment;

/// Payload bytes that are captured of a packet; the rest is cut as by a snap length.
const KEPT_PAYLOAD: usize = 32;

/// Capture point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapturePoint {
    /// On the client's own link.
    Client,
    /// On the server's own link.
    Server,
}

/// Delay on top of the base delay, drawn for every packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Jitter {
    /// Microseconds, as on a quiet network.
    Quiet,
    /// A few microseconds, as on a loopback.
    Loopback,
    /// Exponential with this mean in milliseconds.
    Exponential(f64),
    /// Normal around three standard deviations; the standard deviation is in milliseconds.
    Normal(f64),
    /// Quiet, but a share of the packets waits up to a number of milliseconds.
    Spikes(f64, f64),
}

impl Jitter {
    fn draw(self, rng: &mut Rng) -> Nanos {
        let mean = if self == Self::Loopback { 2.5 } else { 20.0 };
        let quiet = rng.exponential(mean) * MICRO as f64;
        let more = match self {
            Self::Quiet | Self::Loopback => 0.0,
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
    /// Delay from client to server.
    pub up: Nanos,
    /// Delay from server to client.
    pub down: Nanos,
    /// Hops between them.
    pub hops: u8,
    /// Further hops of the longest detour that a packet may take.
    pub detour: u8,
    /// Random delay.
    pub jitter: Jitter,
    /// Share of packets lost.
    pub loss: f64,
    /// Capture point.
    pub tap: CapturePoint,
    /// Extra delay of the first packet to the client (address resolution, a radio that wakes up).
    pub first_down: Nanos,
    /// Whether consecutive full segments are captured as one (receive or segmentation offload).
    pub merged: bool,
}

impl Path {
    /// Creates a quiet path with this round-trip time.
    #[must_use]
    pub fn quiet(round_trip: Nanos) -> Self {
        Self {
            up: round_trip / 2,
            down: round_trip / 2,
            hops: 9,
            detour: 0,
            jitter: Jitter::Quiet,
            loss: 0.0,
            tap: CapturePoint::Client,
            first_down: 0,
            merged: false,
        }
    }

    /// Returns the path with jitter.
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// Returns the path with loss.
    #[must_use]
    pub fn loss(mut self, loss: f64) -> Self {
        self.loss = loss;
        self
    }
}

/// A flow on a path. Its packets stay in order in each direction, and are captured.
pub struct Wire<'a> {
    /// Where packets are captured.
    pub tap: &'a mut Tap,
    /// Source of randomness.
    pub rng: &'a mut Rng,
    /// The path.
    pub path: &'a Path,
    /// Whether a box next to the capture point answers for the server, so that its packets keep
    /// their TTL.
    pub nearby: bool,
    client: SocketAddr,
    server: SocketAddr,
    last_up: Nanos,
    last_down: Nanos,
}

/// Arrival and capture of a packet that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Time of arrival; `None` for a lost packet.
    pub arrival: Option<Nanos>,
    /// Index in the tap; `None` when it was lost before the capture point.
    pub captured: Option<usize>,
}

impl<'a> Wire<'a> {
    /// Creates a flow on a path.
    pub fn new(tap: &'a mut Tap, rng: &'a mut Rng, path: &'a Path, client: SocketAddr, server: SocketAddr) -> Self {
        Self { tap, rng, path, nearby: false, client, server, last_up: 0, last_down: 0 }
    }

    /// Returns when the last packet reached the client.
    #[must_use]
    pub fn last_down(&self) -> Nanos {
        self.last_down
    }

    /// Sends a segment of the client.
    pub fn up(&mut self, time: Nanos, seg: &Segment) -> Sent {
        let near = self.path.tap == CapturePoint::Client;
        let arrival = (time + self.path.up + self.path.jitter.draw(self.rng)).max(self.last_up + MICRO);
        let lost = self.rng.chance(self.path.loss);
        let captured = self.capture(near, lost, time, arrival, seg, self.client, self.server);
        if !lost {
            self.last_up = arrival;
        }
        Sent { arrival: (!lost).then_some(arrival), captured }
    }

    /// Sends a segment of the server, or of a box that answers for it.
    pub fn down(&mut self, time: Nanos, seg: &Segment) -> Sent {
        let near = self.path.tap == CapturePoint::Server;
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
        let detour = if self.path.detour > 0 { self.rng.between(0, self.path.detour.into()) as u8 } else { 0 };
        let hops = if self.nearby && from == self.server { 0 } else { self.path.hops + detour };
        let seen = Segment { ttl: seg.ttl.saturating_sub(hops).max(1), ..seg.clone() };
        Some(self.tap.packet(arrival, seen.packet_cut_at(from, to, KEPT_PAYLOAD)))
    }
}
