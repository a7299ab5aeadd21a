//! Timestamp clocks that look like cookies.

use super::{visits, web};
use crate::capture::{MICRO, MILLI, Nanos};
use crate::client::ClientStack;
use crate::path::{Jitter, Path};
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::site::Site;
use crate::stack::linux::Kernel;
use crate::stack::{Host, Offset, windows};

const LABEL: &str = "ordinary";

/// Every scenario of this file.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "one_tick",
        label: LABEL,
        note: "many flows within one clock tick show one timestamp",
        play: one_tick,
    },
    Scenario {
        name: "multiples_of_64",
        label: LABEL,
        note: "handshakes 64 ms apart: the low bits always spell the client's options",
        play: multiples,
    },
    Scenario { name: "timestamp_zero", label: LABEL, note: "old Windows: timestamp 0 in the SYN-ACK", play: zero },
    Scenario {
        name: "own_clock_from_zero",
        label: LABEL,
        note: "NetBSD: every connection's clock starts at zero",
        play: from_zero,
    },
    Scenario { name: "clock_10ms", label: LABEL, note: "ticks of 10 ms, counted by one", play: |s| coarse(s, 100, 1) },
    Scenario {
        name: "clock_10ms_in_ms",
        label: LABEL,
        note: "ticks of 10 ms, counted in milliseconds",
        play: |s| coarse(s, 100, 10),
    },
    Scenario {
        name: "clock_16ms_in_ms",
        label: LABEL,
        note: "ticks of 16 ms, counted in milliseconds: residues mod 64 repeat",
        play: |s| coarse(s, 63, 16),
    },
    Scenario {
        name: "clock_64ms_in_ms",
        label: LABEL,
        note: "ticks of 64 ms, counted in milliseconds: residues mod 64 are constant",
        play: |s| coarse(s, 16, 64),
    },
    Scenario { name: "clock_100ms", label: LABEL, note: "ticks of 100 ms, counted by one", play: |s| coarse(s, 10, 1) },
    Scenario {
        name: "clock_100ms_in_ms",
        label: LABEL,
        note: "ticks of 100 ms, counted in milliseconds",
        play: |s| coarse(s, 10, 100),
    },
    Scenario { name: "clock_500ms", label: LABEL, note: "ticks of 500 ms, counted by one", play: |s| coarse(s, 2, 1) },
    Scenario {
        name: "clock_500ms_in_ms",
        label: LABEL,
        note: "ticks of 500 ms, counted in milliseconds",
        play: |s| coarse(s, 2, 500),
    },
    Scenario { name: "clock_4ms", label: LABEL, note: "HZ 250", play: |s| coarse(s, 250, 1) },
    Scenario {
        name: "clock_microseconds",
        label: LABEL,
        note: "microsecond timestamps",
        play: |s| coarse(s, 1_000_000, 1),
    },
    Scenario {
        name: "offset_per_connection",
        label: LABEL,
        note: "random timestamp offset for every connection",
        play: |s| offset(s, Offset::PerConnection),
    },
    Scenario {
        name: "offset_per_tuple",
        label: LABEL,
        note: "timestamp offset by four-tuple",
        play: |s| offset(s, Offset::PerTuple),
    },
    Scenario { name: "clock_drift", label: LABEL, note: "a clock that runs 3 % fast", play: |s| coarse(s, 1030, 1) },
    Scenario {
        name: "clock_with_jitter",
        label: LABEL,
        note: "ticks of 10 ms in milliseconds and path jitter",
        play: coarse_jitter,
    },
];

fn linux(site: &mut Site) -> Host {
    Kernel::NO_OFFSET.host(site.now, &mut site.rng)
}

fn one_tick(site: &mut Site) {
    let mut server = linux(site);
    let path = Path { jitter: Jitter::Quiet, ..Path::quiet(400 * MICRO) };
    for _ in 0..6 {
        for _ in 0..12 {
            site.connect(ClientStack::LINUX, &mut server, &path, &Plan::WEB);
            site.now += 30 * MICRO;
        }
        site.pause(130 * MILLI);
    }
}

fn multiples(site: &mut Site) {
    let mut server = linux(site);
    let path = Path::quiet(200 * MICRO);
    // The tick whose low six bits are 0x17: SACK and window scale 7, what the client offers.
    let tick = (site.now - server.boot) / MILLI;
    let mut next: Nanos = server.boot + (tick - tick % 64 + 64 + 0x17) * MILLI + 100 * MICRO;
    for _ in 0..40 {
        site.now = next;
        site.connect(ClientStack::LINUX, &mut server, &path, &Plan::WEB);
        next += site.rng.between(1, 4) * 64 * MILLI;
    }
}

fn zero(site: &mut Site) {
    let mut server = windows::xp(site.now, &mut site.rng);
    visits(site, &mut server, &web());
}

fn from_zero(site: &mut Site) {
    let mut server = windows::netbsd(site.now, &mut site.rng);
    visits(site, &mut server, &web());
}

fn coarse(site: &mut Site, rate: u64, step: u32) {
    for offset in [Offset::Global, Offset::PerPair] {
        let mut server = Host { rate, step, offset, ..linux(site) };
        visits(site, &mut server, &web());
    }
}

fn coarse_jitter(site: &mut Site) {
    let mut server = Host { rate: 100, step: 10, ..linux(site) };
    visits(site, &mut server, &web().jitter(Jitter::Exponential(12.0)));
}

fn offset(site: &mut Site, offset: Offset) {
    let mut server = Host { offset, ..linux(site) };
    visits(site, &mut server, &web());
}
