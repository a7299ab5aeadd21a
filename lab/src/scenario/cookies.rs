//! Hosts that answer with SYN cookies.

use super::Scenario;
use crate::capture::{MILLI, SECOND};
use crate::client::ClientStack;
use crate::path::{Jitter, Path};
use crate::plan::{ClientConduct, End, Plan};
use crate::site::Site;
use crate::stack::freebsd::{self, Paused};
use crate::stack::gvisor::{self, Gvisor};
use crate::stack::linux::{Kernel, Linux, Mode};
use crate::stack::onload::Onload;
use std::net::{IpAddr, SocketAddr};

const LABEL: &str = "syncookie-linux";
const GAP: u64 = 60 * MILLI;

/// Every scenario of this file.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "linux_old_hz1000",
        label: LABEL,
        note: "Linux before 4.10, HZ 1000, no offset",
        play: |s| old(s, 1000),
    },
    Scenario {
        name: "linux_old_hz250",
        label: LABEL,
        note: "Linux before 4.10, HZ 250: lag up to 63 ticks",
        play: |s| old(s, 250),
    },
    Scenario {
        name: "linux_old_hz100",
        label: LABEL,
        note: "Linux before 4.10, HZ 100: lag up to 63 ticks",
        play: |s| old(s, 100),
    },
    Scenario {
        name: "linux_pair",
        label: LABEL,
        note: "Linux 4.12 to 6.x: offset by address pair",
        play: |s| always(s, Kernel::PAIR, ClientStack::LINUX),
    },
    Scenario {
        name: "linux_tuple",
        label: LABEL,
        note: "Linux 7.0 and backports: offset by four-tuple",
        play: |s| always(s, Kernel::TUPLE, ClientStack::LINUX),
    },
    Scenario {
        name: "linux_ts2",
        label: LABEL,
        note: "tcp_timestamps=2: no offset",
        play: |s| always(s, Kernel::NO_OFFSET, ClientStack::LINUX),
    },
    Scenario {
        name: "linux_ws10",
        label: LABEL,
        note: "window scale 10: coarse window fields",
        play: |s| always(s, Kernel { wscale: 10, ..Kernel::PAIR }, ClientStack::LINUX),
    },
    Scenario {
        name: "linux_mac_clients",
        label: LABEL,
        note: "clients with another option order",
        play: |s| always(s, Kernel::PAIR, ClientStack::MAC),
    },
    Scenario {
        name: "linux_ecn",
        label: LABEL,
        note: "ECN kept with timestamps",
        play: |s| always(s, Kernel::PAIR, ClientStack { ecn: true, ..ClientStack::LINUX }),
    },
    Scenario {
        name: "linux_fast_open",
        label: LABEL,
        note: "Fast Open requests unanswered",
        play: |s| always(s, Kernel::PAIR, ClientStack { fast_open: true, ..ClientStack::LINUX }),
    },
    Scenario {
        name: "linux_no_ts_alone",
        label: LABEL,
        note: "no timestamps, nothing to compare with: the twin of never_negotiates",
        play: no_ts_alone,
    },
    Scenario {
        name: "linux_mixed_clients",
        label: LABEL,
        note: "clients with and without timestamps at one listener",
        play: mixed,
    },
    Scenario { name: "linux_v6", label: LABEL, note: "IPv6, its own MSS table", play: v6 },
    Scenario {
        name: "linux_segment_bound",
        label: LABEL,
        note: "long responses to odd MSS: segments end at a table entry",
        play: bound,
    },
    Scenario {
        name: "linux_jitter",
        label: LABEL,
        note: "path jitter of milliseconds",
        play: |s| on(s, &Path::quiet(30 * MILLI).jitter(Jitter::Normal(2.0))),
    },
    Scenario {
        name: "linux_lossy",
        label: LABEL,
        note: "5 % loss: SYN-ACKs come back only when the SYN does",
        play: |s| on(s, &Path::quiet(20 * MILLI).loss(0.05)),
    },
    Scenario {
        name: "linux_satellite",
        label: LABEL,
        note: "round trip of 1.3 s: the SYN is repeated before the first SYN-ACK arrives, and each is answered",
        play: |s| on(s, &Path::quiet(1300 * MILLI).jitter(Jitter::Exponential(4.0))),
    },
    Scenario {
        name: "linux_server_no_ts_alone",
        label: LABEL,
        note: "tcp_timestamps=0: MSS only for every client; nothing to compare with: the twin of never_negotiates",
        play: server_no_ts_alone,
    },
    Scenario {
        name: "linux_reuse",
        label: LABEL,
        note: "one four-tuple again and again, closed by reset: server ISN minus client ISN repeats",
        play: reuse,
    },
    Scenario {
        name: "linux_bad_ack",
        label: "syncookie-failed-reset",
        note: "wrong cookies, answered by stateless resets",
        play: bad_ack,
    },
    Scenario {
        name: "linux_application_reset",
        label: "syncookie-linux-application-reset",
        note: "cookie, then the program resets",
        play: application_reset,
    },
    Scenario {
        name: "freebsd_cookie_mode",
        label: "syncookie-freebsd",
        note: "syncache paused: same packets, no state",
        play: freebsd_paused,
    },
    Scenario {
        name: "gvisor",
        label: "syncookie-gvisor",
        note: "timestamps kept, no window scale, no SACK; nothing to compare with: the twin of timestamps_only",
        play: gvisor_always,
    },
    Scenario { name: "onload", label: "syncookie-onload", note: "clear ISN byte, nine timestamp bits", play: onload },
];

fn web() -> Path {
    Path::quiet(24 * MILLI)
}

fn always(site: &mut Site, kernel: Kernel, client: ClientStack) {
    let mut server = Linux::new(kernel, Mode::Always, site.now, &mut site.rng);
    site.connects(40, GAP, client, &mut server, &web(), &Plan::WEB);
}

fn old(site: &mut Site, hz: u64) {
    always(site, Kernel::old(hz), ClientStack::LINUX);
}

fn on(site: &mut Site, path: &Path) {
    let mut server = Linux::new(Kernel::PAIR, Mode::Always, site.now, &mut site.rng);
    site.connects(60, GAP, ClientStack::LINUX, &mut server, path, &Plan::WEB);
}

fn no_ts_alone(site: &mut Site) {
    always(site, Kernel::PAIR, ClientStack::WINDOWS);
    site.tap.since(0).for_each(|h| h.undecidable = true);
}

fn server_no_ts_alone(site: &mut Site) {
    let mut server = Linux::new(Kernel::PAIR, Mode::Always, site.now, &mut site.rng);
    server.host.ts = false;
    for stack in [ClientStack::LINUX, ClientStack::MAC, ClientStack::WINDOWS] {
        site.connects(20, GAP, stack, &mut server, &web(), &Plan::WEB);
    }
    site.tap.since(0).for_each(|h| h.undecidable = true);
}

fn mixed(site: &mut Site) {
    let mut server = Linux::new(Kernel::PAIR, Mode::Always, site.now, &mut site.rng);
    for n in 0..60 {
        let stack = [ClientStack::LINUX, ClientStack::WINDOWS, ClientStack::MAC][n % 3];
        let from = SocketAddr::new(site.stranger(), site.port());
        site.connect_from(from, site.server(), stack, &mut server, &web(), &Plan::WEB);
        site.pause(GAP);
    }
}

fn v6(site: &mut Site) {
    let mut server = Linux::new(Kernel::PAIR, Mode::Always, site.now, &mut site.rng);
    server.host.mss = 1440;
    let address = |last: u16| IpAddr::from([0xfd02, 0, 0, 0, 0, 0, 0, last]);
    for _ in 0..40 {
        let from = SocketAddr::new(address(7), site.port());
        let to = SocketAddr::new(address(2), 443);
        site.connect_from(from, to, ClientStack::LINUX.mss(1440), &mut server, &web(), &Plan::WEB);
        site.pause(GAP);
    }
}

fn bound(site: &mut Site) {
    let plan = Plan { response: 24_000, ..Plan::WEB };
    for mss in [1400, 1452, 1299, 1000] {
        let mut server = Linux::new(Kernel::PAIR, Mode::Always, site.now, &mut site.rng);
        site.connects(8, GAP, ClientStack::LINUX.mss(mss), &mut server, &web(), &plan);
        let before = site.tap.handshakes();
        site.connects(4, GAP, ClientStack::LINUX_NO_TS.mss(mss), &mut server, &web(), &plan);
        site.tap.since(before).for_each(|h| h.undecidable = true);
    }
}

fn reuse(site: &mut Site) {
    let mut server = Linux::new(Kernel::PAIR, Mode::Always, site.now, &mut site.rng);
    let from = SocketAddr::new(site.client(), site.port());
    let plan = Plan { end: End::ClientResets, ..Plan::WEB };
    for _ in 0..12 {
        site.connect_from(from, site.server(), ClientStack::LINUX_NO_TS, &mut server, &web(), &plan);
        site.now += 4 * SECOND;
    }
}

fn bad_ack(site: &mut Site) {
    let mut server = Linux::new(Kernel::PAIR, Mode::Always, site.now, &mut site.rng);
    let plan = Plan { conduct: ClientConduct::WrongAck, request: 0, ..Plan::WEB };
    site.connects(10, GAP, ClientStack::LINUX, &mut server, &web(), &plan);
    // A failed handshake shows no later segment: whether it was a cookie is not on the wire.
    site.tap.since(0).for_each(|h| h.undecidable = true);
}

fn application_reset(site: &mut Site) {
    let mut server = Linux::new(Kernel::PAIR, Mode::Always, site.now, &mut site.rng);
    let plan = Plan { end: End::ServerResets(MILLI), request: 0, ..Plan::WEB };
    site.connects(30, GAP, ClientStack::LINUX, &mut server, &web(), &plan);
}

fn freebsd_paused(site: &mut Site) {
    let mut server = Paused { host: freebsd::host(site.now, &mut site.rng) };
    site.connects(30, GAP, ClientStack::LINUX.mss(1380), &mut server, &web(), &Plan { response: 9000, ..Plan::WEB });
    site.flood(30, 2 * SECOND, &mut server, &web());
}

fn gvisor_always(site: &mut Site) {
    let mut server = Gvisor { host: gvisor::host(site.now, &mut site.rng), mode: Mode::Always };
    site.connects(40, GAP, ClientStack::LINUX, &mut server, &web(), &Plan::WEB);
    // A server configured for timestamps and nothing else sends the same packets.
    site.tap.since(0).for_each(|h| h.undecidable = true);
}

fn onload(site: &mut Site) {
    let mut server = Onload::new(Mode::Always, site.now, &mut site.rng);
    site.connects(40, GAP, ClientStack::LINUX, &mut server, &web(), &Plan::WEB);
}
