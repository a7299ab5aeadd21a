//! Kinds and numbers of tunnels, which distinguish them. They are read only from frames with a SYN.

use syncookie_engine::{Tunnel, TunnelKind};

use super::Step;
use super::tunnel::{UDP_HEADER, carried, gre_flag, protocol, tunnel_port};

/// Returns the tunnel whose packet this is; `None` if it carries no known tunnel.
pub(super) fn identity(packet: &[u8]) -> Option<Tunnel> {
    let (carried, end) = carried(packet);
    let (protocol, offset) = carried?;
    let bytes = packet.get(offset..end)?;
    let without_id = |kind| Some(Tunnel { kind, id: None });
    match protocol {
        protocol::IPV4 | protocol::IPV6 => without_id(TunnelKind::IpInIp),
        protocol::ETHERIP => without_id(TunnelKind::EtherIp),
        protocol::MPLS => without_id(TunnelKind::Mpls),
        protocol::GRE => Some(gre(bytes)),
        protocol::UDP => in_udp(bytes),
        _ => None,
    }
}

/// Returns the tunnel that a UDP datagram carries.
fn in_udp(bytes: &[u8]) -> Option<Tunnel> {
    let (port, Step::To(..)) = tunnel_port(bytes) else { return None };
    let header = bytes.get(UDP_HEADER..)?;
    let vni = || Some(number(header, 4)? >> 8);
    let (kind, id) = match port {
        1701 => (TunnelKind::L2tp, None),
        2152 => (TunnelKind::Gtp, number(header, 4)),
        3544 => (TunnelKind::Teredo, None),
        4754 => return Some(gre(header)),
        4789 | 4790 => (TunnelKind::Vxlan, vni()),
        5072 => (TunnelKind::Ayiya, None),
        5247 => (TunnelKind::Capwap, None),
        6081 => (TunnelKind::Geneve, vni()),
        6635 => (TunnelKind::Mpls, None),
        _ => return None,
    };
    Some(Tunnel { kind, id })
}

/// Returns the number of four bytes at an offset.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

/// Returns the kind of a tunnel in GRE, and its number: the key, or the session of mirrored frames.
fn gre(bytes: &[u8]) -> Tunnel {
    use gre_flag::{CHECKSUM, KEY, SEQUENCE};
    const ERSPAN_SESSION: u32 = 0x3ff;
    let flags = bytes.first().copied().unwrap_or_default();
    let has = |flag: u8| flags & flag != 0;
    // Each field that a flag announces takes four bytes, in this order.
    let after = |fields: &[u8]| 4 + 4 * fields.iter().filter(|&&field| has(field)).count();
    let session = || number(bytes, after(&[CHECKSUM, KEY, SEQUENCE])).map(|word| word & ERSPAN_SESSION);
    let (kind, id) = match bytes.get(2..4) {
        Some([0x88, 0x0b]) => (TunnelKind::Pptp, None),
        // Without a sequence number it is ERSPAN type I, which has no session.
        Some([0x88, 0xbe]) if !has(SEQUENCE) => (TunnelKind::Erspan, None),
        Some([0x88, 0xbe] | [0x22, 0xeb]) => (TunnelKind::Erspan, session()),
        _ if has(KEY) => (TunnelKind::Gre, number(bytes, after(&[CHECKSUM]))),
        _ => (TunnelKind::Gre, None),
    };
    Tunnel { kind, id }
}
