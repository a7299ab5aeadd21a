//! The two queues of a listener.
//!
//! Accept queue: usage is `sk_ack_backlog`, bound `sk_max_ack_backlog`, which `listen()` sets to the smaller of its
//! argument and `somaxconn` (net/socket.c). It is full when it holds *more* than the bound (`sk_acceptq_is_full`,
//! include/net/sock.h), so one more fits than the bound says.
//!
//! Half-open queue: usage is `icsk_accept_queue.qlen`, shown as sockets in SYN-RECV; the bound is the same backlog
//! (`inet_csk_reqsk_queue_is_full`, include/net/inet_connection_sock.h). With `tcp_syncookies=0`, `tcp_conn_request`
//! (net/ipv4/tcp_input.c) also keeps the last quarter of `tcp_max_syn_backlog` for peers it knows.

use std::collections::BTreeMap;

use super::{Bound, Counter, Judge, Kind, Level, Resource};
use crate::kernel::facts::{Kind as Logged, Listener, Local};

pub fn add(judge: &Judge<'_>, found: &mut Vec<Resource>) {
    let listeners = &judge.facts.listeners;
    found.extend(listeners.iter().map(|listener| accept_queue(judge, listener)));
    found.push(accept_queues(judge));
    let mut places: BTreeMap<&Local, Vec<&Listener>> = BTreeMap::new();
    listeners.iter().for_each(|listener| places.entry(&listener.local).or_default().push(listener));
    let half_open = half_open(judge, &places);
    found.extend(places.iter().map(|(place, sockets)| half_open_queue(judge, place, sockets, &half_open)));
    found.push(half_open_queues(judge));
}

fn accept_queue(judge: &Judge<'_>, listener: &Listener) -> Resource {
    let who = who(judge, listener);
    let place = &listener.local;
    let mut resource = judge.resource(Kind::AcceptQueue).of(place.to_string());
    resource.usage = Some(listener.accept_queue);
    resource.bound = listener.backlog.map(|value| Bound { value, from: backlog(judge, value) });
    if listener.backlog.is_none() {
        resource.remark = Some("netstat does not show the bound: ss -lnt does".into());
    }
    resource.counters.extend(listener.drops.map(|drops| Counter {
        name: "drops".into(),
        total: Some(drops),
        rise: earlier(judge, listener).and_then(|before| drops.checked_sub(before)),
    }));
    let Some(bound) = listener.backlog else { return resource };
    if listener.accept_queue > bound {
        let then = match judge.facts.setting("net.ipv4.tcp_abort_on_overflow") {
            Some("1") => "further ones are reset (tcp_abort_on_overflow=1)",
            Some(_) => "further ones are dropped without a word (tcp_abort_on_overflow=0)",
            None => "further ones are dropped, or reset where tcp_abort_on_overflow=1",
        };
        resource.say(
            Level::Exhausted,
            format!(
                "the accept queue of {place}{who} is full: {} connections wait in it, and its bound is {bound}. The \
                 program does not accept them as fast as they come; {then}",
                listener.accept_queue
            ),
        );
    } else if resource.is_nearly_full() {
        let waiting = listener.accept_queue;
        resource.say(
            Level::Near,
            format!("the accept queue of {place}{who} is nearly full: {waiting} connections wait in it, its bound is {bound}"),
        );
    }
    resource
}

/// Where the backlog comes from: the argument of `listen()`, unless `somaxconn` cut it.
fn backlog(judge: &Judge<'_>, value: u64) -> String {
    match judge.facts.number("net.core.somaxconn", 0) {
        Some(most) if most != value => "listen()".into(),
        _ => "listen() or net.core.somaxconn".into(),
    }
}

/// ` (nginx, pid 812)`
pub fn who(judge: &Judge<'_>, listener: &Listener) -> String {
    let held = |inode| judge.facts.processes.iter().find(|process| process.listens.contains(&inode));
    let known = listener.inode.and_then(held).map(|process| (process.name.clone(), process.pid));
    match known.or_else(|| listener.holders.first().cloned()) {
        Some((name, pid)) => format!(" ({}, pid {pid})", syncookie_terminal::escape_controls(&name)),
        None => String::new(),
    }
}

/// What the socket had dropped at the earlier look.
fn earlier(judge: &Judge<'_>, listener: &Listener) -> Option<u64> {
    let same = |other: &&Listener| other.local == listener.local && other.inode == listener.inode;
    judge.earlier?.listeners.iter().find(same)?.drops
}

/// The counters of all accept queues together.
fn accept_queues(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::AcceptQueue);
    resource.counters = judge.counters(&[
        "TcpExt.ListenOverflows",
        "TcpExt.ListenDrops",
        "TcpExt.TCPDeferAcceptDrop",
        "TcpExt.EmbryonicRsts",
    ]);
    resource.remark =
        judge.facts.setting("net.ipv4.tcp_abort_on_overflow").map(|value| format!("tcp_abort_on_overflow={value}"));
    let overflows = &resource.counters[0];
    if let Some(level) = judge.level(overflows) {
        let text = format!(
            "an accept queue was full when a connection was to enter it: {} (ListenOverflows)",
            judge.times(overflows, "time")
        );
        resource.say(level, text);
    }
    resource
}

/// Half-open connections by the place that the listener they belong to has: the closest.
fn half_open<'a>(judge: &'a Judge<'_>, places: &BTreeMap<&'a Local, Vec<&Listener>>) -> BTreeMap<&'a Local, u64> {
    let mut counts = BTreeMap::new();
    for (end, count) in judge.facts.all_half_open() {
        let mut fitting: Vec<&&Local> = places.keys().filter(|place| place.accepts(end)).collect();
        fitting.sort_by_key(|place| (place.is_wildcard(), place.address.is_none_or(|address| address.is_ipv6())));
        // Without a list of listeners the connections stand for them.
        let place = fitting.first().map_or(end, |place| **place);
        *counts.entry(place).or_default() += count;
    }
    counts
}

fn half_open_queue(
    judge: &Judge<'_>,
    place: &Local,
    sockets: &[&Listener],
    half_open: &BTreeMap<&Local, u64>,
) -> Resource {
    let mut resource = judge.resource(Kind::HalfOpenQueue).of(place.to_string());
    // Only where somebody listed half-open connections it is known that there are none.
    resource.usage = judge.facts.half_open(place).map(|_| half_open.get(place).copied().unwrap_or(0));
    resource.bound = bound(judge, sockets);
    if sockets.len() > 1 {
        resource.remark = Some(format!("{} sockets share the port, each with its own queue", sockets.len()));
    }
    if let Some((usage, bound)) = resource.full() {
        let then = match judge.facts.setting("net.ipv4.tcp_syncookies") {
            Some("0") => "further SYNs are dropped (tcp_syncookies=0)",
            Some(_) => "further SYNs are answered with SYN cookies",
            None => "further SYNs are answered with SYN cookies, or dropped where tcp_syncookies=0",
        };
        let who = who(judge, sockets[0]);
        resource.say(
            Level::Exhausted,
            format!("the half-open queue of {place}{who} is full: {usage} handshakes are not complete, and its bound is {bound}; {then}"),
        );
    } else if resource.is_nearly_full() {
        let usage = resource.usage.unwrap_or(0);
        resource.say(
            Level::Near,
            format!("the half-open queue of {place} is nearly full: {usage} handshakes are not complete"),
        );
    }
    resource
}

fn bound(judge: &Judge<'_>, sockets: &[&Listener]) -> Option<Bound> {
    let backlogs: Option<Vec<u64>> = sockets.iter().map(|socket| socket.backlog).collect();
    let backlogs = backlogs?;
    let kept = judge
        .facts
        .number("net.ipv4.tcp_max_syn_backlog", 0)
        .filter(|_| judge.facts.setting("net.ipv4.tcp_syncookies") == Some("0"));
    let cut = kept.map_or(u64::MAX, |most| most - most / 4);
    let value = backlogs.iter().map(|backlog| (*backlog).min(cut)).fold(0, u64::saturating_add);
    let from = if backlogs.iter().any(|backlog| *backlog > cut) {
        "three quarters of net.ipv4.tcp_max_syn_backlog, with tcp_syncookies=0".into()
    } else {
        backlog(judge, value)
    };
    Some(Bound { value, from })
}

/// The counters of all half-open queues together, and the log.
fn half_open_queues(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::HalfOpenQueue);
    resource.counters = judge.counters(&["TcpExt.TCPReqQFullDoCookies", "TcpExt.TCPReqQFullDrop"]);
    let cookies = judge.facts.setting("net.ipv4.tcp_syncookies");
    resource.remark = cookies.map(|value| format!("tcp_syncookies={value}"));
    let (do_cookies, drop) = (resource.counters[0].clone(), resource.counters[1].clone());
    if let Some(level) = judge.level(&drop) {
        let times = judge.times(&drop, "SYN");
        resource.say(level, format!("a half-open queue was full and SYNs were dropped: {times} (TCPReqQFullDrop)"));
    }
    // With tcp_syncookies=2 it counts every SYN, full or not.
    if let Some(level) = judge.level(&do_cookies).filter(|_| cookies != Some("2")) {
        let times = judge.times(&do_cookies, "SYN");
        let unless = if cookies.is_none() { "; with tcp_syncookies=2 every SYN counts so, full or not" } else { "" };
        resource.say(
            level,
            format!("a half-open queue was full and SYNs were answered with SYN cookies: {times} (TCPReqQFullDoCookies){unless}"),
        );
    }
    log(judge, &mut resource);
    resource
}

/// What the log tells where no counter does.
fn log(judge: &Judge<'_>, resource: &mut Resource) {
    let is_flood = |kind| matches!(kind, Logged::SynFloodCookies | Logged::SynFloodDrop);
    let mut ports: Vec<u16> =
        judge.facts.events.iter().filter(|event| is_flood(event.kind)).filter_map(|event| event.port).collect();
    ports.sort_unstable();
    ports.dedup();
    // The running kernel's log is that of all its network namespaces: here only the counters tell.
    if ports.is_empty() || !resource.findings.is_empty() || judge.facts.is_live {
        return;
    }
    let ports: Vec<String> = ports.iter().take(16).map(u16::to_string).collect();
    let text = format!("the kernel logged a full half-open queue (Possible SYN flooding) of port {}", ports.join(", "));
    resource.say(Level::Past, text);
}
