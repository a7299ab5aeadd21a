//! Habits of ordinary hosts that look like the arithmetic of a cookie: initial sequence numbers,
//! windows, TTLs.

use super::{visits, web};
use crate::answer::{AckReply, Answer, Answerer, Syn, SynReply};
use crate::capture::{MICRO, MILLI, Nanos, SECOND};
use crate::client::{Attempt, ClientStack};
use crate::converse::converse;
use crate::path::{Jitter, Path};
use crate::plan::{DataTtl, End, Plan};
use crate::scenario::Scenario;
use crate::site::Site;
use crate::stack::linux::Kernel;
use crate::stack::{Host, Isn, Window, windows};
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{Segment, TcpOption};

const LABEL: &str = "ordinary";

/// Every scenario of this file.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "health_checks_loopback",
        label: LABEL,
        note: "health checks from a fixed port, ended by resets, on a loopback: both ISNs advance with one clock",
        play: |s| health_checks(s, &Path { hops: 0, ..Path::quiet(20 * MICRO).jitter(Jitter::Loopback) }),
    },
    Scenario {
        name: "health_checks_lan",
        label: LABEL,
        note: "the same over a LAN",
        play: |s| health_checks(s, &Path::quiet(300 * MICRO)),
    },
    Scenario {
        name: "crafted_isns",
        label: LABEL,
        note: "a test program whose server ISN is the client's plus 1000, or plus one large number on every four-tuple",
        play: crafted_isns,
    },
    Scenario {
        name: "multipath",
        label: LABEL,
        note: "Multipath TCP: the first window is that of the whole connection, below the announced one",
        play: multipath,
    },
    Scenario {
        name: "shrinking_windows",
        label: LABEL,
        note: "Linux with tcp_shrink_window=1: the first window is always below the announced one",
        play: |s| moves(s, Kernel::PAIR, 64_240),
    },
    Scenario {
        name: "unscaled_windows_grow",
        label: LABEL,
        note: "BSD and slirp without window scale: 8192 in the SYN-ACK, six full segments afterwards; IP IDs counted",
        play: unscaled,
    },
    Scenario {
        name: "multihop_bgp",
        label: LABEL,
        note: "multihop BGP: SYN-ACK with TTL 255, the session's own small TTL afterwards",
        play: multihop,
    },
    Scenario {
        name: "short_at_250_hz",
        label: LABEL,
        note: "HZ 250, too few ticks in the capture to measure the rate of the clock",
        play: short_at_250_hz,
    },
];

/// Plays checks of a Linux client, whose ISN is a hash plus a clock of 64 ns as the server's is.
fn health_checks(site: &mut Site, path: &Path) {
    let mut server = Kernel::PAIR.host(site.now, &mut site.rng);
    let from = SocketAddr::new(site.client(), site.port());
    let (hash, plan) = (site.rng.next_u32(), Plan { end: End::ClientResets, ..Plan::WEB });
    for _ in 0..300 {
        let mut attempt = Attempt::new(ClientStack::LINUX, from, site.now, &mut site.rng);
        attempt.isn = hash.wrapping_add((site.now >> 6) as u32);
        let to = site.server();
        converse(&mut site.tap, &mut site.rng, &mut attempt, to, &mut server, path, &plan, site.now);
        site.now += SECOND + site.rng.below(MILLI);
    }
}

fn crafted_isns(site: &mut Site) {
    let large = site.rng.next_u32() | 1 << 30;
    for (ahead, ports) in [(1000, 1), (large, 5)] {
        let mut server = Host { isn: Isn::AfterClient(ahead), ..Kernel::PAIR.host(site.now, &mut site.rng) };
        let ports: Vec<u16> = (0..ports).map(|_| site.port()).collect();
        for n in 0..15 {
            let from = SocketAddr::new(site.client(), ports[n % ports.len()]);
            let plan = Plan { end: End::ClientResets, ..Plan::WEB };
            site.connect_from(from, site.server(), ClientStack::LINUX_NO_TS, &mut server, &web(), &plan);
            site.now += 2 * SECOND;
        }
        site.now += 120 * SECOND;
    }
}

/// A host whose first window after the handshake is not the announced one.
struct Moving {
    host: Host,
    /// The first window, in bytes.
    window: u32,
    mptcp: bool,
}

impl Answerer for Moving {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        let mut reply = self.host.on_syn(syn, now, before, rng);
        if let SynReply::SynAck(answer) = &mut reply
            && self.mptcp
            && before.is_none()
        {
            answer.seg.options.push(TcpOption::MpCapable(Some(rng.next_u64())));
        }
        reply
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply {
        let mut reply = self.host.on_ack(syn, answer, ack, now, rng);
        if let AckReply::Open(live, _) = &mut reply {
            live.window = self.window;
        }
        reply
    }
}

fn moves(site: &mut Site, kernel: Kernel, window: u32) {
    let mut server = Moving { host: kernel.host(site.now, &mut site.rng), window, mptcp: false };
    site.connects(60, 60 * MILLI, ClientStack::LINUX, &mut server, &web(), &Plan::WEB);
}

fn multipath(site: &mut Site) {
    let host = Kernel::PAIR.host(site.now, &mut site.rng);
    let client = ClientStack { mptcp: true, ..ClientStack::LINUX };
    let mut server = Moving { host, window: 64_240, mptcp: true };
    site.connects(30, 60 * MILLI, client, &mut server, &web(), &Plan::WEB);
}

fn unscaled(site: &mut Site) {
    let host = windows::never_negotiates(site.now, &mut site.rng);
    let ids = crate::clock::IpId::PerHost(50);
    let host = Host { window: Window::Fixed(8192), first_id: ids, ids, ..host };
    visits(site, &mut Moving { host, window: 8760, mptcp: false }, &web());
}

fn multihop(site: &mut Site) {
    for ttl in [8, 16] {
        let mut server = Host { ttl: 255, ..windows::embedded(site.now, &mut site.rng) };
        let plan = Plan { data_ttl: Some(DataTtl::Sent(ttl)), ..Plan::WEB };
        let path = Path { hops: 3, ..web() };
        site.connects(12, 5 * SECOND, ClientStack::MINIMAL, &mut server, &path, &plan);
    }
}

fn short_at_250_hz(site: &mut Site) {
    let plan = Plan { response: 900, think: MILLI, end: End::Open, ..Plan::WEB };
    for _ in 0..12 {
        let mut server = Kernel::old(250).host(site.now, &mut site.rng);
        let address = SocketAddr::new(site.stranger(), 443);
        for _ in 0..25 {
            let from = SocketAddr::new(site.client(), site.port());
            site.connect_from(from, address, ClientStack::LINUX, &mut server, &Path::quiet(3 * MILLI), &plan);
            site.pause(300 * MILLI);
        }
    }
}
