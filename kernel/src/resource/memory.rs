//! Memory of TCP, and the limits that save it.
//!
//! TCP memory: usage `mem` of `/proc/net/sockstat` in pages (`sk_memory_allocated`), limits
//! `tcp_mem`: pressure begins at the second number, and at the third no more is allocated
//! (`__sk_mem_raise_allocated`, net/core/sock.c). Orphans: `tcp_orphan_count`, limit
//! `tcp_max_orphans` (`tcp_too_many_orphans`, include/net/tcp.h). TIME-WAIT: limit
//! `tcp_max_tw_buckets` (`inet_twsk_alloc`, net/ipv4/inet_timewait_sock.c).

use syncookie_terminal::{count, grouped};

use super::{Context, Level, Resource, ResourceKind};
use crate::facts::EventKind;

/// Adds the state of these resources.
pub fn add(context: &Context<'_>, found: &mut Vec<Resource>) {
    found.extend([tcp_memory(context), socket_buffers(context), orphans(context), time_wait(context)]);
}

fn tcp_memory(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::TcpMemory);
    resource.usage = context.facts.gauge("TCP.mem");
    resource.limit = context.setting("net.ipv4.tcp_mem", 2);
    resource.counters = context.counters(&[
        "TcpExt.TCPMemoryPressures",
        "TcpExt.TCPMemoryPressuresChrono",
        "TcpExt.TCPAbortOnMemory",
        "TcpExt.TCPAbortFailed",
    ]);
    let pressure = context.facts.setting_number("net.ipv4.tcp_mem", 1);
    resource.remark = pressure.map(|pages| format!("under pressure from {} pages (tcp_mem[1])", grouped(pages)));
    let usage = resource.usage.unwrap_or(0);
    if let Some((usage, limit)) = resource.full() {
        let text = format!(
            "TCP memory is used up: {} pages, and the bound is {} (net.ipv4.tcp_mem[2]); sockets get no more of it, \
             segments are dropped",
            grouped(usage),
            grouped(limit)
        );
        resource.add_finding(Level::Exhausted, text);
    } else if let Some(pressure) = pressure.filter(|pressure| usage >= *pressure && usage > 0) {
        let text = format!(
            "TCP memory is under pressure: {} pages are used, and pressure begins at {} (net.ipv4.tcp_mem[1])",
            grouped(usage),
            grouped(pressure)
        );
        resource.add_finding(Level::Near, text);
    }
    add_counter_finding(
        context,
        &mut resource,
        0,
        "time",
        "TCP came under memory pressure",
        Some(EventKind::TcpMemory),
    );
    add_counter_finding(
        context,
        &mut resource,
        2,
        "connection",
        "connections were aborted for lack of memory or as orphans",
        None,
    );
    resource
}

fn socket_buffers(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::SocketBuffers);
    resource.counters = context.counters(&[
        "TcpExt.TCPBacklogDrop",
        "TcpExt.PruneCalled",
        "TcpExt.RcvPruned",
        "TcpExt.OfoPruned",
        "TcpExt.TCPRcvQDrop",
        "TcpExt.TCPZeroWindowDrop",
    ]);
    let most = context.facts.setting_number("net.ipv4.tcp_rmem", 2);
    resource.remark = most.map(|bytes| format!("a receive buffer has at most {} bytes (tcp_rmem[2])", grouped(bytes)));
    // Slow readers cause these every day, so only an increase is a finding.
    for index in [0, 2] {
        let counter = resource.counters[index].clone();
        if counter.increase.is_some_and(|rise| rise > 0) {
            let name = counter.name.rsplit('.').next().unwrap_or_default();
            let text = format!(
                "segments were dropped because a socket's buffer was full: {} ({name})",
                context.times(&counter, "segment")
            );
            resource.add_finding(Level::Overflowing, text);
        }
    }
    resource
}

fn orphans(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Orphans);
    resource.usage = context.facts.gauge("TCP.orphan");
    resource.limit = context.setting("net.ipv4.tcp_max_orphans", 0);
    resource.counters = context.counters(&["TcpExt.TCPAbortOnMemory"]);
    add_usage_finding(&mut resource, "there are too many sockets without a process", "further ones are reset");
    add_log_finding(context, &mut resource, EventKind::Orphans, "too many orphaned sockets");
    resource
}

fn time_wait(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::TimeWait);
    resource.usage = context.facts.gauge("TCP.tw");
    resource.limit = context.setting("net.ipv4.tcp_max_tw_buckets", 0);
    resource.counters = context.counters(&["TcpExt.TCPTimeWaitOverflow"]);
    add_usage_finding(
        &mut resource,
        "there are as many connections in TIME-WAIT as may be",
        "further ones are forgotten at once",
    );
    add_counter_finding(
        context,
        &mut resource,
        0,
        "connection",
        "connections were forgotten without TIME-WAIT, because there were too many in it",
        Some(EventKind::TimeWaitOverflow),
    );
    resource
}

/// Adds a finding if usage reached the limit, or nearly.
pub fn add_usage_finding(resource: &mut Resource, what: &str, then: &str) {
    let source = resource.limit.as_ref().map_or_else(String::new, |limit| limit.source.clone());
    if let Some((usage, limit)) = resource.full() {
        resource.add_finding(
            Level::Exhausted,
            format!("{what}: {} of {} ({source}); {then}", grouped(usage), grouped(limit)),
        );
    } else if resource.is_nearly_full() {
        let (usage, left) = (resource.usage.unwrap_or(0), resource.headroom().unwrap_or(0));
        let (title, unit) = (resource.kind.title(), resource.kind.unit());
        let of = resource.subject.as_ref().map_or_else(String::new, |subject| format!(" of {subject}"));
        let text = format!("{title}{of}: {} {unit} are used, {} are left ({source})", grouped(usage), grouped(left));
        resource.add_finding(Level::Near, text);
    }
}

/// Adds a finding if the counter at `index` increased or is not zero, else if the log reports the
/// condition.
pub fn add_counter_finding(
    context: &Context<'_>,
    resource: &mut Resource,
    index: usize,
    unit: &str,
    what: &str,
    log: Option<EventKind>,
) {
    let counter = resource.counters[index].clone();
    if let Some(level) = context.level(&counter) {
        let name = counter.name.rsplit('.').next().unwrap_or_default();
        resource.add_finding(level, format!("{what}: {} ({name})", context.times(&counter, unit)));
    } else if let Some(kind) = log {
        add_log_finding(context, resource, kind, what);
    }
}

/// Adds a finding if the log reports the condition and there is no other finding. The log of the
/// running kernel is that of all its network namespaces, so it is used for resources of the host
/// only.
pub fn add_log_finding(context: &Context<'_>, resource: &mut Resource, kind: EventKind, what: &str) {
    let lines = context.facts.events.iter().filter(|event| event.kind == kind).count();
    if lines > 0
        && resource.findings.is_empty()
        && (!context.facts.is_live || resource.kind.scope() == super::Scope::Host)
    {
        let lines = count(lines as u64, "line");
        resource.add_finding(Level::Overflowed, format!("the kernel logged: {what} ({lines})"));
    }
}
