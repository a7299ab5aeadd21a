//! What packets pass before and after TCP.
//!
//! Connection tracking: `nf_conntrack_count` against `nf_conntrack_max` (`__nf_conntrack_alloc`,
//! net/netfilter/nf_conntrack_core.c). Softirq backlog: `input_pkt_queue` of a processor against `netdev_max_backlog`
//! (`enqueue_to_backlog`, net/core/dev.c). ICMP: `icmp_global_allow`, net/ipv4/icmp.c. Challenge ACKs:
//! `tcp_send_challenge_ack` and `tcp_oow_rate_limited`, net/ipv4/tcp_input.c.

use std::collections::BTreeSet;

use super::memory::{logged, past, used_up};
use super::{Judge, Kind, Level, Resource};
use crate::kernel::facts::Kind as Logged;

pub fn add(judge: &Judge<'_>, found: &mut Vec<Resource>) {
    found.extend([conntrack(judge), softirq(judge)]);
    found.extend(interfaces(judge));
    found.extend([icmp(judge), challenge_acks(judge), resets(judge)]);
}

fn conntrack(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::Conntrack);
    let count = judge.facts.number("net.netfilter.nf_conntrack_count", 0);
    resource.usage = count.or_else(|| judge.facts.gauge("nf_conntrack.entries"));
    resource.bound = judge.setting("net.netfilter.nf_conntrack_max", 0).filter(|bound| bound.value > 0);
    resource.counters = judge.counters(&[
        "nf_conntrack.drop",
        "nf_conntrack.early_drop",
        "nf_conntrack.insert_failed",
        "nf_conntrack.invalid",
        "nf_conntrack.clashres",
    ]);
    let loose = judge.facts.setting("net.netfilter.nf_conntrack_tcp_loose");
    resource.remark = loose.map(|value| format!("nf_conntrack_tcp_loose={value}"));
    let then = "packets of further connections are dropped, unless an entry can be thrown out for them";
    used_up(&mut resource, "the table of connection tracking is full", then);
    past(
        judge,
        &mut resource,
        0,
        "packet",
        "connection tracking dropped packets, as it does when its table is full",
        None,
    );
    let early = "connection tracking threw out entries before their time, because its table was full";
    past(judge, &mut resource, 1, "entry or entries", early, None);
    logged(
        judge,
        &mut resource,
        Logged::ConntrackFull,
        "the table of connection tracking was full, packets were dropped",
    );
    resource
}

fn softirq(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::SoftirqBacklog);
    resource.usage = judge.facts.gauge("softnet.backlog");
    resource.bound = judge.setting("net.core.netdev_max_backlog", 0);
    resource.counters = judge.counters(&["softnet.dropped", "softnet.time_squeeze", "softnet.flow_limit_count"]);
    resource.remark = judge.facts.setting("net.core.netdev_budget").map(|value| format!("netdev_budget={value}"));
    used_up(&mut resource, "a processor's queue of received packets is full", "further ones are dropped");
    past(
        judge,
        &mut resource,
        0,
        "packet",
        "packets were dropped because a processor's queue of received ones was full",
        None,
    );
    resource
}

/// Interfaces that dropped something. `rx_drop` has many reasons (an unknown protocol is one), so only its rise is worth
/// a word; overruns have one.
fn interfaces(judge: &Judge<'_>) -> Vec<Resource> {
    let names: BTreeSet<&str> = judge
        .facts
        .counters()
        .filter_map(|(name, _)| name.strip_prefix("interface.")?.strip_suffix(".rx_drop"))
        .collect();
    names.into_iter().map(|name| interface(judge, name)).collect()
}

fn interface(judge: &Judge<'_>, name: &str) -> Resource {
    let mut resource = judge.resource(Kind::Interface).of(name);
    let counters = ["rx_drop", "rx_fifo", "rx_errs", "tx_drop"].map(|column| format!("interface.{name}.{column}"));
    resource.counters = counters.iter().map(|counter| judge.counter(counter)).collect();
    let name = syncookie_terminal::escape_controls(name).into_owned();
    past(judge, &mut resource, 1, "packet", &format!("the ring of {name} was full when packets came"), None);
    let dropped = resource.counters[0].clone();
    if dropped.rise.is_some_and(|rise| rise > 0) {
        let text = format!("{name} dropped received packets: {} (rx_drop)", judge.times(&dropped, "packet"));
        resource.say(Level::Rising, text);
    }
    resource
}

fn icmp(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::Icmp);
    resource.counters = judge.counters(&["Icmp.OutRateLimitGlobal", "Icmp.OutRateLimitHost"]);
    resource.bound = judge.setting("net.ipv4.icmp_msgs_per_sec", 0);
    let each = judge.facts.setting("net.ipv4.icmp_ratelimit");
    resource.remark = each.map(|value| format!("messages a second; one host gets one in {value} ms (icmp_ratelimit)"));
    resource
}

fn challenge_acks(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::ChallengeAcks);
    resource.counters = judge.counters(&[
        "TcpExt.TCPChallengeACK",
        "TcpExt.TCPSYNChallenge",
        "TcpExt.TCPACKSkippedChallenge",
        "TcpExt.TCPACKSkippedSynRecv",
        "TcpExt.TCPACKSkippedTimeWait",
    ]);
    // The kernel's default is no limit, written as the largest number.
    resource.bound = judge.setting("net.ipv4.tcp_challenge_ack_limit", 0).filter(|bound| bound.value < 0x7fff_ffff);
    let pause = judge.facts.setting("net.ipv4.tcp_invalid_ratelimit");
    resource.remark =
        pause.map(|value| format!("one answer in {value} ms for each connection (tcp_invalid_ratelimit)"));
    resource
}

fn resets(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::Resets);
    resource.counters = judge.counters(&[
        "Tcp.OutRsts",
        "Tcp.EstabResets",
        "TcpExt.EmbryonicRsts",
        "TcpExt.TCPAbortOnData",
        "TcpExt.TCPAbortOnClose",
        "TcpExt.TCPAbortOnTimeout",
    ]);
    resource.remark = Some("OutRsts that nothing else counts answer segments of no connection".into());
    resource
}
