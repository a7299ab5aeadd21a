//! The capture filters of docs/capture-it.md, applied by tcpdump to what they promise to keep.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use syncookie_testkit::example::segment;
use syncookie_testkit::ip::{IPV4, Ipv4, UDP};
use syncookie_testkit::link::{ADDRESSES, ethernet};
use syncookie_testkit::pcap::{Capture, Pcap};
use syncookie_testkit::tcp::{ACK, RST, SYN};
use syncookie_testkit::udp;
use syncookie_tests::package;

const SERVER: u8 = 10;
const ICMP: u8 = 1;

/// Returns an IPv4 packet of the server with this content.
fn from_server(protocol: u8, content: &[u8]) -> Vec<u8> {
    let source = Ipv4Addr::new(192, 0, 2, SERVER);
    ethernet(&Ipv4 { protocol, source, ..Ipv4::default() }.packet(content))
}

fn syn() -> Vec<u8> {
    segment((1, 40_000), (SERVER, 443), 1000, 0, SYN, 64_240)
}

fn later_fragment() -> Vec<u8> {
    let mut frame = from_server(syncookie_testkit::ip::TCP, &[0; 64]);
    // Fragment offset 1,480 bytes, in units of 8.
    frame[20..22].copy_from_slice(&185_u16.to_be_bytes());
    frame
}

fn error_of_a_router() -> Vec<u8> {
    let quoted = [&[3, 4, 0, 0, 0, 0, 5, 120][..], &syn()].concat();
    ethernet(&Ipv4 { protocol: ICMP, source: Ipv4Addr::new(198, 51, 100, 7), ..Ipv4::default() }.packet(&quoted))
}

/// Returns the SYN in a VLAN.
fn tagged() -> Vec<u8> {
    [&ADDRESSES[..], &[0x81, 0, 0, 5, 8, 0], &syn()].concat()
}

fn in_vxlan() -> Vec<u8> {
    from_server(UDP, &udp::datagram([50_000, 4789], &[&[8, 0, 0, 0, 0, 0, 1, 0][..], &ethernet(&syn())].concat()))
}

/// Returns the filters of the `tcpdump` commands under a heading, each without its quotes.
fn filters(text: &str, heading: &str) -> Vec<String> {
    let section = text.split("\n## ").find(|section| section.starts_with(heading)).expect("the heading is there");
    let commands = section.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    commands.filter(|command| command.contains("tcpdump")).map(|c| c.split('\'').nth(1).unwrap_or("").into()).collect()
}

/// Returns which of the frames tcpdump keeps.
fn kept(filter: &str, frames: &[Vec<u8>]) -> Vec<bool> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let [all, some] = ["all.pcap", "some.pcap"].map(|name| folder.path().join(name));
    let mut capture = Pcap::ethernet();
    for (second, frame) in (1..).zip(frames) {
        capture.record(second, 0, frame);
    }
    fs::write(&all, &capture.bytes).expect("the folder is ours");
    run_tcpdump(filter, &all, &some);
    let times: Vec<u64> = Capture::read(&some).records.iter().map(|record| record.nanos / 1_000_000_000).collect();
    (1..=frames.len() as u64).map(|second| times.contains(&second)).collect()
}

fn run_tcpdump(filter: &str, from: &Path, to: &Path) {
    let output = Command::new("tcpdump").args(["-Z", "root", "-r"]).arg(from).arg("-w").arg(to).arg(filter).output();
    let output = output.expect("tcpdump can be started: script/bootstrap installs it");
    assert!(output.status.success(), "{filter}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_documented_capture_filters_keep_what_the_causes_are_read_from() {
    let text = fs::read_to_string(package().join("../docs/capture-it.md")).expect("the document is there");
    let plain = [
        ethernet(&syn()),
        ethernet(&segment((SERVER, 443), (1, 40_000), 0, 1001, RST | ACK, 0)),
        error_of_a_router(),
        later_fragment(),
    ];
    let unrelated = ethernet(&segment((1, 40_000), (3, 80), 1000, 0, SYN, 64_240));
    let at_hosts = [&plain[..], std::slice::from_ref(&unrelated)].concat();
    let (client, server) = (filters(&text, "On the client"), filters(&text, "On the server"));
    assert_eq!((client.len(), server.len()), (1, 1));
    for filter in [&client[0], &server[0]] {
        assert_eq!(kept(filter, &at_hosts), [true, true, true, true, false], "{filter}");
    }
    let elsewhere = [
        ethernet(&segment((SERVER, 8443), (1, 40_000), 7000, 1001, SYN | ACK, 65_160)),
        ethernet(&segment((3, 443), (1, 40_000), 7000, 1001, SYN | ACK, 65_160)),
    ];
    assert_eq!(kept(&client[0], &elsewhere), [true, true]);

    let between = filters(&text, "In between");
    let in_tunnels = [tagged(), in_vxlan(), from_server(IPV4, &syn())];
    let everything = [&plain[..], &in_tunnels, &[unrelated]].concat();
    assert_eq!(between.len(), 2);
    assert_eq!(kept(&between[0], &everything), [true; 8]);
    assert_eq!(kept(&between[1], &everything), [true, true, true, true, true, true, true, false]);
}
