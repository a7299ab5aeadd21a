//! Link layers: the packet that is found is a part of its frame, and layers around a packet do not
//! hide it.

use syncookie::capture::LinkType;
use syncookie::link::{self, Content};
use syncookie_engine::{Frame, Observation, Packet, Timestamp, describe};
use syncookie_testkit::example;
use syncookie_testkit::ip::{self, Ipv4, Ipv6};
use syncookie_testkit::link::ethernet;
use syncookie_testkit::udp;

use crate::choices::Choices;

/// Maximum number of layers around the packet, so that all of them are read.
const LAYERS: u8 = 10;

/// Number behind the last link type in the table.
const LINK_TYPES: u16 = 300;

/// Checks the link layers with an input.
///
/// # Panics
/// When a property does not hold.
pub fn check(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    if choices.u8() & 1 == 0 {
        let link = LinkType(choices.u16() % LINK_TYPES);
        any_frame(link, choices.rest());
    } else {
        nested(&mut choices);
    }
}

/// Checks that the packet of a frame lies within it, and that the engine reads it, whatever it holds.
fn any_frame(link: LinkType, frame: &[u8]) {
    let content = link::ip_packet(link, frame);
    let path = link::path(link, frame);
    assert!(path.inner_vlan.is_none() || path.vlan.is_some(), "{path:?} has an inner VLAN alone");
    if let Content::Ip(packet) = content {
        assert!(
            frame.as_ptr_range().contains(&packet.as_ptr()) || packet.is_empty(),
            "{packet:x?} is not in the frame"
        );
        let frame = Frame { capture: 0, number: 1 };
        let _ = describe(&Observation { frame, time: Timestamp::from_nanos(0), packet: Packet::Ip(packet) });
    }
    let is_unknown = content == Content::UnknownLink;
    assert!(!is_unknown || link::ip_packet(link, &[]) == Content::UnknownLink, "the link type alone decides this");
}

/// Checks that a segment is found in a frame with layers that the input chooses.
fn nested(choices: &mut Choices<'_>) {
    let [segment, ..] = example::handshake();
    let mut frame = segment.clone();
    let mut layers = Vec::new();
    for _ in 0..choices.u8() % LAYERS {
        let layer = choices.u8() % 11;
        layers.push(layer);
        frame = around(layer, &frame);
    }
    let frame = ethernet(&frame);
    let found = link::ip_packet(LinkType(1), &frame);
    assert_eq!(found, Content::Ip(&segment), "the layers {layers:?}, the inner ones first, hide the packet");
    let cut = usize::from(choices.u16()) % frame.len();
    any_frame(LinkType(1), &frame[..cut]);
}

/// Returns an IP packet that carries another in a tunnel.
fn around(layer: u8, packet: &[u8]) -> Vec<u8> {
    const GRE: u8 = 47;
    const IPV6: u8 = 41;
    const DESTINATION_OPTIONS: u8 = 60;
    let is_v6 = packet[0] >> 4 == 6;
    let inner = if is_v6 { IPV6 } else { ip::IPV4 };
    let ether_type: [u8; 2] = if is_v6 { [0x86, 0xdd] } else { [8, 0] };
    let v4 = |protocol: u8, payload: &[u8]| Ipv4 { protocol, ..Ipv4::default() }.packet(payload);
    let v6 = |next_header: u8, payload: &[u8]| Ipv6 { next_header, ..Ipv6::default() }.packet(payload);
    let by_port = |port: u16, header: &[u8], payload: &[u8]| {
        v4(ip::UDP, &udp::datagram([40_000, port], &[header, payload].concat()))
    };
    match layer {
        0 => v4(inner, packet),
        1 => v6(inner, packet),
        2 => v6(DESTINATION_OPTIONS, &[&[inner, 0, 1, 4, 0, 0, 0, 0], packet].concat()),
        3 => v4(GRE, &[&[0, 0], &ether_type[..], packet].concat()),
        4 => v6(GRE, &[&[0x20, 0], &ether_type[..], &[0, 0, 0, 7], packet].concat()),
        5 => v4(GRE, &[&[0, 0, 0x65, 0x58][..], &ethernet(packet)].concat()),
        6 => by_port(4789, &[8, 0, 0, 0, 0, 0, 7, 0], &ethernet(packet)),
        7 => by_port(6081, &[0, 0, 0x65, 0x58, 0, 0, 7, 0], &ethernet(packet)),
        8 => by_port(2152, &[0x30, 255, (packet.len() >> 8) as u8, packet.len() as u8, 0, 0, 0, 1], packet),
        // MPLS over IP: one label, which is the bottom of the stack.
        9 => v4(137, &[&[0, 1, 1, 64][..], packet].concat()),
        // MPLS over UDP.
        _ => by_port(6635, &[0, 1, 1, 64], packet),
    }
}
