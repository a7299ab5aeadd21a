//! Drops of packets on the way to a listener, and of the answers to them, for reasons other than a
//! full queue.
//!
//! Reverse path filter: `ip_rcv_finish_core`, net/ipv4/ip_input.c. Routes: the same, and
//! `inet_csk_route_req`, net/ipv4/inet_connection_sock.c. Checksums: `tcp_v4_rcv`,
//! net/ipv4/tcp_ipv4.c. MD5 and TCP-AO signatures: `tcp_inbound_hash`, net/ipv4/tcp.c. Memory
//! reserve: `sk_filter_trim_cap`, net/core/filter.c. Neighbour table: `neigh_alloc`,
//! net/core/neighbour.c. Reasons of traced drops: include/net/dropreason-core.h and
//! include/net/rstreason.h.

use std::collections::{BTreeMap, BTreeSet};

use syncookie_terminal::{count, escape_controls};

use super::memory::{add_counter_finding, add_increase_finding, add_log_finding, add_usage_finding};
use super::{Context, Counter, Effect, Finding, Level, Resource, ResourceKind};
use crate::facts::{EventKind, Traced, TracedKind};

/// Adds the drops on the way to a listener, and those of its answers.
pub fn add(context: &Context<'_>, found: &mut Vec<Resource>) {
    found.extend([reverse_path(context), routes(context), checksums(context), signatures(context)]);
    found.push(memory_reserve(context));
    found
        .extend([("ARP", "arp_cache", "ipv4"), ("NDP", "ndisc_cache", "ipv6")].map(|names| neighbours(context, names)));
    found.extend(packet_filter(context));
    found.extend(traced(context));
}

fn reverse_path(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::ReversePath);
    resource.counters = context.counters(&["TcpExt.IPReversePathFilter"]);
    let strict: Vec<&str> =
        context.facts.settings().filter_map(|(name, value)| interface_filter(name, value)).collect();
    resource.remark = (!strict.is_empty()).then(|| format!("rp_filter=1 (strict): {}", strict.join(", ")));
    let what = "Packets dropped by the reverse path filter (rp_filter)";
    add_counter_finding(context, &mut resource, 0, what);
    resource.explain("The route to the sender of such a packet leads to another interface than the one it came in by.");
    resource
}

/// Returns the interface whose reverse path filter a setting makes strict.
fn interface_filter<'a>(name: &'a str, value: &str) -> Option<&'a str> {
    let interface = name.strip_prefix("net.ipv4.conf.")?.strip_suffix(".rp_filter")?;
    (value.trim() == "1" && interface != "default").then_some(interface)
}

fn routes(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Routes);
    resource.counters = context.counters(&["IpExt.InNoRoutes", "Ip.OutNoRoutes", "Ip.InAddrErrors"]);
    add_counter_finding(context, &mut resource, 0, "Received packets dropped because there was no route for them");
    add_counter_finding(context, &mut resource, 1, "Packets not sent because there was no route to their destination");
    resource
}

fn checksums(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Checksums);
    resource.counters = context.counters(&["Tcp.InCsumErrors", "IpExt.InCsumErrors"]);
    add_counter_finding(context, &mut resource, 0, "Segments dropped because of a wrong TCP checksum");
    add_counter_finding(context, &mut resource, 1, "Packets dropped because of a wrong IP header checksum");
    resource
}

fn signatures(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Signatures);
    let meanings = [
        ("TcpExt.TCPMD5NotFound", "Segments dropped because they had no TCP MD5 signature"),
        ("TcpExt.TCPMD5Unexpected", "Segments dropped because of a TCP MD5 signature that nobody expected"),
        ("TcpExt.TCPMD5Failure", "Segments dropped because of a wrong TCP MD5 signature"),
        ("TcpExt.TCPAORequired", "Segments dropped because they had no TCP-AO signature"),
        ("TcpExt.TCPAOBad", "Segments dropped because of a wrong TCP-AO signature"),
        ("TcpExt.TCPAOKeyNotFound", "Segments dropped because their TCP-AO key is not known"),
    ];
    resource.counters = context.counters(&meanings.map(|(name, _)| name));
    for (index, (_, what)) in meanings.iter().enumerate() {
        add_counter_finding(context, &mut resource, index, what);
    }
    resource
}

fn memory_reserve(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::MemoryReserve);
    resource.counters = context.counters(&["TcpExt.PFMemallocDrop"]);
    let what = "Packets dropped because only the memory reserve was left for them (vm.min_free_kbytes)";
    add_counter_finding(context, &mut resource, 0, what);
    resource
}

/// Returns the state of a neighbour table, by its protocol, its file and its tree of settings.
fn neighbours(context: &Context<'_>, (protocol, table, tree): (&str, &str, &str)) -> Resource {
    let mut resource = context.resource(ResourceKind::Neighbours).of(protocol);
    resource.usage = context.facts.gauge(&format!("{table}.entries"));
    resource.limit = context.setting(&format!("net.{tree}.neigh.default.gc_thresh3"), 0);
    resource.counters =
        ["table_fulls", "unresolved_discards"].map(|name| context.counter(&format!("{table}.{name}"))).into();
    add_usage_finding(&mut resource, "Packets to further neighbours are dropped");
    let what = format!("Packets dropped because the neighbour table ({protocol}) was full");
    // The counter is as old as the machine: an old overflow is reported by the log only.
    add_increase_finding(context, &mut resource, 0, &what);
    if protocol == "ARP" {
        add_log_finding(context, &mut resource, EventKind::Neighbours);
    }
    resource
}

/// Returns the rules of the packet filter that drop.
fn packet_filter(context: &Context<'_>) -> Vec<Resource> {
    let prefix = "packet_filter.";
    let rules: BTreeSet<&str> =
        context.facts.counters().filter_map(|(name, _)| name.strip_prefix(prefix)?.strip_suffix(".packets")).collect();
    let rule = |name: &&str| {
        let mut resource = context.resource(ResourceKind::PacketFilter).of(*name);
        resource.counters = vec![context.counter(&format!("{prefix}{name}.packets"))];
        let what = format!("Packets that the rule “{}” dropped or rejected", escape_controls(name));
        add_counter_finding(context, &mut resource, 0, &what);
        resource
    };
    let mut resources: Vec<Resource> = rules.iter().map(rule).collect();
    if resources.is_empty() {
        resources.push(context.resource(ResourceKind::PacketFilter));
    }
    resources
}

/// Returns the drops and resets that a tracing tool saw, by their reason.
fn traced(context: &Context<'_>) -> Vec<Resource> {
    let mut reasons: BTreeMap<(TracedKind, &str, Option<&str>), (u64, &Traced)> = BTreeMap::new();
    for (traced, number) in context.facts.traced() {
        let key = (traced.kind, traced.reason.as_str(), traced.meaning());
        let count = &mut reasons.entry(key).or_insert((0, traced)).0;
        *count = count.saturating_add(number);
    }
    if reasons.is_empty() {
        return vec![context.resource(ResourceKind::Traced)];
    }
    reasons.into_values().map(|(number, example)| traced_reason(context, number, example)).collect()
}

fn traced_reason(context: &Context<'_>, number: u64, example: &Traced) -> Resource {
    let mut resource = context.resource(ResourceKind::Traced).of(example.reason.clone());
    let kind = match example.kind {
        TracedKind::Drop => "drop",
        TracedKind::Reset => "reset",
    };
    let name = format!("traced.{kind}.{}", example.reason);
    resource.counters = vec![Counter { name, total: Some(number), increase: None, earlier: None, only_earlier: false }];
    let Some(meaning) = example.meaning() else { return resource };
    let (what, verb) = match example.kind {
        TracedKind::Drop => ("packet", "dropped"),
        TracedKind::Reset => ("reset", "sent"),
    };
    let location = example.location.as_ref().map_or_else(String::new, |at| format!(" in {}", escape_controls(at)));
    // A single event is no example.
    let example_of = if number == 1 { "" } else { " for example" };
    let ends = match (example.from, example.to) {
        (Some(from), Some(to)) => format!(",{example_of} from {from} to {to}"),
        (Some(from), None) => format!(",{example_of} from port {}", from.port()),
        _ => String::new(),
    };
    let packets = count(number, what);
    let were = if number == 1 { "was" } else { "were" };
    let sentence = format!("{packets} {were} {verb}{location} {meaning} ({}){ends}.", example.reason);
    let effect = Effect::Trace(format!("{packets} {verb} {meaning}"));
    resource.findings.push(Finding::new(Level::Overflowed, effect, sentence));
    resource
}

impl Resource {
    /// Adds a sentence to each finding.
    fn explain(&mut self, sentence: &str) {
        self.findings.iter_mut().for_each(|finding| finding.sentence = format!("{} {sentence}", finding.sentence));
    }
}
