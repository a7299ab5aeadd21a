//! What a process needs to accept connections: descriptors (`RLIMIT_NOFILE`, `alloc_fd`, fs/file.c; `fs.file-max`,
//! `alloc_empty_file`, fs/file_table.c), tasks (`pids.max`; `threads-max`, kernel/fork.c), processor time; and what it
//! needs to open connections of its own: ports (`__inet_hash_connect`, net/ipv4/inet_hashtables.c).

use std::net::SocketAddr;

use super::memory::{logged, used_up};
use super::{Bound, Judge, Kind, Resource};
use crate::kernel::facts::{Kind as Logged, Process};

pub fn add(judge: &Judge<'_>, found: &mut Vec<Resource>) {
    found.extend(judge.facts.processes.iter().map(|process| descriptors(judge, process)));
    found.push(files(judge));
    found.extend(judge.facts.processes.iter().filter_map(|process| group_tasks(judge, process)));
    found.extend(judge.facts.processes.iter().filter_map(|process| group_memory(judge, process)));
    found.extend([tasks(judge), processor(judge), ephemeral_ports(judge)]);
}

fn who(process: &Process) -> String {
    format!("{} (pid {})", syncookie_terminal::escape_controls(&process.name), process.pid)
}

fn descriptors(judge: &Judge<'_>, process: &Process) -> Resource {
    let mut resource = judge.resource(Kind::Descriptors).of(who(process));
    resource.usage = process.descriptors;
    resource.bound = process.descriptor_limit.map(|value| Bound { value, from: "RLIMIT_NOFILE".into() });
    let what = format!("{} has no file descriptor left", who(process));
    used_up(&mut resource, &what, "accept() fails (EMFILE), so its accept queues fill");
    resource
}

fn files(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::Files);
    resource.usage = judge.facts.number("fs.file-nr", 0);
    resource.bound = judge.setting("fs.file-max", 0).or_else(|| judge.setting("fs.file-nr", 2));
    used_up(&mut resource, "the system has no open file left to give", "accept() fails (ENFILE) for all but root");
    logged(judge, &mut resource, Logged::FileMax, "the limit on open files was reached");
    resource
}

fn group_tasks(judge: &Judge<'_>, process: &Process) -> Option<Resource> {
    let (tasks, most) = process.group_tasks?;
    let mut resource = judge.resource(Kind::GroupTasks).of(who(process));
    resource.usage = Some(tasks);
    resource.bound = Some(Bound { value: most, from: "pids.max".into() });
    used_up(
        &mut resource,
        &format!("the control group of {} may have no more tasks", who(process)),
        "fork() and new threads fail",
    );
    Some(resource)
}

/// Memory that sockets hold counts for the control group, and they get less of it when it has none left.
fn group_memory(judge: &Judge<'_>, process: &Process) -> Option<Resource> {
    let (used, sockets, most) = process.group_memory?;
    let mut resource = judge.resource(Kind::GroupMemory).of(who(process));
    resource.usage = Some(used);
    resource.bound = Some(Bound { value: most, from: "memory.max".into() });
    resource.remark = Some(format!("{} bytes of it are held by sockets", syncookie_terminal::grouped(sockets)));
    let what = format!("the control group of {} has no memory left", who(process));
    used_up(&mut resource, &what, "its sockets get no more buffers, or a process of it is killed");
    Some(resource)
}

fn tasks(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::Tasks);
    resource.usage = judge.facts.gauge("tasks");
    let bounds = ["kernel.threads-max", "kernel.pid_max"].into_iter().filter_map(|name| judge.setting(name, 0));
    resource.bound = bounds.min_by_key(|bound| bound.value);
    used_up(&mut resource, "there are as many tasks as may be", "fork() and new threads fail");
    logged(judge, &mut resource, Logged::Tasks, "a control group may have no more tasks");
    resource
}

fn processor(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::Processor);
    resource.usage = judge.facts.gauge("pressure.cpu.some.avg10");
    resource.remark = resource.usage.map(|_| "% of the last 10 s in which a task waited for a processor".into());
    resource
}

/// The destination with the most connections. Each has all ports for itself.
fn ephemeral_ports(judge: &Judge<'_>) -> Resource {
    let mut resource = judge.resource(Kind::EphemeralPorts);
    resource.usage = judge.facts.gauge("towards");
    if let Some((address, port, count)) = judge.facts.towards().max_by_key(|(_, _, count)| *count) {
        resource.subject = Some(format!("to {}", SocketAddr::new(address, port)));
        resource.usage = Some(count);
    }
    resource.bound = ports(judge);
    resource.remark = Some("each destination has all of them for itself".into());
    used_up(&mut resource, "no port is left for connections to one destination", "connect() fails (EADDRNOTAVAIL)");
    resource
}

fn ports(judge: &Judge<'_>) -> Option<Bound> {
    const RANGE: &str = "net.ipv4.ip_local_port_range";
    let (low, high) = (judge.facts.number(RANGE, 0)?, judge.facts.number(RANGE, 1)?);
    let all = (low <= high && high <= 65_535).then(|| high - low + 1)?;
    let reserved = judge.facts.setting("net.ipv4.ip_local_reserved_ports").unwrap_or_default();
    let taken = reserved.split(',').filter_map(|part| {
        let (from, to) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        (to.min(high) + 1).checked_sub(from.max(low))
    });
    Some(Bound { value: all.saturating_sub(taken.sum()), from: RANGE.into() })
}
