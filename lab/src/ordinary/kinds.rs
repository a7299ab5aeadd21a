//! Kinds of ordinary traffic. Each site has one kind: `varied`, or traffic that imitates a cookie
//! or a proxy in real captures.

use super::Habits;
use super::hosts::{Listener, alone, host, pool};
use super::people::{Visitor, client, health_check, keepalives, path, plan, short_plan, visitor, wrong_plan};
use crate::capture::{MICRO, MILLI, Nanos, SECOND};
use crate::client::ClientStack;
use crate::clock::IpId;
use crate::path::{CapturePoint, Jitter, Path};
use crate::plan::{DataTtl, End, Plan};
use crate::site::Site;
use crate::stack::linux::Kernel;
use crate::stack::{Growth, Host, Window, windows};
use syncookie_testkit::rng::Rng;

/// A kind of ordinary traffic.
pub(super) struct Kind {
    /// Name, also of its captures.
    pub(super) name: &'static str,
    /// Share of the sites, in percent.
    share: u64,
    pub(super) draw: fn(&mut Site) -> Habits,
}

/// Every kind.
const KINDS: &[Kind] = &[
    Kind { name: "varied", share: 40, draw: Habits::draw },
    Kind { name: "health-checks", share: 9, draw: health_checks },
    Kind { name: "mptcp", share: 4, draw: mptcp },
    Kind { name: "fast-open", share: 4, draw: fast_open },
    Kind { name: "shrinking-windows", share: 4, draw: shrinking_windows },
    Kind { name: "rounded-windows", share: 4, draw: rounded_windows },
    Kind { name: "multihop-bgp", share: 4, draw: multihop_bgp },
    Kind { name: "reset-bgp", share: 3, draw: reset_bgp },
    Kind { name: "detours", share: 4, draw: detours },
    Kind { name: "unmeasured-clocks", share: 6, draw: unmeasured_clocks },
    Kind { name: "satellite", share: 4, draw: satellite },
    Kind { name: "nat-and-pools", share: 6, draw: nat_and_pools },
    Kind { name: "wrong-resets", share: 3, draw: wrong_resets },
    Kind { name: "crafted-ids", share: 4, draw: crafted_ids },
    Kind { name: "video-calls", share: 1, draw: video_calls },
];

/// Draws a kind by its share.
pub(super) fn draw(rng: &mut Rng) -> &'static Kind {
    let all = KINDS.iter().map(|kind| kind.share).sum();
    let mut left = rng.below(all);
    let chosen = KINDS.iter().find(|kind| {
        let found = left < kind.share;
        left = left.saturating_sub(kind.share);
        found
    });
    chosen.unwrap_or(&KINDS[0])
}

/// Draws visitors with one kind of client, each on a path of its own.
fn visitors(site: &mut Site, number: u64, stack: fn(&mut Rng) -> ClientStack) -> Vec<Visitor> {
    let tap = capture_point(site);
    let one = |site: &mut Site| Visitor { stacks: vec![stack(&mut site.rng)], ..visitor(site, tap) };
    (0..number).map(|_| one(site)).collect()
}

/// Draws listeners with one kind of host each.
fn listeners(site: &mut Site, number: u64, host: fn(Nanos, &mut Rng) -> Host) -> Vec<Listener> {
    (0..number).map(|_| alone(site, host)).collect()
}

fn capture_point(site: &mut Site) -> CapturePoint {
    site.rng.pick(&[CapturePoint::Client, CapturePoint::Server])
}

/// A Linux host with one of the clocks, scales and buffers in use.
fn linux(now: Nanos, rng: &mut Rng) -> Host {
    let space = rng.pick(&[65_535, 65_535, 65_535, 43_690, 50_000, 64_000]);
    let kernel = rng.pick(&[Kernel::PAIR, Kernel::PAIR, Kernel::TUPLE, Kernel::NO_OFFSET]);
    Kernel { wscale: rng.pick(&[7, 7, 7, 8, 9, 10, 11]), space, ..kernel }.host(now, rng)
}

/// A Linux client, some of them without timestamps or behind a link with a smaller MSS.
fn linux_client(rng: &mut Rng) -> ClientStack {
    let stack = rng.pick(&[ClientStack::LINUX, ClientStack::LINUX, ClientStack::LINUX_NO_TS]);
    let mss = if rng.chance(0.5) { 1460 } else { rng.between(1200, 1460) as u16 };
    stack.mss(mss)
}

/// Monitoring from fixed source ports, every connection ended by a reset. Both ends are Linux,
/// whose ISNs advance with the clock, so that their difference repeats within the path's jitter.
fn health_checks(site: &mut Site) -> Habits {
    let far = |rng: &mut Rng| Path { hops: 0, ..Path::quiet(rng.between(60, 900) * MICRO) };
    let loopback = || Path { hops: 0, jitter: Jitter::Loopback, ..Path::quiet(24 * MICRO) };
    let on_loopback = site.rng.chance(0.4);
    let tap = capture_point(site);
    let checkers = site.rng.between(1, 3);
    let mut checkers = visitors(site, checkers, linux_client);
    for checker in &mut checkers {
        checker.path = Path { tap, ..if on_loopback { loopback() } else { far(&mut site.rng) } };
    }
    let number = site.rng.between(1, 4);
    Habits {
        few_ports: Some(1),
        period: Some(site.rng.pick(&[300 * MILLI, SECOND, 2 * SECOND, 5 * SECOND])),
        plan: health_check,
        ..Habits::of(site, checkers, number, linux)
    }
}

fn mptcp(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 4);
    let clients = visitors(site, 6, |rng| ClientStack { mptcp: rng.chance(0.8), ..linux_client(rng) });
    Habits::of(site, clients, number, |now, rng| Host { mptcp: true, ..linux(now, rng) })
}

fn fast_open(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 4);
    let clients = visitors(site, 6, |rng| {
        let early = if rng.chance(0.7) { rng.between(1, 1200) as u16 } else { 0 };
        ClientStack { early, fast_open: early == 0, ..client(rng) }
    });
    Habits::of(site, clients, number, |now, rng| Host { fast_open: rng.chance(0.8), ..linux(now, rng) })
}

fn shrinking_windows(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 4);
    let clients = visitors(site, 6, linux_client);
    Habits::of(site, clients, number, |now, rng| {
        let growth = if rng.chance(0.7) { Growth::RoundedDown } else { Growth::Kept };
        Host { growth, ..linux(now, rng) }
    })
}

/// BSD, slirp and small stacks, which announce 8192 and then round up to whole segments.
fn rounded_windows(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 20);
    let clients = visitors(site, 4, client);
    Habits::of(site, clients, number, |now, rng| {
        let ids = rng.pick(&[IpId::PerHost(7), IpId::PerHost(300), IpId::Random, IpId::PerFlow]);
        Host {
            window: Window::Fixed(rng.pick(&[8192, 8192, 8192, 4096, 16_384, 32_768])),
            growth: Growth::WholeSegments,
            ttl: rng.pick(&[64, 64, 128, 255]),
            mss: 1460,
            ids,
            first_id: ids,
            ..windows::embedded(now, rng)
        }
    })
}

/// Sends SYN-ACKs with the system's TTL of 255, and data with the small one of a multihop session.
fn multihop_bgp(site: &mut Site) -> Habits {
    let mut peers = visitors(site, 2, client);
    for peer in &mut peers {
        peer.path.hops = site.rng.between(0, 3) as u8;
    }
    let number = site.rng.between(1, 8);
    let mut habits = Habits::of(site, peers, number, |now, rng| Host {
        ttl: 255,
        window: Window::Fixed(rng.pick(&[16_384, 65_535, 4128])),
        ..host(now, rng)
    });
    let ttl = site.rng.between(5, 16) as u8;
    for listener in &mut habits.listeners {
        listener.address.set_port(179);
        listener.data_ttl = Some(DataTtl::Sent(ttl));
    }
    habits.client_ttl = site.rng.chance(0.5).then_some(ttl);
    habits.plan = keepalives;
    habits
}

fn reset_bgp(site: &mut Site) -> Habits {
    let mut peers = visitors(site, 2, client);
    for peer in &mut peers {
        peer.path.hops = site.rng.between(0, 2) as u8;
        peer.stacks.iter_mut().for_each(|stack| stack.ttl = 255);
    }
    let number = site.rng.between(1, 6);
    let mut habits = Habits::of(site, peers, number, |now, rng| Host { ttl: 255, ..host(now, rng) });
    for listener in &mut habits.listeners {
        listener.address.set_port(179);
        listener.data_ttl = site.rng.chance(0.5).then_some(DataTtl::Sent(if site.rng.chance(0.5) { 1 } else { 255 }));
    }
    habits.few_ports = site.rng.chance(0.5).then_some(2);
    habits.plan = |rng, odd| {
        let resets = End::ServerResets(rng.below(40) * MILLI);
        Plan { end: rng.pick(&[resets, End::ClientResets, End::ServerCloses]), ..keepalives(rng, odd) }
    };
    habits
}

/// Paths whose packets take one or two hops more now and then, also to clouds that begin at 255.
fn detours(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 8);
    let mut clients = visitors(site, 6, client);
    for client in &mut clients {
        client.path.hops = site.rng.between(4, 18) as u8;
        client.path.detour = site.rng.between(1, 2) as u8;
    }
    Habits::of(site, clients, number, |now, rng| {
        let ttl = rng.pick(&[64, 128, 255, 255]);
        if rng.chance(0.5) { Host { ttl, ..linux(now, rng) } } else { host(now, rng) }
    })
}

/// Connections too short to measure the clock that stamps them.
fn unmeasured_clocks(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 25);
    let mut clients = visitors(site, 3, |rng| if rng.chance(0.8) { linux_client(rng) } else { ClientStack::MAC });
    for client in &mut clients {
        client.path.jitter = site.rng.pick(&[Jitter::Quiet, Jitter::Quiet, Jitter::Exponential(1.0)]);
        client.path.loss = 0.0;
    }
    Habits {
        plan: short_plan,
        ..Habits::of(site, clients, number, |now, rng| match rng.below(6) {
            0..3 => Kernel::old(250).host(now, rng),
            3 => Kernel::old(100).host(now, rng),
            4 => Host { rate: 250, ..linux(now, rng) },
            _ => linux(now, rng),
        })
    }
}

/// Round trips above a second: SYNs and SYN-ACKs are repeated before the first answer arrives.
fn satellite(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 6);
    let mut clients = visitors(site, 4, client);
    for client in &mut clients {
        let round_trip = site.rng.between(620, 2600) * MILLI;
        let jitter = site.rng.pick(&[Jitter::Exponential(4.0), Jitter::Normal(12.0), Jitter::Spikes(0.1, 400.0)]);
        let loss = site.rng.pick(&[0.0, 0.01, 0.04]);
        client.path = Path { tap: client.path.tap, ..Path::quiet(round_trip).jitter(jitter).loss(loss) };
    }
    Habits::of(site, clients, number, host)
}

/// Hosts of different make behind each address, visited by networks behind one address each.
fn nat_and_pools(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 5);
    let mut clients = visitors(site, 4, client);
    for nat in &mut clients {
        let behind = site.rng.between(2, 8);
        nat.stacks = (0..behind).map(|_| client(&mut site.rng)).collect();
    }
    Habits { listeners: (0..number).map(|_| pool(site)).collect(), ..Habits::of(site, clients, 0, host) }
}

fn wrong_resets(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 12);
    let clients = visitors(site, 4, client);
    let few_ports = site.rng.chance(0.3).then_some(3);
    Habits { few_ports, plan: wrong_plan, ..Habits::of(site, clients, number, host) }
}

/// Counters of IP identifications that begin at 1 or 0x0100 on both sides and so agree by accident.
fn crafted_ids(site: &mut Site) -> Habits {
    let number = site.rng.between(10, 40);
    let clients = visitors(site, 2, |rng| {
        let ids = IpId::Small(rng.pick(&[1, 1, 0x0100]));
        ClientStack { ids, ..client(rng) }
    });
    Habits {
        most: Some(2 * number as usize),
        ..Habits::of(site, clients, number, |now, rng| {
            let first_id = IpId::Small(rng.pick(&[1, 1, 0x0100]));
            let ids = rng.pick(&[first_id, first_id, IpId::PerFlow, IpId::Random]);
            Host { first_id, ids, ..host(now, rng) }
        })
    }
}

/// Long sessions of small segments both ways, over radio links that wake up and paths that change.
fn video_calls(site: &mut Site) -> Habits {
    let number = site.rng.between(1, 3);
    let mut clients = visitors(site, 3, client);
    for client in &mut clients {
        client.path = Path {
            first_down: site.rng.below(60) * MILLI,
            detour: site.rng.below(3) as u8,
            jitter: Jitter::Spikes(0.1, 80.0),
            ..path(&mut site.rng, client.path.tap)
        };
    }
    Habits {
        most: Some(40),
        plan: |rng, odd| Plan {
            rounds: rng.between(20, 60) as u32,
            pause: 20 * MILLI,
            request: rng.between(60, 400) as u16,
            response: rng.between(60, 1200) as u32,
            think: rng.below(20) * MILLI,
            end: End::Open,
            ..plan(rng, odd)
        },
        ..Habits::of(site, clients, number, host)
    }
}

impl Habits {
    /// Creates habits of these visitors and of listeners with one kind of host each.
    fn of(site: &mut Site, visitors: Vec<Visitor>, number: u64, host: fn(Nanos, &mut Rng) -> Host) -> Self {
        Self {
            listeners: listeners(site, number, host),
            visitors,
            gap: site.rng.pick(&[300 * MICRO, 3 * MILLI, 20 * MILLI, 90 * MILLI, 600 * MILLI]),
            period: None,
            few_ports: None,
            flood: 0.0,
            odd: 0.002,
            client_ttl: None,
            most: None,
            plan,
        }
    }
}
