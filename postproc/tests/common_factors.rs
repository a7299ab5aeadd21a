//! What failed handshakes have in common, in each format.

mod sandbox;

use sandbox::Sandbox;
use serde_json::{Value, json};
use syncookie_testkit::example::segment;
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, CWR, ECE, RST, SYN};

const SERVER: (u8, u16) = (200, 80);

/// Returns a capture of handshakes of many clients: a fifth offers ECN, or alone does not, and is
/// refused.
fn capture_of(first_port: u16, failing_offer_ecn: bool) -> Vec<u8> {
    let mut pcap = Pcap::ethernet();
    for number in 0..150_u16 {
        let (client, fails) = ((number as u8 % 50, first_port + number), number % 5 == 0);
        let ecn = if fails == failing_offer_ecn { ECE | CWR } else { 0 };
        let answer = if fails { RST | ACK } else { SYN | ACK };
        let time = 1_700_000_000 + u32::from(number);
        pcap.record(time, 0, &ethernet(&segment(client, SERVER, 1000, 0, SYN | ecn, 64_240)));
        pcap.record(time, 100, &ethernet(&segment(SERVER, client, 5000, 1001, answer, 65_160)));
        if !fails {
            pcap.record(time, 200, &ethernet(&segment(client, SERVER, 1001, 5001, ACK, 502)));
        }
    }
    pcap.bytes
}

/// Adds a flood of SYNs that nobody answers.
fn add_flood(capture: &mut Vec<u8>) {
    let mut flood = Pcap::ethernet();
    flood.bytes = std::mem::take(capture);
    for number in 0..300_u16 {
        let client = ((number % 250) as u8, 50_000 + number);
        flood.record(1_700_001_000, u32::from(number), &ethernet(&segment(client, SERVER, 1000, 0, SYN, 64_240)));
    }
    flood.record(1_700_002_000, 0, &ethernet(&segment(SERVER, (1, 9), 1, 1, ACK, 1)));
    *capture = flood.bytes;
}

/// Returns a capture in which only the refused handshakes offer ECN.
fn capture(first_port: u16) -> Vec<u8> {
    capture_of(first_port, true)
}

const SENTENCE: &str = "All 30 failed or delayed handshakes offer ECN; none of the 120 working ones does.";

/// Returns `common_factors` of the summary.
fn factors(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let run = sandbox.analyze(&[arguments, &["--format", "jsonl"]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    run.objects("summary").remove(0)["common_factors"].clone()
}

#[test]
fn table_json_and_page_say_what_failed_handshakes_have_in_common() {
    let sandbox = Sandbox::new("common_factors");
    let file = sandbox.file("a.pcap", &capture(20_000));
    let table = sandbox.analyze(&[&file]).stdout;
    let words: Vec<&str> = table.split_whitespace().collect();
    assert!(words.join(" ").contains(&format!("What failed handshakes have in common {SENTENCE}")), "{table}");
    let found = factors(&sandbox, &[&file]);
    let numbers =
        ["attribute", "value", "failed", "of_failed", "working", "of_working"].map(|key| found[0][key].clone());
    assert_eq!(json!(numbers), json!(["ecn", true, 30, 30, 0, 120]));
    assert!(found[0]["chance"].as_f64() < Some(1e-6), "{found}");
    let page = sandbox.analyze(&[&file, "--format", "html"]).stdout;
    assert!(page.contains(&format!("<li>{SENTENCE}</li>")));
}

#[test]
fn the_comparison_says_that_floods_are_left_out() {
    let sandbox = Sandbox::new("common_factors_flood");
    let mut capture = capture(20_000);
    add_flood(&mut capture);
    let table = sandbox.analyze(&[&sandbox.file("a.pcap", &capture)]).stdout;
    let words: Vec<&str> = table.split_whitespace().collect();
    assert!(words.join(" ").contains(&format!("Without SYN floods and health checks: {SENTENCE}")), "{table}");
}

#[test]
fn what_failed_handshakes_lack_is_counted_among_those_that_have_it() {
    let sandbox = Sandbox::new("common_factors_absent");
    let file = sandbox.file("a.pcap", &capture_of(20_000, false));
    let table = sandbox.analyze(&[&file]).stdout;
    let words: Vec<&str> = table.split_whitespace().collect();
    let sentence = "All 30 failed or delayed handshakes do not offer ECN; all 120 working ones do.";
    assert!(words.join(" ").contains(sentence), "{table}");
}

#[test]
fn a_filter_limits_the_comparison_and_captures_are_compared_together() {
    let sandbox = Sandbox::new("common_factors_of_two");
    let [one, two] = [20_000, 30_000].map(|port| sandbox.file(&format!("{port}.pcap"), &capture(port)));
    let found = factors(&sandbox, &[&one, &two]);
    assert_eq!([&found[0]["failed"], &found[0]["of_working"]], [60, 240]);
    let found = factors(&sandbox, &[&one, "--filter", "client=192.0.2.0/30"]);
    assert_eq!(found, Value::Null, "two failures show nothing");
}
