//! Resources that packets pass before TCP, and rate limits of what TCP and ICMP send.
//!
//! Connection tracking: `nf_conntrack_count` against `nf_conntrack_max` (`__nf_conntrack_alloc`,
//! net/netfilter/nf_conntrack_core.c). Softirq backlog: `input_pkt_queue` of a CPU against
//! `netdev_max_backlog` (`enqueue_to_backlog`, net/core/dev.c). ICMP: `icmp_global_allow`,
//! net/ipv4/icmp.c. Challenge ACKs: `tcp_send_challenge_ack` and `tcp_oow_rate_limited`,
//! net/ipv4/tcp_input.c.

use std::collections::BTreeMap;

use syncookie_terminal::{count, escape_controls, grouped};

use super::memory::{add_counter_finding, add_increase_finding, add_log_finding, add_usage_finding};
use super::{Context, Counter, Effect, Level, Resource, ResourceKind};
use crate::facts::{EventKind, interface_counter, is_card_drop, is_xdp_drop};

/// Columns of `/proc/net/dev` that are shown of an interface.
const COLUMNS: [&str; 4] = ["rx_drop", "rx_fifo", "rx_errs", "tx_drop"];
/// Maximum number of counters of a network card that are shown.
const MAX_CARD_COUNTERS: usize = 16;

/// Adds the state of the resources that packets pass before TCP, and of rate limits.
pub fn add(context: &Context<'_>, found: &mut Vec<Resource>) {
    found.extend([conntrack(context), softirq(context)]);
    found.extend(interfaces(context));
    found.extend([icmp(context), challenge_acks(context), resets(context)]);
}

fn conntrack(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Conntrack);
    let entries = context.facts.setting_number("net.netfilter.nf_conntrack_count", 0);
    resource.usage = entries.or_else(|| context.facts.gauge("nf_conntrack.entries"));
    resource.limit = context.setting("net.netfilter.nf_conntrack_max", 0).filter(|limit| limit.value > 0);
    resource.counters = context.counters(&[
        "nf_conntrack.drop",
        "nf_conntrack.early_drop",
        "nf_conntrack.insert_failed",
        "nf_conntrack.invalid",
        "nf_conntrack.clashres",
    ]);
    let loose = context.facts.setting("net.netfilter.nf_conntrack_tcp_loose");
    resource.remark = loose.map(|value| format!("nf_conntrack_tcp_loose={value}"));
    if resource.full().is_none() && resource.is_nearly_full() && is_evicting(&resource.counters) {
        add_eviction_finding(&mut resource);
    } else {
        add_usage_finding(&mut resource, "New connections are dropped unless an older entry can be evicted");
    }
    add_counter_finding(context, &mut resource, 0, "Packets dropped by connection tracking, usually at a full table");
    add_counter_finding(context, &mut resource, 1, "Conntrack entries evicted early because the table was full");
    add_log_finding(context, &mut resource, EventKind::ConntrackFull);
    resource
}

/// Returns whether `drop` or `early_drop`, the first two counters, increased: the table was full.
fn is_evicting(counters: &[Counter]) -> bool {
    counters.iter().take(2).any(Counter::has_increased)
}

/// Adds the finding for a table that was full and is a little below its limit when it is read,
/// because entries are evicted.
fn add_eviction_finding(resource: &mut Resource) {
    let (Some(usage), Some(limit)) = (resource.usage, &resource.limit) else { return };
    let text = format!(
        "Conntrack table: limit reached, {} of {} entries ({}) and entries are evicted or packets dropped. New \
         connections evict older ones that are not established, or are dropped.",
        grouped(usage),
        grouped(limit.value),
        limit.source
    );
    resource.add_finding(Level::Exhausted, text);
}

fn softirq(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::SoftirqBacklog);
    resource.usage = context.facts.gauge("softnet.backlog");
    resource.limit = context.setting("net.core.netdev_max_backlog", 0);
    resource.counters = context.counters(&["softnet.dropped", "softnet.time_squeeze", "softnet.flow_limit_count"]);
    resource.remark = context.facts.setting("net.core.netdev_budget").map(|value| format!("netdev_budget={value}"));
    add_usage_finding(&mut resource, "Further packets are dropped");
    add_counter_finding(context, &mut resource, 0, "Packets dropped because the softirq backlog of a CPU was full");
    resource
}

/// Returns the state of each interface.
fn interfaces(context: &Context<'_>) -> Vec<Resource> {
    let mut card_drops: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (counter, value) in context.facts.counters() {
        let Some((interface, name)) = interface_counter(counter) else { continue };
        let drops = card_drops.entry(interface).or_default();
        if value > 0 && drops.len() < MAX_CARD_COUNTERS && (is_card_drop(name) || is_xdp_drop(name)) {
            drops.push(counter);
        }
    }
    card_drops.into_iter().map(|(name, drops)| interface(context, name, &drops)).collect()
}

/// Returns the state of an interface. `rx_drop` has many reasons (an unknown protocol is one), so
/// only its increase is a finding; overruns (`rx_fifo`) have one. `card_drops` are the counters of
/// its network card (`ethtool -S`) that count lost packets and are not zero.
fn interface(context: &Context<'_>, name: &str, card_drops: &[&str]) -> Resource {
    let mut resource = context.resource(ResourceKind::Interface).of(name);
    let counters = COLUMNS.map(|column| format!("interface.{name}.{column}"));
    resource.counters = counters.iter().map(|counter| context.counter(counter)).collect();
    if context.facts.gauge(&format!("interface.{name}.xdp_program")).is_some() {
        resource.remark = Some("an XDP program is attached, which can drop packets that no capture contains".into());
    }
    let name = escape_controls(name).into_owned();
    add_counter_finding(
        context,
        &mut resource,
        1,
        &format!("Packets lost because the receive ring of {name} was full"),
    );
    resource.findings.iter_mut().for_each(|finding| finding.effect = Effect::Overflow);
    add_increase_finding(context, &mut resource, 0, &format!("Received packets dropped by {name}"));
    for counter in card_drops.iter().map(|counter| context.counter(counter)) {
        let what = if is_xdp_drop(counter.short_name()) {
            format!("Packets dropped by the XDP program of {name}")
        } else {
            format!("Packets lost by the network card of {name}")
        };
        resource.counters.push(counter);
        let last = resource.counters.len() - 1;
        add_counter_finding(context, &mut resource, last, &what);
    }
    resource
}

fn icmp(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Icmp);
    resource.counters = context.counters(&["Icmp.OutRateLimitGlobal", "Icmp.OutRateLimitHost"]);
    resource.limit = context.setting("net.ipv4.icmp_msgs_per_sec", 0);
    let each = context.facts.setting("net.ipv4.icmp_ratelimit");
    resource.remark = each
        .map(|value| format!("limit in messages per second; one message per {value} ms to each host (icmp_ratelimit)"));
    resource
}

fn challenge_acks(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::ChallengeAcks);
    resource.counters = context.counters(&[
        "TcpExt.TCPChallengeACK",
        "TcpExt.TCPSYNChallenge",
        "TcpExt.TCPACKSkippedChallenge",
        "TcpExt.TCPACKSkippedSynRecv",
        "TcpExt.TCPACKSkippedTimeWait",
    ]);
    // The default is INT_MAX, which means no limit.
    resource.limit = context.setting("net.ipv4.tcp_challenge_ack_limit", 0).filter(|limit| limit.value < 0x7fff_ffff);
    let pause = context.facts.setting("net.ipv4.tcp_invalid_ratelimit");
    resource.remark =
        pause.map(|value| format!("one answer per {value} ms for each connection (tcp_invalid_ratelimit)"));
    resource
}

fn resets(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Resets);
    resource.counters = context.counters(&[
        "Tcp.OutRsts",
        "Tcp.EstabResets",
        "TcpExt.EmbryonicRsts",
        "TcpExt.TCPAbortOnData",
        "TcpExt.TCPAbortOnClose",
        "TcpExt.TCPAbortOnTimeout",
    ]);
    resource.remark = Some(unexplained_resets(&resource.counters));
    resource
}

/// Returns what the resets mean that the counters after the first do not explain.
fn unexplained_resets(counters: &[Counter]) -> String {
    let without_connection = "segments without a connection (a SYN to a closed port, an ACK without a SYN)";
    match number_of_unexplained_resets(counters) {
        None => format!("the other resets were answers to {without_connection}"),
        Some(0) => "the other counters explain the increase of OutRsts".into(),
        Some(number) => {
            format!("since the previous sample, resets that answered {without_connection}: {}", grouped(number))
        }
    }
}

/// Returns the number of resets since the earlier sample that the counters after the first do not
/// explain; `None` if none were sent.
fn number_of_unexplained_resets(counters: &[Counter]) -> Option<u64> {
    let mut increases = counters.iter().map(|counter| counter.increase.unwrap_or(0));
    let sent = increases.next().filter(|sent| *sent > 0)?;
    Some(sent.saturating_sub(increases.fold(0, u64::saturating_add)))
}

/// Returns a hint at resets that nothing else explains, in full sentences. They are not a finding,
/// because a port scan causes them, too.
pub fn hint(resource: &Resource) -> Option<String> {
    let is_resets = resource.kind == ResourceKind::Resets;
    let number = number_of_unexplained_resets(&resource.counters).filter(|number| is_resets && *number > 0)?;
    Some(format!(
        "{} since the previous sample answered segments without a connection (OutRsts): either a SYN to a closed port, or \
         an ACK without a SYN, such as one that a SYN proxy let through. `perf record -a -e tcp:tcp_send_reset sleep 10 && \
         perf script` shows them.",
        count(number, "reset")
    ))
}
