//! What failed handshakes have in common, in each format.

mod sandbox;

use sandbox::Sandbox;
use serde_json::{Value, json};
use syncookie_testkit::example::segment;
use syncookie_testkit::ip::{self, Ipv4};
use syncookie_testkit::link::{Ethernet, IPV4, ethernet};
use syncookie_testkit::pcap::Pcap;
use syncookie_testkit::tcp::{ACK, CWR, ECE, RST, SYN};
use syncookie_testkit::udp::datagram;

const SERVER: (u8, u16) = (200, 80);

/// Returns a capture of handshakes of many clients. A fifth of them is refused. `syn` returns the
/// flags of a SYN, and `frame_of` the frame of each packet; both know whether its handshake is
/// refused.
fn handshakes(first_port: u16, syn: impl Fn(bool) -> u8, frame_of: impl Fn(u16, bool, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut pcap = Pcap::ethernet();
    for number in 0..150_u16 {
        let (client, fails) = ((number as u8 % 50, first_port + number), number % 5 == 0);
        let time = 1_700_000_000 + u32::from(number);
        let mut record = |micros, packet: &[u8]| {
            pcap.record(time, micros, &frame_of(number, fails, packet));
        };
        record(0, &segment(client, SERVER, 1000, 0, syn(fails), 64_240));
        let answer = if fails { RST | ACK } else { SYN | ACK };
        record(100, &segment(SERVER, client, 5000, 1001, answer, 65_160));
        if !fails {
            record(200, &segment(client, SERVER, 1001, 5001, ACK, 502));
        }
    }
    pcap.bytes
}

/// Returns a capture in which only the refused handshakes offer ECN, or they alone do not.
fn capture_of(first_port: u16, failing_offer_ecn: bool) -> Vec<u8> {
    let syn = |fails| if fails == failing_offer_ecn { SYN | ECE | CWR } else { SYN };
    handshakes(first_port, syn, |_, _, packet| ethernet(packet))
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
    let table = sandbox.analyze(&[&file]).unwrapped();
    assert!(table.contains(&format!("What failed handshakes have in common {SENTENCE}")), "{table}");
    let found = factors(&sandbox, &[&file]);
    let numbers =
        ["attribute", "value", "failed", "of_failed", "working", "of_working"].map(|key| found[0][key].clone());
    assert_eq!(json!(numbers), json!(["ecn", true, 30, 30, 0, 120]));
    assert!(found[0]["chance"].as_f64() < Some(1e-6), "{found}");
    let page = sandbox.analyze(&[&file, "--format", "html"]).stdout;
    let cells =
        "<td data-label=\"Failed or delayed\">30 of 30 (100 %)</td><td data-label=\"Working\">0 of 120 (0 %)</td>";
    assert!(page.contains(&format!("<tr><th scope=\"row\">offer ECN</th>{cells}</tr>")), "a table compares them");
}

#[test]
fn the_table_of_a_page_says_what_the_comparison_leaves_out() {
    let sandbox = Sandbox::new("common_factors_page");
    let mut capture = capture(20_000);
    add_flood(&mut capture);
    let page = sandbox.analyze(&[&sandbox.file("a.pcap", &capture), "--format", "html"]).stdout;
    assert!(page.contains("with those that worked. SYN floods and health checks are left out.</caption>"));
}

#[test]
fn the_comparison_says_that_floods_are_left_out() {
    let sandbox = Sandbox::new("common_factors_flood");
    let mut capture = capture(20_000);
    add_flood(&mut capture);
    let table = sandbox.analyze(&[&sandbox.file("a.pcap", &capture)]).unwrapped();
    assert!(table.contains(&format!("SYN floods and health checks are left out. {SENTENCE}")), "{table}");
}

#[test]
fn a_connection_that_two_captures_show_is_compared_once() {
    let sandbox = Sandbox::new("common_factors_both_sides");
    let (client, server) =
        (sandbox.file("client.pcap", &capture(20_000)), sandbox.file("server.pcap", &capture(20_000)));
    let table = sandbox.analyze(&[&client, &server]).unwrapped();
    assert!(table.contains(&SENTENCE.replace("handshakes", "connections")), "{table}");
    assert_eq!(factors(&sandbox, &[&client, &server])[0]["of_working"], 120);
}

#[test]
fn what_failed_handshakes_lack_is_counted_among_those_that_have_it() {
    let sandbox = Sandbox::new("common_factors_absent");
    let file = sandbox.file("a.pcap", &capture_of(20_000, false));
    let table = sandbox.analyze(&[&file]).unwrapped();
    let sentence = "None of the 30 failed or delayed handshakes offers ECN; all 120 working ones do.";
    assert!(table.contains(sentence), "{table}");
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

/// Returns an Ethernet frame with a packet, from this address, with these VLAN tags.
fn frame(source: u8, tags: &[[u8; 4]], packet: &[u8]) -> Vec<u8> {
    let (destination, source) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, source]);
    [&Ethernet { destination, source, ether_type: IPV4 }.header(tags), packet].concat()
}

/// Returns a VXLAN packet with a frame.
fn vxlan(vni: u8, frame: &[u8]) -> Vec<u8> {
    let payload = datagram([50_000, 4789], &[&[8, 0, 0, 0, 0, 0, vni, 0], frame].concat());
    Ipv4 { protocol: ip::UDP, ..Ipv4::default() }.packet(&payload)
}

/// Returns a capture of handshakes whose frames `frame_of` makes.
fn capture_with(frame_of: impl Fn(u16, bool, &[u8]) -> Vec<u8>) -> Vec<u8> {
    handshakes(20_000, |_| SYN, frame_of)
}

/// Checks that the table and JSON name this factor, and no other.
#[track_caller]
fn assert_found(capture: &[u8], attribute: &str, value: Value, predicate: &str) {
    let sandbox = Sandbox::new(&format!("common_factors_{attribute}"));
    let file = sandbox.file("a.pcap", capture);
    let found = factors(&sandbox, &[&file]);
    let named: Vec<_> = found.as_array().into_iter().flatten().map(|one| (&one["attribute"], &one["value"])).collect();
    assert_eq!(named, [(&json!(attribute), &value)]);
    let table = sandbox.analyze(&[&file]).unwrapped();
    let sentence = format!("All 30 failed or delayed handshakes {predicate}; none of the 120 working ones does.");
    assert!(table.contains(&sentence), "{table}");
}

/// Returns one of two numbers: the second one for a refused handshake.
const fn choose(fails: bool, [works, refused]: [u8; 2]) -> u8 {
    if fails { refused } else { works }
}

#[test]
fn the_vlan_the_tunnel_and_the_mac_address_of_refused_handshakes_are_found() {
    let of_vlan = capture_with(|number, fails, packet| {
        let id = if fails { 200 } else { [100, 101, 102][usize::from(number % 3)] };
        frame(2, &[[0x81, 0, 0, id]], packet)
    });
    assert_found(&of_vlan, "vlan", json!(200), "use VLAN 200");
    let of_inner_vlan =
        capture_with(|_, fails, packet| frame(2, &[[0x88, 0xa8, 0, 5], [0x81, 0, 0, choose(fails, [30, 20])]], packet));
    assert_found(&of_inner_vlan, "inner-vlan", json!(20), "use inner VLAN 20");
    let of_tunnel =
        capture_with(|_, fails, packet| frame(2, &[], &vxlan(choose(fails, [8, 7]), &frame(4, &[], packet))));
    assert_found(&of_tunnel, "tunnel", json!("VXLAN VNI 7"), "use VXLAN with VNI 7");
    let of_source = capture_with(|_, fails, packet| frame(choose(fails, [2, 3]), &[], packet));
    let address = "02:00:00:00:00:03";
    assert_found(&of_source, "source-mac", json!(address), &format!("come from MAC address {address}"));
    let inside = capture_with(|_, fails, packet| frame(2, &[], &vxlan(7, &frame(choose(fails, [2, 3]), &[], packet))));
    let from_inside = format!("come from MAC address {address} in the tunnel");
    assert_found(&inside, "inner-source-mac", json!(address), &from_inside);
}

#[test]
fn a_vlan_a_tunnel_and_an_address_of_all_handshakes_are_not_a_factor() {
    let sandbox = Sandbox::new("common_factors_of_all");
    let capture = capture_with(|_, _, packet| frame(2, &[[0x81, 0, 0, 200]], &vxlan(7, &frame(4, &[], packet))));
    let file = sandbox.file("a.pcap", &capture);
    assert_eq!(factors(&sandbox, &[&file]), Value::Null);
}
