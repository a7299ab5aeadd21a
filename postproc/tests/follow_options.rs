//! Every option of `analyze` together with `--follow`: honoured, with an effect that is shown here,
//! or rejected with an error that names it. The list of options is the program's own, so that a new
//! one without a decision fails.
#![cfg(unix)] // It sends signals.

mod sandbox;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use sandbox::{Run, Sandbox};
use serde_json::Value;
use syncookie_testkit::example::segment;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, RST, SYN};

/// Decision about an option.
type Check = fn(&Sandbox);

/// Decisions about all options. An honoured option has an effect; a rejected one is an error that
/// names it.
const DECISIONS: &[(&str, Check)] = &[
    ("baseline", baseline),
    ("capture-point", capture_point),
    ("csv-bom", |sandbox| rejected(sandbox, "--csv-bom", &["--csv-bom"])),
    ("fail-on", fail_on),
    ("filter", filter),
    ("follow", |_| ()),
    ("format", format),
    ("kernel", kernel),
    ("list-files", |sandbox| rejected(sandbox, "--list-files", &["--list-files"])),
    ("max-episodes", max_episodes),
    ("max-flood", max_flood),
    ("max-handshakes", max_handshakes),
    ("max-listeners", max_listeners),
    ("max-memory", max_memory),
    ("metrics", metrics),
    ("once", once),
    ("output", output),
    ("quiet", quiet),
    ("server", server),
    ("state", state),
    ("threads", threads),
    ("time", time),
    ("verbose", verbose),
];

const KERNEL: &str = "TcpExt: ListenOverflows ListenDrops\nTcpExt: 0 0\n";

#[test]
fn every_option_of_analyze_is_honoured_by_follow_or_rejected_by_name() {
    let sandbox = prepared("decisions");
    let decided: BTreeSet<&str> = DECISIONS.iter().map(|(option, _)| *option).collect();
    let help = sandbox.analyze(&["--help"]).stdout;
    let undecided: Vec<&str> = options(&help).filter(|option| !decided.contains(option)).collect();
    assert_eq!(undecided, Vec::<&str>::new(), "--follow neither honours nor rejects these options of analyze");
    for (option, check) in DECISIONS {
        assert!(options(&help).any(|known| known == *option), "analyze has no --{option} any more");
        println!("--{option}");
        check(&prepared(option));
    }
}

#[test]
fn with_kernel_counters_the_summary_names_the_cause_that_the_findings_name() {
    let sandbox = prepared("summary");
    let counters = "TcpExt: TCPAbortOnData TCPAbortOnClose\nTcpExt: 0 0\nTcp: EstabResets OutRsts\nTcp: 0 0\n";
    sandbox.file("counters.txt", counters.as_bytes());
    let run = |format| sandbox.analyze(&["in/a.pcap", "--kernel", "counters.txt", "--format", format]);
    let first = run("jsonl").objects("handshake").into_iter().find(|one| !one["cause"].is_null()).expect("it failed");
    assert_eq!(first["cause"][0]["kind"], "firewall-reset", "the counters rule out application-abort");
    assert!(run("summary").stdout.contains("(firewall-reset"));
}

/// Returns the long options in a help text: `format` of `-f, --format <FORMAT>`.
fn options(help: &str) -> impl Iterator<Item = &str> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let names = lines.filter_map(|line| line.split_whitespace().find_map(|word| word.strip_prefix("--")));
    names.filter(|name| !["help", "version"].contains(name))
}

/// Creates a folder `in` with finished captures: cookies and resets, twice; a full accept queue; a
/// closed port; and a file that is not a capture.
fn prepared(name: &str) -> Sandbox {
    let sandbox = Sandbox::new(&format!("option-{name}"));
    let mut refused = Pcap::ethernet();
    refused.record(1_700_000_000, 0, &ethernet(&segment((1, 40_000), (2, 80), 1000, 0, SYN, 64_240)));
    refused.record(1_700_000_000, 90, &ethernet(&segment((2, 80), (1, 40_000), 0, 1001, RST | ACK, 0)));
    for (name, bytes) in [
        ("in/a.pcap", sample("cookie_app_reset")),
        ("in/b.pcap", sample("cookie_app_reset")),
        ("in/c.pcap", sample("overflow_silent")),
        ("in/d.pcap", refused.bytes),
        ("in/notes.txt", b"nothing that is a capture".to_vec()),
    ] {
        put_finished(&sandbox, name, &bytes);
    }
    sandbox.file("netstat.txt", KERNEL.as_bytes());
    sandbox
}

fn sample(case: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures/linux-6.18").join(case);
    fs::read(path.join("client.pcap")).expect("it is a sample capture")
}

/// Writes a file that looks as if nothing was written to it for a while.
fn put_finished(sandbox: &Sandbox, name: &str, bytes: &[u8]) {
    let file = File::options().write(true).open(sandbox.path(&sandbox.file(name, bytes)));
    let past = SystemTime::now() - Duration::from_secs(60);
    file.and_then(|file| file.set_modified(past)).expect("the sandbox is ours");
}

/// Runs `analyze in --follow` with these arguments until `is_enough` accepts the content of `out`.
fn followed_until(sandbox: &Sandbox, args: &[&str], is_enough: impl Fn(&str) -> bool) -> (Run, String) {
    let args = [&["in", "--follow", "-o", "out"][..], args].concat();
    let mut child = sandbox.command(&args).env("TZ", "XYZ-2").spawn().expect("cargo built the program");
    let written = || fs::read_to_string(sandbox.path("out")).unwrap_or_default();
    let start = Instant::now();
    while !is_enough(&written()) && child.try_wait().expect("it is ours").is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain: {args:?}");
        sleep(Duration::from_millis(20));
    }
    // If it rejected its arguments, it has ended.
    if child.try_wait().expect("it is ours").is_none() {
        let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(sent.expect("kill can be started").success());
    }
    let run = Run::of(child.wait_with_output().expect("it can be waited for"));
    (run, written())
}

/// Returns the results with `--follow`, stopped after all captures were read, and without it, both
/// as JSON Lines.
fn followed(sandbox: &Sandbox, args: &[&str]) -> (Run, Run) {
    let args = [&["--format", "jsonl"][..], args].concat();
    let (mut run, written) = followed_until(sandbox, &args, |text| text.contains("in/d.pcap"));
    run.stdout = written;
    assert!(run.stdout.contains("\"summary\""), "{args:?}: {}", run.stderr);
    fs::remove_file(sandbox.path("out")).expect("it was written");
    (run, sandbox.analyze(&[&["in"][..], &args].concat()))
}

/// Checks that the handshakes are the same with and without `--follow`, except for their order;
/// returns them and the run.
fn handshakes(sandbox: &Sandbox, args: &[&str]) -> (Vec<Value>, Run) {
    let (followed, analyzed) = followed(sandbox, args);
    let [found, expected] = [&followed, &analyzed].map(|run| {
        let mut handshakes = run.objects("handshake");
        handshakes.sort_by_key(|one| ["capture", "time", "client"].map(|key| one[key].to_string()));
        handshakes
    });
    let differing = found.iter().zip(&expected).find(|(found, expected)| found != expected);
    assert!(found.len() == expected.len() && differing.is_none(), "{args:?}: {} {differing:#?}", found.len());
    (found, followed)
}

fn summary(run: &Run) -> Value {
    run.objects("summary").remove(0)
}

fn rejected(sandbox: &Sandbox, named: &str, args: &[&str]) {
    let (run, _) = followed_until(sandbox, args, |_| false);
    assert_eq!(run.code, 1, "{args:?}");
    assert!(run.stderr.contains(named) && run.stderr.contains("--follow"), "{args:?}: {}", run.stderr);
}

fn baseline(sandbox: &Sandbox) {
    sandbox.file("old", sandbox.analyze(&["in/a.pcap", "--format", "jsonl"]).stdout.as_bytes());
    let (found, run) = handshakes(sandbox, &["--baseline", "old"]);
    assert!(
        !found.is_empty() && found.iter().all(|one| one["capture"] != "in/a.pcap" && one["capture"] != "in/b.pcap")
    );
    assert_eq!(summary(&run)["known"], serde_json::json!({"report": "old", "findings": 40}));
}

fn capture_point(sandbox: &Sandbox) {
    put_finished(sandbox, "in/c.pcap", &sample("fw_reset"));
    let [unknown, server] = ["unknown", "server"].map(|point| handshakes(sandbox, &["--capture-point", point]).0);
    let causes = |found: &[Value]| found.iter().map(|one| one["cause"].clone()).collect::<Vec<_>>();
    assert_ne!(causes(&unknown), causes(&server));
}

fn fail_on(sandbox: &Sandbox) {
    assert_eq!(handshakes(sandbox, &["--fail-on", "certain"]).1.code, 3);
    assert_eq!(handshakes(sandbox, &["--fail-on", "certain", "--filter", "server=192.0.2.2"]).1.code, 0);
}

fn filter(sandbox: &Sandbox) {
    let (found, run) = handshakes(sandbox, &["--filter", "server=192.0.2.2"]);
    assert_eq!((found.len(), &summary(&run)["filtered_out"]), (1, &48.into()));
}

fn format(sandbox: &Sandbox) {
    for format in ["html", "summary", "json", "csv", "ecs", "zeek"] {
        rejected(sandbox, "--format", &["--format", format]);
    }
    assert_eq!(handshakes(sandbox, &[]).0.len(), 49);
}

fn kernel(sandbox: &Sandbox) {
    let overflow =
        |found: &[Value]| found.iter().find(|one| one["capture"] == "in/c.pcap" && !one["cause"].is_null()).cloned();
    let (without, _) = handshakes(sandbox, &[]);
    let (with, run) = handshakes(sandbox, &["--kernel", "netstat.txt"]);
    let (without, with) = (overflow(&without).expect("it failed"), overflow(&with).expect("it failed"));
    assert_eq!(without["cause"][0]["kind"], "accept-queue-overflow");
    assert_ne!(with["cause"], without["cause"]);
    assert!(run.stderr.contains("netstat.txt is applied to every server"), "{}", run.stderr);
    let (proxy, run) = handshakes(sandbox, &["--kernel", "proxy=netstat.txt"]);
    let proxy = overflow(&proxy).expect("it failed");
    assert_eq!(proxy["cause"][0]["kind"], without["cause"][0]["kind"], "the proxy's queues are not the server's");
    assert!(run.stderr.contains("from the SYN proxy in front of every server"), "{}", run.stderr);
}

fn server(sandbox: &Sandbox) {
    let (without, _) = handshakes(sandbox, &[]);
    let (other, run) = handshakes(sandbox, &["--kernel", "netstat.txt", "--server", "192.0.2.99"]);
    assert_eq!(without, other, "the counters are of a server that is in no capture");
    assert!(run.stderr.contains("the server 192.0.2.99"), "{}", run.stderr);
}

fn max_episodes(sandbox: &Sandbox) {
    let (run, _) = followed(sandbox, &["--max-episodes", "0"]);
    assert_eq!((run.objects("episode").len(), &summary(&run)["episodes_lost"]), (0, &2.into()));
}

/// Checks a flood: a hundred unanswered SYNs within a second.
fn max_flood(sandbox: &Sandbox) {
    let mut flood = Pcap::ethernet();
    for port in 0..100 {
        flood.record(
            1_700_000_000,
            u32::from(port),
            &ethernet(&segment((1, 40_000 + port), (9, 80), 1000, 0, SYN, 64_240)),
        );
    }
    flood.record(1_700_000_100, 0, &ethernet(&segment((1, 40_000), (8, 80), 1000, 0, RST, 0)));
    put_finished(sandbox, "in/a.pcap", &flood.bytes);
    let of_flood = |run: &Run| run.objects("handshake").iter().filter(|one| one["capture"] == "in/a.pcap").count();
    let (without, _) = followed(sandbox, &[]);
    let (with, _) = followed(sandbox, &["--max-flood", "5"]);
    assert_eq!((of_flood(&without), of_flood(&with)), (100, 5));
    assert_eq!((&summary(&without)["flood_counted"], &summary(&with)["flood_counted"]), (&0.into(), &95.into()));
    assert_eq!(summary(&with)["handshakes"], summary(&without)["handshakes"]);
}

fn max_handshakes(sandbox: &Sandbox) {
    let (_, run) = handshakes(sandbox, &["--max-handshakes", "4"]);
    assert!(summary(&run)["captures"][0]["evicted_early"].as_u64() > Some(0));
}

fn max_listeners(sandbox: &Sandbox) {
    let (run, _) = followed(sandbox, &["--max-listeners", "1"]);
    let listeners = run.objects("listener");
    let listed = listeners[0]["handshakes"].as_u64().expect("a number");
    assert_eq!((listeners.len(), &summary(&run)["handshakes_of_other_listeners"]), (1, &(49 - listed).into()));
}

fn max_memory(sandbox: &Sandbox) {
    let mut scan = Pcap::ethernet();
    for port in 1..=19_000 {
        scan.record(1_700_000_000, 0, &ethernet(&segment((1, 40_000), (9, port), 1000, 0, SYN, 64_240)));
    }
    scan.record(1_700_000_100, 0, &ethernet(&segment((1, 40_000), (8, 80), 1000, 0, RST, 0)));
    put_finished(sandbox, "in/a.pcap", &scan.bytes);
    let early = |run: &Run| summary(run)["captures"][0]["evicted_early"].as_u64();
    let [(ample, _), (scarce, _)] = ["1GiB", "256MiB"].map(|size| followed(sandbox, &["--max-memory", size]));
    assert_eq!(early(&ample), Some(0));
    assert!(early(&scarce) > Some(0) && summary(&scarce)["handshakes_of_other_listeners"].as_u64() > Some(0));
    assert_eq!(summary(&scarce)["handshakes"], summary(&ample)["handshakes"]);
    // Each of these fits, but all series that are followed keep their handshakes at the same time.
    let mut slow = Pcap::ethernet();
    for port in 1..=14_000 {
        let second = 1_700_000_000 + u32::from(port) / 100;
        slow.record(second, 0, &ethernet(&segment((1, port), (9, 80), 1000, 0, SYN, 64_240)));
    }
    ["in/a.pcap", "in/b.pcap"].iter().for_each(|name| put_finished(sandbox, name, &slow.bytes));
    let (followed, analyzed) = followed(sandbox, &["--max-memory", "256MiB"]);
    let early = |run: &Run| [0, 1].map(|capture| summary(run)["captures"][capture]["evicted_early"].as_u64());
    assert!(early(&followed).iter().any(|early| *early > Some(0)), "{}", summary(&followed));
    assert_eq!(early(&analyzed), [Some(0); 2]);
}

fn metrics(sandbox: &Sandbox) {
    for other in ["-", "./out", "state"] {
        let (run, _) = followed_until(sandbox, &["--metrics", other, "--state", "state"], |_| false);
        assert!(run.code == 1 && run.stderr.contains("--metrics needs a file of its own"), "{other}: {}", run.stderr);
    }
    let run = sandbox.analyze(&["in", "--metrics", "m.prom"]);
    assert!(run.code == 1 && run.stderr.contains("--metrics") && run.stderr.contains("--follow"), "{}", run.stderr);
    let (run, _) = followed(sandbox, &["--metrics", "in/m.prom"]);
    let text = fs::read_to_string(sandbox.path("in/m.prom")).expect("it was written");
    let mut expected = BTreeMap::new();
    for one in run.objects("handshake") {
        let cause = &one["cause"][0];
        if one["verdict"] == "ordinary" && cause.is_null() {
            continue;
        }
        let [listener, port] = ["ip", "port"].map(|key| one["server"][key].to_string().replace('"', ""));
        let cause = if cause.is_null() { "\"none\"".into() } else { cause["kind"].to_string() };
        let labels = format!("listener=\"{listener}:{port}\",verdict={},cause={cause}", one["verdict"]);
        *expected.entry(format!("syncookie_findings_total{{{labels}}}")).or_insert(0) += 1;
    }
    let expected: Vec<String> = expected.into_iter().map(|(series, count)| format!("{series} {count}")).collect();
    let mut found: Vec<&str> = text.lines().filter(|line| line.starts_with("syncookie_findings_total")).collect();
    found.sort_unstable();
    assert!(found == expected && expected.len() > 2, "{expected:#?}\n{text}");
    for line in ["syncookie_captures_total 4", "syncookie_capture_problems_total 0"] {
        assert!(text.lines().any(|found| found == line), "{text}");
    }
    for verdict in ["ordinary", "syn-cookie", "syn-proxy", "undetermined"] {
        let count = &summary(&run)["verdicts"][verdict];
        let line = format!("syncookie_handshakes_total{{verdict=\"{verdict}\"}} {count}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
}

/// The counts are there while the program runs, and `--filter` applies to them.
#[test]
fn metrics_are_written_while_the_program_follows_and_count_what_is_reported() {
    let sandbox = prepared("metrics-live");
    let path = sandbox.path("m.prom");
    let args = ["in", "--follow", "-o", "out", "--metrics", "m.prom", "--filter", "server=192.0.2.2"];
    let mut child = sandbox.command(&args).spawn().expect("cargo built the program");
    let start = Instant::now();
    while !fs::read_to_string(&path).is_ok_and(|text| text.contains("syncookie_captures_total 4\n")) {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain");
        sleep(Duration::from_millis(20));
    }
    assert!(child.try_wait().expect("it is ours").is_none());
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.expect("kill can be started").success());
    assert_eq!(Run::of(child.wait_with_output().expect("it can be waited for")).code, 0);
    let text = fs::read_to_string(&path).expect("it was written");
    let findings: Vec<&str> = text.lines().filter(|line| line.starts_with("syncookie_findings_total")).collect();
    let expected = r#"syncookie_findings_total{listener="192.0.2.2:80",verdict="undetermined",cause="closed-port"} 1"#;
    assert_eq!(findings, [expected]);
    let left: Vec<_> =
        fs::read_dir(sandbox.path(".")).expect("it is ours").flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".part")), "{left:?}");
}

fn once(sandbox: &Sandbox) {
    let (found, _) = handshakes(sandbox, &["--once"]);
    assert_eq!(found.iter().filter(|one| one["capture"] == "in/b.pcap").count(), 0);
    assert_eq!(found.len(), 29);
}

fn output(sandbox: &Sandbox) {
    sandbox.file("out", b"what is there stays\n");
    let (run, written) = followed_until(sandbox, &["--format", "jsonl"], |text| text.contains("in/d.pcap"));
    assert!(written.starts_with("what is there stays\n{") && run.stdout.is_empty());
}

fn quiet(sandbox: &Sandbox) {
    assert!(followed(sandbox, &[]).0.stderr.contains("following in until Ctrl-C"));
    assert_eq!(followed(sandbox, &["--quiet"]).0.stderr, "");
}

fn state(sandbox: &Sandbox) {
    assert_eq!(followed(sandbox, &["--state", "state"]).0.objects("capture").len(), 4);
    let is_known = |name: &str| fs::read_to_string(sandbox.path("state")).is_ok_and(|state| state.contains(name));
    assert!(["a", "b", "c", "d"].iter().all(|name| is_known(&format!("{name}.pcap"))));
}

fn threads(sandbox: &Sandbox) {
    let [one, many] = ["1", "4"].map(|threads| followed(sandbox, &["--threads", threads]).0);
    assert_eq!(one.stdout, many.stdout);
}

fn time(sandbox: &Sandbox) {
    // Nothing is written before the end, so the test can only wait.
    let start = Instant::now();
    let (_, local) = followed_until(sandbox, &["--time", "local"], |_| start.elapsed() > Duration::from_secs(5));
    assert!(local.contains(" XYZ ") && !local.contains("UTC"), "{local}");
}

fn verbose(sandbox: &Sandbox) {
    let lines = |text: &str| text.lines().count();
    // Nothing is written before the end, so the test can only wait.
    let start = Instant::now();
    let for_a_while = |_: &str| start.elapsed() > Duration::from_secs(5);
    let (brief, shown) = followed_until(sandbox, &[], for_a_while);
    fs::remove_file(sandbox.path("out")).expect("it was written");
    let start = Instant::now();
    let for_a_while = |_: &str| start.elapsed() > Duration::from_secs(5);
    let (verbose, all) = followed_until(sandbox, &["--verbose"], for_a_while);
    assert!(lines(&all) > lines(&shown), "evidence is shown with each finding: {all}");
    assert!(!brief.stderr.contains("notes.txt") && verbose.stderr.contains("in/notes.txt"), "{}", verbose.stderr);
}
