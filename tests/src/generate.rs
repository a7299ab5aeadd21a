//! Captures for the cases in forms that no capture program writes: other link layers, other file formats, cut captures.
//!
//! All are made from the sample captures. `cargo run -p syncookie-tests --bin make-captures` writes them; a test compares
//! the committed files with what is made here.

use std::net::Ipv4Addr;

use syncookie_testkit::ip::{self, Ipv4};
use syncookie_testkit::link::{ARP, ETHERNET, Ethernet, IPV4, LINUX_SLL, LINUX_SLL2, LOOP, NULL, RAW};
use syncookie_testkit::pcap::{Capture, Record, Resolution};
use syncookie_testkit::pcapng::{IF_TSOFFSET, IF_TSRESOL, Pcapng};
use syncookie_testkit::{ByteOrder, udp};

use crate::sample;

/// A file to write: the case's name, the file's name, its bytes.
pub type CaseFile = (&'static str, &'static str, Vec<u8>);

/// Returns every capture that is made here.
#[must_use]
pub fn all() -> Vec<CaseFile> {
    [link_layers(), classic_forms(), pcapng_forms(), cut_captures(), odd_contents()].concat()
}

/// Three handshakes with a SYN proxy, each reset. SYN-ACKs in frames 2, 6, 10; resets in 4, 8, 12.
fn user_trace() -> Capture {
    Capture::read(&sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap"))
}

/// IPv6 handshakes answered by the host with SYN cookies and timestamps.
fn ipv6_cookies() -> Capture {
    Capture::read(&sample("linux-6.18/cookie_v6_ts/client.pcap"))
}

fn both_families() -> Capture {
    let records = [user_trace().records, ipv6_cookies().records].concat();
    Capture { link: ETHERNET, records }
}

fn link_layers() -> Vec<CaseFile> {
    let plain = |capture: Capture| capture.write_plain();
    let trace = both_families();
    let vlan = |tags: &'static [[u8; 4]]| trace.relink(ETHERNET, |ethernet| ethernet.header(tags));
    let loopback = |order: ByteOrder| move |ethernet: &Ethernet| ethernet.to_loopback(order);
    vec![
        ("link-ethernet-vlan", "capture.pcap", plain(vlan(&[[0x81, 0, 0, 42]]))),
        ("link-ethernet-qinq", "capture.pcap", plain(vlan(&[[0x88, 0xa8, 0, 7], [0x81, 0, 0, 42]]))),
        ("link-linux-sll", "capture.pcap", plain(trace.relink(LINUX_SLL, Ethernet::to_linux_sll))),
        ("link-linux-sll2", "capture.pcap", plain(trace.relink(LINUX_SLL2, Ethernet::to_linux_sll2))),
        ("link-raw-ip", "capture.pcap", plain(trace.relink(RAW, |_| Vec::new()))),
        ("link-null", "capture.pcap", plain(trace.relink(NULL, loopback(ByteOrder::Little)))),
        // NULL is in the byte order of the machine that captured: here it is also the file's.
        (
            "link-null-big-endian",
            "capture.pcap",
            trace.relink(NULL, loopback(ByteOrder::Big)).write(ByteOrder::Big, Resolution::Micro),
        ),
        ("link-loop", "capture.pcap", plain(trace.relink(LOOP, loopback(ByteOrder::Big)))),
    ]
}

fn classic_forms() -> Vec<CaseFile> {
    let trace = user_trace();
    let cookies = ipv6_cookies();
    vec![
        ("pcap-big-endian", "capture.pcap", trace.write(ByteOrder::Big, Resolution::Micro)),
        ("pcap-nanoseconds", "capture.pcap", cookies.write(ByteOrder::Little, Resolution::Nano)),
        ("pcap-nanoseconds-big-endian", "capture.pcap", cookies.write(ByteOrder::Big, Resolution::Nano)),
    ]
}

fn pcapng_forms() -> Vec<CaseFile> {
    vec![
        ("pcapng-two-sections", "capture.pcapng", two_sections()),
        ("pcapng-two-interfaces", "capture.pcapng", two_interfaces()),
        ("pcapng-big-endian", "capture.pcapng", big_endian()),
        ("pcapng-time-resolution", "capture.pcapng", power_of_two_resolution()),
        ("pcapng-old-blocks", "capture.pcapng", old_blocks()),
        ("pcapng-unknown-block", "capture.pcapng", unknown_blocks()),
    ]
}

/// Writes the first connection in a little-endian section and the other two in a big-endian one. Frame numbers continue.
fn two_sections() -> Vec<u8> {
    let trace = user_trace();
    let (first, others) = trace.records.split_at(4);
    let mut file = Pcapng::new(ByteOrder::Little);
    file.interface(ETHERNET, 0, &[]);
    for record in first {
        file.enhanced(0, record.nanos / 1000, record);
    }
    file.section(ByteOrder::Big).interface(ETHERNET, 0, &[]);
    for record in others {
        file.enhanced(0, record.nanos / 1000, record);
    }
    file.bytes
}

/// Writes the first connection on an Ethernet interface in microseconds and the others on a raw IP interface in
/// nanoseconds, with an offset of an hour.
fn two_interfaces() -> Vec<u8> {
    const OFFSET: u64 = 3600;
    let trace = user_trace();
    let raw = trace.relink(RAW, |_| Vec::new());
    let mut file = Pcapng::new(ByteOrder::Little);
    file.interface(ETHERNET, 0, &[]);
    file.interface(RAW, 0, &[(IF_TSRESOL, &[9]), (IF_TSOFFSET, &OFFSET.to_le_bytes())]);
    for (index, record) in trace.records.iter().enumerate() {
        if index < 4 {
            file.enhanced(0, record.nanos / 1000, record);
        } else {
            file.enhanced(1, record.nanos - OFFSET * 1_000_000_000, &raw.records[index]);
        }
    }
    file.bytes
}

fn big_endian() -> Vec<u8> {
    let mut file = Pcapng::new(ByteOrder::Big);
    file.interface(ETHERNET, 0, &[(IF_TSRESOL, &[9])]);
    for record in &ipv6_cookies().records {
        file.enhanced(0, record.nanos, record);
    }
    file.bytes
}

/// Writes times in units of 2^-20 seconds.
fn power_of_two_resolution() -> Vec<u8> {
    let mut file = Pcapng::new(ByteOrder::Little);
    file.interface(ETHERNET, 0, &[(IF_TSRESOL, &[0x80 | 20])]);
    for record in &ipv6_cookies().records {
        // Rounded up, so that the time read back is the microsecond it was.
        let ticks = (u128::from(record.nanos) << 20).div_ceil(1_000_000_000);
        file.enhanced(0, ticks as u64, record);
    }
    file.bytes
}

/// Writes one connection in simple packet blocks, which have no time, and the others in obsolete packet blocks.
fn old_blocks() -> Vec<u8> {
    let trace = user_trace();
    let (simple, old) = trace.records.split_at(4);
    let mut file = Pcapng::new(ByteOrder::Little);
    file.interface(ETHERNET, 0, &[]);
    for record in simple {
        file.simple(record);
    }
    for record in old {
        file.obsolete(0, 0, record.nanos / 1000, record);
    }
    file.bytes
}

/// Writes blocks that must be skipped (name resolution, an unknown type) between the packets.
fn unknown_blocks() -> Vec<u8> {
    let mut file = Pcapng::new(ByteOrder::Little);
    file.interface(ETHERNET, 0, &[]);
    for (index, record) in user_trace().records.iter().enumerate() {
        if index % 4 == 0 {
            file.block(4, &[0; 4]).block(0x0bad_cafe, b"content of an unknown block");
        }
        file.enhanced(0, record.nanos / 1000, record);
    }
    file.bytes
}

fn cut_captures() -> Vec<CaseFile> {
    let trace = user_trace();
    let whole = trace.write_plain();
    let plain_timestamps = Capture::read(&sample("linux-6.18/plain_ts/client.pcap"));
    let proxied = Capture::read(&sample("linux-6.18/synproxy_noopts/client.pcap"));
    vec![
        // The SYN of the first connection is missing.
        ("mid-stream-without-syn", "capture.pcap", trace.filter(|number, _| number != 1).write_plain()),
        // So is its SYN-ACK: what is left starts with the client's ACK.
        ("mid-stream-without-syn-ack", "capture.pcap", trace.filter(|number, _| number > 2).write_plain()),
        ("mid-stream-ordinary", "capture.pcap", plain_timestamps.filter(|number, _| number > 1).write_plain()),
        (
            "one-direction-client",
            "capture.pcap",
            plain_timestamps.filter(|_, frame| frame[34..36] != [0, 80]).write_plain(),
        ),
        (
            "one-direction-server",
            "capture.pcap",
            plain_timestamps.filter(|_, frame| frame[34..36] == [0, 80]).write_plain(),
        ),
        ("truncated-tail", "capture.pcap", whole[..whole.len() - 30].to_vec()),
        ("snapped-in-options", "capture.pcap", snap(&plain_timestamps, 64).write_plain()),
        ("synproxy-backend-silent", "capture.pcap", silence_backend(&proxied).write_plain()),
    ]
}

/// Cuts every packet at a snap length.
fn snap(capture: &Capture, length: usize) -> Capture {
    let cut = |record: &Record| {
        let bytes = record.bytes[..record.bytes.len().min(length)].to_vec();
        Record { bytes, ..record.clone() }
    };
    Capture { link: capture.link, records: capture.records.iter().map(cut).collect() }
}

/// Keeps what a client sees of a SYN proxy whose server never answers: the SYN-ACK, which is the proxy's, and the client's
/// SYN and ACK. The client sends no data, because the window stays closed.
fn silence_backend(capture: &Capture) -> Capture {
    let mut seen_ack = std::collections::HashSet::new();
    let keep: Vec<bool> = capture
        .records
        .iter()
        .map(|record| {
            let (client_port, flags) = (&record.bytes[34..36], record.bytes[47]);
            let is_syn = flags & 2 != 0;
            is_syn || (client_port != [0, 80] && seen_ack.insert(client_port.to_vec()))
        })
        .collect();
    let mut quiet = capture.filter(|number, _| keep[number - 1]);
    // A stray packet half a minute later shows that the capture lasted long enough for an answer. It is IP but not TCP:
    // the analysis does not see other packets.
    let last = quiet.records.iter().map(|record| record.nanos).max().unwrap_or_default();
    quiet.records.push(Record { nanos: last + 30_000_000_000, ..udp_frame() });
    quiet
}

fn odd_contents() -> Vec<CaseFile> {
    let none = Capture { link: ETHERNET, records: Vec::new() };
    let not_tcp = Capture { link: ETHERNET, records: vec![arp_frame(), udp_frame()] };
    let unknown_link = Capture { link: 147, records: user_trace().records };
    vec![
        ("no-packets", "capture.pcap", none.write_plain()),
        ("no-tcp", "capture.pcap", not_tcp.write_plain()),
        ("link-unknown", "capture.pcap", unknown_link.write_plain()),
        ("ipv6-extension-headers", "capture.pcap", extend_ipv6(&ipv6_cookies()).write_plain()),
    ]
}

/// A time within those of the sample captures, in nanoseconds since 1970.
const SAMPLE_TIME: u64 = 1_795_331_016_000_000_000;

/// Returns a frame that was captured whole.
fn frame(header: Ethernet, payload: &[u8]) -> Record {
    let bytes = [&header.header(&[]), payload].concat();
    Record { nanos: SAMPLE_TIME, original: bytes.len() as u32, bytes }
}

const CLIENT: [u8; 6] = [2, 0, 0, 0, 0, 1];
const SERVER: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// Returns an ARP request of 10.0.1.2 for 10.0.2.2.
fn arp_frame() -> Record {
    let request = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &CLIENT, &[10, 0, 1, 2], &[0; 6], &[10, 0, 2, 2]].concat();
    frame(Ethernet { destination: [0xff; 6], source: CLIENT, ether_type: ARP }, &request)
}

/// Returns a datagram of eight zeros to the discard port, without checksums.
fn udp_frame() -> Record {
    let (source, destination) = (Ipv4Addr::new(10, 0, 1, 2), Ipv4Addr::new(10, 0, 2, 2));
    let ip = Ipv4 { dont_fragment: true, protocol: ip::UDP, source, destination, ..Ipv4::default() };
    let datagram = udp::datagram([12_345, 9], &[0; 8]);
    let packet = [&ip.header(datagram.len())[..], &datagram].concat();
    frame(Ethernet { destination: SERVER, source: CLIENT, ether_type: IPV4 }, &packet)
}

/// Inserts hop-by-hop options and destination options between the IPv6 header and TCP.
fn extend_ipv6(capture: &Capture) -> Capture {
    let hop_by_hop = [60, 0, 1, 4, 0, 0, 0, 0];
    let destination = [6, 0, 1, 4, 0, 0, 0, 0];
    let extend = |record: &Record| {
        let mut bytes = record.bytes.clone();
        if bytes[12..14] != [0x86, 0xdd] || bytes[20] != 6 {
            return record.clone();
        }
        bytes[20] = 0;
        let payload = u16::from_be_bytes([bytes[18], bytes[19]]) + 16;
        bytes[18..20].copy_from_slice(&payload.to_be_bytes());
        bytes.splice(54..54, [hop_by_hop, destination].concat());
        Record { nanos: record.nanos, original: record.original + 16, bytes }
    };
    Capture { link: capture.link, records: capture.records.iter().map(extend).collect() }
}
