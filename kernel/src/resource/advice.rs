//! What to do about a resource that is exhausted, overflows or is near its limit.

use std::collections::BTreeMap;

use syncookie_terminal::{escape_controls, grouped};

use super::queues::holder;
use super::{Cause, Context, Finding, Level, Limit, Resource, ResourceKind};
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
            None => general(context, resource).filter(|_| finding.causes.is_empty()),
        };
        resource.findings[index].advice = advice;
    }
}

/// Returns the advice about a resource that is not a queue of one listener. Commands set twice the
/// limit.
fn general(context: &Context<'_>, resource: &Resource) -> Option<String> {
    let raise = |setting: &str| raise(setting, resource.limit.as_ref());
    let twice = resource.limit.as_ref().map(|limit| limit.value.saturating_mul(2));
    let unit = |name: &str| match twice {
        Some(twice) => format!("{name}={twice} in its systemd unit"),
        None => format!("{name}= in its systemd unit"),
    };
    Some(match resource.kind {
        ResourceKind::AcceptQueue => "`ss -lntm` shows which listener drops connections: d in skmem.".into(),
        ResourceKind::SynQueue => CLIENTS.into(),
        ResourceKind::TcpMemory => {
            format!("{}, or find the sockets with full buffers: `ss -tm` shows them.", raise_tcp_memory(context))
        }
        ResourceKind::Orphans => {
            format!("{}, or lower net.ipv4.tcp_orphan_retries.", raise("net.ipv4.tcp_max_orphans"))
        }
        ResourceKind::TimeWait => {
            format!("{}, or keep connections open for longer.", raise("net.ipv4.tcp_max_tw_buckets"))
        }
        ResourceKind::Conntrack => {
            let raise = raise("net.netfilter.nf_conntrack_max");
            format!("{raise}, or exempt this traffic from tracking with a notrack rule.")
        }
        ResourceKind::SoftirqBacklog => {
            let raise = raise("net.core.netdev_max_backlog");
            format!("{raise}, or spread packets over more CPUs with RPS (rps_cpus).")
        }
        ResourceKind::Neighbours => raise_neighbours(resource),
        ResourceKind::Descriptors => {
            format!("Raise the limit of open files of this program ({}), and restart it.", unit("LimitNOFILE"))
        }
        ResourceKind::Files => {
            format!("{}, or find the process with most open files: `lsof -n`.", raise("fs.file-max"))
        }
        ResourceKind::CgroupPids => format!("Raise pids.max of the cgroup ({}).", unit("TasksMax")),
        ResourceKind::CgroupMemory => format!("Raise memory.max of the cgroup ({}).", unit("MemoryMax")),
        ResourceKind::Tasks => {
            let source = resource.limit.as_ref().map_or("kernel.threads-max", |limit| &limit.source);
            format!("{}, or find the program that starts tasks.", raise(source))
        }
        ResourceKind::CpuPressure => "`top` shows which programs use the CPUs.".into(),
        ResourceKind::EphemeralPorts => {
            "Widen the range (`sysctl -w net.ipv4.ip_local_port_range='1024 65535'`), reuse connections, or connect to \
             more addresses."
                .into()
        }
        _ => return None,
    })
}

/// Advice about clients that fill a SYN queue.
const CLIENTS: &str = "`ss -Htn state syn-recv` shows which clients do not end their handshakes.";

/// Maximum of the setting kernel.pid_max.
const MAX_PIDS: u64 = 4_194_304;

/// Returns a clause that a setting has to be raised, with a command that doubles it if its value is
/// known.
fn raise(setting: &str, limit: Option<&Limit>) -> String {
    let most = if setting == "kernel.pid_max" { MAX_PIDS } else { u64::MAX };
    match limit.filter(|limit| limit.source == setting && limit.value < most) {
        Some(limit) => {
            let twice = limit.value.saturating_mul(2).min(most);
            format!("Raise {setting} (`sysctl -w {setting}={twice}`)")
        }
        None => format!("Raise {setting}"),
    }
}

/// Returns a clause that the three limits of TCP memory have to be raised.
fn raise_tcp_memory(context: &Context<'_>) -> String {
    let twice = |index| Some(context.facts.setting_number("net.ipv4.tcp_mem", index)?.saturating_mul(2));
    match (twice(0), twice(1), twice(2)) {
        (Some(low), Some(pressure), Some(high)) => {
            format!("Raise net.ipv4.tcp_mem (`sysctl -w net.ipv4.tcp_mem='{low} {pressure} {high}'`)")
        }
        _ => "Raise net.ipv4.tcp_mem[2]".into(),
    }
}

/// Returns the advice about a full neighbour table: the hard limit and the one above which the kernel
/// collects garbage.
fn raise_neighbours(resource: &Resource) -> String {
    let Some(limit) = resource.limit.as_ref() else {
        return "Raise net.ipv4.neigh.default.gc_thresh3 and gc_thresh2, or those of IPv6.".into();
    };
    let (hard, soft) = (&limit.source, limit.source.replace("gc_thresh3", "gc_thresh2"));
    let twice = limit.value.saturating_mul(2);
    format!("Raise {hard} and gc_thresh2 (`sysctl -w {hard}={twice} {soft}={}`).", limit.value)
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
        let cookies =
            "Enable SYN cookies (`sysctl -w net.ipv4.tcp_syncookies=1`), so that a full SYN queue drops no SYN.";
        let most = context.facts.setting_number("net.ipv4.tcp_max_syn_backlog", 0);
        let is_limit = resource.limit.as_ref().is_some_and(|limit| limit.source.contains("tcp_max_syn_backlog"));
        return Some(match most.filter(|_| is_limit) {
            Some(most) => {
                let twice = most.saturating_mul(2);
                format!("{cookies} Or raise its limit (`sysctl -w net.ipv4.tcp_max_syn_backlog={twice}`).")
            }
            None => cookies.into(),
        });
    }
    listener.backlog.map(|value| format!("{CLIENTS} {}", backlog(value)))
}

/// Returns which of the two limits of a backlog to raise. `listen()` cuts its argument to
/// `somaxconn`, so an equal value may be either.
fn backlog_advice(program: Option<&str>, backlog: u64, somaxconn: Option<u64>) -> String {
    let (value, twice) = (grouped(backlog), backlog.saturating_mul(2));
    let (first, within) = (program.unwrap_or("The program"), program.unwrap_or("the program"));
    match somaxconn {
        Some(most) if backlog < most => {
            format!(
                "{first} asked for {value}: raise its backlog (net.core.somaxconn allows up to {}), and restart {within}.",
                grouped(most)
            )
        }
        Some(most) if backlog == most => {
            format!(
                "{value} is net.core.somaxconn: raise that (`sysctl -w net.core.somaxconn={twice}`) and the backlog of \
                 {within}, and restart it."
            )
        }
        Some(most) => format!(
            "Raise net.core.somaxconn (`sysctl -w net.core.somaxconn={twice}`): it is {} now, and {within} gets no more \
             than that after a restart.",
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
    use super::*;
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
        let program =
            "nginx asked for 128: raise its backlog (net.core.somaxconn allows up to 4,096), and restart nginx.";
        assert_eq!(at("net.core.somaxconn = 4096"), [program]);
        let both = "128 is net.core.somaxconn: raise that (`sysctl -w net.core.somaxconn=256`) and the backlog of \
                    nginx, and restart it.";
        assert_eq!(at("net.core.somaxconn = 128"), [both]);
        assert!(at("net.core.somaxconn = 64")[0].contains("it is 64 now, and nginx gets no more than that"));
        assert!(at("")[0].starts_with("If `sysctl net.core.somaxconn` is 128,"));
    }

    #[test]
    fn a_full_syn_queue_without_cookies_needs_them() {
        let text = "LISTEN 0 1 0.0.0.0:80 *:*\nSYN-RECV 0 0 10.0.0.1:80 10.9.9.9:1\nnet.ipv4.tcp_syncookies = 0\n";
        let cookies =
            "Enable SYN cookies (`sysctl -w net.ipv4.tcp_syncookies=1`), so that a full SYN queue drops no SYN.";
        assert_eq!(advice(text), [cookies]);
        let cut = "LISTEN 0 64 0.0.0.0:80 *:*\nnet.ipv4.tcp_max_syn_backlog = 1\nnet.ipv4.tcp_syncookies = 0\n";
        let found = advice(&format!("{cut}SYN-RECV 0 0 10.0.0.1:80 10.9.9.9:1\n"));
        assert!(found[0].ends_with("`sysctl -w net.ipv4.tcp_max_syn_backlog=2`)."), "{found:?}");
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
        let command = "Raise net.netfilter.nf_conntrack_max (`sysctl -w net.netfilter.nf_conntrack_max=128`), or ";
        assert!(advice(full)[0].starts_with(command), "{:?}", advice(full));
    }

    #[test]
    fn the_command_about_a_full_neighbour_table_sets_both_thresholds() {
        let limit = |source: &str| Limit { value: 1024, source: source.into() };
        let resource = |limit| Resource {
            kind: ResourceKind::Neighbours,
            subject: None,
            usage: None,
            limit,
            counters: Vec::new(),
            findings: Vec::new(),
            remark: None,
        };
        let text = raise_neighbours(&resource(Some(limit("net.ipv6.neigh.default.gc_thresh3"))));
        let command = "sysctl -w net.ipv6.neigh.default.gc_thresh3=2048 net.ipv6.neigh.default.gc_thresh2=1024";
        assert!(text.contains(command), "{text}");
        assert!(raise_neighbours(&resource(None)).contains("those of IPv6"));
    }

    #[test]
    fn a_limit_is_not_raised_beyond_what_the_kernel_accepts() {
        let raised = |value| raise("kernel.pid_max", Some(&Limit { value, source: "kernel.pid_max".into() }));
        assert!(raised(4_000_000).contains("=4194304`"));
        assert_eq!(raised(MAX_PIDS), "Raise kernel.pid_max");
        assert_eq!(raise("fs.file-max", None), "Raise fs.file-max");
    }
}
