//! Classes B to E: boxes known by their marks in strangers' captures. Classes A, F and G are in the other files
//! (`pf_synproxy`, `synproxy_bare`; `class_f`, `class_g`).

use super::Scenario;
use crate::capture::MILLI;
use crate::client::ClientStack;
use crate::middlebox::balancer::{Balancer, Class};
use crate::middlebox::lvs::Lvs;
use crate::middlebox::{Front, Shape};
use crate::path::Path;
use crate::plan::Plan;
use crate::site::Site;
use crate::stack::linux::Kernel;

/// All of them.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "class_b",
        label: "synproxy",
        note: "class B: the client's SYN rewritten in place, TTL 1 to 4 above the server's",
        play: class_b,
    },
    Scenario {
        name: "class_b2",
        label: "synproxy",
        note: "class B2: every option kept, IP ID echo, timestamp random per flow",
        play: class_b2,
    },
    Scenario { name: "class_c", label: "synproxy", note: "class C: IP ID echo and a TTL jump", play: class_c },
    Scenario {
        name: "class_d",
        label: "synproxy",
        note: "class D: MSS only, window 4380, TTL jump, another ISN for a repeated SYN",
        play: class_d,
    },
    Scenario {
        name: "class_e_8190",
        label: "synproxy",
        note: "class E: window 8190 and a TTL jump; options not described, SACK kept here",
        play: |s| class_e(s, 8190),
    },
    Scenario {
        name: "class_e_8000",
        label: "synproxy",
        note: "class E: window 8000 and a TTL jump; options not described, SACK kept here",
        play: |s| class_e(s, 8000),
    },
];

fn played<S: Shape>(site: &mut Site, shape: S, server_ttl: u8, further: u8, path: &Path, times: usize) {
    let mut backend = Kernel::PAIR.host(site.now, &mut site.rng);
    backend.ttl = server_ttl;
    let mut server = Front::new(shape, backend, MILLI / 2, further, site.now, &mut site.rng);
    for n in 0..times {
        let stack = if n % 2 == 0 { ClientStack::LINUX } else { ClientStack::WINDOWS };
        site.connect(stack, &mut server, path, &Plan::WEB);
        site.pause(70 * MILLI);
    }
}

fn class_b(site: &mut Site) {
    for further in 1..=4 {
        let lvs = Lvs { word: Some("dpvs"), ..Lvs::DPVS };
        played(site, lvs, 64, further, &Path::quiet(30 * MILLI), 10);
    }
}

fn class_b2(site: &mut Site) {
    played(site, Lvs::ALL_KEPT, 64, 2, &Path::quiet(30 * MILLI), 40);
}

fn class_c(site: &mut Site) {
    let path = Path::quiet(40 * MILLI);
    for (box_ttl, server_ttl) in [(122, 249), (125, 253), (70, 61)] {
        played(site, Balancer { class: Class::Echo, ttl: box_ttl }, server_ttl, 0, &path, 10);
    }
}

fn class_d(site: &mut Site) {
    let mut path = Path::quiet(40 * MILLI).loss(0.08);
    path.hops = 7;
    for server_ttl in [149, 179] {
        played(site, Balancer { class: Class::ThreeSegments, ttl: 255 }, server_ttl, 0, &path, 20);
    }
}

fn class_e(site: &mut Site, window: u16) {
    let path = Path::quiet(40 * MILLI);
    played(site, Balancer { class: Class::OddWindow(window), ttl: 128 }, 64, 0, &path, 40);
}
