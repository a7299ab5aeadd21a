//! Alert rules and dashboard of docs/prometheus: promtool evaluates each expression against metrics that the program
//! writes about a calm machine and, later, about one in trouble.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use syncookie_tests::package;
use syncookie_tests::programs::programs;
use syncookie_tests::tshark::private_folder;

use crate::kernel_net::has;

/// Texts of a machine; the placeholders are filled in [`metrics`].
const MACHINE: &str = "syncookie: taken-at TIME\nsyncookie: namespace host\n\
    syncookie: process pid=812 descriptors=USED limit=1000 listens=7 name=nginx\n\
    syncookie: half-open 0.0.0.0:80 5\nsyncookie: towards 203.0.113.80 80 USED\n\
    LISTEN USED 1000 0.0.0.0:80 *:* ino:7\n\t skmem:(r0,rb0,t0,tb0,f0,w0,o0,bl0,dCOUNT)\n\
    TcpExt: ListenOverflows ListenDrops TCPReqQFullDrop TCPReqQFullDoCookies SyncookiesSent SyncookiesRecv \
    SyncookiesFailed IPReversePathFilter TCPFastOpenListenOverflow TCPMemoryPressures TCPTimeWaitOverflow\n\
    TcpExt: COUNT COUNT COUNT COUNT COUNT COUNT COUNT COUNT COUNT COUNT COUNT\n\
    Tcp: OutRsts InCsumErrors\nTcp: COUNT COUNT\nTCP: inuse 1 orphan 5 tw 6 alloc 1 mem USED\n\
    net.ipv4.tcp_mem = 100 1100 1000\nnet.ipv4.tcp_max_orphans = 100\nnet.ipv4.tcp_max_tw_buckets = 100\n\
    net.ipv4.ip_local_port_range = 1001 2000\nfs.file-nr = 5\t0\t100\nfs.file-max = 100\n\
    net.netfilter.nf_conntrack_count = USED\nnet.netfilter.nf_conntrack_max = 1000\n\
    cpu=0 found=0 invalid=0 insert=0 insert_failed=0 drop=COUNT early_drop=COUNT error=0 search_restart=0\n\
    entries\t\tsyn_received\tcookie_invalid\tcookie_valid\tcookie_retrans\tconn_reopened\n\
    00000000\tCOUNT\tCOUNT\tCOUNT\t00000000\t00000000\n\
    ==> /proc/net/stat/arp_cache <==\nentries forced_gc_runs unresolved_discards table_fulls\n\
    00000004 00000000 00000000 COUNT\n\
    Inter-|   Receive                                                |  Transmit\n\
    \x20face |bytes    packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed\n\
    \x20 eth0: 9 9 0 0 COUNT 0 0 0 9 9 0 0 0 0 0 0\n\
    /proc/pressure/cpu:some avg10=SHARE.00 avg60=1.00 avg300=1.00 total=9\n\
    ==> /proc/net/softnet_stat <==\n\
    00000010 COUNT 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000007 00000000\n";

/// Minutes after which the machine is in trouble, when it is calm, and when alerts must fire.
const TROUBLE: u64 = 10;
const CALM_AT: &str = "8m";
const TROUBLE_AT: &str = "16m";

/// Metrics of the machine by name and labels, as the program writes them.
fn metrics(folder: &Path, time: u64, used: u64, count: u64, share: u64) -> BTreeMap<String, String> {
    let text = MACHINE
        .replace("TIME", &format!("{time}000000000"))
        .replace("USED", &used.to_string())
        .replace("COUNT", &format!("{count:08}"))
        .replace("SHARE", &share.to_string());
    let path = folder.join("machine.txt");
    fs::write(&path, text).expect("the folder is writable");
    let output = Command::new(&programs().syncookie)
        .args(["kernel", "--format", "prometheus"])
        .arg(&path)
        .output()
        .expect("it was built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn page(name: &str) -> PathBuf {
    package().join("../docs/prometheus").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(page(name)).expect("the file is there")
}

/// Expressions of the alerts: each is on a line of its own.
fn alerts() -> Vec<String> {
    let text = read("alerts.yml");
    let found: Vec<String> =
        text.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).map(str::to_owned).collect();
    assert_eq!(found.len(), text.matches("- alert: ").count(), "an expression has more than one line");
    found
}

/// Expressions of the dashboard, with the variables that Grafana fills in.
fn dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("a list").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().expect("a list"));
    let fill = |text: &str| text.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$netns", ".*");
    targets.map(|target| fill(target["expr"].as_str().expect("an expression"))).collect()
}

/// Test of promtool with these metrics: each expression must give this number.
fn test_file(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    tests: &[(String, &str, u8)],
) -> String {
    let mut text = String::from("tests:\n  - interval: 1m\n    input_series:\n");
    for (name, value) in after {
        let step = if name.contains("_total{") { "1" } else { "0" };
        let old = before.get(name).map_or("_", String::as_str);
        let quoted = name.replace('\'', "''");
        let _ = writeln!(text, "      - series: '{quoted}'\n        values: '{old}x{} {value}+{step}x20'", TROUBLE - 1);
    }
    text.push_str("    promql_expr_test:\n");
    for (expr, time, number) in tests {
        let quoted = expr.replace('\'', "''");
        let _ = writeln!(
            text,
            "      - expr: '{quoted}'\n        eval_time: {time}\n        exp_samples:\n          - labels: '{{}}'\n            value: {number}"
        );
    }
    text
}

fn promtool(args: &[&str], file: &Path) {
    let checked = Command::new("promtool").args(args).arg(file).output().expect("promtool is there");
    let said = String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}");
}

#[test]
fn promtool_evaluates_every_alert_and_every_panel() {
    if !has("promtool") {
        return eprintln!("SKIPPED promtool_evaluates_every_alert_and_every_panel: no promtool");
    }
    promtool(&["check", "rules"], &page("alerts.yml"));
    let folder = private_folder();
    let calm = metrics(folder.path(), 400, 5, 0, 5);
    let trouble = metrics(folder.path(), 600, 1001, 9, 98);
    let mut tests = Vec::new();
    for expr in alerts() {
        tests.push((format!("count({expr}) or vector(0)"), CALM_AT, 0));
        tests.push((format!("count({expr}) > bool 0"), TROUBLE_AT, 1));
    }
    tests.extend(dashboard().into_iter().map(|expr| (format!("count({expr}) > bool 0"), TROUBLE_AT, 1)));
    assert!(tests.len() > 40, "{tests:#?}");
    let file = folder.path().join("test.yml");
    fs::write(&file, test_file(&calm, &trouble, &tests)).expect("the folder is writable");
    promtool(&["test", "rules"], &file);
}
