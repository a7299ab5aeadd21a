//! Paths that move timestamps, lose SYN-ACKs or merge segments.

use super::{visits, web};
use crate::capture::{MILLI, SECOND};
use crate::client::ClientStack;
use crate::path::{CapturePoint, Jitter, Path};
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::site::Site;
use crate::stack::Host;
use crate::stack::linux::Kernel;

const LABEL: &str = "ordinary";

/// Every scenario of this file.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "jitter_normal",
        label: LABEL,
        note: "path jitter of 12 ms: timestamp residuals of tens of ms, both signs",
        play: |s| jittered(s, Jitter::Normal(12.0)),
    },
    Scenario {
        name: "jitter_heavy",
        label: LABEL,
        note: "exponential jitter with a mean of 15 ms",
        play: |s| jittered(s, Jitter::Exponential(15.0)),
    },
    Scenario {
        name: "jitter_spikes",
        label: LABEL,
        note: "quiet, but a third of the packets waits up to 60 ms",
        play: |s| jittered(s, Jitter::Spikes(0.33, 60.0)),
    },
    Scenario {
        name: "first_packet_late",
        label: LABEL,
        note: "only the SYN-ACK is late, by 5 to 60 ms (address resolution, radio wake-up)",
        play: first_late,
    },
    Scenario {
        name: "first_packet_late_tuple",
        label: LABEL,
        note: "the same with timestamp offsets by four-tuple",
        play: first_late_tuple,
    },
    Scenario {
        name: "lossy",
        label: LABEL,
        note: "8 % loss: SYN-ACKs repeated by the server's timer",
        play: |s| on(s, &web().loss(0.08)),
    },
    Scenario { name: "very_lossy", label: LABEL, note: "25 % loss", play: |s| on(s, &web().loss(0.25)) },
    Scenario {
        name: "repeated_by_timer",
        label: LABEL,
        note: "clients that never acknowledge: the SYN-ACK comes again and again",
        play: repeated,
    },
    Scenario {
        name: "merged_segments",
        label: LABEL,
        note: "receive offload: several segments captured as one",
        play: merged,
    },
    Scenario { name: "server_side", label: LABEL, note: "captured at the server, many clients", play: server_side },
    Scenario {
        name: "loopback",
        label: LABEL,
        note: "no path at all",
        play: |s| on(s, &Path { hops: 0, ..Path::quiet(20_000) }),
    },
    Scenario {
        name: "satellite",
        label: LABEL,
        note: "600 ms round trip, jitter and loss",
        play: |s| on(s, &Path::quiet(600 * MILLI).jitter(Jitter::Exponential(8.0)).loss(0.03)),
    },
    Scenario {
        name: "slow_satellite",
        label: LABEL,
        note: "1.3 s round trip: the SYN is repeated before the first SYN-ACK arrives",
        play: |s| on(s, &Path::quiet(1300 * MILLI).jitter(Jitter::Exponential(4.0))),
    },
];

fn linux(site: &mut Site) -> Host {
    Kernel::PAIR.host(site.now, &mut site.rng)
}

fn on(site: &mut Site, path: &Path) {
    let mut server = linux(site);
    visits(site, &mut server, path);
    visits(site, &mut server, path);
}

fn jittered(site: &mut Site, jitter: Jitter) {
    for kernel in [Kernel::NO_OFFSET, Kernel::PAIR, Kernel::TUPLE] {
        let mut server = kernel.host(site.now, &mut site.rng);
        visits(site, &mut server, &web().jitter(jitter));
    }
}

fn late(site: &mut Site, mut server: Host) {
    for _ in 0..60 {
        let path = Path { first_down: site.rng.between(5, 60) * MILLI, ..web() };
        site.connect(ClientStack::LINUX, &mut server, &path, &Plan::WEB);
        site.pause(200 * MILLI);
    }
}

fn first_late(site: &mut Site) {
    let server = linux(site);
    late(site, server);
}

fn first_late_tuple(site: &mut Site) {
    let server = Kernel::TUPLE.host(site.now, &mut site.rng);
    late(site, server);
}

fn repeated(site: &mut Site) {
    let mut server = linux(site);
    for _ in 0..20 {
        site.connect(ClientStack::LINUX, &mut server, &web(), &Plan::FLOOD);
        site.pause(SECOND / 4);
    }
}

fn merged(site: &mut Site) {
    let mut server = linux(site);
    let path = Path { merged: true, ..web() };
    for mss in [1460, 1400, 1452] {
        let plan = Plan { response: 40_000, ..Plan::WEB };
        site.connects(10, 60 * MILLI, ClientStack::LINUX.mss(mss), &mut server, &path, &plan);
    }
}

fn server_side(site: &mut Site) {
    let mut server = linux(site);
    for n in 0..60 {
        let path = Path { tap: CapturePoint::Server, ..Path::quiet(site.rng.between(5, 200) * MILLI) };
        let stack = [ClientStack::LINUX, ClientStack::WINDOWS, ClientStack::MAC, ClientStack::LINUX.mss(1380)][n % 4];
        let from = std::net::SocketAddr::new(site.stranger(), site.port());
        site.connect_from(from, site.server(), stack, &mut server, &path, &Plan::WEB);
        site.pause(40 * MILLI);
    }
}
