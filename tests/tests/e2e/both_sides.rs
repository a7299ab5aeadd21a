//! Captures of both sides of the same failures: the capture that sees more decides the cause in the
//! other one, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use syncookie_tests::analyze::{analyze, run, unwrapped};
use syncookie_tests::programs::programs;
use syncookie_tests::{assert_none, complaints, package, sample};

/// Client ports of the recordings whose connections meet the cause (lab/README.md).
const MEETS_CAUSE: std::ops::Range<u64> = 20_000..30_000;

/// Smallest share of failed connections that have the right first cause.
const LEAST: f64 = 0.95;

/// Recordings of one cause at the client and at the server.
fn recordings() -> Vec<PathBuf> {
    let folders = fs::read_dir(package().join("causes")).expect("the recordings are kept").flatten();
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.join("truth.json").exists());
    folders.sort();
    folders
}

/// Returns the first cause of a handshake, unless it is ruled out.
fn first_cause(handshake: &Value) -> Option<&str> {
    let first = handshake["cause"].as_array()?.first()?;
    (first["ruled_out"] != true).then(|| first["kind"].as_str().expect("a kind"))
}

/// Compares the first causes of a recording, read from both captures, with the true one.
fn wrong(folder: &Path) -> Vec<String> {
    let truth = fs::read_to_string(folder.join("truth.json")).expect("each recording has its truth");
    let truth: Value = serde_json::from_str(&truth).expect("JSON");
    let truth = truth["cause"].as_str().expect("a cause");
    let is_of_flood = |handshake: &Value| handshake["client"]["ip"].as_str().is_some_and(|ip| ip.starts_with("198."));
    let is_judged = |handshake: &Value| match truth {
        "syn-flood" => is_of_flood(handshake),
        _ => handshake["client"]["port"].as_u64().is_some_and(|port| MEETS_CAUSE.contains(&port)),
    };
    let mut prepared = BTreeSet::new();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    let (mut named, mut right) = (0, 0);
    let mut handshakes = analyze([folder]).objects("handshake");
    handshakes.sort_by_key(|handshake| handshake["time"].to_string());
    for handshake in handshakes.iter().filter(|handshake| is_judged(handshake)) {
        let place = (handshake["capture"].to_string(), handshake["client"]["port"].to_string());
        // The first connection of each port only prepares one that goes stale.
        if truth == "stale-connection" && prepared.insert(place) {
            continue;
        }
        let Some(first) = first_cause(handshake) else { continue };
        named += 1;
        if first == truth {
            right += 1;
        } else {
            *others.entry(first.to_owned()).or_default() += 1;
        }
    }
    let is_right = named > 0 && f64::from(right) >= LEAST * f64::from(named);
    if is_right { Vec::new() } else { vec![format!("{}: {right} of {named}, others {others:?}", folder.display())] }
}

#[test]
fn no_capture_names_a_cause_that_the_other_side_contradicts() {
    assert_none(&complaints(&recordings(), |folder| wrong(folder)));
}

#[test]
fn both_sides_of_a_connection_have_one_name_and_count_once() {
    assert_none(&complaints(&recordings(), |folder: &PathBuf| {
        let report = analyze([folder]);
        let mut connections: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for handshake in report.objects("handshake") {
            let tuple = ["client", "server"].map(|end| handshake[end].to_string()).join(" ");
            connections.entry(handshake["connection_id"].to_string()).or_default().push(tuple);
        }
        let summary = &report.objects("summary")[0];
        let is_one = |ends: &Vec<String>| ends.iter().all(|end| *end == ends[0]);
        let is_well = summary["connections"].as_u64() == Some(connections.len() as u64)
            && summary["handshakes"].as_u64() == Some(connections.values().map(|ends| ends.len() as u64).sum())
            && connections.values().all(is_one);
        let found = format!("{}: {} names, {}", folder.display(), connections.len(), summary["connections"]);
        if is_well { Vec::new() } else { vec![found] }
    }));
}

#[test]
fn a_capture_at_the_server_shows_that_a_flood_hindered_a_client() {
    let failed = |captures: &[PathBuf]| -> Vec<String> {
        let is_of_client = |handshake: &Value| handshake["client"]["ip"] == "10.0.1.2";
        let handshakes = analyze(captures).objects("handshake");
        let of_client = handshakes.iter().filter(|handshake| is_of_client(handshake));
        of_client.map(|handshake| first_cause(handshake).unwrap_or_default().to_owned()).collect()
    };
    let [client, server] = ["client.pcap", "server.pcap"].map(|name| sample("linux-6.18/noflood_drop").join(name));
    assert_eq!(failed(std::slice::from_ref(&client)), ["silent-drop"; 10], "it sees no answer of this listener");
    assert_eq!(failed(std::slice::from_ref(&server)), ["syn-flood"; 10]);
    assert_eq!(failed(&[client.clone(), server.clone()]), ["syn-flood"; 20]);
    let table = unwrapped(&run(Command::new(&programs().syncookie).args([client, server])).stdout);
    let said =
        "10 of them are not part of the flood: their clients retransmitted their SYNs; see frame 301 of client.pcap";
    assert!(table.contains(said), "{table}");
}

#[test]
fn a_check_that_the_other_capture_answers_is_replaced_by_the_answer() {
    for (recording, answer) in [
        ("leaked_ack", "checked in a-behind.pcap (frame 2): the capture confirms this cause"),
        ("backend_refused", "checked in a-behind.pcap (frame 73): the capture confirms this cause"),
        ("syn_dropped_on_server", "checked in this capture (frame 1): the SYN arrives there and gets no answer"),
    ] {
        let table = server_first(recording, "table").replace("./", "");
        assert!(table.contains(answer) && !table.contains("tcpdump"), "{answer:?} is not in\n{table}");
        let page = server_first(recording, "html").replace("./", "");
        // The page has the check of another connection.
        let (_, what) = answer.split_once(": ").expect("a place");
        assert!(page.contains("<p class=\"machine\">Checked in ") && page.contains(what), "{recording}");
    }
}

/// Copies a recording's captures to a folder, so that the one at the server is read first, and
/// returns its report in a format.
fn server_first(recording: &str, format: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (from, to) in [("server.pcap", "a-behind.pcap"), ("client.pcap", "b-before.pcap")] {
        let from = package().join("causes").join(recording).join(from);
        fs::copy(from, folder.path().join(to)).expect("the recording has both sides");
    }
    let mut program = Command::new(&programs().syncookie);
    let run = run(program.args(["analyze", ".", "--format", format]).current_dir(folder.path()));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    run.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_side_before_a_syn_proxy_gives_the_verdict_of_a_connection() {
    let table = server_first("backend_silent", "table");
    for part in [
        "20 of 34 connections got stuck; most likely cause: proxy-backend-silent.",
        "34 of 34 connections, in 1 episode",
        "34 connections are in ./a-behind.pcap and in ./b-before.pcap; each counts once.",
        "20 connections to 10.0.2.2:80, stuck after the handshake:",
        "Listener Connections SYN",
        "syn-proxy and established in b-before.pcap (frame 5); ordinary and established in a-behind.pcap (frame 3). \
         Something between the captures answered the client, so b-before.pcap gives the verdict.",
    ] {
        let part = part.replace("./", "");
        assert!(table.contains(&part), "{part:?} is not in\n{table}");
    }
    let line = server_first("backend_silent", "summary");
    assert!(line.starts_with("20 of 34 connections got stuck"), "{line}");
    let page = server_first("backend_silent", "html");
    assert!(page.contains("20 of 34 connections got stuck") && page.contains("b-before.pcap gives the verdict"));
}

#[test]
fn fields_that_differ_because_a_syn_proxy_answered_have_no_line() {
    let table = server_first("leaked_ack", "table");
    assert!(table.contains("14 connections: the SYN-ACK's sequence number differs."), "{table}");
    assert!(!table.contains("options differ") && !table.contains("window differs"), "{table}");
}

#[test]
fn the_summary_counts_the_connections_of_each_cause_as_the_page_does() {
    let lines = server_first("backend_silent", "jsonl");
    let summary = serde_json::Deserializer::from_str(&lines).into_iter::<Value>().last();
    let failures = &summary.expect("the report has a summary").expect("JSON")["failures"];
    assert_eq!((&failures["handshakes"], &failures["connections"]), (&Value::from(40), &Value::from(20)));
    let causes = failures["causes"].as_array().expect("a list").iter();
    let causes = causes.map(|cause| ["kind", "handshakes", "connections"].map(|key| cause[key].to_string()).join(" "));
    assert_eq!(causes.collect::<Vec<_>>(), ["\"proxy-backend-silent\" 40 20"]);
    let page = server_first("backend_silent", "html");
    assert!(page.contains("(proxy-backend-silent; confirmed): 20 of 20 connections that got stuck."), "{page}");
}

/// Returns the table of a recording of a flood, with these options.
fn table_of_flood(paths: &[&str], options: &[&str]) -> String {
    let paths = paths.iter().map(|name| package().join("captures/linux-6.18/cookie_flood").join(name));
    let mut program = Command::new(&programs().syncookie);
    unwrapped(&run(program.arg("analyze").args(paths).args(options)).stdout)
}

#[test]
fn a_count_of_differences_that_is_not_of_all_connections_says_so() {
    let table = table_of_flood(&["client.pcap", "server.pcap"], &[]);
    let said = " connections of the first 1,000 that differ: only one capture has the SYN-ACK. ";
    assert!(table.contains(said), "{table}");
    assert!(table.contains(" more connections differ, perhaps only in the TTL; "), "{table}");
}

#[test]
fn a_flood_in_both_captures_counts_once() {
    let table = table_of_flood(&["client.pcap", "server.pcap"], &[]);
    assert!(table.contains("5,550 of 6,860 connections failed"), "{table}");
    assert!(table.contains("6,800 connections never completed"), "{table}");
    assert!(table.contains("at most 1,400 per second"), "{table}");
    // Only server.pcap contains the SYN-ACKs.
    assert!(table.contains("5,550 connections to 10.0.2.2:80 were unacknowledged"), "{table}");
}

#[test]
fn the_headline_names_the_cause_of_flood_handshakes_that_are_only_counted() {
    for options in [&[][..], &["--max-flood", "100"]] {
        let table = table_of_flood(&["server.pcap"], options);
        assert!(table.starts_with("5,550 of 6,860 handshakes failed; most likely cause: syn-flood."), "{table}");
    }
}

#[test]
fn flood_handshakes_that_are_only_counted_are_said_to_be_counted_in_each_capture() {
    let client = sample("linux-6.18/cookie_flood/client.pcap");
    let report = |format: &str| {
        let mut program = Command::new(&programs().syncookie);
        program.arg("analyze").args([&client, &client.with_file_name("server.pcap")]);
        let run = run(program.args(["--max-flood", "100", "--format", format]));
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let table = report("table");
    assert!(table.contains("13,500 connections never completed"), "{table}");
    assert!(table.contains("at most 2,800 per second (both counted in each capture)"), "{table}");
    assert!(table.contains("missing in client.pcap (nearer to the client, its SYN is frame "), "{table}");
    let page = report("html");
    assert!(page.contains(r#"<th scope="col">Connections</th>"#), "the table counts connections");
    assert!(page.contains(r#"data-label="Connections""#), "and so does it in narrow windows");
    assert!(page.contains("13,400 flood handshakes are only counted, and not listed (--max-flood)."));
    assert!(!page.contains("the capture has no SYN-ACK (0)"), "a reason that applies to nothing is not listed");
}

#[test]
fn failed_connections_of_one_capture_and_working_ones_of_another_have_nothing_in_common() {
    let folder = package().join("causes/answered_from_elsewhere");
    let shown = run(Command::new(&programs().syncookie).arg("analyze").arg(folder));
    assert!(shown.stdout.contains("20 of 34 connections"), "{}", shown.stdout);
    assert!(!shown.stdout.contains("What failed handshakes have in common"), "{}", shown.stdout);
}

#[test]
fn no_cause_is_called_the_closest_where_the_packets_rule_out_all() {
    let folder = sample("linux-6.18/plain_bad_ack");
    let analyze = |options: &[&str]| {
        let mut program = Command::new(&programs().syncookie);
        unwrapped(&run(program.arg("analyze").arg(&folder).args(options)).stdout)
    };
    let table = analyze(&[]);
    let said = "8 connections to 10.0.2.2:80, reset by the server side: no known cause fits, because the packets contradict \
                each of them; see frame 2 of client.pcap ruled out: wrong-host,";
    assert!(table.contains(said) && !table.contains("load balancer"), "{table}");
    let detailed = analyze(&["--verbose"]);
    assert!(detailed.contains("no known cause fits") && !detailed.contains("closest"), "{detailed}");
    let explained = unwrapped(&run(Command::new(&programs().syncookie).arg("explain").arg(&folder)).stdout);
    let said =
        "no known cause fits, because the packets contradict each of them. The client's ACK in frame 3 acknowledges ";
    assert!(explained.to_lowercase().contains(&said.to_lowercase()), "{explained}");
}
