//! Captures without handshakes: the program says what they contain.

mod sandbox;

use sandbox::Sandbox;
use serde_json::{Value, json};
use syncookie_testkit::example::{self, segment};
use syncookie_testkit::link::ethernet;
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, PSH, RST, SYN};

const SERVER: example::End = (2, 80);

/// Returns a capture of these packets, a millisecond apart.
fn capture(packets: &[Vec<u8>]) -> Vec<u8> {
    timed((0..).zip(packets.iter().cloned()))
}

/// Returns a capture of packets, each with its time in milliseconds.
fn timed(packets: impl IntoIterator<Item = (u32, Vec<u8>)>) -> Vec<u8> {
    let mut pcap = Pcap::ethernet();
    for (ms, packet) in packets {
        pcap.record(1_700_000_000 + ms / 1000, ms % 1000 * 1000, &ethernet(&packet));
    }
    pcap.bytes
}

/// Returns ACKs without a SYN that the server resets, as behind a SYN proxy that lets them through.
fn leaked(connections: u16) -> Vec<Vec<u8>> {
    let pair = |number| {
        let client = (1, 40_000 + number);
        [segment(client, SERVER, 1001, 5001, ACK, 502), segment(SERVER, client, 5001, 0, RST, 0)]
    };
    (0..connections).flat_map(pair).collect()
}

/// Returns the packets of one direction of complete handshakes with data.
fn one_direction(is_server: bool) -> Vec<Vec<u8>> {
    let all = (0..5).flat_map(|number| {
        let client = (1, 40_000 + number);
        [
            (false, segment(client, SERVER, 1000, 0, SYN, 64_240)),
            (true, segment(SERVER, client, 5000, 1001, SYN | ACK, 65_160)),
            (false, segment(client, SERVER, 1001, 5001, ACK, 502)),
            (true, segment(SERVER, client, 5001, 1001, ACK | PSH, 502)),
        ]
    });
    all.filter(|(from_server, _)| *from_server == is_server).map(|(_, packet)| packet).collect()
}

/// Returns segments of connections that were open before the capture.
fn open_before(connections: u16) -> Vec<Vec<u8>> {
    let pair = |number| {
        let client = (1, 40_000 + number);
        [segment(client, SERVER, 1001, 5001, ACK | PSH, 502), segment(SERVER, client, 5001, 1001, ACK | PSH, 502)]
    };
    (0..connections).flat_map(pair).collect()
}

/// Returns the table on one line, and the summary object, of a capture of these packets.
fn report(name: &str, packets: &[Vec<u8>]) -> (String, Value) {
    report_of(name, &capture(packets))
}

/// Returns the table on one line, and the summary object.
fn report_of(name: &str, capture: &[u8]) -> (String, Value) {
    let sandbox = Sandbox::new(name);
    let file = sandbox.file("a.pcap", capture);
    let table = sandbox.analyze(&[&file]);
    assert_eq!((table.code, table.stderr.as_str()), (0, ""));
    let page = sandbox.analyze(&[&file, "--format", "html"]).stdout;
    let text = table.unwrapped();
    let headline = &text[..text.find(". ").map_or(text.len(), |end| end + 1)];
    assert!(headline.split_whitespace().count() <= 12 && page.contains(headline), "{headline}");
    let lines = sandbox.analyze(&[&file, "--format", "jsonl"]);
    (text, lines.objects("summary").remove(0))
}

#[test]
fn a_capture_without_tcp_beside_one_with_handshakes_is_named() {
    let sandbox = Sandbox::new("silent");
    let full = sandbox.file("full.pcap", &capture(&example::handshake_between((1, 50_000), SERVER)));
    let empty = sandbox.file("empty.pcap", &capture(&[]));
    let text = sandbox.analyze(&[&full, &empty]).unwrapped();
    let said = " UTC. empty.pcap contains no TCP segment: none arrived at its capture point, the capture was not running \
                then, or its filter left out TCP.";
    assert!(text.contains(said), "{text}");
    assert!(!sandbox.analyze(&[&full]).unwrapped().contains("no TCP segment"));
}

#[test]
fn a_capture_of_one_direction_is_described_as_such() {
    for (is_server, missing) in
        [(true, "the clients' packets are missing"), (false, "the servers' packets are missing")]
    {
        let (text, _) = report("one-direction", &one_direction(is_server));
        assert!(text.contains("contain only the direction from") && text.contains(missing), "{text}");
    }
}

#[test]
fn acks_without_a_syn_that_were_reset_are_named_with_server_and_frames() {
    let (text, summary) = report("leaked", &leaked(3));
    assert!(text.starts_with("3 connections without a SYN were reset at their ACK. For 3 connections"), "{text}");
    let reasons = ["SYN proxy", "XDP program", "another host", "no longer had the connections", "ACK scan"];
    for part in [&["(first: ACK in frame 1, reset in frame 2)", "nstat -az TcpOutRsts"], &reasons[..]].concat() {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let server = json!({"ip": "192.0.2.2", "port": 80});
    let servers = json!([{"server": server, "connections": 3, "capture": "a.pcap", "ack": 1, "reset": 2}]);
    assert_eq!(summary["without_syn"], json!({"connections": 3, "reset_acks": 3, "servers": servers}));
}

#[test]
fn connections_that_were_open_before_the_capture_are_counted() {
    let (text, summary) = report("open", &open_before(12));
    let said = "No handshake was captured: 12 connections were already open. 24 TCP segments of 12 connections, the \
                first in frame 1. The capture began after the handshakes, or a capture filter left out the SYNs.";
    assert!(text.starts_with(said), "{text}");
    assert_eq!(summary["without_syn"]["connections"], 12);
    assert_eq!(summary["without_syn"]["reset_acks"], 0);
}

#[test]
fn a_capture_without_tcp_says_what_it_contains() {
    let mut udp = segment((1, 53), SERVER, 1, 0, 0, 0);
    udp[9] = 17;
    let (text, summary) = report("udp", &[udp.clone(), udp]);
    let said = "The captures contain no TCP segment. They contain 2 IP packets with another protocol than TCP.";
    assert!(text.starts_with(said), "{text}");
    assert_eq!(summary.get("without_syn"), None);
    let (text, _) = report("short", &[example::handshake()[0][..30].to_vec()]);
    assert!(text.starts_with("No TCP header was captured completely. They contain 1 packet cut off"), "{text}");
}

#[test]
fn a_capture_of_syns_alone_says_so() {
    let syns: Vec<_> = (0..5).map(|number| segment((1, 40_000 + number), SERVER, 1000, 0, SYN, 64_240)).collect();
    let (text, summary) = report("syns", &syns);
    assert!(text.contains("All TCP segments in the capture are SYNs: nothing answered, or a capture filter"), "{text}");
    assert_eq!((&summary["captures"][0]["syns"], &summary["captures"][0]["syn_acks"]), (&json!(5), &json!(0)));
    let sandbox = Sandbox::new("two-of-syns");
    let [first, second] = ["b.pcap", "c.pcap"].map(|name| sandbox.file(name, &capture(&syns)));
    let text = sandbox.analyze(&[&first, &second]).unwrapped();
    assert!(text.contains("All TCP segments in the captures are SYNs"), "{text}");
    let answered = syns.iter().cloned().chain([segment(SERVER, (1, 40_000), 5000, 1001, SYN | ACK, 64_240)]);
    let (text, _) = report("syn-acks", &answered.collect::<Vec<_>>());
    assert!(text.contains("are SYNs and SYN-ACKs: no client acknowledged, or a capture filter"), "{text}");
}

#[test]
fn syns_that_the_end_of_the_capture_cuts_off_were_answered_by_nobody_either() {
    let syn = |number: u16| segment((1, 40_000 + number), SERVER, 1000, 0, SYN, 64_240);
    let unanswered = (0..3).map(|number| (u32::from(number), syn(number)));
    let cut_off = (3..5).map(|number| (5000 + u32::from(number), syn(number)));
    let (text, summary) = report_of("cut-off", &timed(unanswered.chain(cut_off)));
    let outcomes = &summary["outcomes"];
    assert_eq!((&outcomes["unanswered"], &outcomes["incomplete"]), (&json!(3), &json!(2)));
    assert!(text.starts_with("3 of 5 handshakes failed;"), "{text}");
    assert!(text.contains("No SYN cookie or SYN proxy was found."), "{text}");
    assert!(!text.contains("does not show who answered the"), "{text}");
}

#[test]
fn such_resets_are_in_the_headline_beside_handshakes_that_worked() {
    let mut packets = example::handshake_between((1, 50_000), SERVER).to_vec();
    packets.extend(leaked(2));
    let (text, summary) = report("both", &packets);
    assert!(text.starts_with("No handshake failed; 2 ACKs without a SYN were reset. "), "{text}");
    assert_eq!(summary["without_syn"]["reset_acks"], 2);
    assert_eq!(summary["without_syn"]["servers"][0]["ack"], Value::Null);
}
