//! Servers of every kind, with the settings that administrators change.

use crate::address::hash;
use crate::answer::Answerer;
use crate::capture::{MICRO, Nanos};
use crate::clock::IpId;
use crate::middlebox::mixed::{Balancing, Edit, OptionEditor, Pool};
use crate::plan::DataTtl;
use crate::site::Site;
use crate::stack::host::Closed;
use crate::stack::linux::Kernel;
use crate::stack::{Host, Offset, Window, freebsd, gvisor, windows};
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;

pub(super) struct Listener {
    pub(super) address: SocketAddr,
    pub(super) server: Box<dyn Answerer>,
    /// TTL of data, if it differs from that of SYN-ACKs (transparent proxies, capture artefacts).
    pub(super) data_ttl: Option<DataTtl>,
}

fn address(site: &mut Site) -> SocketAddr {
    let port = site.rng.pick(&[80, 80, 443, 443, 443, 22, 25, 8080, 3306, 6379, 5432, 445]);
    SocketAddr::new(site.stranger(), port)
}

/// Draws a listener on a host of a kind.
pub(super) fn alone(site: &mut Site, host: fn(Nanos, &mut Rng) -> Host) -> Listener {
    let address = address(site);
    Listener { address, server: Box::new(host(site.now, &mut site.rng)), data_ttl: None }
}

/// Draws several hosts behind one address.
pub(super) fn pool(site: &mut Site) -> Listener {
    let address = address(site);
    Listener { address, server: several(site.now, &mut site.rng, 6), data_ttl: None }
}

/// Draws two to `most` hosts behind one address.
fn several(now: Nanos, rng: &mut Rng, most: u64) -> Box<dyn Answerer> {
    let number = rng.between(2, most);
    let hosts = (0..number).map(|_| Box::new(host(now, rng)) as Box<dyn Answerer>).collect();
    Box::new(Pool::new(hosts, rng.pick(&[Balancing::Turn, Balancing::Source, Balancing::Flow])))
}

pub(super) fn listener(site: &mut Site) -> Listener {
    let address = address(site);
    let (now, rng) = (site.now, &mut site.rng);
    let one = host(now, rng);
    let mut data_ttl = None;
    let server: Box<dyn Answerer> = match rng.below(40) {
        0 | 1 => several(now, rng, 4),
        2 | 3 => {
            let edit =
                rng.pick(&[Edit::Timestamps, Edit::WindowScale, Edit::All, Edit::Clamp(1300), Edit::Clamp(1360)]);
            let concerns = |syn: &crate::answer::Syn| hash(syn.from.ip()) & 1 == 0;
            Box::new(OptionEditor { edit, concerns, inner: one })
        }
        4 => Box::new(Closed(one)),
        _ => {
            data_ttl = match rng.below(200) {
                0 => Some(DataTtl::Seen(rng.pick(&[253, 254, 255]))),
                1 => Some(DataTtl::Sent(one.ttl.saturating_add(1))),
                2 => Some(DataTtl::Sent(one.ttl - 1)),
                _ => None,
            };
            Box::new(one)
        }
    };
    Listener { address, server, data_ttl }
}

/// Draws a host of any stack, with settings that administrators change.
pub(super) fn host(now: Nanos, rng: &mut Rng) -> Host {
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
