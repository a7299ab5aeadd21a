use syncookie_engine::{Link, MacAddress, Tunnel, TunnelKind};
use syncookie_testkit::example;
use syncookie_testkit::ip::{self, Ipv4, Ipv6};
use syncookie_testkit::tcp::{ACK, SYN};
use syncookie_testkit::udp::datagram;

use super::*;

const IPV4: &[u8] = &[0x45, 0, 0, 20, 1, 2, 3];
const IPV6: &[u8] = &[0x60, 0, 0, 0, 1, 2, 3];

/// Concatenates the parts of a frame.
fn frame(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn ethernet_frame(after_addresses: &[&[u8]]) -> Vec<u8> {
    frame(&[&[0xff; 12], &after_addresses.concat()])
}

#[test]
fn ethernet_carries_both_ip_versions_under_any_number_of_vlan_tags() {
    for (ether_type, ip) in [([8, 0], IPV4), ([0x86, 0xdd], IPV6)] {
        let tags: [&[u8]; 4] = [&[0x81, 0, 0, 7], &[0x88, 0xa8, 0, 7], &[0x91, 0, 0xff, 0xff], &[0x81, 0, 0, 0]];
        for depth in 0..=tags.len() {
            let bytes = ethernet_frame(&[&tags[..depth].concat(), &ether_type, ip]);
            assert_eq!(ip_packet(LinkType(1), &bytes), Content::Ip(ip), "{depth} tags");
        }
    }
}

#[test]
fn fast_path_and_full_parser_find_the_same_packet() {
    let (v6, v4) = (tcp6(), ipv4(6, &[0; 20]));
    let frames = [
        (1, ethernet_frame(&[&[0x08, 0], &v4])),
        (1, ethernet_frame(&[&[0x86, 0xdd], &v6])),
        (1, ethernet_frame(&[&[0x81, 0, 0, 7, 0x08, 0], &v4])),
        (1, ethernet_frame(&[&[0x81, 0, 0, 7, 0x86, 0xdd], &v6])),
        (1, ethernet_frame(&[&[0x08, 0], &ipv4(17, &udp(53, 4788, &v4))])),
        (1, ethernet_frame(&[&[0x86, 0xdd], &ipv6(17, &udp(4788, 53, &v6))])),
        (0, frame(&[&[2, 0, 0, 0], &v4])),
        (9, frame(&[&[0xff, 3, 0, 0x21], &v4])),
        (101, v4.clone()),
        (101, v6.clone()),
        (113, frame(&[&[0, 0, 0, 1], &[0; 10], &[8, 0], &v4])),
        (276, frame(&[&[0x86, 0xdd, 0, 0, 0, 0, 0, 0, 0, 1], &[0; 10], &v6])),
    ];
    for (link, frame) in frames.map(|(link, frame)| (LinkType(link), frame)) {
        assert!(fast_path(link, &frame).is_some_and(tunnel::is_none), "{link:?}");
        for (at, value) in (0..frame.len()).flat_map(|at| [0, 1, 6, 0x45, 0x60, 0x81, 0xff].map(|value| (at, value))) {
            let mut frame = frame.clone();
            frame[at] = value;
            for frame in [&frame[..], &frame[..at]] {
                if let Some(packet) = fast_path(link, frame).filter(|packet| tunnel::is_none(packet)) {
                    assert_eq!(Content::Ip(packet), walk(link, frame));
                    assert_eq!(path(link, frame), path::followed(link, frame));
                }
            }
        }
    }
}

#[test]
fn too_many_vlan_tags_are_not_followed() {
    let bytes = ethernet_frame(&[&[0x81, 0, 0, 7].repeat(1000)]);
    assert_eq!(ip_packet(LinkType(1), &bytes), Content::Other);
}

#[test]
fn ethernet_with_a_length_field_carries_ip_only_after_snap() {
    let snap = ethernet_frame(&[&[0, 60, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], IPV4]);
    assert_eq!(ip_packet(LinkType(1), &snap), Content::Ip(IPV4));
    let spanning_tree = ethernet_frame(&[&[0, 60, 0x42, 0x42, 3], IPV4]);
    assert_eq!(ip_packet(LinkType(1), &spanning_tree), Content::Other);
}

#[test]
fn arp_is_other_content_and_a_short_frame_is_cut() {
    assert_eq!(ip_packet(LinkType(1), &ethernet_frame(&[&[8, 6], IPV4])), Content::Other);
    assert_eq!(ip_packet(LinkType(1), &[0; 13]), Content::Cut);
    assert_eq!(ip_packet(LinkType(1), &ethernet_frame(&[&[0x81, 0, 0]])), Content::Cut);
}

#[test]
fn linux_cooked_captures_of_both_versions_carry_ip_and_vlan_tags() {
    let sll = |protocol: &[u8], rest: &[u8]| frame(&[&[0, 0, 0, 1], &[0; 10], protocol, rest]);
    assert_eq!(ip_packet(LinkType(113), &sll(&[8, 0], IPV4)), Content::Ip(IPV4));
    assert_eq!(ip_packet(LinkType(113), &sll(&[0x86, 0xdd], IPV6)), Content::Ip(IPV6));
    assert_eq!(ip_packet(LinkType(113), &sll(&[0, 4], IPV4)), Content::Other);
    let sll2 = |protocol: &[u8], rest: &[u8]| frame(&[protocol, &[0; 6], &[0, 1], &[0; 10], rest]);
    assert_eq!(ip_packet(LinkType(276), &sll2(&[8, 0], IPV4)), Content::Ip(IPV4));
    let tagged = sll2(&[0x81, 0], &frame(&[&[0, 7, 0x86, 0xdd], IPV6]));
    assert_eq!(ip_packet(LinkType(276), &tagged), Content::Ip(IPV6));
    assert_eq!(ip_packet(LinkType(276), &[0; 19]), Content::Cut);
}

#[test]
fn a_cooked_netlink_message_is_never_ip() {
    let bytes = frame(&[&[0, 4], &824_u16.to_be_bytes(), &[0; 10], &[8, 0], IPV4]);
    assert_eq!(ip_packet(LinkType(113), &bytes), Content::Other);
}

#[test]
fn loopback_is_read_in_both_byte_orders_with_every_systems_number_for_ipv6() {
    for link in [LinkType(0), LinkType(108)] {
        for order in [u32::to_le_bytes, u32::to_be_bytes] {
            assert_eq!(ip_packet(link, &frame(&[&order(2), IPV4])), Content::Ip(IPV4));
            for number in [10, 23, 24, 28, 30] {
                assert_eq!(ip_packet(link, &frame(&[&order(number), IPV6])), Content::Ip(IPV6));
            }
            assert_eq!(ip_packet(link, &frame(&[&order(0x800), IPV4])), Content::Ip(IPV4));
            assert_eq!(ip_packet(link, &frame(&[&order(7), IPV4])), Content::Other);
        }
        assert_eq!(ip_packet(link, &[2, 0, 0]), Content::Cut);
    }
}

#[test]
fn raw_ip_is_detected_by_its_version() {
    for link in [12, 14, 101, 228, 229] {
        assert_eq!(ip_packet(LinkType(link), IPV4), Content::Ip(IPV4));
        assert_eq!(ip_packet(LinkType(link), IPV6), Content::Ip(IPV6));
        assert_eq!(ip_packet(LinkType(link), &[0x10]), Content::Other);
        assert_eq!(ip_packet(LinkType(link), &[]), Content::Cut);
    }
}

#[test]
fn an_unsupported_link_type_is_reported() {
    assert_eq!(ip_packet(LinkType(147), IPV4), Content::UnknownLink);
}

#[test]
fn no_bytes_of_any_link_type_cause_a_panic() {
    for link in 0..=300 {
        for length in 0..64 {
            for byte in [0, 0x02, 0x08, 0x45, 0x81, 0xaa, 0xff] {
                let _ = ip_packet(LinkType(link), &vec![byte; length]);
                let _ = path(LinkType(link), &vec![byte; length]);
            }
        }
    }
}

/// Returns a whole IPv4 packet with a TCP header.
fn tcp4() -> Vec<u8> {
    example::segment((1, 80), (2, 40_000), 1, 2, SYN | ACK, 256)
}

/// Returns a whole IPv6 packet with a TCP header.
fn tcp6() -> Vec<u8> {
    ipv6(ip::TCP, &tcp4()[20..])
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    Ipv4 { protocol, ..Ipv4::default() }.packet(payload)
}

fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    Ipv6 { next_header, ..Ipv6::default() }.packet(payload)
}

fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    datagram([source, destination], payload)
}

fn to_port(port: u16, parts: &[&[u8]]) -> Vec<u8> {
    ipv4(17, &udp(50_000, port, &parts.concat()))
}

fn gre(parts: &[&[u8]]) -> Vec<u8> {
    ipv4(47, &parts.concat())
}

/// Returns an 802.11 frame, given its first two bytes, the bytes between the third address and LLC,
/// and the rest.
fn wireless(control: [u8; 2], extra: &[u8], packet: &[u8]) -> Vec<u8> {
    frame(&[&control, &[0; 20], &[0x10, 0], extra, &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], packet])
}

/// Returns `packet`, an IPv4 packet, in every supported layer: name, link type and frame.
fn in_every_layer(packet: &[u8]) -> Vec<(&'static str, u16, Vec<u8>)> {
    const LABELS: &[u8] = &[0, 6, 0x40, 64, 0, 6, 0x51, 63];
    const VXLAN: &[u8] = &[8, 0, 0, 0, 0, 0, 7, 0];
    const PPPOE: &[u8] = &[0x11, 0, 0, 1, 0, 42];
    const EXTENSIONS: &[u8] =
        &[43, 0, 1, 4, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 1, 4, 0, 1, 4, 0, 0, 0, 0];
    let bridged = ethernet_frame(&[&[8, 0], packet]);
    let wlan = wireless([8, 1], &[], packet);
    let nflog = |order: fn(u16) -> [u8; 2]| {
        let prefix = frame(&[&order(9), &order(10), &[b'h', b'e', b'l', b'l', 0, 0, 0, 0]]);
        let length = u16::try_from(4 + packet.len()).unwrap();
        frame(&[&[2, 0, 0, 1], &prefix, &order(length), &order(9), packet])
    };
    let queued = |order: fn(u16) -> [u8; 2], long: fn(u32) -> [u8; 4]| {
        let header = frame(&[&order(11), &order(1), &[0, 0, 0, 7, 8, 0, 1], &[0]]);
        let length = u16::try_from(4 + packet.len()).unwrap();
        let body = frame(&[&[2, 0, 0, 1], &header, &order(length), &order(10), packet]);
        let total = u32::try_from(16 + body.len()).unwrap();
        frame(&[&long(total), &order(0x300), &order(0), &[0; 8], &body])
    };
    let logged = frame(&[
        &u32::try_from(16 + nflog(u16::to_le_bytes).len()).unwrap().to_le_bytes(),
        &[0, 4],
        &[0; 10],
        &nflog(u16::to_le_bytes),
    ]);
    let netlink = |message: &[u8]| frame(&[&[0, 4], &824_u16.to_be_bytes(), &[0; 10], &[0, 12], message]);
    let teredo = ipv6(4, packet);
    let prism = |length: [u8; 4]| frame(&[&[0, 0, 0, 0x44], &length, &[0; 136], &wlan]);
    vec![
        ("MPLS", 1, ethernet_frame(&[&[0x88, 0x47], LABELS, packet])),
        ("MPLS upstream", 1, ethernet_frame(&[&[0x88, 0x48], LABELS, packet])),
        ("MPLS pseudowire", 1, ethernet_frame(&[&[0x88, 0x47], LABELS, &[0, 0, 0, 5], &bridged])),
        ("PPPoE", 1, ethernet_frame(&[&[0x88, 0x64], PPPOE, &[0, 0x21], packet])),
        ("PPPoE, short protocol", 1, ethernet_frame(&[&[0x88, 0x64], PPPOE, &[0x21], packet])),
        ("IP's own LLC", 1, ethernet_frame(&[&[0, 43, 6, 6, 3], packet])),
        ("PPP", 9, frame(&[&[0, 0x21], packet])),
        ("PPP, short protocol", 9, frame(&[&[0x21], packet])),
        ("PPP, HDLC-like", 50, frame(&[&[0xff, 3, 0, 0x21], packet])),
        ("Cisco HDLC as PPP", 50, frame(&[&[0x0f, 0, 8, 0], packet])),
        ("PPP_ETHER", 51, frame(&[PPPOE, &[0, 0x21], packet])),
        ("Cisco HDLC", 104, frame(&[&[0x0f, 0, 8, 0], packet])),
        ("Frame Relay", 107, frame(&[&[0x18, 0x41, 3, 0xcc], packet])),
        ("Frame Relay, SNAP", 107, frame(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], packet])),
        ("Frame Relay, bridged", 107, frame(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7], &bridged])),
        ("Frame Relay, Cisco", 107, frame(&[&[0x18, 0x41, 8, 0], packet])),
        ("NFLOG, little-endian", 239, nflog(u16::to_le_bytes)),
        ("NFLOG, big-endian", 239, nflog(u16::to_be_bytes)),
        ("NETLINK, logged", 253, netlink(&logged)),
        ("NETLINK, queued", 253, netlink(&queued(u16::to_le_bytes, u32::to_le_bytes))),
        ("NETLINK, queued, big-endian", 253, netlink(&queued(u16::to_be_bytes, u32::to_be_bytes))),
        ("netlink in a cooked capture", 113, netlink(&logged)),
        ("FDDI", 10, frame(&[&[0x54], &[2; 12], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], packet])),
        ("PPI, 802.11", 192, frame(&[&[0, 0, 20, 0, 105, 0, 0, 0], &[0; 12], &wlan])),
        ("PPI, Ethernet", 192, frame(&[&[0, 0, 8, 0, 1, 0, 0, 0], &bridged])),
        ("VN-Tag", 1, ethernet_frame(&[&[0x89, 0x26, 0, 1, 0, 2, 8, 0], packet])),
        ("VN-Tag and VLAN", 1, ethernet_frame(&[&[0x89, 0x26, 0, 1, 0, 2, 0x81, 0, 0, 7, 8, 0], packet])),
        ("802.11", 105, wlan.clone()),
        ("802.11 QoS", 105, wireless([0x88, 2], &[0, 0], packet)),
        ("802.11 QoS, HT control", 105, wireless([0x88, 0x81], &[0; 6], packet)),
        ("802.11, four addresses", 105, wireless([0x88, 3], &[0; 8], packet)),
        ("802.11 aggregate", 105, wireless([0x88, 1], &[&[0x80, 0][..], &[0; 12], &[0, 48]].concat(), packet)),
        ("radiotap", 127, frame(&[&[0, 0, 9, 0, 2, 0, 0, 0, 0x10], &wlan])),
        (
            "radiotap, padded",
            127,
            frame(&[&[0, 0, 17, 0, 3, 0, 0, 0], &[0; 8], &[0x20], &wireless([0x88, 1], &[0; 4], packet)]),
        ),
        ("Prism, little-endian", 119, prism(144_u32.to_le_bytes())),
        ("Prism, big-endian", 119, prism(144_u32.to_be_bytes())),
        ("AVS", 163, frame(&[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64], &[0; 56], &wlan])),
        ("IP in IP", 101, ipv4(4, packet)),
        ("IP in IPv6, extension headers", 101, ipv6(0, &[EXTENSIONS, packet].concat())),
        ("IP in IP, authenticated", 101, ipv4(51, &[&[4, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2], packet].concat())),
        ("GRE", 101, gre(&[&[0, 0, 8, 0], packet])),
        ("GRE with every field", 101, gre(&[&[0xb0, 0, 8, 0], &[0; 7], &[7], &[0; 4], packet])),
        ("GRE, Ethernet", 101, gre(&[&[0, 0, 0x65, 0x58], &bridged])),
        ("GRE, MPLS", 101, gre(&[&[0, 0, 0x88, 0x47], LABELS, packet])),
        ("GRE, PPTP", 101, gre(&[&[0x30, 0x81, 0x88, 0x0b], &[0; 12], &[0xff, 3, 0, 0x21], packet])),
        ("GRE, WCCP", 101, gre(&[&[0, 0, 0x88, 0x3e, 0, 0, 0, 0], packet])),
        ("ERSPAN I", 101, gre(&[&[0, 0, 0x88, 0xbe], &bridged])),
        ("ERSPAN II", 101, gre(&[&[0x10, 0, 0x88, 0xbe], &[0; 4], &[0x10, 7, 0, 1, 0, 0, 0, 0], &bridged])),
        ("ERSPAN III", 101, gre(&[&[0x10, 0, 0x22, 0xeb], &[0; 4], &[0x20, 7, 0, 2], &[0; 8], &bridged])),
        ("ERSPAN III, subheader", 101, gre(&[&[0x10, 0, 0x22, 0xeb], &[0; 4], &[0; 11], &[1], &[0; 8], &bridged])),
        ("VXLAN", 101, to_port(4789, &[VXLAN, &bridged])),
        ("VXLAN from its port", 101, ipv4(17, &udp(4789, 50_000, &[VXLAN, &bridged].concat()))),
        ("VXLAN over IPv6", 101, ipv6(17, &udp(50_000, 4789, &[VXLAN, &bridged].concat()))),
        ("VXLAN-GPE", 101, to_port(4790, &[&[0x0c, 0, 0, 1, 0, 0, 7, 0], packet])),
        ("GENEVE", 101, to_port(6081, &[&[0, 0, 0x65, 0x58, 0, 0, 7, 0], &bridged])),
        ("GENEVE with options", 101, to_port(6081, &[&[2, 0, 8, 0, 0, 0, 7, 0], &[0, 0, 0x80, 1, 0, 0, 0, 0], packet])),
        ("GTP-U", 101, to_port(2152, &[&[0x30, 255, 0, 40, 0, 0, 0, 1], packet])),
        ("GTP-U, sequence number", 101, to_port(2152, &[&[0x32, 255, 0, 44, 0, 0, 0, 1, 0, 1, 0, 0], packet])),
        (
            "GTP-U, extension headers",
            101,
            to_port(2152, &[&[0x34, 255, 0, 52, 0, 0, 0, 1, 0, 0, 0, 0x40, 1, 8, 104, 0x85, 1, 16, 9, 0], packet]),
        ),
        ("GTP-U, Ethernet", 101, to_port(2152, &[&[0x30, 255, 0, 54, 0, 0, 0, 1], &bridged])),
        ("L2TP", 101, to_port(1701, &[&[0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21], packet])),
        ("L2TP with every field", 101, to_port(1701, &[&[0x4a, 2], &[0; 10], &[0, 2, 0, 0, 0xff, 3, 0, 0x21], packet])),
        ("CAPWAP, Ethernet", 101, to_port(5247, &[&[0, 0x10, 2, 0, 0, 0, 0, 0], &bridged])),
        ("CAPWAP, 802.11", 101, to_port(5247, &[&[0, 0x10, 3, 0, 0, 0, 0, 0], &[wlan[1], wlan[0]], &wlan[2..]])),
        (
            "CAPWAP, longer header",
            101,
            to_port(5247, &[&[0, 0x20, 3, 0x20], &[0; 12], &[wlan[1], wlan[0]], &wlan[2..]]),
        ),
        ("Teredo", 101, to_port(3544, &[&teredo])),
        ("Teredo, authenticated", 101, to_port(3544, &[&[0, 1, 2, 3], &[9; 14], &[0, 0, 1, 2, 3, 4, 5, 6], &teredo])),
        ("AYIYA", 101, to_port(5072, &[&[0x41, 0x52, 0x11, 41], &[9; 40], &teredo])),
        ("AYIYA, IPv4", 101, to_port(5072, &[&[0x41, 0x52, 0x11, 4], &[9; 40], packet])),
        ("EtherIP", 101, ipv4(97, &[&[0x30, 0], &bridged[..]].concat())),
        ("MPLS in IP", 101, ipv4(137, &[LABELS, packet].concat())),
        ("MPLS over UDP", 101, to_port(6635, &[LABELS, packet])),
        ("GRE over UDP", 101, to_port(4754, &[&[0, 0, 8, 0], packet])),
    ]
}

#[test]
fn tcp_is_found_in_every_layer() {
    for (name, link, bytes) in in_every_layer(&tcp4()) {
        assert_eq!(ip_packet(LinkType(link), &bytes), Content::Ip(&tcp4()), "{name}");
    }
}

#[test]
fn a_tunnel_is_followed_in_every_layer() {
    let inner = tcp6();
    for (name, link, bytes) in in_every_layer(&ipv4(41, &inner)) {
        assert_eq!(ip_packet(LinkType(link), &bytes), Content::Ip(&inner), "{name}");
    }
}

#[test]
fn a_packet_with_tcp_is_never_searched_for_a_tunnel() {
    for outer in [ipv4(6, &ipv4(4, &tcp4())), ipv6(6, &tcp4()), ipv6(60, &frame(&[&[6, 0, 1, 4, 0, 0, 0, 0], &tcp4()]))]
    {
        assert_eq!(ip_packet(LinkType(101), &outer), Content::Ip(&outer));
    }
}

#[test]
fn a_tunnel_without_ip_inside_gives_the_outer_packet() {
    let arp = ethernet_frame(&[&[8, 6], &[0; 28]]);
    let vxlan = to_port(4789, &[&[8, 0, 0, 0, 0, 0, 7, 0], &arp]);
    let others = [
        vxlan,
        ipv4(47, &[0, 0, 0x20, 0, 1, 2, 3, 4]),
        ipv4(41, &tcp4()),
        ipv4(1, &tcp4()),
        ipv4(17, &udp(50_000, 53, &tcp4())),
        to_port(2152, &[&[0x30, 1, 0, 40, 0, 0, 0, 1], &tcp4()]),
        to_port(1701, &[&[0xc8, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21], &tcp4()]),
        ipv4(4, &[]),
        // CAPWAP with DTLS, a keep-alive and a fragment; a Teredo bubble; an AYIYA echo.
        to_port(5247, &[&[1, 0, 0, 0], &tcp4()]),
        to_port(5247, &[&[0, 0x10, 2, 8, 0, 0, 0, 0], &tcp4()]),
        to_port(5247, &[&[0, 0x10, 2, 0x80, 0, 0, 0, 0], &ethernet_frame(&[&[8, 0], &tcp4()])]),
        to_port(3544, &[&[0x45], &tcp4()]),
        to_port(5072, &[&[0x41, 0x52, 0x12, 41], &[9; 40], &tcp6()]),
    ];
    for outer in others {
        assert_eq!(ip_packet(LinkType(101), &outer), Content::Ip(&outer), "{outer:02x?}");
    }
}

#[test]
fn a_fragment_of_a_tunnel_is_not_followed() {
    for fragment in [[0x20, 0], [0, 1], [1, 0]] {
        let mut outer = ipv4(4, &tcp4());
        outer[6..8].copy_from_slice(&fragment);
        assert_eq!(ip_packet(LinkType(101), &outer), Content::Ip(&outer));
    }
    for fragment in [[0, 1], [0, 8], [1, 0]] {
        let outer = ipv6(44, &frame(&[&[4, 0, fragment[0], fragment[1], 0, 0, 0, 1], &tcp4()]));
        assert_eq!(ip_packet(LinkType(101), &outer), Content::Ip(&outer));
    }
}

#[test]
fn bytes_after_the_end_of_a_tunnel_are_not_its_content() {
    let outer = frame(&[&ipv4(4, &[]), &tcp4()]);
    assert_eq!(ip_packet(LinkType(101), &outer), Content::Ip(&outer));
}

#[test]
fn frames_of_fddi_and_messages_of_netlink_without_packets_are_other_content() {
    let beacon = frame(&[&[0xc2], &[2; 12], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], IPV4]);
    assert_eq!(ip_packet(LinkType(10), &beacon), Content::Other);
    let netlink = |family: u8, message: &[u8]| frame(&[&[0, 4], &824_u16.to_be_bytes(), &[0; 11], &[family], message]);
    assert_eq!(ip_packet(LinkType(253), &netlink(0, &[16; 40])), Content::Other, "routing");
    assert_eq!(ip_packet(LinkType(253), &netlink(12, &[0; 15])), Content::Cut);
    assert_eq!(
        ip_packet(LinkType(253), &netlink(12, &[20, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0])),
        Content::Other
    );
    assert_eq!(ip_packet(LinkType(192), &[0, 0, 8, 0, 147, 0, 0, 0]), Content::Other, "a link type that is not read");
}

#[test]
fn encrypted_fragmented_and_empty_wireless_frames_are_other_content() {
    for control in [[8, 0x41], [8, 5], [0x48, 1], [0x80, 0], [0x0c, 0]] {
        assert_eq!(ip_packet(LinkType(105), &wireless(control, &[], &tcp4())), Content::Other, "{control:02x?}");
    }
}

#[test]
fn too_many_nested_tunnels_give_the_last_packet_reached() {
    let deep = (0..200).fold(tcp4(), |inner, _| ipv4(4, &inner));
    let Content::Ip(reached) = ip_packet(LinkType(101), &deep) else { panic!("an IP packet was there") };
    assert!(reached.len() < deep.len() && reached.len() > tcp4().len());
}

#[test]
fn no_truncated_or_bit_flipped_layer_causes_a_panic() {
    for (_, link, whole) in in_every_layer(&ipv4(17, &udp(50_000, 4789, &tcp4()))) {
        let link = LinkType(link);
        for length in 0..whole.len() {
            let _ = ip_packet(link, &whole[..length]);
            let _ = path(link, &whole[..length]);
            for bit in 0..8 {
                let mut wrong = whole.clone();
                wrong[length] ^= 1 << bit;
                let _ = ip_packet(link, &wrong);
                let _ = path(link, &wrong);
                let _ = ip_packet(link, &wrong[..whole.len() - length / 2]);
            }
        }
    }
}

/// Returns a MAC address with this last byte.
const fn mac(last: u8) -> [u8; 6] {
    [2, 0, 0, 0, 0, last]
}

/// Returns an Ethernet frame between these addresses.
fn between(destination: u8, source: u8, rest: &[&[u8]]) -> Vec<u8> {
    frame(&[&mac(destination), &mac(source), &rest.concat()])
}

#[test]
fn a_path_has_the_addresses_of_the_frame_and_its_outermost_and_innermost_vlan() {
    let tags: [&[u8]; 4] = [&[0x88, 0xa8, 0xe0, 100], &[0x81, 0, 0, 20], &[0x81, 0, 0x60, 30], &[0x81, 0, 0, 0]];
    let of = |tags: &[&[u8]]| path(ETHERNET, &between(1, 2, &[&tags.concat(), &[8, 0], &tcp4()]));
    let plain = Link { source: MacAddress::new(mac(2)), destination: MacAddress::new(mac(1)), ..Link::default() };
    assert_eq!(of(&[]), plain);
    assert_eq!(of(&tags[..1]), Link { vlan: Some(100), ..plain });
    assert_eq!(of(&tags[..2]), Link { vlan: Some(100), inner_vlan: Some(20), ..plain });
    assert_eq!(of(&tags[..3]), Link { vlan: Some(100), inner_vlan: Some(30), ..plain });
    assert_eq!(of(&tags), Link { vlan: Some(100), inner_vlan: Some(30), ..plain }, "id 0 is only a priority");
    assert_eq!(of(&tags[3..]), plain);
}

#[test]
fn a_path_has_the_addresses_outside_and_inside_a_tunnel() {
    let inner = between(3, 4, &[&[8, 0], &tcp4()]);
    let packet = to_port(4789, &[&[8, 0, 0, 0, 1, 0, 7, 0xff], &inner]);
    let tunnel = Some(Tunnel { kind: TunnelKind::Vxlan, id: Some(0x1_0007) });
    let inside = Link {
        inner_source: MacAddress::new(mac(4)),
        inner_destination: MacAddress::new(mac(3)),
        tunnel,
        ..Link::default()
    };
    let both = Link { source: MacAddress::new(mac(2)), destination: MacAddress::new(mac(1)), ..inside };
    assert_eq!(path(ETHERNET, &between(1, 2, &[&[8, 0], &packet])), both);
    assert_eq!(path(LinkType(101), &packet), inside);
}

#[test]
fn a_cooked_header_has_the_source_address() {
    let address = mac(2);
    let sll = |length: u8| frame(&[&[0, 0, 0, 1, 0, length], &address, &[0, 0, 8, 0], &tcp4()]);
    let sll2 = frame(&[&[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6], &address, &[0, 0], &tcp4()]);
    let source = Link { source: MacAddress::new(mac(2)), ..Link::default() };
    assert_eq!(path(LinkType(113), &sll(6)), source);
    assert_eq!(path(LinkType(276), &sll2), source);
    assert_eq!(path(LinkType(113), &sll(4)), Link::default(), "an IPv4 address of a tunnel interface");
    assert_eq!(path(LinkType(113), &sll(6)[..7]), Link::default());
}

/// Returns the tunnel that a frame of [`in_every_layer`] with this name has.
fn named(name: &str) -> Option<Tunnel> {
    const KINDS: [(&str, TunnelKind, Option<u32>); 18] = [
        ("IP in", TunnelKind::IpInIp, None),
        ("GRE with every field", TunnelKind::Gre, Some(7)),
        ("GRE, PPTP", TunnelKind::Pptp, None),
        ("GRE", TunnelKind::Gre, None),
        ("ERSPAN III, subheader", TunnelKind::Erspan, Some(0)),
        ("ERSPAN III", TunnelKind::Erspan, Some(2)),
        ("ERSPAN II", TunnelKind::Erspan, Some(1)),
        ("ERSPAN I", TunnelKind::Erspan, None),
        ("VXLAN", TunnelKind::Vxlan, Some(7)),
        ("GENEVE", TunnelKind::Geneve, Some(7)),
        ("GTP-U", TunnelKind::Gtp, Some(1)),
        ("L2TP", TunnelKind::L2tp, None),
        ("CAPWAP", TunnelKind::Capwap, None),
        ("Teredo", TunnelKind::Teredo, None),
        ("AYIYA", TunnelKind::Ayiya, None),
        ("EtherIP", TunnelKind::EtherIp, None),
        ("MPLS in IP", TunnelKind::Mpls, None),
        ("MPLS over UDP", TunnelKind::Mpls, None),
    ];
    let (_, kind, id) = KINDS.into_iter().find(|(prefix, ..)| name.starts_with(prefix))?;
    Some(Tunnel { kind, id })
}

#[test]
fn a_path_has_the_kind_and_the_number_of_each_tunnel() {
    for (name, link, bytes) in in_every_layer(&tcp4()) {
        // These two carry the packet in a second tunnel, of IPv4 in IPv6.
        let is_nested = matches!(name, "Teredo" | "Teredo, authenticated" | "AYIYA");
        let expected = named(if is_nested { "IP in IP" } else { name });
        assert_eq!(path(LinkType(link), &bytes).tunnel, expected, "{name}");
    }
    let bare = [to_port(3544, &[&tcp6()]), to_port(5072, &[&[0x41, 0x52, 0x11, 41], &[9; 40], &tcp6()])];
    let kinds = bare.map(|packet| path(LinkType(101), &packet).tunnel);
    assert_eq!(kinds, ["Teredo", "AYIYA"].map(named));
}
