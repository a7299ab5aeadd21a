//! The two queues of a listener: accept queue and SYN queue.
//!
//! Accept queue: usage is `sk_ack_backlog`, limit `sk_max_ack_backlog`, which `listen()` sets to
//! the smaller of its argument and `somaxconn` (net/socket.c). It is full when it holds *more* than
//! the limit (`sk_acceptq_is_full`, include/net/sock.h), so one more fits than the limit says.
//!
//! SYN queue (half-open connections): usage is `icsk_accept_queue.qlen`, shown as sockets in
//! SYN-RECV; the limit is the same backlog (`inet_csk_reqsk_queue_is_full`,
//! include/net/inet_connection_sock.h). With `tcp_syncookies=0`, `tcp_conn_request`
//! (net/ipv4/tcp_input.c) also keeps the last quarter of `tcp_max_syn_backlog` for known peers.

use std::collections::BTreeMap;

use syncookie_terminal::{escape_controls, grouped};

use super::{Context, Counter, Level, Limit, Resource, ResourceKind};
use crate::facts::{EventKind, Listener, LocalAddress, Process};

/// Adds the state of the accept queue and the SYN queue of each listener.
pub fn add(context: &Context<'_>, found: &mut Vec<Resource>) {
    let listeners = &context.facts.listeners;
    found.extend(listeners.iter().map(|listener| accept_queue(context, listener)));
    found.push(accept_queues(context));
    let mut addresses: BTreeMap<&LocalAddress, Vec<&Listener>> = BTreeMap::new();
    listeners.iter().for_each(|listener| addresses.entry(&listener.local).or_default().push(listener));
    let half_open = half_open(context, &addresses);
    found.extend(addresses.iter().map(|(address, sockets)| syn_queue(context, address, sockets, &half_open)));
    found.push(syn_queues(context));
}

/// Returns the state of the accept queue of a listener.
fn accept_queue(context: &Context<'_>, listener: &Listener) -> Resource {
    let who = who(context, listener);
    let address = &listener.local;
    let mut resource = context.resource(ResourceKind::AcceptQueue).of(address.to_string());
    resource.usage = Some(listener.accept_queue);
    resource.limit = listener.backlog.map(|value| Limit { value, source: backlog_source(context, value) });
    if listener.backlog.is_none() {
        resource.remark = Some("netstat does not show the limit; ss -lnt does".into());
    }
    resource.counters.extend(listener.drops.map(|drops| {
        let earlier = earlier_drops(context, listener);
        let increase = earlier.and_then(|before| drops.checked_sub(before));
        Counter { name: "drops".into(), total: Some(drops), increase, earlier, only_earlier: false }
    }));
    let Some(limit) = listener.backlog else { return resource };
    let waiting = listener.accept_queue;
    if waiting > limit {
        let then = match context.facts.setting("net.ipv4.tcp_abort_on_overflow") {
            Some("1") => "Further connections are reset (tcp_abort_on_overflow=1)",
            Some(_) => "Further connections are dropped silently (tcp_abort_on_overflow=0)",
            None => "Further connections are dropped silently, or reset if tcp_abort_on_overflow=1",
        };
        resource.add_finding(
            Level::Exhausted,
            format!(
                "The accept queue of {address}{who} is full: {} connections are waiting, and the limit is {}. The \
                 application accepts them more slowly than they arrive. {then}.",
                grouped(waiting),
                grouped(limit)
            ),
        );
    } else if resource.is_nearly_full() {
        resource.add_finding(
            Level::Near,
            format!(
                "The accept queue of {address}{who} is nearly full: {} connections are waiting, and the limit is {}.",
                grouped(waiting),
                grouped(limit)
            ),
        );
    }
    resource
}

/// Returns where the backlog comes from: the argument of `listen()`, unless `somaxconn` cut it.
fn backlog_source(context: &Context<'_>, value: u64) -> String {
    match context.facts.setting_number("net.core.somaxconn", 0) {
        Some(most) if most != value => "listen()".into(),
        _ => "listen() or net.core.somaxconn".into(),
    }
}

/// Formats the process that holds a listener, ` (nginx, pid 812)`, or nothing if it is unknown.
fn who(context: &Context<'_>, listener: &Listener) -> String {
    match holder(context, listener) {
        Some((name, pid)) => format!(" ({}, pid {pid})", escape_controls(&name)),
        None => String::new(),
    }
}

/// Returns the name and the id of a process that holds a listener; `None` if it is unknown.
pub fn holder(context: &Context<'_>, listener: &Listener) -> Option<(String, u32)> {
    let known = holders(context, listener).next().map(|process| (process.name.clone(), process.pid));
    known.or_else(|| listener.holders.first().cloned())
}

/// Returns the processes that hold a listener, as far as the source has them.
pub fn holders<'a>(context: &'a Context<'_>, listener: &Listener) -> impl Iterator<Item = &'a Process> {
    listener.inode.and_then(|inode| context.holders.get(&inode)).into_iter().flatten().copied()
}

/// Returns the drops of the same socket in the earlier sample.
fn earlier_drops(context: &Context<'_>, listener: &Listener) -> Option<u64> {
    let same = |other: &&Listener| other.local == listener.local && other.inode == listener.inode;
    context.earlier?.listeners.iter().find(same)?.drops
}

/// Returns the counters of all accept queues of the namespace.
fn accept_queues(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::AcceptQueue);
    resource.counters = context.counters(&[
        "TcpExt.ListenOverflows",
        "TcpExt.ListenDrops",
        "TcpExt.TCPDeferAcceptDrop",
        "TcpExt.EmbryonicRsts",
    ]);
    resource.remark =
        context.facts.setting("net.ipv4.tcp_abort_on_overflow").map(|value| format!("tcp_abort_on_overflow={value}"));
    let overflows = &resource.counters[0];
    if let Some(level) = context.level(overflows) {
        let text = context.counted("Accept-queue overflows", overflows);
        resource.add_finding(level, text);
    }
    resource
}

/// Returns the numbers of half-open connections by the address of their listener, the most specific
/// that accepts them.
fn half_open<'a>(
    context: &'a Context<'_>,
    addresses: &BTreeMap<&'a LocalAddress, Vec<&Listener>>,
) -> BTreeMap<&'a LocalAddress, u64> {
    let mut counts: BTreeMap<&LocalAddress, u64> = BTreeMap::new();
    for (end, count) in context.facts.half_open() {
        let mut fitting: Vec<&&LocalAddress> = addresses.keys().filter(|address| address.accepts(end)).collect();
        fitting.sort_by_key(|address| (address.is_wildcard(), address.address.is_none_or(|address| address.is_ipv6())));
        // Without a list of listeners, each local address counts as one.
        let address = fitting.first().map_or(end, |address| **address);
        let sum = counts.entry(address).or_default();
        *sum = sum.saturating_add(count);
    }
    counts
}

/// Returns the state of the SYN queue of an address, which several sockets may share.
fn syn_queue(
    context: &Context<'_>,
    address: &LocalAddress,
    sockets: &[&Listener],
    half_open: &BTreeMap<&LocalAddress, u64>,
) -> Resource {
    let mut resource = context.resource(ResourceKind::SynQueue).of(address.to_string());
    // Without a list of half-open connections their number is unknown, not zero.
    resource.usage = context.facts.half_open_at(address).map(|_| half_open.get(address).copied().unwrap_or(0));
    resource.limit = syn_queue_limit(context, sockets);
    if sockets.len() > 1 {
        resource.remark = Some(format!("{} sockets share the port; each has a queue of its own", sockets.len()));
    }
    if let Some((usage, limit)) = resource.full() {
        let then = match context.facts.setting("net.ipv4.tcp_syncookies") {
            Some("0") => "Further SYNs are dropped (tcp_syncookies=0)",
            Some(_) => "Further SYNs are answered with SYN cookies",
            None => "Further SYNs are answered with SYN cookies, or dropped if tcp_syncookies=0",
        };
        let who = who(context, sockets[0]);
        resource.add_finding(
            Level::Exhausted,
            format!(
                "The SYN queue of {address}{who} is full: {} half-open connections, and the limit is {}. {then}.",
                grouped(usage),
                grouped(limit)
            ),
        );
    } else if let (true, Some(usage), Some(limit)) = (resource.is_nearly_full(), resource.usage, &resource.limit) {
        let text = format!(
            "The SYN queue of {address} is nearly full: {} half-open connections, and the limit is {}.",
            grouped(usage),
            grouped(limit.value)
        );
        resource.add_finding(Level::Near, text);
    }
    resource
}

/// Returns the limit of a SYN queue.
fn syn_queue_limit(context: &Context<'_>, sockets: &[&Listener]) -> Option<Limit> {
    let backlogs: Option<Vec<u64>> = sockets.iter().map(|socket| socket.backlog).collect();
    let backlogs = backlogs?;
    let kept = context
        .facts
        .setting_number("net.ipv4.tcp_max_syn_backlog", 0)
        .filter(|_| context.facts.setting("net.ipv4.tcp_syncookies") == Some("0"));
    let cut = kept.map_or(u64::MAX, |most| most - most / 4);
    let value = backlogs.iter().map(|backlog| (*backlog).min(cut)).fold(0, u64::saturating_add);
    let source = if backlogs.iter().any(|backlog| *backlog > cut) {
        "3/4 of net.ipv4.tcp_max_syn_backlog (tcp_syncookies=0)".into()
    } else {
        backlog_source(context, value)
    };
    Some(Limit { value, source })
}

/// Returns the counters of all SYN queues of the namespace.
fn syn_queues(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::SynQueue);
    resource.counters = context.counters(&["TcpExt.TCPReqQFullDoCookies", "TcpExt.TCPReqQFullDrop"]);
    let cookies = context.facts.setting("net.ipv4.tcp_syncookies");
    resource.remark = cookies.map(|value| format!("tcp_syncookies={value}"));
    let (do_cookies, drop) = (resource.counters[0].clone(), resource.counters[1].clone());
    if let Some(level) = context.level(&drop) {
        resource.add_finding(level, context.counted("SYNs dropped because a SYN queue was full", &drop));
    }
    // With tcp_syncookies=2 the kernel counts every SYN here, whether the queue is full or not.
    if let Some(level) = context.level(&do_cookies).filter(|_| cookies != Some("2")) {
        let mut text = context.counted("SYNs answered with SYN cookies because a SYN queue was full", &do_cookies);
        if cookies.is_none() {
            text += " With tcp_syncookies=2 the kernel counts every SYN here.";
        }
        resource.add_finding(level, text);
    }
    add_log_finding(context, &mut resource);
    resource
}

/// Adds a finding if the log reports a full SYN queue and no counter does.
fn add_log_finding(context: &Context<'_>, resource: &mut Resource) {
    let is_flood = |kind| matches!(kind, EventKind::SynFloodCookies | EventKind::SynFloodDrop);
    let mut ports: Vec<u16> =
        context.facts.own_events().filter(|event| is_flood(event.kind)).filter_map(|event| event.port).collect();
    ports.sort_unstable();
    ports.dedup();
    if ports.is_empty() || !resource.findings.is_empty() {
        return;
    }
    let ports: Vec<String> = ports.iter().take(16).map(u16::to_string).collect();
    let noun = if ports.len() == 1 { "port" } else { "ports" };
    let text =
        format!("The kernel log reports a full SYN queue (Possible SYN flooding) on {noun} {}.", ports.join(", "));
    resource.add_finding(Level::Overflowed, text);
}
