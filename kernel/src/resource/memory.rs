//! TCP memory, and the limits that protect it.
//!
//! TCP memory: usage `mem` of `/proc/net/sockstat` in pages (`sk_memory_allocated`), limits
//! `tcp_mem`: pressure begins at the second number, and at the third no more is allocated
//! (`__sk_mem_raise_allocated`, net/core/sock.c). Orphans: `tcp_orphan_count`, limit
//! `tcp_max_orphans` (`tcp_too_many_orphans`, include/net/tcp.h). TIME-WAIT: limit
//! `tcp_max_tw_buckets` (`inet_twsk_alloc`, net/ipv4/inet_timewait_sock.c).

use syncookie_terminal::{count, grouped};

use super::{Context, Effect, Finding, Level, Resource, ResourceKind};
use crate::facts::EventKind;

/// Adds the state of TCP memory and of the limits that protect it.
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
    resource.remark = pressure.map(|pages| format!("memory pressure begins at {} pages (tcp_mem[1])", grouped(pages)));
    let usage = resource.usage.unwrap_or(0);
    if let Some((usage, limit)) = resource.full() {
        let text = format!(
            "TCP memory is exhausted: {} of {} pages (net.ipv4.tcp_mem[2]). The kernel drops segments instead of \
             buffering them.",
            grouped(usage),
            grouped(limit)
        );
        resource.add_finding(Level::Exhausted, text);
    } else if let Some(pressure) = pressure.filter(|pressure| usage >= *pressure && usage > 0) {
        let text = format!(
            "TCP is under memory pressure: it uses {} pages, and pressure begins at {} (net.ipv4.tcp_mem[1]).",
            grouped(usage),
            grouped(pressure)
        );
        resource.add_finding(Level::Near, text);
    }
    add_counter_finding(context, &mut resource, 0, "Times that TCP entered memory pressure");
    add_log_finding(context, &mut resource, EventKind::TcpMemory);
    add_counter_finding(context, &mut resource, 2, "Connections aborted for lack of memory, or as excess orphans");
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
    resource.remark =
        most.map(|bytes| format!("a receive buffer holds at most {} bytes (tcp_rmem[2])", grouped(bytes)));
    // Slow readers cause these every day, so only an increase is a finding.
    for index in [0, 2] {
        add_increase_finding(context, &mut resource, index, "Segments dropped because a socket buffer was full");
    }
    resource
}

fn orphans(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Orphans);
    resource.usage = context.facts.gauge("TCP.orphan");
    resource.limit = context.setting("net.ipv4.tcp_max_orphans", 0);
    resource.counters = context.counters(&["TcpExt.TCPAbortOnMemory"]);
    add_usage_finding(&mut resource, "Further orphans are reset");
    add_log_finding(context, &mut resource, EventKind::Orphans);
    resource
}

fn time_wait(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::TimeWait);
    resource.usage = context.facts.gauge("TCP.tw");
    resource.limit = context.setting("net.ipv4.tcp_max_tw_buckets", 0);
    resource.counters = context.counters(&["TcpExt.TCPTimeWaitOverflow"]);
    add_usage_finding(&mut resource, "Further connections skip TIME-WAIT");
    add_counter_finding(context, &mut resource, 0, "Connections that skipped TIME-WAIT because its limit was reached");
    add_log_finding(context, &mut resource, EventKind::TimeWaitOverflow);
    resource
}

/// Adds a finding if usage reached the limit, or nearly; `then` is the consequence of a reached
/// limit, as a sentence without its period.
pub fn add_usage_finding(resource: &mut Resource, then: &str) {
    let (Some(usage), Some(limit)) = (resource.usage, &resource.limit) else { return };
    let (title, unit) = (sentence_case(resource.kind.title()), resource.kind.unit());
    let subject = match &resource.subject {
        Some(subject) if subject.starts_with("to ") => format!(" {subject}"),
        Some(subject) => format!(" of {subject}"),
        None => String::new(),
    };
    let numbers = format!("{} of {} {unit} ({})", grouped(usage), grouped(limit.value), limit.source);
    if resource.full().is_some() {
        resource.add_finding(Level::Exhausted, format!("{title}{subject}: limit reached, {numbers}. {then}."));
    } else if resource.is_nearly_full() {
        resource.add_finding(Level::Near, format!("{title}{subject}: near the limit, {numbers}."));
    }
}

/// Returns a text with its first letter in upper case.
fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Adds a finding if the counter at `index` increased or is not zero. `what` names the things that
/// it counts, in the plural.
pub fn add_counter_finding(context: &Context<'_>, resource: &mut Resource, index: usize, what: &str) {
    let counter = &resource.counters[index];
    if let Some(level) = context.level(counter) {
        let text = context.counted(what, counter);
        resource.add_finding(level, text);
    }
}

/// Adds a finding like [`add_counter_finding`], but only if the counter increased.
pub fn add_increase_finding(context: &Context<'_>, resource: &mut Resource, index: usize, what: &str) {
    if resource.counters[index].has_increased() {
        add_counter_finding(context, resource, index, what);
    }
}

/// Adds a finding if the log reports the condition and there is no other finding. A line that names
/// the namespace may be about an older one with the same number, so the namespace's own counter
/// decides if there is one. In files without a namespace, a counter of 0 contradicts the log, and the
/// finding says what that means.
pub fn add_log_finding(context: &Context<'_>, resource: &mut Resource, kind: EventKind) {
    let zero = resource.counters.first().filter(|counter| counter.total == Some(0));
    let zero = zero.map(|counter| counter.short_name().to_owned());
    if context.facts.namespace.is_some() && !kind.is_of_machine() && zero.is_some() {
        return;
    }
    let lines = context.facts.own_events().filter(|event| event.kind == kind).count();
    if lines > 0 && resource.findings.is_empty() {
        let lines = count(lines as u64, "line");
        let text = format!("The kernel log reports: {} ({lines}).", kind.description());
        let contradicted = zero.map(|counter| {
            format!(" The counter {counter} is 0: the log is of another network namespace, or of an earlier boot.")
        });
        let effect = if contradicted.is_some() { Effect::OnlyInLog } else { resource.kind.effect() };
        if contradicted.is_some() {
            let remark = "the kernel log reports an overflow";
            let others = resource.remark.take().map_or_else(String::new, |other| format!("; {other}"));
            resource.remark = Some(format!("{remark}{others}"));
        }
        let text = text + &contradicted.unwrap_or_default();
        resource.findings.push(Finding::new(Level::Overflowed, effect, text));
    }
}
