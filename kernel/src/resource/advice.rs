//! What to do about a resource that is exhausted, overflows or is near its limit.

use std::collections::BTreeMap;

use syncookie_terminal::{escape_controls, grouped};

use super::queues::holder;
use super::{Cause, Context, Finding, Level, Resource, ResourceKind};
use crate::facts::Listener;

/// Adds advice to the worst finding of each resource, unless the finding is about the past.
pub fn add(context: &Context<'_>, resources: &mut [Resource]) {
    let listeners: BTreeMap<String, &Listener> =
        context.facts.listeners.iter().map(|listener| (listener.local.to_string(), listener)).collect();
    // The finding about a full accept queue names it, so nobody has to search for it.
    let is_found =
        |resource: &Resource| resource.kind == ResourceKind::AcceptQueue && resource.level() == Some(Level::Exhausted);
    let is_queue_found = resources.iter().any(is_found);
    for resource in resources {
        let worst = resource.findings.iter().enumerate().min_by_key(|(_, finding)| finding.level);
        let Some((index, finding)) = worst.filter(|(_, finding)| finding.level < Level::Overflowed) else { continue };
        let listener = resource.subject.as_ref().and_then(|address| listeners.get(address));
        let advice = match listener {
            Some(listener) => queue(context, resource, finding, listener),
            None if resource.kind == ResourceKind::AcceptQueue && is_queue_found => None,
            None => general(resource.kind).map(str::to_owned).filter(|_| finding.causes.is_empty()),
        };
        resource.findings[index].advice = advice;
    }
}

/// Returns the advice that does not depend on numbers.
fn general(kind: ResourceKind) -> Option<&'static str> {
    Some(match kind {
        ResourceKind::AcceptQueue => "`ss -lntm` shows which listener drops connections: d in skmem.",
        ResourceKind::SynQueue => "`ss -Htn state syn-recv` shows which clients do not end their handshakes.",
        ResourceKind::TcpMemory => {
            "Raise net.ipv4.tcp_mem[2], or find the sockets with full buffers: `ss -tm` shows them."
        }
        ResourceKind::Orphans => "Raise net.ipv4.tcp_max_orphans, or lower net.ipv4.tcp_orphan_retries.",
        ResourceKind::TimeWait => "Raise net.ipv4.tcp_max_tw_buckets, or keep connections open for longer.",
        ResourceKind::Conntrack => {
            "Raise net.netfilter.nf_conntrack_max, or exempt this traffic from tracking with a notrack rule."
        }
        ResourceKind::SoftirqBacklog => {
            "Raise net.core.netdev_max_backlog, or spread packets over more CPUs with RPS (rps_cpus)."
        }
        ResourceKind::Neighbours => "Raise net.ipv4.neigh.default.gc_thresh3 and gc_thresh2, or those of IPv6.",
        ResourceKind::Descriptors => {
            "Raise the limit of open files of this program (LimitNOFILE= in its systemd unit), and restart it."
        }
        ResourceKind::Files => "Raise fs.file-max, or find the process with most open files: `lsof -n`.",
        ResourceKind::CgroupPids => "Raise pids.max of the cgroup (TasksMax= in its systemd unit).",
        ResourceKind::CgroupMemory => "Raise memory.max of the cgroup (MemoryMax= in its systemd unit).",
        ResourceKind::Tasks => "Raise kernel.threads-max or kernel.pid_max, or find the program that starts tasks.",
        ResourceKind::CpuPressure => "`top` shows which programs use the CPUs.",
        ResourceKind::EphemeralPorts => {
            "Widen net.ipv4.ip_local_port_range, reuse connections, or connect to more addresses."
        }
        _ => return None,
    })
}

/// Returns the advice about a queue of a listener.
fn queue(context: &Context<'_>, resource: &Resource, finding: &Finding, listener: &Listener) -> Option<String> {
    let is_certain = |cause: &Cause| cause.kind != ResourceKind::CpuPressure;
    if finding.causes.iter().any(is_certain) {
        return Some("Remedy the cause: until then, a larger backlog fills up as well.".into());
    }
    let name = holder(context, listener).map(|(name, _)| escape_controls(&name).into_owned());
    let somaxconn = context.facts.setting_number("net.core.somaxconn", 0);
    let backlog = |value| backlog_advice(name.as_deref(), value, somaxconn);
    if resource.kind == ResourceKind::AcceptQueue {
        return resource.limit.as_ref().map(|limit| backlog(limit.value));
    }
    if context.facts.setting("net.ipv4.tcp_syncookies") == Some("0") {
        return Some("Set net.ipv4.tcp_syncookies=1, so that a full SYN queue drops no SYN.".into());
    }
    let clients = general(ResourceKind::SynQueue)?;
    listener.backlog.map(|value| format!("{clients} {}", backlog(value)))
}

/// Returns which of the two limits of a backlog to raise. `listen()` cuts its argument to
/// `somaxconn`, so an equal value may be either.
fn backlog_advice(program: Option<&str>, backlog: u64, somaxconn: Option<u64>) -> String {
    let value = grouped(backlog);
    let (first, within) = (program.unwrap_or("The program"), program.unwrap_or("the program"));
    match somaxconn {
        Some(most) if backlog < most => {
            format!(
                "{first} asked for {value}: raise its backlog. net.core.somaxconn ({}) is not the limit.",
                grouped(most)
            )
        }
        Some(most) if backlog == most => {
            format!("{value} is net.core.somaxconn: raise that and the backlog of {within}, and restart it.")
        }
        Some(most) => format!(
            "Raise net.core.somaxconn: it is {} now, and {within} gets no more than that after a restart.",
            grouped(most)
        ),
        None => format!(
            "If `sysctl net.core.somaxconn` is {value}, raise that and the backlog of {within}. If it is larger, raise \
             only the backlog."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{assess, findings};
    use crate::read;

    /// Returns the advice of all findings about this text.
    fn advice(text: &str) -> Vec<String> {
        let resources = assess(&read::document("test", text.as_bytes()).unwrap(), None);
        findings(&resources).into_iter().filter_map(|(_, finding)| finding.advice.clone()).collect()
    }

    const FULL: &str = "LISTEN 129 128 0.0.0.0:80 *:* users:((\"nginx\",pid=812,fd=6))\n";

    #[test]
    fn the_advice_about_a_full_accept_queue_names_the_limit_that_applies() {
        let at = |somaxconn: &str| advice(&format!("{FULL}{somaxconn}\n"));
        let program = "nginx asked for 128: raise its backlog. net.core.somaxconn (4,096) is not the limit.";
        assert_eq!(at("net.core.somaxconn = 4096"), [program]);
        let both = "128 is net.core.somaxconn: raise that and the backlog of nginx, and restart it.";
        assert_eq!(at("net.core.somaxconn = 128"), [both]);
        assert!(at("net.core.somaxconn = 64")[0].contains("it is 64 now, and nginx gets no more than that"));
        assert!(at("")[0].starts_with("If `sysctl net.core.somaxconn` is 128,"));
    }

    #[test]
    fn a_full_syn_queue_without_cookies_needs_them() {
        let text = "LISTEN 0 1 0.0.0.0:80 *:*\nSYN-RECV 0 0 10.0.0.1:80 10.9.9.9:1\nnet.ipv4.tcp_syncookies = 0\n";
        assert_eq!(advice(text), ["Set net.ipv4.tcp_syncookies=1, so that a full SYN queue drops no SYN."]);
    }

    #[test]
    fn what_has_a_cause_is_not_made_larger() {
        let found = advice(&format!("{FULL}fs.file-nr = 99\t0\t99\n"));
        assert!(found[0].starts_with("Remedy the cause:") && found[1].starts_with("Raise fs.file-max"), "{found:?}");
    }

    #[test]
    fn a_finding_about_the_past_has_no_advice() {
        assert_eq!(advice("TcpExt: ListenDrops ListenOverflows\nTcpExt: 57 41\n"), Vec::<String>::new());
    }

    #[test]
    fn a_full_table_names_the_setting_to_raise() {
        let full = "net.netfilter.nf_conntrack_count = 64\nnet.netfilter.nf_conntrack_max = 64\n";
        assert!(advice(full)[0].starts_with("Raise net.netfilter.nf_conntrack_max"));
    }
}
