//! Makes the captures of the cases that no capture program gives: other link layers, other file forms, cut captures.
//!
//! All are made from the sample captures. `cargo run -p syncookie-tests --bin make-captures` writes them; a test holds
//! the committed files against what is made here.

use crate::pcap::{Capture, ETHERNET, Ethernet, Order, Record, Resolution};
use crate::pcapng::{IF_TSOFFSET, IF_TSRESOL, Section};
use crate::sample;

/// A file to write: the case, the file's name, its bytes.
pub type Made = (&'static str, &'static str, Vec<u8>);

/// Every capture made here.
#[must_use]
pub fn all() -> Vec<Made> {
    [link_layers(), classic_forms(), pcapng_forms(), cut_captures(), odd_contents()].concat()
}

/// Three handshakes with a SYN proxy, each reset. SYN-ACKs in frames 2, 6, 10; resets in 4, 8, 12.
fn user_trace() -> Capture {
    Capture::read(&sample("user-trace/synproxy_mid_misconfig_loose1/client.pcap"))
}

/// IPv6, host cookies with timestamps; the first packets of it.
fn ipv6_cookies() -> Capture {
    Capture::read(&sample("linux-6.18/cookie_v6_ts/client.pcap"))
}

fn both_families() -> Capture {
    let records = [user_trace().records, ipv6_cookies().records].concat();
    Capture { link: ETHERNET, records }
}

fn link_layers() -> Vec<Made> {
    let plain = |capture: Capture| capture.write_plain();
    let trace = both_families();
    let vlan = |tags: &'static [[u8; 4]]| {
        trace.relink(ETHERNET, move |ethernet| {
            [&ethernet.destination[..], &ethernet.source, tags.as_flattened(), &ethernet.type_.to_be_bytes()].concat()
        })
    };
    let loopback = |order: Order| move |ethernet: &Ethernet| order.u32(loopback_family(ethernet.type_)).to_vec();
    vec![
        ("link-ethernet-vlan", "capture.pcap", plain(vlan(&[[0x81, 0, 0, 42]]))),
        ("link-ethernet-qinq", "capture.pcap", plain(vlan(&[[0x88, 0xa8, 0, 7], [0x81, 0, 0, 42]]))),
        ("link-linux-sll", "capture.pcap", plain(trace.relink(113, sll))),
        ("link-linux-sll2", "capture.pcap", plain(trace.relink(276, sll2))),
        ("link-raw-ip", "capture.pcap", plain(trace.relink(101, |_| Vec::new()))),
        ("link-null", "capture.pcap", plain(trace.relink(0, loopback(Order::Little)))),
        // NULL is in the byte order of the machine that captured: here it is also the file's.
        (
            "link-null-big-endian",
            "capture.pcap",
            trace.relink(0, loopback(Order::Big)).write(Order::Big, Resolution::Micro),
        ),
        ("link-loop", "capture.pcap", plain(trace.relink(108, loopback(Order::Big)))),
    ]
}

/// `AF_INET`, and `AF_INET6` as macOS numbers it.
fn loopback_family(ethernet_type: u16) -> u32 {
    if ethernet_type == 0x86dd { 30 } else { 2 }
}

/// Linux cooked capture: packet type, ARPHRD type, address length, address, protocol.
fn sll(ethernet: &Ethernet) -> Vec<u8> {
    [&[0, 0, 0, 1, 0, 6][..], &ethernet.source, &[0, 0], &ethernet.type_.to_be_bytes()].concat()
}

/// Version 2: protocol first, then reserved, interface, ARPHRD type, packet type, address length, address.
fn sll2(ethernet: &Ethernet) -> Vec<u8> {
    let fixed = [0, 0, 0, 0, 0, 3, 0, 1, 0, 6];
    [&ethernet.type_.to_be_bytes()[..], &fixed, &ethernet.source, &[0, 0]].concat()
}

fn classic_forms() -> Vec<Made> {
    let trace = user_trace();
    let cookies = ipv6_cookies();
    vec![
        ("pcap-big-endian", "capture.pcap", trace.write(Order::Big, Resolution::Micro)),
        ("pcap-nanoseconds", "capture.pcap", cookies.write(Order::Little, Resolution::Nano)),
        ("pcap-nanoseconds-big-endian", "capture.pcap", cookies.write(Order::Big, Resolution::Nano)),
    ]
}

fn pcapng_forms() -> Vec<Made> {
    vec![
        ("pcapng-two-sections", "capture.pcapng", two_sections()),
        ("pcapng-two-interfaces", "capture.pcapng", two_interfaces()),
        ("pcapng-big-endian", "capture.pcapng", big_endian()),
        ("pcapng-time-resolution", "capture.pcapng", power_of_two_resolution()),
        ("pcapng-old-blocks", "capture.pcapng", old_blocks()),
        ("pcapng-unknown-block", "capture.pcapng", unknown_blocks()),
    ]
}

/// The first connection in a little-endian section, the other two in a big-endian one. Frames count on.
fn two_sections() -> Vec<u8> {
    let trace = user_trace();
    let (first, others) = trace.records.split_at(4);
    let mut file = Vec::new();
    for (order, records) in [(Order::Little, first), (Order::Big, others)] {
        let mut section = Section::new(order);
        section.interface(ETHERNET, &[]);
        for record in records {
            section.packet(0, record.nanos / 1000, record);
        }
        file.extend(section.finish());
    }
    file
}

/// Ethernet in microseconds carries the first connection, raw IP in nanoseconds, with an offset of an hour, the others.
fn two_interfaces() -> Vec<u8> {
    const OFFSET: u64 = 3600;
    let trace = user_trace();
    let raw = trace.relink(101, |_| Vec::new());
    let mut section = Section::new(Order::Little);
    section.interface(ETHERNET, &[]);
    section.interface(101, &[(IF_TSRESOL, &[9]), (IF_TSOFFSET, &OFFSET.to_le_bytes())]);
    for (index, record) in trace.records.iter().enumerate() {
        if index < 4 {
            section.packet(0, record.nanos / 1000, record);
        } else {
            section.packet(1, record.nanos - OFFSET * 1_000_000_000, &raw.records[index]);
        }
    }
    section.finish()
}

fn big_endian() -> Vec<u8> {
    let mut section = Section::new(Order::Big);
    section.interface(ETHERNET, &[(IF_TSRESOL, &[9])]);
    for record in &ipv6_cookies().records {
        section.packet(0, record.nanos, record);
    }
    section.finish()
}

/// Times in units of 2^-20 seconds.
fn power_of_two_resolution() -> Vec<u8> {
    let mut section = Section::new(Order::Little);
    section.interface(ETHERNET, &[(IF_TSRESOL, &[0x80 | 20])]);
    for record in &ipv6_cookies().records {
        // Rounded up, so that the time read back is the microsecond it was.
        let ticks = (u128::from(record.nanos) << 20).div_ceil(1_000_000_000);
        section.packet(0, ticks as u64, record);
    }
    section.finish()
}

/// A connection in simple packet blocks, which have no time, the others in the obsolete packet block.
fn old_blocks() -> Vec<u8> {
    let trace = user_trace();
    let (simple, old) = trace.records.split_at(4);
    let mut section = Section::new(Order::Little);
    section.interface(ETHERNET, &[]);
    for record in simple {
        section.simple_packet(record);
    }
    for record in old {
        section.old_packet(0, record.nanos / 1000, record);
    }
    section.finish()
}

/// Blocks that must be skipped (name resolution, a block of an unknown type) between the packets.
fn unknown_blocks() -> Vec<u8> {
    let mut section = Section::new(Order::Little);
    section.interface(ETHERNET, &[]);
    for (index, record) in user_trace().records.iter().enumerate() {
        if index % 4 == 0 {
            section.block(4, &[0; 4]).block(0x0bad_cafe, b"content of an unknown block");
        }
        section.packet(0, record.nanos / 1000, record);
    }
    section.finish()
}

fn cut_captures() -> Vec<Made> {
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

/// As if captured with this snap length.
fn snap(capture: &Capture, length: usize) -> Capture {
    let cut = |record: &Record| {
        let bytes = record.bytes[..record.bytes.len().min(length)].to_vec();
        Record { bytes, ..record.clone() }
    };
    Capture { link: capture.link, records: capture.records.iter().map(cut).collect() }
}

/// What a client sees of a SYN proxy whose server never answers: of the server's side only the SYN-ACK, which is the
/// proxy's, and of the client's only SYN and ACK, because the window stays shut.
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
    // The capture goes on long enough for an answer to come: a stray packet, half a minute later, that is not TCP. (It
    // must be IP, or the analysis never hears of it.)
    let last = quiet.records.iter().map(|record| record.nanos).max().unwrap_or_default();
    quiet.records.push(Record { nanos: last + 30_000_000_000, ..udp() });
    quiet
}

fn odd_contents() -> Vec<Made> {
    let none = Capture { link: ETHERNET, records: Vec::new() };
    let not_tcp = Capture { link: ETHERNET, records: vec![arp(), udp()] };
    let unknown_link = Capture { link: 147, records: user_trace().records };
    vec![
        ("no-packets", "capture.pcap", none.write_plain()),
        ("no-tcp", "capture.pcap", not_tcp.write_plain()),
        ("link-unknown", "capture.pcap", unknown_link.write_plain()),
        ("ipv6-extension-headers", "capture.pcap", extend_ipv6(&ipv6_cookies()).write_plain()),
    ]
}

/// A time within the samples'.
const SOME_TIME: u64 = 1_795_331_016_000_000_000;

fn record(bytes: Vec<u8>) -> Record {
    Record { nanos: SOME_TIME, original: bytes.len() as u32, bytes }
}

/// Who has 10.0.2.2?
fn arp() -> Record {
    let ethernet = [&[0xff; 6][..], &[2, 0, 0, 0, 0, 1], &[8, 6]].concat();
    let ask = [&[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 1, 2][..], &[0; 6], &[10, 0, 2, 2]].concat();
    record([ethernet, ask].concat())
}

/// A datagram of eight zeros to the discard port.
fn udp() -> Record {
    let ethernet = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    let ip = [0x45, 0, 0, 36, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 1, 2, 10, 0, 2, 2];
    let udp = [0x30, 0x39, 0, 9, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    record([&ethernet[..], &ip, &udp].concat())
}

/// Puts hop-by-hop options and destination options between the IPv6 header and TCP.
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
