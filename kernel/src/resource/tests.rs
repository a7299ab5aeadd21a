use super::*;
use crate::facts::Facts;
use crate::read;

fn facts(text: &str) -> Facts {
    read::document("test", text.as_bytes()).unwrap()
}

fn judged(text: &str) -> Vec<Resource> {
    assess(&facts(text), None)
}

fn sentences(resources: &[Resource]) -> Vec<(&'static str, Level)> {
    findings(resources).into_iter().map(|(resource, finding)| (resource.kind.name(), finding.level)).collect()
}

fn row(resources: &[Resource], kind: ResourceKind) -> &Resource {
    resources.iter().find(|resource| resource.kind == kind && resource.usage.is_some()).expect("a row with usage")
}

#[test]
fn an_accept_queue_is_full_when_it_holds_more_than_its_limit() {
    let full = judged("LISTEN 4 3 0.0.0.0:80 *:*\n");
    assert_eq!(sentences(&full), [("accept-queue", Level::Exhausted)]);
    assert_eq!(row(&full, ResourceKind::AcceptQueue).free(), Some(0));
    assert_eq!(sentences(&judged("LISTEN 3 3 0.0.0.0:80 *:*\n")), []);
    assert_eq!(sentences(&judged("LISTEN 95 100 0.0.0.0:80 *:*\n")), [("accept-queue", Level::Near)]);
}

#[test]
fn half_open_connections_belong_to_the_closest_listener() {
    let text = "LISTEN 0 2 0.0.0.0:80 *:*\nLISTEN 0 2 10.0.0.1:80 *:*\nLISTEN 0 2 *:81 *:*\n\
        SYN-RECV 0 0 10.0.0.1:80 10.9.9.9:1\nSYN-RECV 0 0 10.0.0.1:80 10.9.9.9:2\nSYN-RECV 0 0 10.0.0.2:80 10.9.9.9:3\n";
    let resources = judged(text);
    let usage = |subject: &str| {
        let is_it = |r: &&Resource| r.kind == ResourceKind::SynQueue && r.subject.as_deref() == Some(subject);
        resources.iter().find(is_it).unwrap().usage
    };
    assert_eq!((usage("10.0.0.1:80"), usage("0.0.0.0:80"), usage("*:81")), (Some(2), Some(1), Some(0)));
    assert_eq!(sentences(&resources), [("syn-queue", Level::Exhausted)]);
}

#[test]
fn sockets_that_share_a_port_share_one_syn_queue_row() {
    let text = "LISTEN 0 8 0.0.0.0:80 *:*\nLISTEN 0 8 0.0.0.0:80 *:*\nSYN-RECV 0 0 10.0.0.1:80 10.9.9.9:1\n";
    let resources = judged(text);
    let rows: Vec<_> = resources
        .iter()
        .filter(|r| r.kind == ResourceKind::SynQueue && r.subject.is_some())
        .map(|r| (r.usage, r.limit.clone().map(|b| b.value)))
        .collect();
    assert_eq!(rows, [(Some(1), Some(16))]);
}

#[test]
fn cookies_that_are_always_sent_do_not_mean_a_full_queue() {
    let counters = "TcpExt: TCPReqQFullDoCookies TCPReqQFullDrop\nTcpExt: 5 0\n";
    assert_eq!(sentences(&judged(counters)), [("syn-queue", Level::Overflowed)]);
    assert_eq!(sentences(&judged(&format!("{counters}net.ipv4.tcp_syncookies = 2\n"))), []);
}

#[test]
fn tcp_memory_is_exhausted_at_the_third_number_and_under_pressure_from_the_second() {
    let at = |pages: u32| {
        let resources =
            judged(&format!("TCP: inuse 1 orphan 0 tw 0 alloc 1 mem {pages}\nnet.ipv4.tcp_mem = 10 20 30\n"));
        sentences(&resources)
    };
    assert_eq!(at(19), []);
    assert_eq!(at(20), [("tcp-memory", Level::Near)]);
    assert_eq!(at(30), [("tcp-memory", Level::Exhausted)]);
}

#[test]
fn reserved_ports_do_not_count_as_ephemeral_ports() {
    let text = "net.ipv4.ip_local_port_range = 1000 1099\nnet.ipv4.ip_local_reserved_ports = 1000-1009,1050,2000\n";
    let resources = judged(text);
    let ports = resources.iter().find(|resource| resource.kind == ResourceKind::EphemeralPorts).unwrap();
    assert_eq!(ports.limit.as_ref().unwrap().value, 89);
}

#[test]
fn a_recent_overflow_is_worse_than_an_old_one() {
    let at = |value: u32| facts(&format!("TcpExt: ListenOverflows ListenDrops\nTcpExt: {value} 0\n"));
    let rose = assess(&at(9), Some(&at(7)));
    assert_eq!(sentences(&rose), [("accept-queue", Level::Overflowing)]);
    assert!(findings(&rose)[0].1.sentence.contains("9 since boot, 2 of them"), "{:?}", findings(&rose));
    assert_eq!(sentences(&assess(&at(9), Some(&at(9)))), [("accept-queue", Level::Overflowed)]);
    assert_eq!(sentences(&assess(&at(0), Some(&at(0)))), []);
}

#[test]
fn a_resource_without_facts_is_unknown_and_not_ok() {
    let resources = judged("net.core.somaxconn = 5\n");
    let accept = resources.iter().find(|resource| resource.kind == ResourceKind::AcceptQueue).unwrap();
    assert_eq!(accept.status(), "unknown");
    assert!(resources.iter().all(|resource| resource.findings.is_empty()));
}

#[test]
fn a_process_is_judged_by_its_limits_and_those_of_its_cgroup() {
    let resources = judged(
        "syncookie: process pid=7 descriptors=1024 limit=1024 threads=3 group=95/100 memory=500/20/1000 listens=1 name=nginx: x\n",
    );
    assert_eq!(sentences(&resources), [("descriptors", Level::Exhausted), ("cgroup-pids", Level::Near)]);
    assert_eq!(row(&resources, ResourceKind::CgroupMemory).free(), Some(500));
    assert_eq!(row(&resources, ResourceKind::Descriptors).subject.as_deref(), Some("nginx: x (pid 7)"));
}

/// Lines of kernel 6.18: the log of the whole machine, whose namespace 4026532177 tracked too many
/// connections while another one's listener was flooded.
const MACHINE_LOG: &str = "[53357.785148] nf_conntrack: nf_conntrack: table full in netns 4026532177, dropping packet\n\
    [53400.100000] TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:8080. Sending cookies.\n\
    [53410.000000] TCP: out of memory -- consider tuning tcp_mem\n";

#[test]
fn the_log_of_the_machine_says_nothing_about_listeners_of_other_namespaces() {
    let of = |id: u64| {
        let text =
            format!("syncookie: namespace-id {id}\nsyncookie: namespace web\nLISTEN 0 8 0.0.0.0:80 *:*\n{MACHINE_LOG}");
        sentences(&judged(&text))
    };
    assert_eq!(of(1), [("tcp-memory", Level::Overflowed)]);
    assert_eq!(of(4_026_532_177), [("tcp-memory", Level::Overflowed), ("conntrack", Level::Overflowed)]);
    let saved: Vec<_> = sentences(&judged(MACHINE_LOG)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        saved,
        ["syn-queue", "tcp-memory", "conntrack"],
        "a log without a snapshot is that of the machine asked about"
    );
}

#[test]
fn samples_of_two_namespaces_are_not_compared() {
    let at = |id: u32, value: u32| {
        facts(&format!("syncookie: namespace-id {id}\nTcpExt: ListenOverflows ListenDrops\nTcpExt: {value} 0\n"))
    };
    assert_eq!(sentences(&assess(&at(1, 9), Some(&at(1, 7)))), [("accept-queue", Level::Overflowing)]);
    assert_eq!(sentences(&assess(&at(1, 9), Some(&at(2, 7)))), [("accept-queue", Level::Overflowed)]);
}

#[test]
fn connection_tracking_that_evicts_entries_is_exhausted_though_a_few_entries_are_free() {
    let at = |early: u32, count: u32| {
        facts(&format!(
            "net.netfilter.nf_conntrack_count = {count}\nnet.netfilter.nf_conntrack_max = 262144\n\
             entries clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error expect_new expect_create expect_delete search_restart\n\
             0003ff00 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 {early:08x} 00000000 00000000 00000000 00000000 00000000\n"
        ))
    };
    let rising = assess(&at(2_995, 262_100), Some(&at(7, 262_090)));
    assert_eq!(sentences(&rising), [("conntrack", Level::Exhausted), ("conntrack", Level::Overflowing)]);
    let still = assess(&at(7, 262_100), Some(&at(7, 262_090)));
    assert_eq!(sentences(&still), [("conntrack", Level::Near), ("conntrack", Level::Overflowed)]);
    let emptied = assess(&at(2_995, 100), Some(&at(7, 262_090)));
    assert_eq!(sentences(&emptied), [("conntrack", Level::Overflowing)]);
}
