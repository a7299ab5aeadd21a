//! Boxes on the path that are not SYN proxies.

use super::{visits, web};
use crate::address;
use crate::answer::Answerer;
use crate::capture::{MICRO, MILLI};
use crate::client::ClientStack;
use crate::clock::IpId;
use crate::middlebox::mixed::{Balancing, Edit, OptionEditor, Pool};
use crate::path::Path;
use crate::plan::{DataTtl, End, Plan};
use crate::scenario::Scenario;
use crate::site::Site;
use crate::stack::linux::Kernel;
use crate::stack::{Host, Isn, Window, freebsd, windows};
use std::net::SocketAddr;

const LABEL: &str = "ordinary";

/// Every scenario of this file.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "hypervisor_nat",
        label: LABEL,
        note: "a desktop hypervisor's NAT answers for every server: MSS only, window 64240, TTL 128",
        play: |s| nat(s, 64240, 128),
    },
    Scenario {
        name: "hypervisor_nat_64",
        label: LABEL,
        note: "the same with window 65535, TTL 64",
        play: |s| nat(s, 65535, 64),
    },
    Scenario {
        name: "injected_reset",
        label: LABEL,
        note: "resets injected right after the handshake",
        play: injected,
    },
    Scenario { name: "gtsm", label: LABEL, note: "GTSM: SYN-ACK with TTL 255, then TTL 1", play: gtsm },
    Scenario {
        name: "transparent_proxy",
        label: LABEL,
        note: "a transparent HTTP proxy sends the data, TTL 253 to 255",
        play: transparent,
    },
    Scenario {
        name: "pool_by_turn",
        label: LABEL,
        note: "three stacks behind one address, in turn",
        play: |s| pool(s, Balancing::Turn),
    },
    Scenario {
        name: "pool_by_source",
        label: LABEL,
        note: "three stacks behind one address, by client",
        play: |s| pool(s, Balancing::Source),
    },
    Scenario {
        name: "pool_by_flow",
        label: LABEL,
        note: "three stacks behind one address, by flow",
        play: |s| pool(s, Balancing::Flow),
    },
    Scenario {
        name: "pool_of_two_options",
        label: LABEL,
        note: "two Linux hosts, one with options off, by flow: same window, TTL and MSS",
        play: pool_options,
    },
    Scenario {
        name: "strips_timestamps",
        label: LABEL,
        note: "a box overwrites some clients' timestamps",
        play: |s| strips(s, Edit::Timestamps),
    },
    Scenario {
        name: "strips_window_scale",
        label: LABEL,
        note: "a box overwrites some clients' window scale",
        play: |s| strips(s, Edit::WindowScale),
    },
    Scenario {
        name: "strips_all",
        label: LABEL,
        note: "a box overwrites some clients' options but the MSS",
        play: |s| strips(s, Edit::All),
    },
    Scenario {
        name: "mss_clamp",
        label: LABEL,
        note: "a router clamps the MSS to 1300, a table value",
        play: |s| clamp(s, 1300),
    },
    Scenario {
        name: "mss_clamp_1380",
        label: LABEL,
        note: "a router clamps the MSS to 1380",
        play: |s| clamp(s, 1380),
    },
    Scenario {
        name: "stripped_before_nat",
        label: LABEL,
        note: "many clients behind one translated address, some behind a box that overwrites their options; one host with one IP ID counter",
        play: stripped_before_nat,
    },
    Scenario {
        name: "many_clients_behind_nat",
        label: LABEL,
        note: "different stacks behind one client address",
        play: client_nat,
    },
];

fn nat(site: &mut Site, window: u16, ttl: u8) {
    let mut guest = windows::embedded(site.now, &mut site.rng);
    guest = Host { mss: 1460, window: Window::Fixed(window), ttl, dont_fragment: false, isn: Isn::Counter, ..guest };
    guest.first_id = IpId::PerHost(60);
    guest.ids = IpId::PerHost(60);
    for _ in 0..60 {
        let to = SocketAddr::new(site.stranger(), site.rng.pick(&[80, 443, 443, 443, 8080]));
        for _ in 0..site.rng.between(1, 4) {
            let path = Path { hops: 0, ..Path::quiet(site.rng.between(4, 180) * MILLI) };
            let stack = site.rng.pick(&[ClientStack::LINUX, ClientStack::WINDOWS]);
            let from = SocketAddr::new(site.client(), site.port());
            site.connect_from(from, to, stack, &mut guest, &path, &Plan::WEB);
            site.pause(30 * MILLI);
        }
    }
}

fn injected(site: &mut Site) {
    let mut server = Kernel::PAIR.host(site.now, &mut site.rng);
    let plan = Plan { end: End::Injected, ..Plan::WEB };
    site.connects(15, 90 * MILLI, ClientStack::LINUX, &mut server, &web(), &plan);
    site.connects(15, 90 * MILLI, ClientStack::WINDOWS, &mut server, &web(), &plan);
}

fn gtsm(site: &mut Site) {
    let mut server = Host { ttl: 255, ..Kernel::PAIR.host(site.now, &mut site.rng) };
    let plan = Plan { data_ttl: Some(DataTtl::Sent(1)), ..Plan::WEB };
    let neighbour = Path { hops: 0, ..Path::quiet(MILLI) };
    site.connects(30, 60 * MILLI, ClientStack::LINUX, &mut server, &neighbour, &plan);
}

fn transparent(site: &mut Site) {
    let mut server = Kernel::PAIR.host(site.now, &mut site.rng);
    for n in 0..45 {
        let plan = Plan { data_ttl: Some(DataTtl::Seen(253 + (n % 3) as u8)), ..Plan::WEB };
        let stack = [ClientStack::LINUX, ClientStack::WINDOWS][n % 2];
        site.connect(stack, &mut server, &web(), &plan);
        site.pause(60 * MILLI);
    }
}

fn from_everywhere(site: &mut Site, server: &mut dyn Answerer) {
    for n in 0..90 {
        let stack = [ClientStack::LINUX, ClientStack::WINDOWS, ClientStack::MAC][n % 3];
        let ip = if n % 2 == 0 { site.client() } else { site.stranger() };
        let from = SocketAddr::new(ip, site.port());
        let path = Path::quiet(site.rng.between(8, 90) * MILLI);
        site.connect_from(from, site.server(), stack, server, &path, &Plan::WEB);
        site.pause(40 * MILLI);
    }
}

fn pool(site: &mut Site, by: Balancing) {
    let (now, rng) = (site.now, &mut site.rng);
    let linux = Kernel::PAIR.host(now, rng);
    let bare = Host { ttl: 64, ..windows::embedded(now, rng) };
    let hosts: [Host; 4] = [linux, windows::modern(now, rng), freebsd::host(now, rng), bare];
    let hosts = hosts.into_iter().map(|h| Box::new(h) as Box<dyn Answerer>).collect();
    from_everywhere(site, &mut Pool::new(hosts, by));
}

fn pool_options(site: &mut Site) {
    let (now, rng) = (site.now, &mut site.rng);
    let full = Kernel::PAIR.host(now, rng);
    let bare = Host { wscale: None, sack: false, ts: false, ..Kernel::PAIR.host(now, rng) };
    let hosts = [full, bare].into_iter().map(|h| Box::new(h) as Box<dyn Answerer>).collect();
    from_everywhere(site, &mut Pool::new(hosts, Balancing::Flow));
}

fn strips(site: &mut Site, edit: Edit) {
    let inner = Kernel::PAIR.host(site.now, &mut site.rng);
    let concerns = |syn: &crate::answer::Syn| address::hash(syn.from.ip()).is_multiple_of(2);
    from_everywhere(site, &mut OptionEditor { edit, concerns, inner });
}

fn clamp(site: &mut Site, most: u16) {
    let inner = Kernel::PAIR.host(site.now, &mut site.rng);
    let mut server = OptionEditor { edit: Edit::Clamp(most), concerns: |_| true, inner };
    let plan = Plan { response: 20_000, ..Plan::WEB };
    site.connects(20, 60 * MILLI, ClientStack::LINUX, &mut server, &web(), &plan);
    site.connects(20, 60 * MILLI, ClientStack::WINDOWS, &mut server, &web(), &plan);
}

fn client_nat(site: &mut Site) {
    let mut server = Kernel::PAIR.host(site.now, &mut site.rng);
    let stacks = [ClientStack::LINUX, ClientStack::WINDOWS, ClientStack::MAC, ClientStack::MINIMAL, ClientStack::BARE];
    let path = Path::quiet(14 * MILLI + 300 * MICRO);
    visits(site, &mut server, &path);
    for n in 0..60 {
        site.connect(stacks[n % stacks.len()], &mut server, &path, &Plan::WEB);
        site.pause(30 * MILLI);
    }
}

/// Plays clients behind a NAT, some of them also behind a box that strips options. The capture is
/// taken behind the NAT: the SYNs are as the clients sent them, and only the distance of a client
/// shows whether the server saw its SYN stripped.
fn stripped_before_nat(site: &mut Site) {
    let ids = IpId::PerHost(100);
    let inner = Host { first_id: ids, ids, ..Kernel::PAIR.host(site.now, &mut site.rng) };
    let concerns = |syn: &crate::answer::Syn| syn.seg.ttl % 2 == 1;
    let mut server = OptionEditor { edit: Edit::All, concerns, inner };
    for _ in 0..90 {
        let stack = site.rng.pick(&[ClientStack::LINUX, ClientStack::WINDOWS, ClientStack::MAC]);
        let ttl = site.rng.pick(&[49, 56, 58, 61, 63]);
        site.connect(ClientStack { ttl, ..stack }, &mut server, &Path::quiet(14 * MILLI), &Plan::WEB);
        site.pause(300 * MILLI);
    }
}
