//! Captures that are odd because of where or how they were taken.

use super::{visits, web};
use crate::capture::{MICRO, MILLI, Nanos, Tap};
use crate::client::ClientStack;
use crate::clock::IpId;
use crate::plan::{DataTtl, Plan};
use crate::scenario::Scenario;
use crate::site::Site;
use crate::stack::linux::Kernel;
use crate::stack::{Host, windows};
use std::collections::HashSet;
use syncookie_testkit::checksum::{fold, sum};
use syncookie_testkit::ip::wire_length;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, SYN};

const LABEL: &str = "ordinary";
/// Source address of packets of the usual server.
const FROM_SERVER: [u8; 4] = [10, 0, 2, 2];

/// Every scenario of this file.
pub const ALL: &[Scenario] = &[
    Scenario { name: "captured_twice", label: LABEL, note: "every packet twice, the copy one hop later", play: twice },
    Scenario {
        name: "both_sides_of_firewall",
        label: LABEL,
        note: "both sides of a firewall that randomises sequence numbers: two ISNs, one IP ID",
        play: both_sides,
    },
    Scenario { name: "one_ip_id", label: LABEL, note: "crafted packets with one IP ID everywhere", play: one_id },
    Scenario {
        name: "ip_id_zero_everywhere",
        label: LABEL,
        note: "every packet of both sides has IP ID 0",
        play: zero_id,
    },
    Scenario {
        name: "injected_answer",
        label: LABEL,
        note: "a box on the path answers the request before the server does: packets with another TTL and IP ID among the server's",
        play: injected_answer,
    },
    Scenario {
        name: "ttl_minus_one",
        label: LABEL,
        note: "every SYN-ACK's TTL is one below the later packets'",
        play: ttl_minus_one,
    },
    Scenario {
        name: "only_from_server",
        label: LABEL,
        note: "one direction: only the server's packets",
        play: |s| direction(s, true),
    },
    Scenario {
        name: "only_from_client",
        label: LABEL,
        note: "one direction: only the client's packets",
        play: |s| direction(s, false),
    },
    Scenario { name: "no_syn", label: LABEL, note: "the SYNs are missing", play: no_syn },
    Scenario {
        name: "begins_in_the_middle",
        label: LABEL,
        note: "the first second of the capture is missing",
        play: middle,
    },
];

fn linux(site: &mut Site) -> Host {
    Kernel::PAIR.host(site.now, &mut site.rng)
}

fn twice(site: &mut Site) {
    let mut server = linux(site);
    visits(site, &mut server, &web());
    site.tap.double(|time, ip| (time + 5 * MICRO, edit(ip, |header| header[8] -= 1)));
}

fn both_sides(site: &mut Site) {
    for mut server in [linux(site), windows::modern(site.now, &mut site.rng)] {
        visits(site, &mut server, &web());
    }
    // The same packet on the inner side: later on its way to the server, earlier on its way back, and the server's
    // numbers not yet shifted by the flow's secret.
    site.tap.double(
        |time, ip| if is_from_server(ip) { (time - 40 * MICRO, inner(ip)) } else { (time + 40 * MICRO, inner(ip)) },
    );
}

fn is_from_server(ip: &[u8]) -> bool {
    ip[12..16] == FROM_SERVER
}

fn inner(ip: &[u8]) -> Vec<u8> {
    let from_server = is_from_server(ip);
    let client_port = if from_server { &ip[22..24] } else { &ip[20..22] };
    let port = u16::from_be_bytes([client_port[0], client_port[1]]);
    let shift = Rng::new(u64::from(port)).next_u32();
    edit(ip, |packet| {
        packet[8] = if from_server { packet[8] + 1 } else { packet[8] - 1 };
        let at = if from_server { 24 } else { 28 };
        let acknowledges = packet[33] & ACK != 0;
        if from_server || acknowledges {
            let old = u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]]);
            packet[at..at + 4].copy_from_slice(&old.wrapping_add(shift).to_be_bytes());
        }
    })
}

/// Changes an IPv4 packet and updates both checksums (RFC 1624, which needs no payload).
fn edit(ip: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut changed = ip.to_vec();
    change(&mut changed);
    repair(ip, &mut changed, 10, 0..20);
    repair(ip, &mut changed, 36, 20..ip.len());
    changed
}

fn repair(old: &[u8], new: &mut [u8], at: usize, range: std::ops::Range<usize>) {
    let before = u32::from(fold(sum(&old[range.clone()])));
    let after = u32::from(fold(sum(&new[range])));
    let checksum = u32::from(u16::from_be_bytes([old[at], old[at + 1]]));
    // ~C' = ~C + ~m + m', over all words at once.
    let sum = (!checksum & 0xffff) + (!before & 0xffff) + after;
    new[at..at + 2].copy_from_slice(&(!fold(sum)).to_be_bytes());
}

fn one_id(site: &mut Site) {
    let id = IpId::Fixed(0x1234);
    let mut server = Host { first_id: id, ids: id, ..linux(site) };
    for stack in [ClientStack::LINUX, ClientStack::WINDOWS] {
        site.connects(20, 60 * MILLI, ClientStack { ids: id, ..stack }, &mut server, &web(), &Plan::WEB);
    }
}

fn zero_id(site: &mut Site) {
    let id = IpId::Fixed(0);
    let mut server = Host { first_id: id, ids: id, ..linux(site) };
    site.connects(30, 60 * MILLI, ClientStack::MAC, &mut server, &web(), &Plan::WEB);
}

/// Plays a box that answers half a millisecond before the server, whose own answer follows.
fn injected_answer(site: &mut Site) {
    let mut server = linux(site);
    visits(site, &mut server, &web());
    let mut answers = site.tap.packets().clone();
    answers.sort_by_key(|(time, _)| *time);
    let mut answered = HashSet::new();
    answers.retain(|(_, ip)| {
        let data = wire_length(ip) > 20 + usize::from(ip[32] >> 4) * 4;
        data && is_from_server(ip) && answered.insert(ip[16..24].to_vec())
    });
    for (time, ip) in answers {
        let injected = edit(&ip, |header| {
            header[8] = header[8].wrapping_add(60);
            header[4..6].copy_from_slice(&[0x13, 0x37]);
        });
        site.tap.packet(time - MILLI / 2, injected);
    }
}

fn ttl_minus_one(site: &mut Site) {
    for mut server in [linux(site), windows::modern(site.now, &mut site.rng)] {
        let plan = Plan { data_ttl: Some(DataTtl::Sent(server.ttl)), ..Plan::WEB };
        server.ttl -= 1;
        site.connects(20, 60 * MILLI, ClientStack::LINUX, &mut server, &web(), &plan);
    }
}

fn direction(site: &mut Site, of_server: bool) {
    let mut server = linux(site);
    visits(site, &mut server, &web());
    site.tap.leave_out(|ip| is_from_server(ip) != of_server);
}

fn no_syn(site: &mut Site) {
    let mut server = linux(site);
    visits(site, &mut server, &web());
    site.tap.leave_out(|ip| ip[33] & (SYN | ACK) == SYN);
}

fn middle(site: &mut Site) {
    let begin = site.now;
    let mut server = linux(site);
    visits(site, &mut server, &web());
    drop_before(&mut site.tap, begin + 1_000 * MILLI);
}

fn drop_before(tap: &mut Tap, time: Nanos) {
    tap.packets().iter_mut().filter(|(t, _)| *t < time).for_each(|(_, ip)| ip.clear());
}
