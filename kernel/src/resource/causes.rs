//! Which exhausted resources lead to findings about others.
//!
//! `accept()` needs a descriptor of the process (EMFILE) and a file of the machine (ENFILE), so
//! without one connections stay in the accept queue. While that is full, the kernel drops the SYNs
//! of the listener and the ACKs that end handshakes (`tcp_conn_request`, net/ipv4/tcp_input.c;
//! `tcp_v4_syn_recv_sock`, net/ipv4/tcp_ipv4.c), so half-open connections stay in the SYN queue,
//! and `ListenOverflows` rises.

use std::collections::{BTreeMap, BTreeSet};

use super::processes::who;
use super::queues::holders;
use super::{Cause, Context, Effect, Finding, Level, Resource, ResourceKind};
use crate::facts::Listener;

/// Maximum number of causes of a finding: a prefork server has hundreds of processes.
const MAX_CAUSES: usize = 4;

/// Adds the causes of findings about the queues of listeners.
pub fn link(context: &Context<'_>, resources: &mut [Resource]) {
    let exhausted = Exhausted::among(resources);
    let mut by_address: BTreeMap<String, Vec<Cause>> = BTreeMap::new();
    for listener in &context.facts.listeners {
        let causes = by_address.entry(listener.local.to_string()).or_default();
        exhausted.of_accept(context, listener, causes);
    }
    for resource in resources {
        let causes = match (resource.kind, &resource.subject) {
            (ResourceKind::AcceptQueue, Some(address)) => by_address.get(address).cloned().unwrap_or_default(),
            (ResourceKind::SynQueue, Some(address)) => {
                exhausted.queues.get(address).map(full_queue).into_iter().collect()
            }
            _ => continue,
        };
        let is_current = |finding: &&mut Finding| finding.level < Level::Overflowed;
        resource.findings.iter_mut().filter(is_current).for_each(|finding| finding.causes.clone_from(&causes));
    }
}

/// Resources that other ones depend on and that are exhausted.
struct Exhausted {
    /// Processes without a free descriptor.
    processes: BTreeSet<String>,
    /// Addresses of listeners with a full accept queue.
    queues: BTreeSet<String>,
    /// Whether the machine has no free file.
    files: bool,
    /// Whether tasks wait for a CPU.
    is_cpu_short: bool,
}

impl Exhausted {
    fn among(resources: &[Resource]) -> Self {
        let subjects = |kind| {
            let is_it = move |resource: &&Resource| resource.kind == kind && resource.level() == Some(Level::Exhausted);
            resources.iter().filter(is_it).filter_map(|resource| resource.subject.clone()).collect()
        };
        let is_short = |resource: &Resource| resource.findings.iter().any(|finding| finding.effect == Effect::Wait);
        let is_files = |resource: &Resource| resource.kind == ResourceKind::Files && resource.full().is_some();
        Self {
            processes: subjects(ResourceKind::Descriptors),
            queues: subjects(ResourceKind::AcceptQueue),
            files: resources.iter().any(is_files),
            is_cpu_short: resources.iter().any(is_short),
        }
    }

    /// Adds why the holders of a listener do not accept its connections.
    fn of_accept(&self, context: &Context<'_>, listener: &Listener, causes: &mut Vec<Cause>) {
        let mut add = |kind, subject: Option<String>, sentence: String| {
            let cause = Cause { kind, subject, sentence };
            if causes.len() < MAX_CAUSES && !causes.contains(&cause) {
                causes.push(cause);
            }
        };
        for name in holders(context, listener).map(who).filter(|name| self.processes.contains(name)) {
            let sentence = format!("{name} has no free file descriptor, so it accepts no connection.");
            add(ResourceKind::Descriptors, Some(name), sentence);
        }
        if self.files {
            let sentence = "The machine has no free file (fs.file-max), so only root accepts connections.";
            add(ResourceKind::Files, None, sentence.into());
        }
        if self.is_cpu_short {
            let sentence = "Programs wait for a CPU, so they may accept connections too slowly.";
            add(ResourceKind::CpuPressure, None, sentence.into());
        }
    }
}

/// Returns the full accept queue of a listener as a cause.
fn full_queue(address: &String) -> Cause {
    let sentence =
        format!("The accept queue of {address} is full, so its handshakes cannot complete and stay in the SYN queue.");
    Cause { kind: ResourceKind::AcceptQueue, subject: Some(address.clone()), sentence }
}

#[cfg(test)]
mod tests {
    use super::super::{assess, findings};
    use super::*;
    use crate::facts::Process;
    use crate::read;

    const FULL: &str = "LISTEN 4 3 0.0.0.0:80 *:* ino:7\nSYN-RECV 0 0 10.0.0.1:80 10.9.9.9:1\n\
        SYN-RECV 0 0 10.0.0.1:80 10.9.9.9:2\nSYN-RECV 0 0 10.0.0.1:80 10.9.9.9:3\n";

    /// Resource of a finding, and its causes.
    type Found = (ResourceKind, Vec<(ResourceKind, Option<String>)>);

    /// Returns the causes of each finding about this text and a process that holds the socket.
    fn causes(text: &str, descriptors: u64) -> Vec<Found> {
        let mut facts = read::document("test", text.as_bytes()).unwrap();
        facts.add_process(Process {
            pid: 812,
            name: "nginx".into(),
            descriptors: Some(descriptors),
            descriptor_limit: Some(1024),
            listens: vec![7],
            ..Process::default()
        });
        let short = |cause: &Cause| (cause.kind, cause.subject.clone());
        let resources = assess(&facts, None);
        let found = findings(&resources).into_iter();
        found.map(|(resource, finding)| (resource.kind, finding.causes.iter().map(short).collect())).collect()
    }

    #[test]
    fn a_process_without_a_descriptor_fills_its_accept_queue_and_that_the_syn_queue() {
        let found = causes(FULL, 1024);
        let queue = (ResourceKind::AcceptQueue, Some("0.0.0.0:80".to_owned()));
        let descriptors = (ResourceKind::Descriptors, Some("nginx (pid 812)".to_owned()));
        assert!(found.contains(&(ResourceKind::AcceptQueue, vec![descriptors])), "{found:?}");
        assert!(found.contains(&(ResourceKind::SynQueue, vec![queue])), "{found:?}");
        assert!(found.contains(&(ResourceKind::Descriptors, vec![])), "{found:?}");
    }

    /// The finding about overflows is about the accept queue, too.
    #[test]
    fn a_full_accept_queue_is_not_the_cause_of_accept_queue_overflows() {
        let overflows = "TcpExt: ListenOverflows ListenDrops\nTcpExt: 4 4\n";
        let mut facts = read::document("test", format!("{FULL}{overflows}").as_bytes()).unwrap();
        let earlier = facts.clone();
        facts.set_counter("TcpExt.ListenOverflows".into(), 9);
        let resources = assess(&facts, Some(&earlier));
        let overflowing = findings(&resources).into_iter().find(|(resource, _)| resource.subject.is_none());
        let (resource, finding) = overflowing.unwrap();
        assert_eq!((resource.kind, finding.level), (ResourceKind::AcceptQueue, Level::Overflowing));
        assert_eq!((&finding.causes[..], &finding.advice), (&[][..], &None), "the finding above names the queue");
    }

    #[test]
    fn what_has_something_free_is_not_a_cause() {
        assert!(causes(FULL, 1023).contains(&(ResourceKind::AcceptQueue, vec![])));
        let idle = FULL.replace("LISTEN 4 3", "LISTEN 0 3");
        assert!(causes(&idle, 1024).contains(&(ResourceKind::SynQueue, vec![])));
    }

    #[test]
    fn a_machine_without_a_file_or_cpu_time_accepts_slowly() {
        let machine = "fs.file-nr = 99\t0\t99\n/proc/pressure/cpu:some avg10=98.00 avg60=1.00 avg300=1.00 total=9\n";
        let found = causes(&format!("{FULL}{machine}"), 5);
        let both = vec![(ResourceKind::Files, None), (ResourceKind::CpuPressure, None)];
        assert!(found.contains(&(ResourceKind::AcceptQueue, both)), "{found:?}");
    }
}
