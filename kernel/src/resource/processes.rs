//! Resources that a process needs to accept connections: descriptors (`RLIMIT_NOFILE`, `alloc_fd`,
//! fs/file.c; `fs.file-max`, `alloc_empty_file`, fs/file_table.c), tasks (`pids.max`;
//! `threads-max`, kernel/fork.c), CPU time; and those that it needs to open connections: ports
//! (`__inet_hash_connect`, net/ipv4/inet_hashtables.c).

use std::net::SocketAddr;

use syncookie_terminal::{escape_controls, grouped};

use super::memory::{add_log_finding, add_usage_finding};
use super::{Context, Limit, Resource, ResourceKind};
use crate::facts::{EventKind, Process};

/// Adds the state of these resources.
pub fn add(context: &Context<'_>, found: &mut Vec<Resource>) {
    found.extend(context.facts.processes.iter().map(|process| descriptors(context, process)));
    found.push(files(context));
    found.extend(context.facts.processes.iter().filter_map(|process| group_tasks(context, process)));
    found.extend(context.facts.processes.iter().filter_map(|process| group_memory(context, process)));
    found.extend([tasks(context), cpu(context), ephemeral_ports(context)]);
}

/// Formats a process: `nginx (pid 812)`.
fn who(process: &Process) -> String {
    format!("{} (pid {})", escape_controls(&process.name), process.pid)
}

fn descriptors(context: &Context<'_>, process: &Process) -> Resource {
    let mut resource = context.resource(ResourceKind::Descriptors).of(who(process));
    resource.usage = process.descriptors;
    resource.limit = process.descriptor_limit.map(|value| Limit { value, source: "RLIMIT_NOFILE".into() });
    let what = format!("{} has no file descriptor left", who(process));
    add_usage_finding(&mut resource, &what, "accept() fails (EMFILE), so its accept queues fill");
    resource
}

fn files(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Files);
    resource.usage = context.facts.setting_number("fs.file-nr", 0);
    resource.limit = context.setting("fs.file-max", 0).or_else(|| context.setting("fs.file-nr", 2));
    add_usage_finding(
        &mut resource,
        "the system has no open file left to give",
        "accept() fails (ENFILE) for all but root",
    );
    add_log_finding(context, &mut resource, EventKind::FileMax, "the limit on open files was reached");
    resource
}

fn group_tasks(context: &Context<'_>, process: &Process) -> Option<Resource> {
    let (tasks, most) = process.group_tasks?;
    let mut resource = context.resource(ResourceKind::GroupTasks).of(who(process));
    resource.usage = Some(tasks);
    resource.limit = Some(Limit { value: most, source: "pids.max".into() });
    add_usage_finding(
        &mut resource,
        &format!("the control group of {} may have no more tasks", who(process)),
        "fork() and new threads fail",
    );
    Some(resource)
}

/// Returns the memory of the control group. Buffers of sockets count there, and shrink when the
/// group has no memory left.
fn group_memory(context: &Context<'_>, process: &Process) -> Option<Resource> {
    let (used, sockets, most) = process.group_memory?;
    let mut resource = context.resource(ResourceKind::GroupMemory).of(who(process));
    resource.usage = Some(used);
    resource.limit = Some(Limit { value: most, source: "memory.max".into() });
    resource.remark = Some(format!("{} bytes of it are held by sockets", grouped(sockets)));
    let what = format!("the control group of {} has no memory left", who(process));
    add_usage_finding(&mut resource, &what, "its sockets get no more buffers, or a process of it is killed");
    Some(resource)
}

fn tasks(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Tasks);
    resource.usage = context.facts.gauge("tasks");
    let limits = ["kernel.threads-max", "kernel.pid_max"].into_iter().filter_map(|name| context.setting(name, 0));
    resource.limit = limits.min_by_key(|limit| limit.value);
    add_usage_finding(&mut resource, "there are as many tasks as may be", "fork() and new threads fail");
    add_log_finding(context, &mut resource, EventKind::Tasks, "a control group may have no more tasks");
    resource
}

fn cpu(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Cpu);
    resource.usage = context.facts.gauge("pressure.cpu.some.avg10");
    resource.remark = resource.usage.map(|_| "% of the last 10 s in which a task waited for a processor".into());
    resource
}

/// Returns the use of ports by the destination with most connections; each destination has all
/// ports for itself.
fn ephemeral_ports(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::EphemeralPorts);
    resource.usage = context.facts.gauge("towards");
    if let Some((address, port, count)) = context.facts.destinations().max_by_key(|(_, _, count)| *count) {
        resource.subject = Some(format!("to {}", SocketAddr::new(address, port)));
        resource.usage = Some(count);
    }
    resource.limit = ports(context);
    resource.remark = Some("each destination has all of them for itself".into());
    add_usage_finding(
        &mut resource,
        "no port is left for connections to one destination",
        "connect() fails (EADDRNOTAVAIL)",
    );
    resource
}

/// Returns the number of ephemeral ports that are not reserved.
fn ports(context: &Context<'_>) -> Option<Limit> {
    const RANGE: &str = "net.ipv4.ip_local_port_range";
    let (low, high) = (context.facts.setting_number(RANGE, 0)?, context.facts.setting_number(RANGE, 1)?);
    let all = (low <= high && high <= 65_535).then(|| high - low + 1)?;
    let reserved = context.facts.setting("net.ipv4.ip_local_reserved_ports").unwrap_or_default();
    let taken = reserved.split(',').filter_map(|part| {
        let (from, to) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        (to.min(high) + 1).checked_sub(from.max(low))
    });
    Some(Limit { value: all.saturating_sub(taken.sum()), source: RANGE.into() })
}
