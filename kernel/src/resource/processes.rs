//! Resources that a process needs to accept connections: descriptors (`RLIMIT_NOFILE`, `alloc_fd`,
//! fs/file.c; `fs.file-max`, `alloc_empty_file`, fs/file_table.c), tasks (`pids.max`;
//! `threads-max`, kernel/fork.c), CPU time; and those that it needs to open connections: ports
//! (`__inet_hash_connect`, net/ipv4/inet_hashtables.c).

use std::net::SocketAddr;

use syncookie_terminal::{escape_controls, grouped};

use super::memory::{add_log_finding, add_usage_finding};
use super::{Context, Level, Limit, Resource, ResourceKind};
use crate::facts::{EventKind, Process};

/// CPU pressure that is a finding, in percent.
const HIGH_CPU_PRESSURE: u64 = 90;

/// Adds the state of descriptors, tasks, CPU time and ports.
pub fn add(context: &Context<'_>, found: &mut Vec<Resource>) {
    found.extend(context.facts.processes.iter().map(|process| descriptors(context, process)));
    found.push(files(context));
    found.extend(context.facts.processes.iter().filter_map(|process| cgroup_pids(context, process)));
    found.extend(context.facts.processes.iter().filter_map(|process| cgroup_memory(context, process)));
    found.extend([tasks(context), cpu_pressure(context), ephemeral_ports(context)]);
}

/// Formats a process: `nginx (pid 812)`.
pub fn who(process: &Process) -> String {
    format!("{} (pid {})", escape_controls(&process.name), process.pid)
}

fn descriptors(context: &Context<'_>, process: &Process) -> Resource {
    let mut resource = context.resource(ResourceKind::Descriptors).of(who(process));
    resource.usage = process.descriptors;
    resource.limit = process.descriptor_limit.map(|value| Limit { value, source: "RLIMIT_NOFILE".into() });
    add_usage_finding(&mut resource, "accept() fails (EMFILE), so the accept queues of the process fill up");
    resource
}

fn files(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Files);
    resource.usage = context.facts.setting_number("fs.file-nr", 0);
    resource.limit = context.setting("fs.file-max", 0).or_else(|| context.setting("fs.file-nr", 2));
    add_usage_finding(&mut resource, "accept() fails (ENFILE), except for root");
    add_log_finding(context, &mut resource, EventKind::FileMax);
    resource
}

fn cgroup_pids(context: &Context<'_>, process: &Process) -> Option<Resource> {
    let (tasks, most) = process.cgroup_pids?;
    let mut resource = context.resource(ResourceKind::CgroupPids).of(who(process));
    resource.usage = Some(tasks);
    resource.limit = Some(Limit { value: most, source: "pids.max".into() });
    add_usage_finding(&mut resource, "fork() and new threads fail");
    Some(resource)
}

/// Returns the memory of the cgroup. Socket buffers count there, and shrink when the cgroup has no
/// free memory.
fn cgroup_memory(context: &Context<'_>, process: &Process) -> Option<Resource> {
    let (used, sockets, most) = process.cgroup_memory?;
    let mut resource = context.resource(ResourceKind::CgroupMemory).of(who(process));
    resource.usage = Some(used);
    resource.limit = Some(Limit { value: most, source: "memory.max".into() });
    resource.remark = Some(format!("{} bytes of it are used by sockets", grouped(sockets)));
    add_usage_finding(
        &mut resource,
        "Its sockets get no more buffers, and the kernel may kill a process of the cgroup",
    );
    Some(resource)
}

fn tasks(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::Tasks);
    resource.usage = context.facts.gauge("tasks");
    let limits = ["kernel.threads-max", "kernel.pid_max"].into_iter().filter_map(|name| context.setting(name, 0));
    resource.limit = limits.min_by_key(|limit| limit.value);
    add_usage_finding(&mut resource, "fork() and new threads fail");
    add_log_finding(context, &mut resource, EventKind::Tasks);
    resource
}

fn cpu_pressure(context: &Context<'_>) -> Resource {
    let mut resource = context.resource(ResourceKind::CpuPressure);
    resource.usage = context.facts.gauge("pressure.cpu.some.avg10");
    resource.remark = resource
        .usage
        .map(|_| "share of the last 10 s in which at least one task waited for a CPU (PSI some avg10)".into());
    if let Some(share) = resource.usage.filter(|share| *share >= HIGH_CPU_PRESSURE) {
        let text = format!(
            "CPU pressure: in {share} % of the last 10 s, a task waited for a CPU. Programs accept connections late."
        );
        resource.add_finding(Level::Near, text);
    }
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
    resource.remark = Some("the whole range is available for each destination".into());
    add_usage_finding(&mut resource, "connect() to this destination fails (EADDRNOTAVAIL)");
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
