//! Tunnels over IP: contents of an IP packet other than TCP.

use etherparse::EtherType;

use super::{Layer, Step};

/// Protocol numbers of IANA's registry that are supported.
pub(super) mod protocol {
    pub const HOP_BY_HOP: u8 = 0;
    pub const IPV4: u8 = 4;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const IPV6: u8 = 41;
    pub const ROUTING: u8 = 43;
    pub const FRAGMENT: u8 = 44;
    pub const GRE: u8 = 47;
    pub const AUTHENTICATION: u8 = 51;
    pub const DESTINATION: u8 = 60;
    pub const ETHERIP: u8 = 97;
    pub const MPLS: u8 = 137;
}

/// Flags of GRE that announce a field each.
pub(super) mod gre_flag {
    pub const CHECKSUM: u8 = 0x80;
    pub const KEY: u8 = 0x20;
    pub const SEQUENCE: u8 = 0x10;
}

/// Maximum number of IPv6 extension headers.
const MOST_EXTENSIONS: usize = 16;

/// UDP ports of the supported tunnels, sorted.
const TUNNEL_PORTS: [u16; 10] = [1701, 2152, 3544, 4754, 4789, 4790, 5072, 5247, 6081, 6635];

/// Returns whether an IP packet carries TCP, or UDP without a tunnel, right after its fixed header.
/// This is true of nearly every packet, and takes a few comparisons.
#[inline(always)]
pub fn is_none(packet: &[u8]) -> bool {
    match *packet {
        [0x45, _, _, _, _, _, _, _, _, protocol::TCP, ..] | [0x60..=0x6f, _, _, _, _, _, protocol::TCP, ..] => true,
        [0x45, _, _, _, _, _, _, _, _, protocol::UDP, ..] => !goes_to_tunnel(packet, 20),
        [0x60..=0x6f, _, _, _, _, _, protocol::UDP, ..] => !goes_to_tunnel(packet, 40),
        _ => false,
    }
}

#[inline]
fn goes_to_tunnel(packet: &[u8], header: usize) -> bool {
    let Some(&[a, b, c, d]) = packet.get(header..).and_then(|udp| udp.first_chunk()) else { return true };
    is_tunnel_port(u16::from_be_bytes([a, b])) || is_tunnel_port(u16::from_be_bytes([c, d]))
}

/// Returns whether a port is that of a tunnel. Most ports are greater than those.
#[inline]
fn is_tunnel_port(port: u16) -> bool {
    let [lowest, .., highest] = TUNNEL_PORTS;
    (lowest..=highest).contains(&port) && TUNNEL_PORTS.contains(&port)
}

/// Returns the layer in an IP packet, and the end of the packet according to its length field. Not
/// inlined, because packets with TCP do not need it.
#[inline(never)]
pub(super) fn inside(packet: &[u8]) -> (Step, usize) {
    if packet.is_empty() {
        return (Step::Cut, 0);
    }
    let (carried, end) = carried(packet);
    let step = match carried {
        Some((protocol, offset)) => payload(protocol, offset, &packet[..end]),
        None => Step::Other,
    };
    (step, end)
}

/// Returns the protocol number and the offset of its header; `None` if there is no further layer to
/// parse.
type Carried = Option<(u8, usize)>;

/// Returns what a packet carries, and its end according to its length field.
pub(super) fn carried(packet: &[u8]) -> (Carried, usize) {
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => ipv4(packet),
        Some(6) => ipv6(packet),
        _ => (None, packet.len()),
    }
}

fn ipv4(packet: &[u8]) -> (Carried, usize) {
    let end = end_of(packet, 2, 0);
    let Some(header) = packet.first_chunk::<20>() else { return (None, end) };
    let length = usize::from(header[0] & 0xf) * 4;
    // A fragment: the inner headers are elsewhere, or the inner packet is incomplete.
    let is_fragment = header[6] & 0x3f != 0 || header[7] != 0;
    let is_walked = length >= 20 && length <= end && !is_fragment;
    (if is_walked { behind_extensions(&packet[..end], header[9], length) } else { None }, end)
}

fn ipv6(packet: &[u8]) -> (Carried, usize) {
    let end = end_of(packet, 4, 40);
    let carried = packet.first_chunk::<40>().and_then(|header| behind_extensions(&packet[..end], header[6], 40));
    (carried, end)
}

/// Returns the end of a packet, given the offset of its length field and the `fixed` header bytes
/// that the length does not include. A length of 0 is that of a packet too long for the field, or
/// passed to the network card for segmentation.
fn end_of(packet: &[u8], at: usize, fixed: usize) -> usize {
    match packet.get(at..at + 2) {
        Some(&[0, 0]) | None => packet.len(),
        Some(field) => (usize::from(u16::from_be_bytes([field[0], field[1]])) + fixed).min(packet.len()),
    }
}

/// Skips IPv6 extension headers. IPv4 has one of them, too: the authentication header.
fn behind_extensions(packet: &[u8], mut next: u8, mut offset: usize) -> Carried {
    for _ in 0..MOST_EXTENSIONS {
        let header = packet.get(offset..offset + 4);
        let length = |header: &[u8]| usize::from(header[1]);
        offset += match next {
            protocol::HOP_BY_HOP | protocol::ROUTING | protocol::DESTINATION => (length(header?) + 1) * 8,
            protocol::AUTHENTICATION => (length(header?) + 2) * 4,
            // An only fragment is a complete packet (RFC 6946).
            protocol::FRAGMENT if header?[2] == 0 && header?[3] & !6 == 0 => 8,
            protocol::FRAGMENT => return None,
            _ => return Some((next, offset)),
        };
        next = header?[0];
    }
    None
}

fn payload(protocol: u8, offset: usize, packet: &[u8]) -> Step {
    let Some(bytes) = packet.get(offset..) else { return Step::Cut };
    match protocol {
        protocol::IPV4 => Step::To(Layer::RAW, offset),
        protocol::IPV6 if bytes.first().is_some_and(|byte| byte >> 4 == 6) => Step::To(Layer::RAW, offset),
        protocol::GRE => gre(bytes).further(offset),
        protocol::UDP => udp(bytes).further(offset),
        protocol::ETHERIP if bytes.len() >= 2 => Step::To(Layer::Ethernet, offset + 2),
        protocol::MPLS => Step::To(Layer::MPLS, offset),
        _ => Step::Other,
    }
}

/// Length of a UDP header, in bytes.
pub(super) const UDP_HEADER: usize = 8;

fn udp(bytes: &[u8]) -> Step {
    tunnel_port(bytes).1
}

/// Finds a tunnel by its UDP ports; returns the port, and the layer in the tunnel. Like Wireshark,
/// tries the lower port first.
pub(super) fn tunnel_port(bytes: &[u8]) -> (u16, Step) {
    let Some((header, inner)) = bytes.split_first_chunk::<UDP_HEADER>() else { return (0, Step::Cut) };
    let source = u16::from_be_bytes([header[0], header[1]]);
    let destination = u16::from_be_bytes([header[2], header[3]]);
    let (lower, higher) = (source.min(destination), source.max(destination));
    match by_port(lower, inner).further(UDP_HEADER) {
        step @ Step::To(..) => (lower, step),
        _ => (higher, by_port(higher, inner).further(UDP_HEADER)),
    }
}

fn by_port(port: u16, bytes: &[u8]) -> Step {
    match port {
        1701 => l2tp(bytes),
        2152 => gtp(bytes),
        3544 => teredo(bytes),
        4754 => gre(bytes),
        4789 => vxlan(bytes),
        4790 => vxlan_gpe(bytes),
        5072 => ayiya(bytes),
        5247 => capwap(bytes),
        6081 => geneve(bytes),
        6635 => Step::To(Layer::MPLS, 0),
        _ => Step::Other,
    }
}

/// Parses VXLAN (RFC 7348).
fn vxlan(bytes: &[u8]) -> Step {
    if bytes.len() < 8 { Step::Cut } else { Step::To(Layer::Ethernet, 8) }
}

/// Parses VXLAN with a field for the next protocol (draft-ietf-nvo3-vxlan-gpe).
fn vxlan_gpe(bytes: &[u8]) -> Step {
    let Some(header) = bytes.first_chunk::<8>() else { return Step::Cut };
    match header[3] {
        1 | 2 => Step::To(Layer::RAW, 8),
        3 => Step::To(Layer::Ethernet, 8),
        5 => Step::To(Layer::MPLS, 8),
        _ => Step::Other,
    }
}

/// Parses GENEVE (RFC 8926).
fn geneve(bytes: &[u8]) -> Step {
    let Some(header) = bytes.first_chunk::<8>() else { return Step::Cut };
    if header[0] >> 6 != 0 {
        return Step::Other;
    }
    let options = usize::from(header[0] & 0x3f) * 4;
    Step::To(Layer::Protocol(EtherType(u16::from_be_bytes([header[2], header[3]]))), 8 + options)
}

/// Parses GTP-U (3GPP TS 29.281), version 1: a user's packet after the optional fields and the
/// extension headers.
fn gtp(bytes: &[u8]) -> Step {
    const USER_PACKET: u8 = 255;
    let Some(header) = bytes.first_chunk::<8>() else { return Step::Cut };
    let is_version_1 = header[0] & 0xf0 == 0x30;
    if !is_version_1 || header[1] != USER_PACKET {
        return Step::Other;
    }
    let (has_optional, has_extensions) = (header[0] & 7 != 0, header[0] & 4 != 0);
    let mut offset = if has_optional { 12 } else { 8 };
    // The last byte of the optional fields, and of each extension header, is the type of the next
    // one.
    while has_extensions && bytes.get(offset - 1).is_some_and(|&next| next != 0) {
        match bytes.get(offset) {
            None => return Step::Cut,
            Some(0) => return Step::Other,
            Some(&words) => offset += usize::from(words) * 4,
        }
    }
    match bytes.get(offset) {
        None => Step::Cut,
        Some(0x45..=0x4f | 0x60..=0x6f) => Step::To(Layer::RAW, offset),
        // The session may carry Ethernet; no field says so.
        Some(_) => Step::To(Layer::Ethernet, offset),
    }
}

/// Parses Teredo (RFC 4380 section 5.1.1): an IPv6 packet, which an authentication and an origin
/// indication may precede.
fn teredo(bytes: &[u8]) -> Step {
    const FIXED_AUTHENTICATION: usize = 13;
    const ORIGIN: usize = 8;
    let mut offset = 0;
    if let Some(&[0, 1, client, value]) = bytes.first_chunk() {
        offset = FIXED_AUTHENTICATION + usize::from(client) + usize::from(value);
    }
    if let Some([0, 0]) = bytes.get(offset..offset + 2) {
        offset += ORIGIN;
    }
    match bytes.get(offset) {
        None => Step::Cut,
        Some(0x60..=0x6f) => Step::To(Layer::RAW, offset),
        Some(_) => Step::Other,
    }
}

/// Parses AYIYA (draft-massar-v6ops-ayiya): a header whose first bits give the lengths of the
/// identity (a power of two) and of the signature (in words of four bytes).
fn ayiya(bytes: &[u8]) -> Step {
    const FORWARD: u8 = 1;
    const FIXED: usize = 8;
    let Some(&[identity, signature, operation, next]) = bytes.first_chunk() else { return Step::Cut };
    if operation & 0xf != FORWARD {
        return Step::Other;
    }
    let offset = FIXED + (1 << (identity >> 4)) + usize::from(signature >> 4) * 4;
    match next {
        protocol::IPV4 | protocol::IPV6 => payload(next, offset, bytes),
        _ => Step::Other,
    }
}

/// Parses CAPWAP data (RFC 5415 section 4.3): an Ethernet or 802.11 frame after a header that gives
/// its own length. Not read: frames encrypted with DTLS, fragments, and keep-alives.
fn capwap(bytes: &[u8]) -> Step {
    const NATIVE: u8 = 0x01;
    const FRAGMENT: u8 = 0x80;
    const KEEP_ALIVE: u8 = 0x08;
    const IEEE_802_11: u8 = 1;
    let Some(header) = bytes.first_chunk::<8>() else { return Step::Cut };
    let (is_clear, length) = (header[0] & 0xf == 0, usize::from(header[1] >> 3) * 4);
    if !is_clear || header[3] & (FRAGMENT | KEEP_ALIVE) != 0 || length < header.len() {
        return Step::Other;
    }
    if header[2] & NATIVE == 0 {
        return Step::To(Layer::Ethernet, length);
    }
    if header[2] >> 1 & 0x1f == IEEE_802_11 { Step::To(Layer::WIRELESS_SWAPPED, length) } else { Step::Other }
}

/// Parses L2TP (RFC 2661): PPP after a header whose first bits announce its fields.
fn l2tp(bytes: &[u8]) -> Step {
    const CONTROL: u8 = 0x80;
    const LENGTH: u8 = 0x40;
    const SEQUENCE: u8 = 0x08;
    const OFFSET: u8 = 0x02;
    let Some(first) = bytes.first_chunk::<2>() else { return Step::Cut };
    if first[0] & CONTROL != 0 || first[1] & 0xf != 2 {
        return Step::Other;
    }
    let has = |flag: u8| first[0] & flag != 0;
    let mut length = 6 + 2 * usize::from(has(LENGTH)) + 4 * usize::from(has(SEQUENCE));
    if has(OFFSET) {
        let Some(pad) = bytes.get(length..length + 2) else { return Step::Cut };
        length += 2 + usize::from(u16::from_be_bytes([pad[0], pad[1]]));
    }
    Step::To(Layer::PPP, length)
}

/// Parses GRE (RFC 2784, RFC 2890), and its version for PPTP (RFC 2637).
fn gre(bytes: &[u8]) -> Step {
    use gre_flag::{CHECKSUM, KEY, SEQUENCE};
    const ROUTING: u8 = 0x40;
    const ACKNOWLEDGMENT: u8 = 0x80;
    let Some(&[flags, version, high, low]) = bytes.first_chunk::<4>() else { return Step::Cut };
    let has = |flag: u8| flags & flag != 0;
    if has(ROUTING) {
        return Step::Other;
    }
    let acknowledges = version & 7 == 1 && version & ACKNOWLEDGMENT != 0;
    let fields = [has(CHECKSUM), has(KEY), has(SEQUENCE), acknowledges];
    let length = 4 + 4 * fields.into_iter().filter(|is_there| *is_there).count();
    let Some(inner) = bytes.get(length..) else { return Step::Cut };
    match u16::from_be_bytes([high, low]) {
        0x880b => Step::To(Layer::PPP, length),
        0x6559 => Step::To(Layer::FRAME_RELAY, length),
        // Without a sequence number it is ERSPAN type I, which has no header.
        0x88be if !has(SEQUENCE) => Step::To(Layer::Ethernet, length),
        0x88be => Step::To(Layer::Ethernet, length + 8),
        0x22eb => erspan_3(inner).further(length),
        // WCCP: a redirect header may precede the packet.
        0x883e if inner.first().is_some_and(|byte| byte >> 4 != 4) => Step::To(Layer::RAW, length + 4),
        0x883e => Step::To(Layer::RAW, length),
        0x6400 => Step::To(Layer::Ethernet, length),
        // GRE is not followed directly by VLAN tags or PPPoE.
        other @ (0x0800 | 0x86dd | 0x6558 | 0x8847 | 0x8848) => Step::To(Layer::Protocol(EtherType(other)), length),
        _ => Step::Other,
    }
}

/// Parses ERSPAN type III: twelve bytes, and eight more if the last bit is set.
fn erspan_3(bytes: &[u8]) -> Step {
    let Some(header) = bytes.first_chunk::<12>() else { return Step::Cut };
    let length = if header[11] & 1 == 0 { 12 } else { 20 };
    Step::To(Layer::Ethernet, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnels_are_recognised_by_their_udp_ports() {
        for port in 0..=u16::MAX {
            let is_tunnel = !matches!(by_port(port, b""), Step::Other);
            assert_eq!(is_tunnel, is_tunnel_port(port), "{port}");
        }
    }
}
