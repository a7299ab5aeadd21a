//! SYN proxies with a published source.

use super::Scenario;
use crate::capture::{MILLI, Nanos};
use crate::client::ClientStack;
use crate::clock::IpId;
use crate::middlebox::lvs::Lvs;
use crate::middlebox::nmsynproxy::Nmsynproxy;
use crate::middlebox::pf::{PfSyncookies, PfSynproxy};
use crate::middlebox::reflector::Reflector;
use crate::middlebox::synproxy::Synproxy;
use crate::middlebox::{Fate, Front, Shape};
use crate::path::Path;
use crate::plan::{ClientConduct, Plan};
use crate::site::Site;
use crate::stack::linux::Kernel;

const LINUX: ClientStack = ClientStack::LINUX;
const WINDOWS: ClientStack = ClientStack::WINDOWS;

/// Every scenario of this file.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "synproxy_full",
        label: "synproxy-linux",
        note: "netfilter SYNPROXY, every option",
        play: |s| works(s, Synproxy::FULL, LINUX),
    },
    Scenario {
        name: "synproxy_no_ts",
        label: "synproxy-linux",
        note: "every option in the rule, no timestamps from the client",
        play: |s| works(s, Synproxy::FULL, WINDOWS),
    },
    Scenario {
        name: "synproxy_bare",
        label: "synproxy-linux",
        note: "MSS only",
        play: |s| works(s, Synproxy::BARE, LINUX),
    },
    Scenario {
        name: "synproxy_ecn",
        label: "synproxy-linux",
        note: "ECN in the rule and from the client",
        play: |s| works(s, Synproxy { ecn: true, ..Synproxy::FULL }, ClientStack { ecn: true, ..LINUX }),
    },
    Scenario {
        name: "synproxy_far_backend",
        label: "synproxy-linux",
        note: "the server 30 ms behind the box",
        play: |s| behind(s, 30 * MILLI, 5),
    },
    Scenario {
        name: "synproxy_same_host",
        label: "synproxy-linux",
        note: "box and server are one host: no TTL change",
        play: |s| behind(s, 0, 0),
    },
    Scenario { name: "synproxy_lossy", label: "synproxy-linux", note: "5 % loss", play: lossy },
    Scenario {
        name: "synproxy_refused",
        label: "synproxy-linux-backend-refused",
        note: "backend refuses: relayed RST+ACK",
        play: |s| fails(s, Synproxy::BARE, WINDOWS, Fate::Refuses),
    },
    Scenario {
        name: "synproxy_silent",
        label: "synproxy-linux-backend-silent",
        note: "backend never answers",
        play: |s| fails(s, Synproxy::BARE, WINDOWS, Fate::Silent),
    },
    Scenario {
        name: "synproxy_leaked",
        label: "synproxy-linux-ack-leaked",
        note: "the ACK bypasses the proxy: stateless reset of the server",
        play: |s| fails(s, Synproxy::BARE, WINDOWS, Fate::Leaks),
    },
    Scenario {
        name: "synproxy_leaked_ts",
        label: "synproxy-linux-ack-leaked",
        note: "the same with every option",
        play: |s| fails(s, Synproxy::FULL, LINUX, Fate::Leaks),
    },
    Scenario {
        name: "synproxy_bad_cookie",
        label: "synproxy-linux",
        note: "wrong ACK number: silence",
        play: bad_cookie,
    },
    Scenario {
        name: "xdp_synproxy",
        label: "synproxy-linux",
        note: "XDP synproxy",
        play: |s| works(s, Synproxy::XDP, LINUX),
    },
    Scenario {
        name: "pf_synproxy",
        label: "pf-synproxy",
        note: "pf synproxy state, route MTU 1500",
        play: |s| works(s, PfSynproxy { route_mss: 1460 }, LINUX),
    },
    Scenario {
        name: "pf_synproxy_1380",
        label: "pf-synproxy",
        note: "pf synproxy state, route MTU 1420",
        play: |s| works(s, PfSynproxy { route_mss: 1380 }, WINDOWS),
    },
    Scenario {
        name: "pf_synproxy_refused",
        label: "pf-synproxy-backend-refused",
        note: "pf drops the backend's reset: silence",
        play: |s| fails(s, PfSynproxy { route_mss: 1460 }, WINDOWS, Fate::Refuses),
    },
    Scenario {
        name: "pf_syncookies",
        label: "pf-syncookies",
        note: "pf set syncookies: window 0, the client's MSS echoed, ISN byte without SACK",
        play: |s| works(s, PfSyncookies, LINUX),
    },
    Scenario {
        name: "dpvs",
        label: "synproxy-dpvs",
        note: "DPVS defaults: reflected SYN, IP ID echo, TTL 63, MSS at most 1452",
        play: |s| works(s, Lvs::DPVS, LINUX),
    },
    Scenario {
        name: "dpvs_windows_clients",
        label: "synproxy-dpvs",
        note: "the same with clients without timestamps",
        play: |s| works(s, Lvs::DPVS, WINDOWS),
    },
    Scenario {
        name: "dpvs_closed",
        label: "synproxy-dpvs",
        note: "DPVS with close_client_window",
        play: |s| works(s, Lvs::DPVS_CLOSED, LINUX),
    },
    Scenario {
        name: "dpvs_bad_cookie",
        label: "synproxy-dpvs",
        note: "wrong ACK number: RST+ACK",
        play: dpvs_bad_cookie,
    },
    Scenario {
        name: "jupiter",
        label: "synproxy-dpvs",
        note: "Jupiter: timestamps and SACK overwritten",
        play: |s| works(s, Lvs::JUPITER, LINUX),
    },
    Scenario {
        name: "jupiter_refused",
        label: "synproxy-dpvs-backend-refused",
        note: "Jupiter relays a refusal as a stateless reset",
        play: |s| fails(s, Lvs::JUPITER, LINUX, Fate::Refuses),
    },
    Scenario {
        name: "nmsynproxy",
        label: "synproxy",
        note: "nmsynproxy: window 0, window scale before the MSS, options in bits 26 to 30 of the ISN",
        play: |s| works(s, Nmsynproxy, LINUX),
    },
    Scenario {
        name: "nmsynproxy_windows_clients",
        label: "synproxy",
        note: "the same with clients without timestamps",
        play: |s| works(s, Nmsynproxy, WINDOWS),
    },
    Scenario {
        name: "smartcookie",
        label: "synproxy",
        note: "SmartCookie: the SYN turned round without any option",
        play: |s| works(s, Reflector::Removes, LINUX),
    },
    Scenario {
        name: "p4_reflector",
        label: "synproxy",
        note: "a P4 switch turns the SYN round: the client's window, IP ID and own timestamps",
        play: |s| works(s, Reflector::Keeps, LINUX),
    },
    Scenario {
        name: "p4_reflector_ipid_zero",
        label: "synproxy",
        note: "the same with clients whose IP ID is 0: only the timestamps show it",
        play: |s| works(s, Reflector::Keeps, ClientStack { ids: IpId::Fixed(0), ..LINUX }),
    },
];

const GAP: Nanos = 60 * MILLI;

fn front<S: Shape>(site: &mut Site, shape: S, behind: Nanos, further: u8) -> Front<S> {
    let backend = Kernel::PAIR.host(site.now, &mut site.rng);
    Front::new(shape, backend, behind, further, site.now, &mut site.rng)
}

fn works<S: Shape>(site: &mut Site, shape: S, client: ClientStack) {
    let mut server = front(site, shape, MILLI / 2, 2);
    site.connects(40, GAP, client, &mut server, &Path::quiet(24 * MILLI), &Plan::WEB);
}

fn fails<S: Shape>(site: &mut Site, shape: S, client: ClientStack, fate: Fate) {
    let mut server = front(site, shape, MILLI / 2, 2).fate(fate);
    site.connects(12, GAP, client, &mut server, &Path::quiet(24 * MILLI), &Plan::WEB);
}

fn behind(site: &mut Site, behind: Nanos, further: u8) {
    let mut server = front(site, Synproxy::FULL, behind, further);
    site.connects(40, GAP, LINUX, &mut server, &Path::quiet(24 * MILLI), &Plan::WEB);
}

fn lossy(site: &mut Site) {
    let mut server = front(site, Synproxy::FULL, MILLI / 2, 2);
    site.connects(60, GAP, LINUX, &mut server, &Path::quiet(24 * MILLI).loss(0.05), &Plan::WEB);
}

fn wrong() -> Plan {
    Plan { conduct: ClientConduct::WrongAck, request: 0, ..Plan::WEB }
}

fn bad_cookie(site: &mut Site) {
    let mut server = front(site, Synproxy::BARE, MILLI / 2, 2);
    site.connects(8, GAP, WINDOWS, &mut server, &Path::quiet(24 * MILLI), &wrong());
}

fn dpvs_bad_cookie(site: &mut Site) {
    let mut server = front(site, Lvs::DPVS, MILLI / 2, 2);
    site.connects(8, GAP, LINUX, &mut server, &Path::quiet(24 * MILLI), &wrong());
}
