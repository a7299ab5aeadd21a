//! Clients, their paths and their conversations.

use crate::address;
use crate::capture::{MICRO, MILLI, Nanos, SECOND};
use crate::client::ClientStack;
use crate::path::{CapturePoint, Jitter, Path};
use crate::plan::{ClientConduct, End, Plan};
use crate::site::Site;
use std::net::{IpAddr, SocketAddr};
use syncookie_testkit::rng::Rng;

pub(super) struct Visitor {
    pub(super) address: IpAddr,
    pub(super) stacks: Vec<ClientStack>,
    pub(super) path: Path,
}

/// Returns an IPv6 address in place of an IPv4 one.
pub(super) fn mapped(to: SocketAddr) -> SocketAddr {
    let n = address::hash(to.ip()).to_be_bytes();
    let part = |i: usize| u16::from_be_bytes([n[i], n[i + 1]]);
    SocketAddr::new(IpAddr::from([0x2001, 0xdb8, part(0), part(2), 0, 0, part(4), part(6)]), to.port())
}

pub(super) fn visitor(site: &mut Site, tap: CapturePoint) -> Visitor {
    let v6 = site.rng.chance(0.15);
    let address = site.stranger();
    let address = if v6 { mapped(SocketAddr::new(address, 0)).ip() } else { address };
    let rng = &mut site.rng;
    // Several stacks behind one address: a NAT.
    let stacks = if rng.chance(0.15) { rng.between(2, 5) } else { 1 };
    let stacks = (0..stacks).map(|_| client(rng)).collect();
    Visitor { address, stacks, path: path(rng, tap) }
}

pub(super) fn client(rng: &mut Rng) -> ClientStack {
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

pub(super) fn path(rng: &mut Rng, tap: CapturePoint) -> Path {
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
        detour: 0,
        jitter,
        loss: if rng.chance(0.3) { rng.unit() * 0.08 } else { 0.0 },
        tap,
        first_down: if rng.chance(0.08) { rng.between(1, 80) * MILLI } else { 0 },
        merged: rng.chance(0.2),
    }
}

pub(super) fn plan(rng: &mut Rng, odd: f64) -> Plan {
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

/// Draws a check that connects, perhaps asks something short, and resets.
pub(super) fn health_check(rng: &mut Rng, _odd: f64) -> Plan {
    let request = rng.pick(&[0, 0, 40]);
    Plan { request, response: 120, think: rng.below(400) * MICRO, end: End::ClientResets, syn_retries: 1, ..Plan::WEB }
}

/// Draws a session of a few messages of 19 bytes each way, as BGP keeps it open.
pub(super) fn keepalives(rng: &mut Rng, _odd: f64) -> Plan {
    let rounds = rng.between(1, 5) as u32;
    Plan { rounds, request: 45, response: 64, pause: SECOND, think: rng.below(3 * MILLI), end: End::Open, ..Plan::WEB }
}

/// Draws a request that is answered at once, with a response of one or two segments.
pub(super) fn short_plan(rng: &mut Rng, odd: f64) -> Plan {
    let think = rng.below(3 * MILLI);
    let end = rng.pick(&[End::ServerCloses, End::ClientCloses, End::ClientResets]);
    Plan {
        wait: rng.below(MILLI),
        think,
        response: rng.pick(&[0, 150, 900, 2000]),
        banner: None,
        end,
        ..plan(rng, odd)
    }
}

/// Draws a client that acknowledges or resets with a wrong number, or resets at once.
pub(super) fn wrong_plan(rng: &mut Rng, odd: f64) -> Plan {
    let wrong = [ClientConduct::WrongReset, ClientConduct::WrongAck, ClientConduct::Resets, ClientConduct::Talks];
    Plan { conduct: rng.pick(&wrong), ..plan(rng, odd) }
}
