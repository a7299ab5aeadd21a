//! Servers whose ordinary answers look odd.

use super::{visits, web};
use crate::capture::{MILLI, SECOND};
use crate::client::{Attempt, ClientStack};
use crate::converse::converse;
use crate::path::Path;
use crate::plan::{End, Plan};
use crate::scenario::Scenario;
use crate::site::Site;
use crate::stack::linux::Kernel;
use crate::stack::{Host, Isn, Window, freebsd, gvisor, windows};
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;

const LABEL: &str = "ordinary";

/// Every scenario of this file.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "never_negotiates",
        label: LABEL,
        note: "servers that answer with an MSS only, always: the twins of linux_no_ts_alone",
        play: never,
    },
    Scenario {
        name: "timestamps_only",
        label: LABEL,
        note: "servers with timestamps, without window scale and SACK: the twins of gvisor",
        play: timestamps_only,
    },
    Scenario { name: "embedded", label: LABEL, note: "small devices", play: embedded },
    Scenario {
        name: "flood_without_cookies",
        label: "ordinary-under-flood",
        note: "a SYN flood against a server that keeps half-open entries",
        play: flood,
    },
    Scenario {
        name: "flood_on_windows",
        label: "ordinary-under-flood",
        note: "the same against Windows",
        play: flood_windows,
    },
    Scenario {
        name: "configuration_change",
        label: LABEL,
        note: "timestamps off, then SACK off, then window scaling off",
        play: configuration,
    },
    Scenario {
        name: "four_tuple_reuse",
        label: LABEL,
        note: "one four-tuple again and again, through TIME-WAIT",
        play: time_wait,
    },
    Scenario {
        name: "server_speaks_first",
        label: LABEL,
        note: "a banner before anything from the client",
        play: banner,
    },
    Scenario {
        name: "application_reset",
        label: "application-reset",
        note: "the program resets right after accepting",
        play: application_reset,
    },
    Scenario { name: "client_reset", label: LABEL, note: "clients that reset", play: client_reset },
    Scenario {
        name: "freebsd_ordinary",
        label: LABEL,
        note: "FreeBSD: its ISNs always encode the options",
        play: |s| stack(s, freebsd::host),
    },
    Scenario {
        name: "gvisor_ordinary",
        label: LABEL,
        note: "gVisor, queue not full",
        play: |s| stack(s, gvisor::host),
    },
    Scenario { name: "windows_ordinary", label: LABEL, note: "Windows 10", play: |s| stack(s, windows::modern) },
    Scenario {
        name: "windows_vista",
        label: LABEL,
        note: "Windows 7: 10 ms ticks",
        play: |s| stack(s, windows::vista),
    },
    Scenario { name: "mac_ordinary", label: LABEL, note: "macOS", play: |s| stack(s, windows::mac) },
    Scenario { name: "openbsd_ordinary", label: LABEL, note: "OpenBSD", play: |s| stack(s, windows::openbsd) },
    Scenario { name: "solaris_ordinary", label: LABEL, note: "Solaris", play: |s| stack(s, windows::solaris) },
    Scenario {
        name: "linux_ordinary",
        label: LABEL,
        note: "Linux 6",
        play: |s| stack(s, |now, rng| Kernel::PAIR.host(now, rng)),
    },
    Scenario {
        name: "linux_old_ordinary",
        label: LABEL,
        note: "Linux 4.4, HZ 250",
        play: |s| stack(s, |now, rng| Kernel::old(250).host(now, rng)),
    },
    Scenario {
        name: "window_8190_host",
        label: LABEL,
        note: "a small host with the window of class E and no TTL jump",
        play: odd_window,
    },
    Scenario { name: "port_scan", label: LABEL, note: "SYN scanners that reset every answer", play: scan },
];

fn stack(site: &mut Site, make: fn(u64, &mut Rng) -> Host) {
    let mut server = make(site.now, &mut site.rng);
    visits(site, &mut server, &web());
}

fn never(site: &mut Site) {
    for last in 1..=6u8 {
        let mut server = windows::never_negotiates(site.now, &mut site.rng);
        let to = SocketAddr::new([10, 0, 2, last].into(), 80);
        for n in 0..12 {
            let from = SocketAddr::new(site.client(), site.port());
            let stack = [ClientStack::LINUX, ClientStack::WINDOWS][n % 2];
            site.connect_from(from, to, stack, &mut server, &web(), &Plan::WEB);
            site.pause(50 * MILLI);
        }
    }
}

fn timestamps_only(site: &mut Site) {
    let linux = Kernel::PAIR.host(site.now, &mut site.rng);
    for server in [linux, freebsd::host(site.now, &mut site.rng)] {
        visits(site, &mut Host { wscale: None, sack: false, ..server }, &web());
    }
}

fn embedded(site: &mut Site) {
    for last in 1..=12u8 {
        let mut server = windows::embedded(site.now, &mut site.rng);
        let to = SocketAddr::new([192, 168, 1, last].into(), 80);
        let path = Path { hops: 0, ..Path::quiet(MILLI) };
        for n in 0..6 {
            let from = SocketAddr::new(site.client(), site.port());
            let stack = [ClientStack::LINUX, ClientStack::WINDOWS][n % 2];
            site.connect_from(from, to, stack, &mut server, &path, &Plan::WEB);
            site.pause(50 * MILLI);
        }
    }
}

fn under_flood(site: &mut Site, mut server: Host) {
    let begin = site.now;
    site.connects(10, 100 * MILLI, ClientStack::LINUX, &mut server, &web(), &Plan::WEB);
    site.flood(120, 4 * SECOND, &mut server, &web());
    site.connects(30, 100 * MILLI, ClientStack::WINDOWS, &mut server, &web(), &Plan::WEB);
    site.now = begin + 8 * SECOND;
    site.connects(10, 100 * MILLI, ClientStack::LINUX, &mut server, &web(), &Plan::WEB);
}

fn flood(site: &mut Site) {
    let server = Kernel::PAIR.host(site.now, &mut site.rng);
    under_flood(site, server);
}

fn flood_windows(site: &mut Site) {
    let server = windows::modern(site.now, &mut site.rng);
    under_flood(site, server);
}

fn configuration(site: &mut Site) {
    let mut server = Kernel::PAIR.host(site.now, &mut site.rng);
    let steps: [fn(&mut Host); 4] = [|_| {}, |h| h.ts = false, |h| h.sack = false, |h| h.wscale = None];
    for step in steps {
        step(&mut server);
        visits(site, &mut server, &web());
        site.now += SECOND;
    }
}

fn time_wait(site: &mut Site) {
    let mut server = Host { isn: Isn::Random, ..Kernel::PAIR.host(site.now, &mut site.rng) };
    let from = SocketAddr::new(site.client(), site.port());
    let mut isn = site.rng.next_u32();
    let mut client = site.rng.next_u32();
    for _ in 0..15 {
        // A SYN that meets TIME-WAIT gets the old connection's next sequence number and a little more.
        server.isn = Isn::Fixed(isn);
        let mut attempt = Attempt::new(ClientStack::LINUX_NO_TS, from, site.now, &mut site.rng);
        attempt.isn = client;
        let to = site.server();
        converse(&mut site.tap, &mut site.rng, &mut attempt, to, &mut server, &web(), &Plan::WEB, site.now);
        isn = isn.wrapping_add(3002 + 65_537);
        client = client.wrapping_add(site.rng.between(70_000, 200_000_000) as u32);
        site.now += SECOND + site.rng.below(SECOND);
    }
}

fn banner(site: &mut Site) {
    for make in [|n, r: &mut Rng| Kernel::PAIR.host(n, r), |n, r: &mut _| freebsd::host(n, r)] {
        let mut server = make(site.now, &mut site.rng);
        let plan = Plan { banner: Some(8 * MILLI), ..Plan::WEB };
        site.connects(20, 80 * MILLI, ClientStack::LINUX, &mut server, &web(), &plan);
        site.connects(20, 80 * MILLI, ClientStack::WINDOWS, &mut server, &web(), &Plan { request: 0, ..plan });
    }
}

fn application_reset(site: &mut Site) {
    let mut server = Kernel::PAIR.host(site.now, &mut site.rng);
    for request in [0, 78] {
        let plan = Plan { end: End::ServerResets(MILLI), request, ..Plan::WEB };
        site.connects(15, 60 * MILLI, ClientStack::LINUX, &mut server, &web(), &plan);
        site.connects(15, 60 * MILLI, ClientStack::WINDOWS, &mut server, &web(), &plan);
    }
}

fn client_reset(site: &mut Site) {
    let mut server = Kernel::PAIR.host(site.now, &mut site.rng);
    let plan = Plan { end: End::ClientResets, ..Plan::WEB };
    site.connects(20, 60 * MILLI, ClientStack::LINUX, &mut server, &web(), &plan);
}

fn odd_window(site: &mut Site) {
    let mut server = Host { window: Window::Fixed(8190), ttl: 128, ..windows::embedded(site.now, &mut site.rng) };
    visits(site, &mut server, &web());
}

fn scan(site: &mut Site) {
    let plan = Plan { conduct: crate::plan::ClientConduct::Resets, request: 0, ..Plan::WEB };
    for last in 1..=20u8 {
        let mut server = Kernel::PAIR.host(site.now, &mut site.rng);
        for stack in [ClientStack::BARE, ClientStack::LINUX] {
            let from = SocketAddr::new(site.client(), site.port());
            let to = SocketAddr::new([10, 0, 3, last].into(), 443);
            site.connect_from(from, to, stack, &mut server, &web(), &plan);
            site.pause(5 * MILLI);
        }
    }
}
