//! Listeners that answer with cookies only for a while.

use super::Scenario;
use crate::answer::{AckReply, Answer, Answerer, Syn, SynReply};
use crate::capture::{MICRO, MILLI, Nanos, SECOND};
use crate::client::ClientStack;
use crate::clock::IpId;
use crate::path::Path;
use crate::plan::Plan;
use crate::site::Site;
use crate::stack::gvisor::{self, Gvisor};
use crate::stack::linux::{Kernel, Linux, Mode};
use crate::stack::onload::Onload;
use crate::stack::{Host, Isn, Offset, Window};
use crate::truth::Verdict;
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::Segment;

/// Every scenario of this file.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "episode_ts",
        label: "episode",
        note: "cookies in the middle 4 of 12 s, clients with timestamps",
        play: |s| linux(s, Kernel::PAIR, ClientStack::LINUX),
    },
    Scenario {
        name: "episode_tuple",
        label: "episode",
        note: "the same, offset by four-tuple",
        play: |s| linux(s, Kernel::TUPLE, ClientStack::LINUX),
    },
    Scenario {
        name: "episode_no_ts",
        label: "episode",
        note: "cookies in the middle 4 of 12 s, clients without timestamps",
        play: |s| linux(s, Kernel::PAIR, ClientStack::WINDOWS),
    },
    Scenario {
        name: "episode_server_no_ts",
        label: "episode",
        note: "tcp_timestamps=0, cookies in the middle 4 of 12 s, clients with and without timestamps",
        play: server_no_ts,
    },
    Scenario {
        name: "episode_three_segments",
        label: "episode",
        note: "an appliance with window 4380: ordinary answers have SACK and timestamps, cookies an MSS and nothing else",
        play: three_segments,
    },
    Scenario {
        name: "episode_three_segments_strangers",
        label: "episode",
        note: "the same, every connection from another address",
        play: three_segments_strangers,
    },
    Scenario {
        name: "episode_many_clients",
        label: "episode",
        note: "a flood, and hundreds of clients with and without timestamps, most with one connection",
        play: many_clients,
    },
    Scenario {
        name: "episode_flood",
        label: "episode",
        note: "a flood starts and ends the cookies; its SYNs are never acknowledged",
        play: flood,
    },
    Scenario {
        name: "episode_refills",
        label: "episode",
        note: "two floods, during which entries expire and the SYN queue fills again: cookies 2 of every 3 s",
        play: refills,
    },
    Scenario {
        name: "class_f",
        label: "episode",
        note: "class F: MSS only, same window and TTL as siblings that keep window scale and SACK, one IP ID counter",
        play: class_f,
    },
    Scenario {
        name: "class_f_sockets",
        label: "episode",
        note: "class F, and data with IP IDs counted by socket, as Linux does",
        play: |s| one_counter(s, IpId::PerFlow),
    },
    Scenario {
        name: "class_g",
        label: "episode",
        note: "class G: a loopback overload, cookies interleaved with ordinary answers, the timestamp jumps back",
        play: class_g,
    },
    Scenario { name: "episode_gvisor", label: "episode", note: "gVisor, cookies in the middle", play: gvisor_episode },
    Scenario {
        name: "episode_onload",
        label: "episode",
        note: "Onload, cookies in the middle, clients with and without timestamps",
        play: onload_episode,
    },
];

/// Plays connections for 12 s around `middle`, the last three without a flood.
fn through(site: &mut Site, server: &mut dyn Answerer, stacks: &[ClientStack], path: &Path) {
    let end = site.now + 12 * SECOND;
    let mut n = 0;
    while site.now < end {
        site.connect(stacks[n % stacks.len()], server, path, &Plan::WEB);
        site.pause(90 * MILLI);
        n += 1;
    }
}

fn middle(site: &Site) -> Vec<(Nanos, Nanos)> {
    vec![(site.now + 4 * SECOND, site.now + 8 * SECOND)]
}

fn linux(site: &mut Site, kernel: Kernel, client: ClientStack) {
    let mut server = Linux::new(kernel, Mode::During(middle(site)), site.now, &mut site.rng);
    through(site, &mut server, &[client], &Path::quiet(20 * MILLI));
}

fn server_no_ts(site: &mut Site) {
    let mut server = Linux::new(Kernel::PAIR, Mode::During(middle(site)), site.now, &mut site.rng);
    server.host.ts = false;
    let stacks = [ClientStack::LINUX, ClientStack::MAC, ClientStack::LINUX, ClientStack::WINDOWS];
    through(site, &mut server, &stacks, &Path::quiet(20 * MILLI));
}

/// An appliance that ends connections itself, and answers with cookies in hardware at times.
struct ThreeSegments {
    host: Host,
    mode: Mode,
}

impl ThreeSegments {
    fn new(site: &mut Site) -> Self {
        let mode = Mode::During(middle(site));
        let stock = Kernel::PAIR.host(site.now, &mut site.rng);
        let host = Host {
            wscale: None,
            window: Window::Fixed(4380),
            ttl: 255,
            first_id: IpId::Random,
            ids: IpId::Random,
            offset: Offset::PerConnection,
            isn: Isn::Random,
            ..stock
        };
        Self { host, mode }
    }
}

impl Answerer for ThreeSegments {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        let kept = before.filter(|b| b.verdict == Verdict::Ordinary);
        if kept.is_some() || !self.mode.wants_cookie(now, rng) {
            return self.host.on_syn(syn, now, kept, rng);
        }
        let mut answer = Host { ts: false, sack: false, ..self.host.clone() }.syn_ack(syn, now, rng);
        answer.repeats.clear();
        answer.verdict = Verdict::SynCookie;
        SynReply::SynAck(Box::new(answer))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply {
        self.host.on_ack(syn, answer, ack, now, rng)
    }
}

fn three_segments(site: &mut Site) {
    let mut server = ThreeSegments::new(site);
    through(site, &mut server, &[ClientStack::LINUX, ClientStack::WINDOWS], &Path::quiet(20 * MILLI));
}

fn three_segments_strangers(site: &mut Site) {
    let mut server = ThreeSegments::new(site);
    from_strangers(site, &mut server, &[ClientStack::LINUX, ClientStack::MAC]);
}

/// Plays connections of strangers for 12 s.
fn from_strangers(site: &mut Site, server: &mut dyn Answerer, stacks: &[ClientStack]) {
    let end = site.now + 12 * SECOND;
    while site.now < end {
        let from = SocketAddr::new(site.stranger(), site.port());
        let path = Path::quiet(site.rng.between(8, 120) * MILLI);
        let stack = site.rng.pick(stacks);
        site.connect_from(from, site.server(), stack, server, &path, &Plan::WEB);
        site.pause(25 * MILLI);
    }
}

fn many_clients(site: &mut Site) {
    let mut server = Linux::new(Kernel::TUPLE, Mode::During(middle(site)), site.now, &mut site.rng);
    let begin = site.now;
    from_strangers(site, &mut server, &[ClientStack::LINUX, ClientStack::WINDOWS, ClientStack::MAC]);
    site.now = begin + 4 * SECOND - 200 * MILLI;
    let before = site.tap.handshakes();
    site.flood(400, 4 * SECOND, &mut server, &Path::quiet(20 * MILLI));
    site.tap.since(before).filter(|h| h.verdict == Verdict::SynCookie).for_each(|h| h.undecidable = true);
}

fn flood(site: &mut Site) {
    let mut server = Linux::new(Kernel::PAIR, Mode::During(middle(site)), site.now, &mut site.rng);
    let (path, begin) = (Path::quiet(20 * MILLI), site.now);
    through(site, &mut server, &[ClientStack::LINUX, ClientStack::WINDOWS], &path);
    site.now = begin + 4 * SECOND - 200 * MILLI;
    let before = site.tap.handshakes();
    site.flood(400, 4 * SECOND, &mut server, &path);
    site.tap.since(before).filter(|h| h.verdict == Verdict::SynCookie).for_each(|h| h.undecidable = true);
}

/// Plays two floods of 12 s with 15 s between them. The SYN queue has room for one second of every
/// three.
fn refills(site: &mut Site) {
    let (path, begin) = (Path::quiet(20 * MILLI), site.now);
    let floods = [begin + 4 * SECOND, begin + 31 * SECOND];
    let full = floods.iter().flat_map(|&flood| (0..4).map(move |n| flood + 3 * n * SECOND));
    let mode = Mode::During(full.map(|start| (start, start + 2 * SECOND)).collect());
    let mut server = Linux::new(Kernel::PAIR, mode, site.now, &mut site.rng);
    while site.now < begin + 47 * SECOND {
        site.connect(ClientStack::LINUX, &mut server, &path, &Plan::WEB);
        site.pause(90 * MILLI);
    }
    let before = site.tap.handshakes();
    for flood in floods {
        site.now = flood - 200 * MILLI;
        site.flood(150, 12 * SECOND, &mut server, &path);
    }
    site.tap.since(before).filter(|h| h.verdict == Verdict::SynCookie).for_each(|h| h.undecidable = true);
}

fn class_f(site: &mut Site) {
    one_counter(site, IpId::PerHost(900));
}

/// Plays class F: SYN-ACKs of both kinds share one counter of IP IDs; `ids` are those of data.
fn one_counter(site: &mut Site, ids: IpId) {
    let stretches = (0..4).map(|n| site.now + (1 + 3 * n) * SECOND).map(|t| (t, t + SECOND)).collect();
    let mut server = Linux::new(Kernel::old(1000), Mode::Hovering(stretches, 0.6), site.now, &mut site.rng);
    server.host.ids = ids;
    server.host.first_id = IpId::PerHost(900);
    through(site, &mut server, &[ClientStack::WINDOWS], &Path::quiet(12 * MILLI));
}

fn class_g(site: &mut Site) {
    let stretches = vec![(site.now + 2 * SECOND, site.now + 9 * SECOND)];
    let mut server = Linux::new(Kernel::PAIR, Mode::Hovering(stretches, 0.5), site.now, &mut site.rng);
    let mut path = Path::quiet(30 * MICRO);
    path.hops = 0;
    let end = site.now + 12 * SECOND;
    while site.now < end {
        for _ in 0..6 {
            site.connect(ClientStack::LINUX, &mut server, &path, &Plan::WEB);
            site.now += 90 * MICRO;
        }
        site.pause(250 * MILLI);
    }
}

fn gvisor_episode(site: &mut Site) {
    let mut server = Gvisor { host: gvisor::host(site.now, &mut site.rng), mode: Mode::During(middle(site)) };
    through(site, &mut server, &[ClientStack::LINUX], &Path::quiet(20 * MILLI));
}

fn onload_episode(site: &mut Site) {
    let mode = Mode::During(middle(site));
    let mut server = Onload::new(mode, site.now, &mut site.rng);
    through(site, &mut server, &[ClientStack::LINUX, ClientStack::WINDOWS], &Path::quiet(20 * MILLI));
}
