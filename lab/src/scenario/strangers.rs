//! Classes B to E: boxes that are known by what strangers' captures show of them. Classes A, F and
//! G are in the other files (`pf_synproxy`, `synproxy_bare`; `class_f`, `class_g`).

use super::Scenario;
use crate::answer::{AckReply, Answer, Answerer, Syn, SynReply, bare_reset};
use crate::capture::{MICRO, MILLI, Nanos};
use crate::client::ClientStack;
use crate::middlebox::balancer::{Balancer, Class};
use crate::middlebox::lvs::Lvs;
use crate::middlebox::safe_reset::SafeReset;
use crate::middlebox::{Front, Shape};
use crate::path::Path;
use crate::plan::{End, Plan};
use crate::site::Site;
use crate::stack::Host;
use crate::stack::linux::Kernel;
use crate::truth::Verdict;
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{Segment, TcpOption};

/// Every scenario of this file.
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
    Scenario {
        name: "class_e_once",
        label: "synproxy",
        note: "class E, and only one segment of the server after the SYN-ACK",
        play: class_e_once,
    },
    Scenario {
        name: "challenge_reset",
        label: "synproxy",
        note: "an appliance completes the first handshake of a source, resets it, and lets the retry through; the form of the reset is not published, here it is stateless",
        play: challenge,
    },
    Scenario {
        name: "safe_reset",
        label: "synproxy",
        note: "a device challenges the first SYN of each source with a wrong acknowledgment number; the client resets, and its next SYN passes",
        play: |s| safe_reset(s, 255, false),
    },
    Scenario {
        name: "safe_reset_disguised",
        label: "synproxy",
        note: "the same with the TTL, window and options of the server: only the number is wrong",
        play: |s| safe_reset(s, 64, true),
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

fn class_e_once(site: &mut Site) {
    let balancer = Balancer { class: Class::OddWindow(8190), ttl: 255 };
    let backend = Kernel::PAIR.host(site.now, &mut site.rng);
    let mut server = Front::new(balancer, backend, MILLI / 2, 0, site.now, &mut site.rng);
    let plan = Plan { response: 150, ack_after: None, end: End::Open, ..Plan::WEB };
    site.connects(20, 70 * MILLI, ClientStack::WINDOWS, &mut server, &Path::quiet(40 * MILLI), &plan);
}

/// A box that completes the first handshake of each source itself and resets it. Later ones are the
/// server's.
struct Challenger {
    server: Host,
    known: HashSet<IpAddr>,
}

impl Answerer for Challenger {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        if self.known.contains(&syn.from.ip()) {
            return self.server.on_syn(syn, now, before, rng);
        }
        let mut answer = self.server.syn_ack(syn, now, rng);
        let fresh = rng.next_u32();
        answer.seg = Segment { ttl: 255, window: 8192, seq: fresh, id: rng.next_u16(), ..answer.seg };
        answer.seg.options = vec![TcpOption::Mss(1460)];
        answer.repeats.clear();
        answer.verdict = Verdict::SynProxy;
        // One such answer alone is no more than a server of few options; the retry explains the
        // reset.
        answer.undecidable = true;
        SynReply::SynAck(Box::new(answer))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply {
        if answer.verdict == Verdict::Ordinary {
            return self.server.on_ack(syn, answer, ack, now, rng);
        }
        self.known.insert(syn.from.ip());
        AckReply::Reset(10 * MICRO, bare_reset(ack, 255), &["challenge-reset"])
    }
}

fn challenge(site: &mut Site) {
    let server = Kernel::PAIR.host(site.now, &mut site.rng);
    let mut server = Challenger { server, known: HashSet::new() };
    new_addresses(site, &mut server, 20, [400, 900, 50]);
}

/// Four clients connect three times each. Only their first connection is challenged.
fn safe_reset(site: &mut Site, ttl: u8, disguised: bool) {
    let server = Kernel::PAIR.host(site.now, &mut site.rng);
    let mut server = SafeReset::new(server, ttl, disguised);
    new_addresses(site, &mut server, 4, [2000, 900, 50]);
    let challenged = site.tap.since(0).filter(|h| h.verdict == Verdict::SynProxy);
    challenged.for_each(|h| h.cause = vec!["wrong-acknowledgment".to_owned()]);
}

/// Plays the connections of clients with addresses of their own: each connects several times, with
/// these pauses in milliseconds.
fn new_addresses(site: &mut Site, server: &mut dyn Answerer, clients: usize, pauses: [Nanos; 3]) {
    let path = Path::quiet(30 * MILLI);
    for n in 0..clients {
        let ip = site.stranger();
        let stack = if n % 2 == 0 { ClientStack::LINUX } else { ClientStack::WINDOWS };
        for pause in pauses {
            let from = SocketAddr::new(ip, site.port());
            site.connect_from(from, site.server(), stack, server, &path, &Plan::WEB);
            site.now += pause * MILLI;
        }
    }
}
