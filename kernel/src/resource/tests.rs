use super::*;
use crate::facts::Facts;
use crate::read;
use crate::view::View;

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
fn a_log_that_the_counter_contradicts_is_said_to_be_of_another_namespace_or_boot() {
    let log = "nf_conntrack: nf_conntrack: table full, dropping packet\n";
    let counter =
        |drops: u32| format!("{log}entries searched drop early_drop\n00000000 00000000 {drops:08x} 00000000\n");
    let resources = judged(&counter(0));
    let conntrack = row(&resources, ResourceKind::Conntrack);
    let sentence = &conntrack.findings[0].sentence;
    assert!(
        sentence.ends_with("The counter drop is 0: the log is of another network namespace, or of an earlier boot."),
        "{sentence}"
    );
    assert!(conntrack.remark.as_ref().unwrap().starts_with("the kernel log reports an overflow"), "{conntrack:?}");
    assert!(
        !judged(&counter(3))
            .iter()
            .flat_map(|resource| &resource.findings)
            .any(|found| found.sentence.contains("earlier boot"))
    );
}

#[test]
fn samples_of_two_namespaces_are_not_compared() {
    let at = |id: u32, value: u32| {
        facts(&format!("syncookie: namespace-id {id}\nTcpExt: ListenOverflows ListenDrops\nTcpExt: {value} 0\n"))
    };
    assert_eq!(sentences(&assess(&at(1, 9), Some(&at(1, 7)))), [("accept-queue", Level::Overflowing)]);
    assert_eq!(sentences(&assess(&at(1, 9), Some(&at(2, 7)))), [("accept-queue", Level::Overflowed)]);
    let drops = |id: u32, drops: u64| {
        let memory = format!("skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d{drops})");
        let resources = facts(&format!("syncookie: namespace-id {id}\nLISTEN 0 8 0.0.0.0:80 *:* {memory}\n"));
        assert_eq!(resources.listeners[0].drops, Some(drops));
        resources
    };
    let increase = |earlier| {
        let resources = assess(&drops(1, 9), Some(&earlier));
        let queue = resources.iter().find(|resource| resource.subject.is_some()).unwrap();
        queue.counters[0].increase
    };
    assert_eq!((increase(drops(1, 7)), increase(drops(2, 7))), (Some(2), None));
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

#[test]
fn packets_dropped_on_the_way_to_a_listener_are_findings_with_their_reason() {
    let text = "TcpExt: PFMemallocDrop IPReversePathFilter TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure ListenDrops\n\
        TcpExt: 2 4 3 0 0 0\nIpExt: InNoRoutes InTruncatedPkts\nIpExt: 5 0\n\
        Tcp: OutRsts InCsumErrors\nTcp: 0 7\nnet.ipv4.conf.eth0.rp_filter = 1\n";
    let resources = judged(text);
    let found: Vec<_> = findings(&resources).into_iter().map(|(_, finding)| finding.sentence.as_str()).collect();
    for part in [
        "dropped by the reverse path filter (rp_filter): 4 since boot (IPReversePathFilter)",
        "there was no route for them: 5 since boot (InNoRoutes)",
        "wrong TCP checksum: 7 since boot (TcpInCsumErrors)",
        "had no TCP MD5 signature: 3 since boot (TCPMD5NotFound)",
        "only the memory reserve was left for them (vm.min_free_kbytes): 2 since boot (PFMemallocDrop)",
    ] {
        assert!(found.iter().any(|sentence| sentence.contains(part)), "{part:?} is not in {found:#?}");
    }
    let filter = resources.iter().find(|resource| resource.kind == ResourceKind::ReversePath).unwrap();
    assert_eq!(filter.remark.as_deref(), Some("rp_filter=1 (strict): eth0"));
}

/// Files of the first network namespace of kernel 6.18 while 1,400 neighbours were looked for.
#[test]
fn a_full_neighbour_table_is_exhausted_and_its_overflows_are_counted() {
    let at = |entries: u32, fulls: u32| {
        facts(&format!(
            "==> /proc/net/stat/arp_cache <==\n\
             entries  allocs   destroys hash_grows lookups  hits     res_failed rcv_probes_mcast rcv_probes_ucast periodic_gc_runs forced_gc_runs unresolved_discards table_fulls\n\
             {entries:08x} 0000272b 000029fe 00000002   00009b21 00005748 00001450   00000000         00000000         00000e2b         00002dbb       00000000            {fulls:08x}\n\
             {entries:08x} 000024cc 00001df5 00000006   00009bfb 0000582d 00001322   00000000         00000000         00000000         00003cd8       00000000            00003c75\n\
             net.ipv4.neigh.default.gc_thresh3 = 1024\n"
        ))
    };
    let resources = assess(&at(0x404, 0x2d81), Some(&at(6, 0x2c08)));
    assert_eq!(sentences(&resources), [("neighbours", Level::Exhausted), ("neighbours", Level::Overflowing)]);
    let sentence = &findings(&resources)[1].1.sentence;
    assert!(sentence.contains("377 of them"), "{sentence}");
    assert_eq!(sentences(&assess(&at(6, 0x2d81), None)), []);
}

/// Outputs of nft 1.0.6, ethtool 6.1 and iproute2 6.1 on kernel 6.18.
#[test]
fn rules_that_drop_and_counters_of_a_network_card_are_read() {
    let nft = "table ip f {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\t\t\
        tcp dport 84 counter packets 2 bytes 120 drop\n\t\tct state new counter packets 9 bytes 540 accept\n\t}\n}\n";
    let ethtool = "$ ethtool -S kxv0\nNIC statistics:\n     peer_ifindex: 2\n     rx_queue_0_xdp_packets: 2\n     rx_queue_0_drops: 0\n     rx_queue_0_xdp_drops: 2\n";
    let link = "2: kxv0@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 xdpgeneric qdisc noqueue state UP mode DEFAULT group default qlen 1000\n    \
        link/ether b6:d5:40:3d:c8:26 brd ff:ff:ff:ff:ff:ff link-netns kxc\n    prog/xdp id 98 name kxdrop tag b11459a0e11ca14c jited \n    \
        RX:  bytes packets errors dropped  missed   mcast           \n          4271      62      0       1       6       0 \n    \
        RX errors:  length    crc   frame    fifo overrun           \n                     0      0       0       3       0 \n    \
        TX:  bytes packets errors dropped carrier collsns           \n          2482      37      0       0       0       0 \n";
    let facts = facts(&format!("{nft}{ethtool}{link}"));
    assert_eq!(facts.unrecognised_lines, 0, "{:?}", facts.formats);
    assert_eq!((facts.counter("interface.kxv0.rx_drop"), facts.counter("interface.kxv0.rx_fifo")), (Some(7), Some(3)));
    let resources = assess(&facts, None);
    let found: Vec<_> = findings(&resources).into_iter().map(|(_, finding)| finding.sentence.as_str()).collect();
    for part in [
        "the rule “ip f input: tcp dport 84 drop” dropped or rejected: 2",
        "dropped by the XDP program of kxv0: 2 since boot (rx_queue_0_xdp_drops)",
        "the receive ring of kxv0 was full: 3",
        "lost by the network card of kxv0: 6 since boot (rx_missed_errors)",
    ] {
        assert!(found.iter().any(|sentence| sentence.contains(part)), "{part:?} is not in {found:#?}");
    }
}

/// Returns the sentences about interfaces.
fn about_interfaces(text: &str) -> Vec<String> {
    let resources = judged(text);
    let found = findings(&resources).into_iter().filter(|(resource, _)| resource.kind == ResourceKind::Interface);
    found.map(|(_, finding)| finding.sentence.clone()).collect()
}

#[test]
fn drops_of_a_vlan_are_not_those_of_its_interface() {
    let drops = "     rx_queue_0_xdp_drops: 2\n     rx_missed_errors: 5\n";
    let text = format!(
        "$ ethtool -S eth0\nNIC statistics:\n     rx_packets: 9\n$ ethtool -S eth0.100\nNIC statistics:\n{drops}"
    );
    let lost = "Packets lost by the network card of eth0.100: 5 since boot (rx_missed_errors).";
    let dropped = "Packets dropped by the XDP program of eth0.100: 2 since boot (rx_queue_0_xdp_drops).";
    assert_eq!(about_interfaces(&text), [lost, dropped]);
}

#[test]
fn an_interface_named_after_xdp_is_no_xdp_program() {
    let text = "$ ethtool -S xdp0\nNIC statistics:\n     rx_dropped: 2\n";
    assert_eq!(about_interfaces(text), ["Packets lost by the network card of xdp0: 2 since boot (rx_dropped)."]);
}

/// This took minutes when all counters were searched for each interface and for each missing counter.
#[test]
fn many_interfaces_and_counters_are_assessed_in_one_pass() {
    const EACH: usize = 30_000;
    let interface = |number| format!("$ ethtool -S if{number}\nNIC statistics:\n     rx_dropped: 1\n");
    let counter = |number| format!("TcpExt: A{number} B\nTcpExt: 1 1\n");
    let text: String = (0..EACH).map(interface).chain((0..EACH).map(counter)).collect();
    let view = View::new(facts(&text), None);
    assert_eq!(view.findings().len(), EACH);
    let missing = view.missing_counters();
    assert_eq!(missing.iter().filter(|name| name.starts_with("interface.")).count(), 4 * EACH);
}

/// This took long when all resources were searched for each unknown one.
#[test]
fn many_listeners_with_unknown_queues_are_named_in_one_pass() {
    let listener = |number: u32| format!("LISTEN 0 8 10.{}.{}.1:80 0.0.0.0:*\n", number / 250, number % 250);
    let view = View::new(facts(&(0..16_000).map(listener).collect::<String>()), None);
    let unknown = view.unknown_resources().into_iter().map(|resource| resource.kind);
    assert_eq!(unknown.filter(|kind| *kind == ResourceKind::SynQueue).count(), 1);
}

/// A search among all processes for each listener made such a file take 19 s; one pass takes 1 s.
#[test]
fn holders_of_many_listeners_are_found_in_one_pass() {
    let number = 16_000;
    let listener = |n: u32| format!("LISTEN 4 3 10.{}.{}.1:80 0.0.0.0:* ino:{n}\n", n / 250, n % 250);
    let inodes = |n: u32| (0..20).map(|other| format!("{},", number + other)).collect::<String>() + &n.to_string();
    let process = |n: u32| format!("syncookie: process pid={n} descriptors=9 limit=9 listens={} name=p\n", inodes(n));
    let resources = judged(&(0..number).flat_map(|n| [listener(n), process(n)]).collect::<String>());
    let caused = findings(&resources).into_iter().filter(|(_, finding)| finding.causes.len() == 1).count();
    assert_eq!(caused, number as usize);
}

#[test]
fn rules_of_iptables_that_drop_are_read() {
    let list = "Chain INPUT (policy DROP 12 packets, 720 bytes)\n pkts bytes target     prot opt in     out     source               destination         \n   \
        14   840 DROP       tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:84\n 3K  180K ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0           \n\n";
    let saved =
        "[5:300] -A FORWARD -p tcp -m tcp --dport 85 -j REJECT --reject-with tcp-reset\n[9:1] -A FORWARD -j ACCEPT\n";
    let facts = facts(&format!("{list}{saved}"));
    let counters: Vec<_> = facts.counters().map(|(_, value)| value).collect();
    assert_eq!((counters, facts.unrecognised_lines), (vec![5, 14, 12], 0), "{:?}", facts.counters);
}

#[test]
fn programs_that_wait_for_a_cpu_accept_connections_late() {
    let at = |share: &str| {
        sentences(&judged(&format!("/proc/pressure/cpu:some avg10={share} avg60=1.00 avg300=1.00 total=9\n")))
    };
    assert_eq!((at("95.30"), at("20.00")), (vec![("cpu-pressure", Level::Near)], vec![]));
}

#[test]
fn numbers_of_a_hostile_file_are_added_up_to_the_largest() {
    let most = u64::MAX;
    let traced = judged(&format!("{most} drops at nf_hook_slow+9e (0xff)\n1 drops at nf_hook_slow+a0 (0xff)\n"));
    let drops = traced.iter().find(|resource| resource.kind == ResourceKind::Traced).unwrap();
    assert_eq!(drops.counters[0].total, Some(most));
    let half_open = format!("syncookie: half-open 10.0.0.1:80 {most}\nsyncookie: half-open 10.0.0.2:80 1\n");
    let queues = judged(&format!("LISTEN 0 8 0.0.0.0:80 *:*\n{half_open}"));
    assert_eq!(row(&queues, ResourceKind::SynQueue).usage, Some(most));
    let at = |value: u64| {
        facts(&format!(
            "TcpExt: EmbryonicRsts TCPAbortOnData\nTcpExt: {value} {value}\nTcp: OutRsts A\nTcp: {value} 0\n"
        ))
    };
    let resources = assess(&at(most), Some(&at(0)));
    let resets = resources.iter().find(|resource| resource.kind == ResourceKind::Resets).unwrap();
    assert_eq!(resets.remark.as_deref(), Some("the other counters explain the increase of OutRsts"));
}
