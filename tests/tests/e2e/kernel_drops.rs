//! Packets that a kernel drops on the way to a listener: what `syncookie kernel` says of the texts
//! of a running kernel, and what they prove about a failed handshake.

use std::path::PathBuf;
use std::process::Command;

use crate::kernel_files::report;
use serde_json::Value;
use syncookie_tests::analyze::run;
use syncookie_tests::package;
use syncookie_tests::programs::programs;

fn text(name: &str) -> PathBuf {
    package().join("kernel/drops-6.18").join(name)
}

/// The most likely cause of the only handshake of a capture, with these files of the server.
fn first_cause(capture: &str, names: &[&str]) -> Value {
    let mut command = Command::new(&programs().syncookie);
    command.arg("explain").arg(text(capture)).args(["--format", "json", "--quiet", "--kernel"]);
    let done = run(command.args(names.iter().map(|name| format!("server={}", text(name).display()))));
    let story: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}", done.stderr));
    story["handshake"]["cause"][0].clone()
}

#[test]
fn the_answer_names_what_dropped_the_packets() {
    for (names, level, part) in [
        (&["rp-filter-before.txt", "rp-filter-after.txt"][..], "overflowing", "reverse path filter"),
        (&["conntrack-before.txt", "conntrack-after.txt"], "exhausted", "conntrack table"),
        (&["neighbours-before.txt", "neighbours-after.txt"], "exhausted", "neighbour table of ARP"),
        (&["rp-filter-perf.txt"], "overflowed", "In the trace: 4 packets dropped because the route to the sender"),
        (&["md5-perf.txt"], "overflowed", "In the trace: 2 packets dropped because the TCP MD5 signature"),
        (&["cookie-accept-queue-perf.txt"], "overflowed", "2 packets dropped because the accept queue was full"),
        (&["neighbours-perf.txt"], "overflowed", "3 packets dropped because the neighbour table (ARP, NDP) was full"),
        (&["resets-perf.txt"], "overflowed", "1 reset sent because no socket listens on the port"),
        (&["nft-list-ruleset.txt"], "overflowed", "Packets dropped earlier: packet filter"),
        (&["ethtool-S-xdp.txt"], "overflowed", "Packets dropped earlier: interface kxv0."),
    ] {
        let report = report(&names.iter().map(|name| text(name)).collect::<Vec<_>>());
        let answer = report["answer"].as_str().expect("a sentence");
        let finding = &report["findings"][0];
        assert!(answer.contains(part) && finding["level"] == level, "{names:?}: {answer} {finding}");
    }
    let (before, after) = (text("conntrack-before.txt"), text("conntrack-after.txt"));
    let done = run(Command::new(&programs().syncookie).arg("kernel").args([before, after]));
    let stdout = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(stdout.contains("conntrack-before.txt, less than 1 s earlier"), "{stdout}");
    let cookie = report(&[text("cookie-accept-queue-perf.txt")])["findings"][0]["sentence"].to_string();
    assert!(
        cookie.contains("2 packets were dropped in cookie_v4_check+0x4e5 because the accept queue was full"),
        "{cookie}"
    );
}

#[test]
fn counters_and_a_trace_of_the_server_prove_what_dropped_the_syns() {
    let files = ["rp-filter-before.txt", "rp-filter-after.txt", "rp-filter-perf.txt"];
    let cause = first_cause("rp-filter.pcap", &files);
    let reasons = cause["for"].to_string();
    assert_eq!(cause["kind"], "silent-drop", "{cause}");
    for part in ["IPReversePathFilter rose by 4", "ip_rcv_finish_core+0x25b: IP_RPFILTER", "(counters of the server: "]
    {
        assert!(reasons.contains(part), "{part:?} is not in {reasons}");
    }
    let cause = first_cause("closed-port.pcap", &["resets-perf.txt"]);
    let reasons = cause["for"].to_string();
    assert_eq!(cause["kind"], "closed-port", "{cause}");
    assert!(reasons.contains("the server's own TCP sent the reset of this connection: NO_SOCKET"), "{reasons}");
}
