//! Endless ordinary traffic of many stacks: the instrument that shows whether the detector raises false alarms.
//!
//! It comes in sites: a handful of listeners, their clients, one capture point and one set of habits, each drawn anew.
//! Every handshake of it is answered from a half-open entry of the server's own stack.

use crate::answer::Answerer;
use crate::capture::{Capture, MICRO, MILLI, Nanos, SECOND};
use crate::client::{Attempt, ClientStack};
use crate::clock::IpId;
use crate::converse::converse;
use crate::lookalike::mixed::{By, Edit, Editing, Pool};
use crate::path::{At, Jitter, Path};
use crate::plan::{ClientConduct, End, Plan};
use crate::rng::Rng;
use crate::site::{Site, hash_address};
use crate::stack::host::Closed;
use crate::stack::linux::Kernel;
use crate::stack::{Host, Offset, Window, freebsd, gvisor, windows};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// Sites of ordinary traffic, until so many handshakes were made.
#[derive(Debug)]
pub struct Ordinary {
    rng: Rng,
    left: usize,
    clock: Nanos,
}

impl Ordinary {
    /// That many handshakes.
    #[must_use]
    pub fn new(seed: u64, handshakes: usize) -> Self {
        Self { rng: Rng::new(seed).fork("ordinary"), left: handshakes, clock: 0 }
    }
}

impl Iterator for Ordinary {
    type Item = Capture;

    /// The next site. Its times lie behind those of the site before.
    fn next(&mut self) -> Option<Capture> {
        if self.left == 0 {
            return None;
        }
        let mut site = Site::new(Rng::new(self.rng.next()));
        if self.clock > 0 {
            site.now = self.clock;
        }
        let size = (self.rng.between(30, 1500) as usize).min(self.left);
        let made = Habits::draw(&mut site).play(&mut site, size);
        self.left -= made.min(self.left);
        let capture = site.finish("ordinary", "ordinary", "varied ordinary traffic");
        self.clock = capture.packets.last().map_or(self.clock, |(t, _)| *t) + 5 * SECOND;
        Some(capture)
    }
}

struct Visitor {
    address: IpAddr,
    stacks: Vec<ClientStack>,
    path: Path,
}

struct Listener {
    address: SocketAddr,
    server: Box<dyn Answerer>,
    /// Data that leave with another TTL than SYN-ACKs: transparent proxies, GTSM, capture artefacts.
    data_ttl: Option<u8>,
}

struct Habits {
    listeners: Vec<Listener>,
    visitors: Vec<Visitor>,
    gap: Nanos,
    /// So few ports that four-tuples come again.
    few_ports: Option<u16>,
    /// Share of SYNs nobody stands behind.
    flood: f64,
    /// Share of hostile or broken clients.
    odd: f64,
}

impl Habits {
    fn draw(site: &mut Site) -> Self {
        let tap = if site.rng.chance(0.5) { At::Client } else { At::Server };
        // At the client there is one client, or few behind one capture point; at the server few listeners.
        let visitors = if tap == At::Client { site.rng.between(1, 3) } else { site.rng.between(1, 40) };
        let listeners = if tap == At::Client { site.rng.between(1, 25) } else { site.rng.between(1, 4) };
        Self {
            listeners: (0..listeners).map(|_| listener(site)).collect(),
            visitors: (0..visitors).map(|_| visitor(site, tap)).collect(),
            gap: site.rng.pick(&[20 * MICRO, 300 * MICRO, 3 * MILLI, 20 * MILLI, 90 * MILLI, 600 * MILLI]),
            few_ports: site.rng.chance(0.12).then_some(site.rng.between(1, 60) as u16),
            flood: if site.rng.chance(0.08) { site.rng.unit() * 0.9 } else { 0.0 },
            odd: if site.rng.chance(0.3) { 0.05 } else { 0.002 },
        }
    }

    fn play(mut self, site: &mut Site, handshakes: usize) -> usize {
        let mut busy: HashMap<(SocketAddr, SocketAddr), Nanos> = HashMap::new();
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
            let plan = if flooding { Plan::FLOOD } else { plan(&mut site.rng, self.odd) };
            let plan = Plan { data_ttl: listener.data_ttl, ..plan };
            let stack = site.rng.pick(&visitor.stacks);
            if busy.get(&(from, to)).is_none_or(|&until| until < site.now) {
                let mut attempt = Attempt::new(stack, from, site.now, &mut site.rng);
                let (tap, rng) = (&mut site.tap, &mut site.rng);
                let end =
                    converse(tap, rng, &mut attempt, to, listener.server.as_mut(), &visitor.path, &plan, site.now);
                busy.insert((from, to), end + SECOND);
            }
            site.now += (site.rng.exponential(1.0) * self.gap as f64) as Nanos + MICRO;
        }
        artefact(site);
        site.tap.handshakes()
    }
}

/// What may be wrong with the capture point.
fn artefact(site: &mut Site) {
    match site.rng.below(100) {
        0..3 => site.tap.double(|time, ip| (time + 3 * MICRO, ip.to_vec())),
        3..5 => site.tap.leave_out(|ip| ip.get(33).is_some_and(|f| ip[0] >> 4 == 4 && f & 0x12 == 0x02)),
        _ => {}
    }
}

fn mapped(to: SocketAddr) -> SocketAddr {
    let n = hash_address(to.ip()).to_be_bytes();
    let part = |i: usize| u16::from_be_bytes([n[i], n[i + 1]]);
    SocketAddr::new(IpAddr::from([0x2001, 0xdb8, part(0), part(2), 0, 0, part(4), part(6)]), to.port())
}

fn listener(site: &mut Site) -> Listener {
    let port = site.rng.pick(&[80, 80, 443, 443, 443, 22, 25, 8080, 3306, 6379, 5432, 445]);
    let address = SocketAddr::new(site.stranger(), port);
    let (now, rng) = (site.now, &mut site.rng);
    let one = host(now, rng);
    let data_ttl = match rng.below(200) {
        0 => Some(rng.pick(&[253, 254, 255])),
        1 => Some(one.ttl.saturating_add(1)),
        2 => Some(one.ttl - 1),
        3 if one.ttl == 255 => Some(21),
        _ => None,
    };
    let server: Box<dyn Answerer> = match rng.below(40) {
        0 | 1 => {
            let more = (1..rng.between(2, 4)).map(|_| Box::new(host(now, rng)) as Box<dyn Answerer>);
            let mut hosts: Vec<Box<dyn Answerer>> = more.collect();
            hosts.push(Box::new(one));
            Box::new(Pool::new(hosts, rng.pick(&[By::Turn, By::Source, By::Flow])))
        }
        2 | 3 => {
            let edit =
                rng.pick(&[Edit::Timestamps, Edit::WindowScale, Edit::All, Edit::Clamp(1300), Edit::Clamp(1360)]);
            let concerns = |syn: &crate::answer::Syn| hash_address(syn.from.ip()) & 1 == 0;
            Box::new(Editing { edit, concerns, inner: one })
        }
        4 => Box::new(Closed(one)),
        _ => Box::new(one),
    };
    Listener { address, server, data_ttl }
}

/// A host of any stack, with the settings that administrators change.
fn host(now: Nanos, rng: &mut Rng) -> Host {
    let mut host = stock(now, rng);
    if rng.chance(0.3) {
        host.mss = rng.pick(&[1460, 1440, 1420, 1400, 1380, 1360, 1300, 536, 8960]);
    }
    if rng.chance(0.3) {
        host.wscale = host.wscale.and(Some(rng.below(15) as u8));
    }
    if rng.chance(0.25) {
        let buffer = rng.pick(&[5840, 14_600, 29_200, 28_960, 43_690, 65_535, 64_000, 62_720]);
        host.window = rng.pick(&[Window::Segments(buffer.into()), Window::Fixed(buffer)]);
    }
    if rng.chance(0.1) {
        host.offset = rng.pick(&[
            Offset::Global,
            Offset::PerPair,
            Offset::PerTuple,
            Offset::PerConnection,
            Offset::ZeroFirst,
            Offset::FromZero,
        ]);
    }
    if rng.chance(0.1) {
        (host.rate, host.step) =
            rng.pick(&[(1000, 1), (250, 1), (100, 1), (100, 10), (10, 1), (2, 1), (16, 64), (1_000_000, 1), (1024, 1)]);
    }
    host.ts &= !rng.chance(0.12);
    host.sack &= !rng.chance(0.06);
    host.wscale = host.wscale.filter(|_| !rng.chance(0.06));
    host.ecn &= rng.chance(0.5);
    if rng.chance(0.05) {
        host.first_id = host.ids;
    }
    host.takes = (rng.exponential(60.0) * MICRO as f64) as Nanos;
    host
}

fn stock(now: Nanos, rng: &mut Rng) -> Host {
    match rng.below(40) {
        0..8 => Kernel::PAIR.host(now, rng),
        8..12 => Kernel::TUPLE.host(now, rng),
        12..14 => Kernel::NO_OFFSET.host(now, rng),
        14..17 => Kernel::old(rng.pick(&[1000, 250, 250, 100])).host(now, rng),
        17..22 => windows::modern(now, rng),
        22..24 => windows::vista(now, rng),
        24 => windows::xp(now, rng),
        25..28 => freebsd::host(now, rng),
        28 => windows::mac(now, rng),
        29 => windows::openbsd(now, rng),
        30 => windows::netbsd(now, rng),
        31 => windows::solaris(now, rng),
        32 => gvisor::host(now, rng),
        33 => Host { ids: IpId::Random, ..Kernel::PAIR.host(now, rng) },
        34..36 => windows::never_negotiates(now, rng),
        36 => Host { wscale: None, sack: false, ..Kernel::PAIR.host(now, rng) },
        _ => windows::embedded(now, rng),
    }
}

fn visitor(site: &mut Site, tap: At) -> Visitor {
    let v6 = site.rng.chance(0.15);
    let address = site.stranger();
    let address = if v6 { mapped(SocketAddr::new(address, 0)).ip() } else { address };
    let rng = &mut site.rng;
    // Several stacks behind one address: a NAT.
    let stacks = if rng.chance(0.15) { rng.between(2, 5) } else { 1 };
    let stacks = (0..stacks).map(|_| client(rng)).collect();
    Visitor { address, stacks, path: path(rng, tap) }
}

fn client(rng: &mut Rng) -> ClientStack {
    let mut stack = match rng.below(20) {
        0..7 => ClientStack::LINUX,
        7..9 => ClientStack::LINUX_NO_TS,
        9..14 => ClientStack::WINDOWS,
        14..17 => ClientStack::MAC,
        17 => ClientStack::FREEBSD,
        18 => rng.pick(&[ClientStack::OPENBSD, ClientStack::BARE]),
        _ => ClientStack::MINIMAL,
    };
    if rng.chance(0.35) {
        stack.mss =
            stack.mss.map(|_| rng.pick(&[1452, 1440, 1430, 1412, 1400, 1380, 1370, 1360, 1300, 1299, 1220, 536]));
    }
    stack.wscale = stack.wscale.map(|w| if rng.chance(0.2) { rng.below(15) as u8 } else { w });
    stack.ecn = rng.chance(0.08);
    stack.fast_open = rng.chance(0.02);
    stack
}

fn path(rng: &mut Rng, tap: At) -> Path {
    // Logarithmic: from a loopback's 20 microseconds to a satellite's second.
    let round_trip = (20.0 * MICRO as f64 * 10f64.powf(rng.unit() * 4.7)) as Nanos;
    let milliseconds = round_trip as f64 / MILLI as f64;
    let jitter = match rng.below(10) {
        0..4 => Jitter::Quiet,
        4..6 => Jitter::Exponential((milliseconds * 0.1).min(5.0)),
        6 => Jitter::Exponential(rng.unit() * 25.0),
        7 => Jitter::Normal(rng.unit() * 15.0),
        8 => Jitter::Spikes(0.02, 300.0),
        _ => Jitter::Spikes(0.2, 60.0),
    };
    let skew = 0.3 + 0.4 * rng.unit();
    let up = (round_trip as f64 * skew) as Nanos;
    Path {
        up,
        down: round_trip - up,
        hops: if round_trip < MILLI { 0 } else { rng.between(1, 20) as u8 },
        jitter,
        loss: if rng.chance(0.3) { rng.unit() * 0.08 } else { 0.0 },
        tap,
        first_down: if rng.chance(0.08) { rng.between(1, 80) * MILLI } else { 0 },
        merged: rng.chance(0.2),
    }
}

fn plan(rng: &mut Rng, odd: f64) -> Plan {
    let (waits, thinks) = (rng.pick(&[0.05, 0.3, 5.0, 80.0]), rng.pick(&[0.2, 3.0, 30.0, 200.0]));
    let mut plan = Plan {
        wait: (rng.exponential(waits) * MILLI as f64) as Nanos,
        request: rng.pick(&[18, 78, 120, 330, 517, 517, 900, 1400]).min(1200),
        banner: rng.chance(0.08).then(|| rng.below(60) * MILLI),
        ack_after: match rng.below(4) {
            0 => None,
            1 => Some(40 * MILLI),
            _ => Some(rng.below(300) * MICRO),
        },
        read: rng.chance(0.4),
        think: (rng.exponential(thinks) * MILLI as f64) as Nanos,
        response: rng.pick(&[0, 150, 900, 3000, 3000, 9000, 20_000]),
        end: rng.pick(&[
            End::ServerCloses,
            End::ServerCloses,
            End::ServerCloses,
            End::ClientCloses,
            End::ClientCloses,
            End::Open,
            End::ClientResets,
        ]),
        ..Plan::WEB
    };
    if rng.chance(0.02) {
        plan.end = End::ServerResets(rng.below(20) * MILLI);
    }
    if rng.chance(odd) {
        plan.conduct = rng.pick(&[ClientConduct::Resets, ClientConduct::Vanishes]);
        plan.end = rng.pick(&[plan.end, End::Injected]);
    }
    plan
}
