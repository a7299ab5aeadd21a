//! `syncookie kernel` on the running kernel: real pressure in namespaces of the tests' own is reported, its absence too.

use std::path::Path;
use std::process::Command;

use crate::kernel_net::{HostSetting, Net, Report, assert_promtool_accepts, has};
use syncookie_tests::analyze::run;
use syncookie_tests::programs::programs;
use syncookie_tests::tshark::private_folder;

/// Drops SYN-ACKs on their way, so that handshakes stay half-open.
const DROP_SYN_ACKS: &str = "nft add table t; nft add chain t i '{ type filter hook input priority 0; }'; \
    nft add rule t i 'tcp flags & (syn|ack) == (syn|ack) drop'";

#[test]
fn a_healthy_namespace_has_no_findings() {
    let Some(net) = Net::build("a_healthy_namespace_has_no_findings") else { return };
    let _server = net.load(&["listen", "127.0.0.1:8080"]);
    let report = net.report(&[]);
    assert!(report.own_sentences().is_empty(), "{:#?}", report.own_sentences());
    assert_eq!(report.row("accept-queue", Some("127.0.0.1:8080"))["usage"], 0);
    assert_eq!(report.row("syn-queue", Some("127.0.0.1:8080"))["usage"], 0);
    assert_eq!(report.row("time-wait", None)["usage"], 0);
    // Settings that only the first namespace shows are read there.
    assert!(report.row("tcp-memory", None)["limit"].as_u64() > Some(0), "{:#}", report.0["notes"]);
    let text = net.kernel(&[]);
    let first = text.lines().next().expect("a first line");
    // A machine that runs tests may be short of CPU time.
    assert!(first.contains("Nothing is exhausted"), "{first}");
}

#[test]
fn a_full_accept_queue_is_reported_with_usage_above_its_limit_and_its_counter_rising() {
    let Some(net) = Net::build("a_full_accept_queue_is_reported") else { return };
    net.sysctl("net.core.somaxconn=3");
    let _server = net.load(&["listen", "127.0.0.1:8080"]);
    let folder = private_folder();
    let before = folder.path().join("before.txt");
    let before = before.to_str().expect("a plain path");
    net.kernel(&["snapshot", "-o", before]);
    let _clients = net.load(&["connect", "127.0.0.1:8080", "8"]);
    let report = net.report_until(&["--since", before], |report| {
        report.counter("accept-queue", None, "TcpExt.ListenOverflows").1 > Some(0)
    });
    let row = report.row("accept-queue", Some("127.0.0.1:8080"));
    // Two processors that finish handshakes at the same time can pass the kernel's check together.
    assert!(row["usage"].as_u64() > Some(3) && row["limit"] == 3, "{row:#}");
    assert_eq!((&row["status"], &row["free"]), (&"exhausted".into(), &0.into()));
    let said = report.sentences("accept-queue", "exhausted");
    assert!(said.len() == 1 && said[0].contains("127.0.0.1:8080 (kernel-load, pid "), "{said:?}");
    assert_eq!(report.sentences("accept-queue", "overflowing").len(), 1, "{:#}", report.0["findings"]);
    assert!(report.answer().starts_with("Exhausted now: accept queue of 127.0.0.1:8080."), "{}", report.answer());
    let (_, rise) = report.counter("accept-queue", Some("127.0.0.1:8080"), "drops");
    assert!(rise > Some(0), "the socket's own counter rises too");
}

/// Returns the report while `clients` half-open connections wait at one listener; `None` if that is not possible here.
fn report_with_half_open(test: &str, settings: &str, clients: &str) -> Option<Report> {
    let net = Net::build(test)?;
    if !has("nft") {
        eprintln!("SKIPPED {test}: no nft");
        return None;
    }
    net.sysctl(settings);
    let _server = net.load(&["listen", "127.0.0.1:8080"]);
    net.sh(DROP_SYN_ACKS).expect("nft works in a namespace of ours");
    let _clients = net.load(&["connect", "127.0.0.1:8080", clients]);
    Some(net.report(&[]))
}

#[test]
fn a_flooded_syn_queue_is_reported_and_cookies_are_reported() {
    let Some(report) = report_with_half_open(
        "a_flooded_syn_queue_is_reported",
        "net.core.somaxconn=4 net.ipv4.tcp_syncookies=1",
        "12",
    ) else {
        return;
    };
    let row = report.row("syn-queue", Some("127.0.0.1:8080"));
    assert!(row["usage"].as_u64() >= row["limit"].as_u64() && row["limit"] == 4, "{row:#}");
    let said = report.sentences("syn-queue", "exhausted");
    assert!(
        said.len() == 1 && said[0].contains("127.0.0.1:8080") && said[0].contains("answered with SYN cookies"),
        "{said:?}"
    );
    assert!(report.counter("syn-queue", None, "TcpExt.TCPReqQFullDoCookies").0 > Some(0));
    assert!(report.counter("syn-cookies", None, "TcpExt.SyncookiesSent").0 > Some(0));
    assert!(report.answer().contains("SYN queue of 127.0.0.1:8080"), "{}", report.answer());
}

#[test]
fn a_snapshot_names_its_namespace_and_no_listener_of_another_one() {
    let test = "a_snapshot_names_its_namespace";
    let (Some(flooded), Some(other)) = (Net::build(test), Net::build(test)) else { return };
    flooded.sysctl("net.core.somaxconn=4 net.ipv4.tcp_syncookies=1");
    let _server = flooded.load(&["listen", "127.0.0.1:18099"]);
    if !has("nft") || flooded.sh(DROP_SYN_ACKS).is_err() {
        eprintln!("SKIPPED {test}: nft is missing");
        return;
    }
    let _clients = flooded.load(&["connect", "127.0.0.1:18099", "12"]);
    let number = |net: &Net| {
        let link = net.sh("readlink /proc/self/ns/net").expect("the namespace is ours");
        link.trim().trim_start_matches("net:[").trim_end_matches(']').to_owned()
    };
    for net in [&flooded, &other] {
        let snapshot = net.kernel(&["snapshot"]);
        assert!(snapshot.contains(&format!("syncookie: namespace-id {}\n", number(net))), "{snapshot}");
    }
    // The log of the machine has the line by now: the kernel prints it for the first SYN cookie.
    let snapshot = other.kernel(&["snapshot"]);
    // The digits alone may be part of a time.
    assert!(!snapshot.contains(":18099") && !snapshot.contains("port 18099"), "{snapshot}");
    assert_eq!(other.report(&[]).0["log"].to_string().matches("18099").count(), 0);
}

#[test]
fn settings_of_the_machine_are_once_in_a_snapshot_of_any_namespace() {
    let test = "settings_of_the_machine_are_once_in_a_snapshot";
    let settings = ["ipv4/tcp_mem", "core/netdev_max_backlog", "ipv4/neigh/default/gc_thresh3"];
    if !settings.iter().all(|name| Path::new("/proc/sys/net").join(name).exists()) {
        return eprintln!("SKIPPED {test}: this is not the first network namespace");
    }
    let Some(net) = Net::build(test) else { return };
    let host = run(Command::new(&programs().syncookie).args(["kernel", "snapshot"])).stdout;
    for snapshot in [&host, &net.kernel(&["snapshot"])] {
        for name in settings {
            let (heading, line) =
                (format!("==> /proc/sys/net/{name} <=="), format!("net.{} =", name.replace('/', ".")));
            let number = snapshot.lines().filter(|found| **found == heading || found.starts_with(&line)).count();
            assert_eq!(number, 1, "{name}: {snapshot}");
        }
        for name in ["arp_cache", "ndisc_cache"] {
            assert_eq!(snapshot.matches(&format!("==> /proc/net/stat/{name} <==")).count(), 1, "{name}: {snapshot}");
        }
    }
}

#[test]
fn a_flooded_syn_queue_without_cookies_is_reported_to_drop_syns() {
    let Some(report) = report_with_half_open(
        "a_flooded_syn_queue_without_cookies",
        "net.core.somaxconn=4 net.ipv4.tcp_syncookies=0",
        "12",
    ) else {
        return;
    };
    let said = report.sentences("syn-queue", "exhausted");
    assert!(said.len() == 1 && said[0].contains("tcp_syncookies=0"), "{said:?}: {:#}", report.0["findings"]);
    assert!(report.counter("syn-queue", None, "TcpExt.TCPReqQFullDrop").0 > Some(0));
    assert_eq!(report.counter("syn-cookies", None, "TcpExt.SyncookiesSent").0, Some(0));
}

#[test]
fn without_cookies_three_quarters_of_max_syn_backlog_are_the_limit() {
    let Some(report) = report_with_half_open(
        "without_cookies_three_quarters_of_max_syn_backlog",
        "net.core.somaxconn=64 net.ipv4.tcp_syncookies=0 net.ipv4.tcp_max_syn_backlog=16",
        "40",
    ) else {
        return;
    };
    let row = report.row("syn-queue", Some("127.0.0.1:8080"));
    assert_eq!(row["limit"], 12, "{row:#}");
    // The kernel takes one more than the limit, and no more.
    assert!(matches!(row["usage"].as_u64(), Some(12 | 13)), "{row:#}");
    assert_eq!(row["status"], "exhausted");
}

#[test]
fn a_tiny_conntrack_table_that_overflows_is_reported() {
    let Some(net) = Net::build("a_tiny_conntrack_table_that_overflows") else { return };
    let rules = "nft add table t; nft add chain t o '{ type filter hook output priority 0; }'; \
        nft add rule t o ct state invalid drop; nft add chain t i '{ type filter hook input priority 0; }'; \
        nft add rule t i meta l4proto udp drop";
    if !has("nft") || net.sh(rules).is_err() {
        return eprintln!("SKIPPED a_tiny_conntrack_table_that_overflows: no nft with connection tracking");
    }
    // Each namespace counts its own entries against this limit, which is high enough for the others.
    let Some((bound, _)) = HostSetting::change("net.netfilter.nf_conntrack_max", "2048") else {
        return eprintln!("SKIPPED a_tiny_conntrack_table_that_overflows: nf_conntrack_max cannot be changed");
    };
    let _load = net.load(&["datagrams", "6000"]);
    let report = net.report(&[]);
    drop(bound);
    let row = report.row("conntrack", None);
    assert_eq!(row["limit"], 2048, "{row:#}");
    assert!(row["usage"].as_u64() > Some(1900), "{row:#}");
    let (drops, early) = (
        report.counter("conntrack", None, "nf_conntrack.drop").0,
        report.counter("conntrack", None, "nf_conntrack.early_drop").0,
    );
    assert!(drops > Some(0) || early > Some(0), "{row:#}");
    assert!(report.answer().contains("conntrack"), "{}", report.answer());
    let findings = report.own_sentences();
    assert!(findings.iter().all(|finding| finding["resource"] == "conntrack"), "{findings:#?}");
}

#[test]
fn bad_cookies_at_a_synproxy_are_reported() {
    let Some(net) = Net::build("bad_cookies_at_a_synproxy") else { return };
    let _server = net.load(&["listen", "127.0.0.1:8080"]);
    let mut client = net.load(&["talk", "127.0.0.1:8080"]);
    // The rules do not know a connection that is older than they are: its next segment carries no cookie.
    let rules = "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0; \
        iptables -t raw -A PREROUTING -p tcp --dport 8080 --syn -j CT --notrack; \
        iptables -A INPUT -p tcp --dport 8080 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --mss 1460";
    if let Err(error) = net.sh(rules) {
        return eprintln!("SKIPPED bad_cookies_at_a_synproxy: {error}");
    }
    client.say();
    let report =
        net.report_until(&[], |report| report.counter("synproxy", None, "synproxy.cookie_invalid").0 > Some(0));
    assert!(
        report.counter("synproxy", None, "synproxy.cookie_invalid").0 > Some(0),
        "{:#}",
        report.row("synproxy", None)
    );
    let said = report.sentences("synproxy", "overflowed");
    assert!(said.len() == 1 && said[0].contains("invalid cookie at SYNPROXY"), "{said:?}");
    assert!(report.answer().contains("SYNPROXY"), "{}", report.answer());
}

#[test]
fn tcp_memory_beyond_a_lowered_limit_is_reported() {
    let Some(net) = Net::build("tcp_memory_beyond_a_lowered_limit") else { return };
    let Some(most) =
        HostSetting::read("net.ipv4.tcp_mem").and_then(|now| Some(now.split_whitespace().nth(2)?.to_owned()))
    else {
        return eprintln!("SKIPPED tcp_memory_beyond_a_lowered_limit: tcp_mem is not shown in this network namespace");
    };
    let _load = net.load(&["fill", "16000000"]);
    // The third number, at which segments are dropped, stays: other TCP users only get smaller windows meanwhile.
    let Some((bound, before)) = HostSetting::change("net.ipv4.tcp_mem", &format!("500 1000 {most}")) else {
        return eprintln!("SKIPPED tcp_memory_beyond_a_lowered_limit: tcp_mem cannot be changed");
    };
    let report = net.report(&[]);
    drop(bound);
    assert!(HostSetting::is_back("net.ipv4.tcp_mem", &before), "{before} was not restored");
    let row = report.row("tcp-memory", None);
    assert!(row["usage"].as_u64() > Some(1000), "{row:#}");
    let said = report.sentences("tcp-memory", "near");
    assert!(
        said.len() == 1 && said[0].contains("under memory pressure") && said[0].contains("1,000"),
        "{said:?} {row:#}"
    );
    assert!(report.answer().contains("TCP memory"), "{}", report.answer());
}

#[test]
fn a_process_without_a_descriptor_left_is_reported() {
    let Some(net) = Net::build("a_process_without_a_descriptor_left") else { return };
    let _server = net.load_with_descriptors(16, &["hoard", "127.0.0.1:8080"]);
    let report = net.report(&[]);
    let said = report.sentences("descriptors", "exhausted");
    assert!(
        said.len() == 1
            && said[0].contains("kernel-load (pid ")
            && said[0].contains(" of 16 descriptors (RLIMIT_NOFILE)"),
        "{said:?}"
    );
    assert!(report.answer().starts_with("Exhausted now: file descriptors of kernel-load"), "{}", report.answer());
    assert_eq!(report.own_sentences().len(), 1, "{:#?}", report.own_sentences());
}

#[test]
fn a_process_without_a_descriptor_is_the_cause_of_its_full_accept_queue() {
    let Some(net) = Net::build("a_process_without_a_descriptor_is_the_cause") else { return };
    net.sysctl("net.core.somaxconn=3");
    let _server = net.load_with_descriptors(16, &["hoard", "127.0.0.1:8080"]);
    let _clients = net.load(&["connect", "127.0.0.1:8080", "8"]);
    let report = net.report_until(&[], |report| !report.sentences("accept-queue", "exhausted").is_empty());
    let findings = report.0["findings"].as_array().expect("a list");
    let queue =
        findings.iter().find(|finding| finding["resource"] == "accept-queue" && finding["level"] == "exhausted");
    let queue = queue.expect("it is full");
    assert_eq!(queue["causes"][0]["resource"], "descriptors", "{queue:#}");
    assert!(queue["advice"].as_str().is_some_and(|advice| advice.starts_with("Remedy the cause")), "{queue:#}");
    let text = net.kernel(&[]);
    assert!(text.contains("    Cause: kernel-load (pid ") && text.contains("    Advice: Raise the limit of"), "{text}");
}

#[test]
fn a_calm_namespace_has_one_line_among_all() {
    let Some(net) = Net::build("a_calm_namespace_has_one_line_among_all") else { return };
    let _server = net.load(&["listen", "127.0.0.1:8080"]);
    let text = net.kernel(&["--netns", "all"]);
    let about = text.lines().filter(|line| line.contains(&net.name)).collect::<Vec<_>>();
    assert!(about.len() == 1 && about[0].starts_with(&format!("{}: Nothing ", net.name)), "{about:#?}\n{text}");
    let text = net.kernel(&["--netns", "all", "--verbose"]);
    assert!(text.contains(&format!("Network namespace {} of this machine", net.name)), "{text}");
}

#[test]
fn another_namespace_is_examined_by_name_and_all_with_all() {
    let Some(net) = Net::build("another_namespace_is_examined_by_name") else { return };
    net.sysctl("net.core.somaxconn=77");
    let _server = net.load(&["listen", "127.0.0.1:8080"]);
    for (netns, is_alone) in [(net.name.as_str(), true), ("all", false)] {
        let output = Command::new(&syncookie_tests::programs::programs().syncookie)
            .args(["kernel", "--format", "json", "--netns", netns])
            .output()
            .expect("it was built");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let namespaces = json["namespaces"].as_array().expect("a list");
        let own = namespaces.iter().find(|namespace| namespace["name"] == net.name.as_str()).expect("it is there");
        assert_eq!(own["listeners"][0]["backlog"], 77, "{:#}", own["listeners"]);
        assert_eq!(namespaces.len() == 1, is_alone);
    }
}

#[test]
fn prometheus_own_checker_accepts_the_metrics() {
    if !has("promtool") {
        return eprintln!("SKIPPED prometheus_own_checker_accepts_the_metrics: no promtool (Debian: prometheus)");
    }
    let Some(net) = Net::build("prometheus_own_checker_accepts_the_metrics") else { return };
    let _server = net.load(&["listen", "127.0.0.1:8080"]);
    let folder = private_folder();
    let file = folder.path().join("syncookie.prom");
    net.kernel(&["--format", "prometheus", "-o", file.to_str().expect("a plain path")]);
    let text = std::fs::read_to_string(&file).expect("it was written");
    let line = format!("syncookie_accept_queue_connections{{netns=\"{}\",listener=\"127.0.0.1:8080\"}} 0", net.name);
    assert!(text.lines().any(|found| found == line), "{text}");
    assert_promtool_accepts(&file);
}

#[test]
fn watch_reports_the_changes_between_samples() {
    let Some(net) = Net::build("watch_reports_the_changes_between_samples") else { return };
    let text = net.kernel(&["--watch", "0.2", "--count", "3", "--format", "json"]);
    let samples: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("one object per line")).collect();
    assert_eq!(samples.len(), 3);
    assert_eq!(samples[0]["namespaces"][0]["compared"], false);
    let last = &samples[2]["namespaces"][0];
    assert_eq!(last["compared"], true);
    assert!(last["compared_seconds"].as_f64() >= Some(0.2), "{}", last["compared_seconds"]);
}

#[test]
fn without_privileges_the_notes_list_what_is_missing_and_the_rest_works() {
    let Some(net) = Net::build("without_privileges_the_notes_list_what_is_missing") else { return };
    let _server = net.load(&["listen", "127.0.0.1:8080"]);
    // Another user may not have access to the folder of the build.
    let folder = private_folder();
    let program = folder.path().join("syncookie");
    std::fs::copy(&syncookie_tests::programs::programs().syncookie, &program).expect("the folder is ours");
    let line = format!("setpriv --reuid 65534 --regid 65534 --clear-groups {} kernel --format json", program.display());
    let text = net.sh(&line).unwrap_or_else(|error| panic!("{error}"));
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let report = crate::kernel_net::Report(json["namespaces"][0].clone());
    let notes = report.0["notes"].to_string();
    assert!(notes.contains("1 of 1 listening sockets: owner unknown") && notes.contains("net.ipv4.tcp_mem"), "{notes}");
    assert_eq!(report.row("accept-queue", Some("127.0.0.1:8080"))["usage"], 0);
    assert_eq!(report.counter("accept-queue", None, "TcpExt.ListenOverflows").0, Some(0));
    assert!(report.row("tcp-memory", None)["limit"].is_null());
    assert!(report.own_sentences().is_empty(), "{:#?}", report.own_sentences());
}
