//! `--follow` beside a real dumpcap that rotates its files.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use syncookie_tests::analyze::{Analyzed, analyze, command};
use syncookie_tests::package;
use syncookie_tests::tshark::{is_root, private_folder};

use crate::kernel_net::{assert_promtool_accepts, has};

/// In a network namespace of its own: dumpcap writes a file a second, and connections to a port that is closed are refused.
const TRAFFIC: &str = r#"
set -e
ip link set lo up
dumpcap -q -i lo -f tcp -b duration:1 -w "$1/ring.pcapng" 2>/dev/null &
dumpcap=$!
sleep 1.5
for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
    (exec 3<>/dev/tcp/127.0.0.1/9) 2>/dev/null || true
    sleep 0.25
done
sleep 0.5
kill -INT $dumpcap
wait $dumpcap || true
"#;

/// What is missing for this test, if anything is.
fn missing() -> Option<&'static str> {
    if !is_root() {
        return Some("root");
    }
    ["unshare", "ip", "dumpcap", "bash"].into_iter().find(|program| {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status();
        !found.is_ok_and(|status| status.success())
    })
}

/// Who was refused, in order.
fn clients(handshakes: Vec<Value>) -> Vec<String> {
    let refused = handshakes.into_iter().filter(|one| one["outcome"] == "refused");
    let mut clients: Vec<String> = refused.map(|one| format!("{} {}", one["client"], one["time"])).collect();
    clients.sort();
    clients
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn files_that_dumpcap_rotates_are_reported_as_they_are_finished_and_none_twice() {
    if let Some(missing) = missing() {
        eprintln!("skipped: {missing} is needed to capture");
        return;
    }
    let folder = private_folder();
    let mut follow = command([folder.path()]);
    follow.args(["--follow"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let follow = follow.spawn().expect("it was built");
    let mut traffic = Command::new("unshare");
    traffic.args(["--net", "bash", "-c", TRAFFIC, "bash"]).arg(folder.path());
    let made = traffic.output().expect("unshare can be started");
    if !made.status.success() {
        eprintln!("skipped: no capture in a namespace: {}", String::from_utf8_lossy(&made.stderr));
    }
    // The last file has no newer one: it is taken when it was quiet for a while.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(15) {
        sleep(Duration::from_millis(200));
    }
    let stopped = Command::new("kill").args(["-TERM", &follow.id().to_string()]).status();
    assert!(stopped.expect("kill can be started").success());
    let output = follow.wait_with_output().expect("it can be waited for");
    let followed = Analyzed {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    };
    if !made.status.success() {
        return;
    }
    assert!(files(folder.path()) > 2, "dumpcap wrote several files");
    let expected = clients(analyze([folder.path()]).objects("handshake"));
    assert_eq!(expected.len(), 12, "every connection was captured");
    assert_eq!(clients(followed.objects("handshake")), expected, "{}", followed.stderr);
    assert_eq!(followed.code, Some(0), "{}", followed.stderr);
}

#[test]
fn prometheus_own_checker_accepts_the_counts_of_findings() {
    if !has("promtool") {
        return eprintln!(
            "SKIPPED prometheus_own_checker_accepts_the_counts_of_findings: no promtool (Debian: prometheus)"
        );
    }
    let (captures, results) = (private_folder(), private_folder());
    for case in ["cookie_app_reset", "overflow_silent"] {
        let sample = package().join("captures/linux-6.18").join(case).join("client.pcap");
        std::fs::copy(sample, captures.path().join(case).with_extension("pcap")).expect("the folder is ours");
    }
    let file = results.path().join("findings.prom");
    let mut follow = command([captures.path()]);
    let mut follow = follow.arg("--follow").arg("--metrics").arg(&file).spawn().expect("it was built");
    let start = Instant::now();
    while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains("syncookie_captures_total 2\n")) {
        assert!(start.elapsed() < Duration::from_secs(60), "the captures are not read");
        sleep(Duration::from_millis(100));
    }
    let stopped = Command::new("kill").args(["-TERM", &follow.id().to_string()]).status();
    assert!(stopped.expect("kill can be started").success() && follow.wait().expect("it is ours").success());
    let text = std::fs::read_to_string(&file).expect("it was written");
    assert!(text.contains("verdict=\"syn-cookie\""), "{text}");
    assert_promtool_accepts(&file);
}
