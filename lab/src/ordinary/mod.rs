//! Any amount of ordinary traffic of many stacks. It shows how often the detector raises false
//! alarms.
//!
//! The traffic comes in sites: a few listeners, their clients, one capture point and one set of
//! habits, each drawn at random. Every handshake is answered from a half-open entry of the server's
//! own stack.

mod hosts;
mod kinds;
mod people;

use crate::capture::{Capture, MICRO, MILLI, Nanos, SECOND};
use crate::client::Attempt;
use crate::converse::converse;
use crate::path::CapturePoint;
use crate::plan::Plan;
use crate::site::Site;
use hosts::{Listener, listener};
use people::{Visitor, mapped, plan, visitor};
use std::collections::HashMap;
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;

/// Handshakes of a part: enough for each kind of traffic, and few enough to share the work evenly.
const PART: usize = 20_000;

/// An iterator over sites of ordinary traffic, until it has made the handshakes asked for.
#[derive(Clone, Debug)]
pub struct Ordinary {
    rng: Rng,
    left: usize,
    clock: Nanos,
}

impl Ordinary {
    /// Creates an iterator that makes this many handshakes.
    #[must_use]
    pub fn new(seed: u64, handshakes: usize) -> Self {
        Self { rng: Rng::new(seed).fork("ordinary"), left: handshakes, clock: 0 }
    }

    /// Returns independent iterators that make this many handshakes together, to run at the same
    /// time.
    #[must_use]
    pub fn parts(seed: u64, handshakes: usize) -> Vec<Self> {
        let mut rng = Rng::new(seed).fork("parts");
        let number = handshakes.div_ceil(PART);
        (0..number).map(|n| Self::new(rng.next_u64(), PART.min(handshakes - n * PART))).collect()
    }
}

impl Iterator for Ordinary {
    type Item = Capture;

    /// Returns the next site, whose times are after those of the previous one.
    fn next(&mut self) -> Option<Capture> {
        if self.left == 0 {
            return None;
        }
        let mut site = Site::new(Rng::new(self.rng.next_u64()));
        if self.clock > 0 {
            site.now = self.clock;
        }
        let size = (self.rng.between(30, 1500) as usize).min(self.left);
        let kind = kinds::draw(&mut site.rng);
        let made = (kind.draw)(&mut site).play(&mut site, size);
        self.left -= made.min(self.left);
        let capture = site.finish(kind.name, "ordinary", "ordinary traffic");
        self.clock = capture.packets.last().map_or(self.clock, |(t, _)| *t) + 5 * SECOND;
        Some(capture)
    }
}

struct Habits {
    listeners: Vec<Listener>,
    visitors: Vec<Visitor>,
    /// Mean time between two connections.
    gap: Nanos,
    /// Constant time between two connections, instead of a random one.
    period: Option<Nanos>,
    /// Number of client ports, where it is small enough to reuse four-tuples.
    few_ports: Option<u16>,
    /// Share of SYNs with a spoofed source.
    flood: f64,
    /// Share of hostile or broken clients.
    odd: f64,
    /// TTL of the clients' data, if it differs from that of their SYNs.
    client_ttl: Option<u8>,
    /// Most handshakes of the site.
    most: Option<usize>,
    /// Function that draws what a client and its server do; it takes the share of odd clients.
    plan: fn(&mut Rng, f64) -> Plan,
}

impl Habits {
    fn draw(site: &mut Site) -> Self {
        let tap = if site.rng.chance(0.5) { CapturePoint::Client } else { CapturePoint::Server };
        // At the client there is one client, or few behind one capture point; at the server few listeners.
        let visitors = if tap == CapturePoint::Client { site.rng.between(1, 3) } else { site.rng.between(1, 40) };
        let listeners = if tap == CapturePoint::Client { site.rng.between(1, 25) } else { site.rng.between(1, 4) };
        Self {
            listeners: (0..listeners).map(|_| listener(site)).collect(),
            visitors: (0..visitors).map(|_| visitor(site, tap)).collect(),
            gap: site.rng.pick(&[20 * MICRO, 300 * MICRO, 3 * MILLI, 20 * MILLI, 90 * MILLI, 600 * MILLI]),
            period: None,
            few_ports: site.rng.chance(0.12).then_some(site.rng.between(1, 60) as u16),
            flood: if site.rng.chance(0.08) { site.rng.unit() * 0.9 } else { 0.0 },
            odd: if site.rng.chance(0.3) { 0.05 } else { 0.002 },
            client_ttl: None,
            most: None,
            plan,
        }
    }

    fn play(mut self, site: &mut Site, handshakes: usize) -> usize {
        let mut busy: HashMap<(SocketAddr, SocketAddr), Nanos> = HashMap::new();
        let handshakes = handshakes.min(self.most.unwrap_or(handshakes));
        let mut attempts = 0;
        while site.tap.handshakes() < handshakes && attempts < 2 * handshakes {
            attempts += 1;
            let flooding = site.rng.chance(self.flood);
            let which = site.rng.below(self.visitors.len() as u64) as usize;
            let where_to = site.rng.below(self.listeners.len() as u64) as usize;
            let visitor = &self.visitors[which];
            let port = match self.few_ports {
                Some(few) => 40_000 + site.rng.below(few.into()) as u16,
                None => site.port(),
            };
            let address = if flooding { site.stranger() } else { visitor.address };
            let from = SocketAddr::new(address, port);
            let listener = &mut self.listeners[where_to];
            let to = if from.is_ipv6() { mapped(listener.address) } else { listener.address };
            let plan = if flooding { Plan::FLOOD } else { (self.plan)(&mut site.rng, self.odd) };
            let plan = Plan { data_ttl: listener.data_ttl, client_ttl: self.client_ttl, ..plan };
            let stack = site.rng.pick(&visitor.stacks);
            if busy.get(&(from, to)).is_none_or(|&until| until < site.now) {
                let mut attempt = Attempt::new(stack, from, site.now, &mut site.rng).toward(to, site.now);
                let (tap, rng) = (&mut site.tap, &mut site.rng);
                let end =
                    converse(tap, rng, &mut attempt, to, listener.server.as_mut(), &visitor.path, &plan, site.now);
                busy.insert((from, to), end + SECOND);
            }
            let random = (site.rng.exponential(1.0) * self.gap as f64) as Nanos + MICRO;
            site.now += self.period.unwrap_or(random);
        }
        artefact(site);
        site.tap.handshakes()
    }
}

/// Applies an artefact of the capture point, now and then.
fn artefact(site: &mut Site) {
    match site.rng.below(100) {
        0..3 => site.tap.double(|time, ip| (time + 3 * MICRO, ip.to_vec())),
        3..5 => site.tap.leave_out(|ip| ip.get(33).is_some_and(|f| ip[0] >> 4 == 4 && f & 0x12 == 0x02)),
        _ => {}
    }
}
