//! Memory, and what is limited to save it.
//!
//! TCP memory: usage `mem` of `/proc/net/sockstat` in pages (`sk_memory_allocated`), bounds `tcp_mem`: pressure begins
//! at the second number, at the third nothing more is given (`__sk_mem_raise_allocated`, net/core/sock.c). Orphans:
//! `tcp_orphan_count`, bound `tcp_max_orphans` (`tcp_too_many_orphans`, include/net/tcp.h). TIME-WAIT: bound
//! `tcp_max_tw_buckets` (`inet_twsk_alloc`, net/ipv4/inet_timewait_sock.c).

use syncookie_terminal::grouped;

use super::{Judge, Kind, Level, Resource};
use crate::kernel::facts::Kind as Logged;

pub fn add(judge: &Judge<'_>, found: &mut Vec<Resource>) {
    found.extend([tcp_memory(judge), socket_buffers(judge), orphans(judge), time_wait(judge)]);
}

fn tcp_memory(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::TcpMemory);
    resource.usage = judge.facts.gauge("TCP.mem");
    resource.bound = judge.setting("net.ipv4.tcp_mem", 2);
    resource.counters = judge.counters(&[
        "TcpExt.TCPMemoryPressures",
        "TcpExt.TCPMemoryPressuresChrono",
        "TcpExt.TCPAbortOnMemory",
        "TcpExt.TCPAbortFailed",
    ]);
    let pressure = judge.facts.number("net.ipv4.tcp_mem", 1);
    resource.remark = pressure.map(|pages| format!("under pressure from {} pages (tcp_mem[1])", grouped(pages)));
    let usage = resource.usage.unwrap_or(0);
    if let Some((usage, bound)) = resource.full() {
        let text = format!(
            "TCP memory is used up: {} pages, and the bound is {} (net.ipv4.tcp_mem[2]); sockets get no more of it, \
             segments are dropped",
            grouped(usage),
            grouped(bound)
        );
        resource.say(Level::Exhausted, text);
    } else if let Some(pressure) = pressure.filter(|pressure| usage >= *pressure && usage > 0) {
        let text = format!(
            "TCP memory is under pressure: {} pages are used, and pressure begins at {} (net.ipv4.tcp_mem[1])",
            grouped(usage),
            grouped(pressure)
        );
        resource.say(Level::Near, text);
    }
    past(judge, &mut resource, 0, "time", "TCP came under memory pressure", Some(Logged::TcpMemory));
    past(judge, &mut resource, 2, "connection", "connections were aborted for lack of memory or as orphans", None);
    resource
}

fn socket_buffers(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::SocketBuffers);
    resource.counters = judge.counters(&[
        "TcpExt.TCPBacklogDrop",
        "TcpExt.PruneCalled",
        "TcpExt.RcvPruned",
        "TcpExt.OfoPruned",
        "TcpExt.TCPRcvQDrop",
        "TcpExt.TCPZeroWindowDrop",
    ]);
    let most = judge.facts.number("net.ipv4.tcp_rmem", 2);
    resource.remark = most.map(|bytes| format!("a receive buffer has at most {} bytes (tcp_rmem[2])", grouped(bytes)));
    // Slow readers cause these every day; that segments of a connection are dropped now is worth a word.
    for index in [0, 2] {
        let counter = resource.counters[index].clone();
        if counter.rise.is_some_and(|rise| rise > 0) {
            let name = counter.name.rsplit('.').next().unwrap_or_default();
            let text = format!(
                "segments were dropped because a socket's buffer was full: {} ({name})",
                judge.times(&counter, "segment")
            );
            resource.say(Level::Rising, text);
        }
    }
    resource
}

fn orphans(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::Orphans);
    resource.usage = judge.facts.gauge("TCP.orphan");
    resource.bound = judge.setting("net.ipv4.tcp_max_orphans", 0);
    resource.counters = judge.counters(&["TcpExt.TCPAbortOnMemory"]);
    used_up(&mut resource, "there are too many sockets without a process", "further ones are reset");
    logged(judge, &mut resource, Logged::Orphans, "too many orphaned sockets");
    resource
}

fn time_wait(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::TimeWait);
    resource.usage = judge.facts.gauge("TCP.tw");
    resource.bound = judge.setting("net.ipv4.tcp_max_tw_buckets", 0);
    resource.counters = judge.counters(&["TcpExt.TCPTimeWaitOverflow"]);
    used_up(
        &mut resource,
        "there are as many connections in TIME-WAIT as may be",
        "further ones are forgotten at once",
    );
    past(
        judge,
        &mut resource,
        0,
        "connection",
        "connections were forgotten without TIME-WAIT, because there were too many in it",
        Some(Logged::TimeWaitOverflow),
    );
    resource
}

/// Says that usage reached the bound, or nearly.
pub fn used_up(resource: &mut Resource, what: &str, then: &str) {
    let from = resource.bound.as_ref().map_or_else(String::new, |bound| bound.from.clone());
    if let Some((usage, bound)) = resource.full() {
        resource.say(Level::Exhausted, format!("{what}: {} of {} ({from}); {then}", grouped(usage), grouped(bound)));
    } else if resource.is_nearly_full() {
        let (usage, left) = (resource.usage.unwrap_or(0), resource.headroom().unwrap_or(0));
        let (title, unit) = (resource.kind.title(), resource.kind.unit());
        let of = resource.subject.as_ref().map_or_else(String::new, |subject| format!(" of {subject}"));
        let text = format!("{title}{of}: {} {unit} are used, {} are left ({from})", grouped(usage), grouped(left));
        resource.say(Level::Near, text);
    }
}

/// Says that a counter rose, or is above zero; or what the log says of it.
pub fn past(judge: &Judge<'_>, resource: &mut Resource, index: usize, unit: &str, what: &str, log: Option<Logged>) {
    let counter = resource.counters[index].clone();
    if let Some(level) = judge.level(&counter) {
        let name = counter.name.rsplit('.').next().unwrap_or_default();
        resource.say(level, format!("{what}: {} ({name})", judge.times(&counter, unit)));
    } else if let Some(kind) = log {
        logged(judge, resource, kind, what);
    }
}

/// Says what the log says, once. The running kernel's log is that of all its network namespaces, so what is counted for
/// this one goes before it.
pub fn logged(judge: &Judge<'_>, resource: &mut Resource, kind: Logged, what: &str) {
    let lines = judge.facts.events.iter().filter(|event| event.kind == kind).count();
    if lines > 0
        && resource.findings.is_empty()
        && (!judge.facts.is_live || resource.kind.scope() == super::Scope::Host)
    {
        let lines = syncookie_terminal::count(lines as u64, "line");
        resource.say(Level::Past, format!("the kernel logged: {what} ({lines})"));
    }
}
