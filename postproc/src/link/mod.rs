//! Link layers: finds the IP packet in a frame.
//!
//! A frame is a sequence of layers. Each names the next one and its offset; [`ip_packet`] follows
//! them, also through tunnels. The table in *types* has the first layer of each link type.

use etherparse::{EtherType, Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use crate::capture::LinkType;

mod netlink;
mod nflog;
mod path;
mod ppp;
#[cfg(test)]
mod tests;
mod tunnel;
mod tunnel_identity;
mod types;
mod wireless;

pub use path::path;
pub use types::name;

const ETHERNET: LinkType = LinkType(1);

/// Maximum number of layers of a frame; no network nests more.
const MAX_LAYERS: usize = 32;

/// Content of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// IPv4 or IPv6 packet, from its first byte; padding of the link layer may follow it. The
    /// innermost packet if there are several.
    Ip(&'a [u8]),
    /// Something else: ARP, a spanning-tree frame, an unsupported layer.
    Other,
    /// The frame is too short to show what it holds.
    Cut,
    /// The link type is not supported.
    UnknownLink,
}

/// First layer of the rest of a frame.
#[derive(Clone, Copy)]
enum Layer {
    /// Layer that an EtherType announced: IP, or a layer between it and Ethernet.
    Protocol(EtherType),
    /// Ethernet, or an 802.3 frame.
    Ethernet,
    /// Any other layer, with its parser, which returns the layer after it.
    Header(fn(&[u8]) -> Step),
}

/// Layers that come after several others.
impl Layer {
    const LLC: Self = Self::Header(llc);
    const RAW: Self = Self::Header(raw);
    const MPLS: Self = Self::Header(mpls);
    const PPPOE: Self = Self::Header(ppp::pppoe);
    const PPP: Self = Self::Header(ppp::ppp);
    const FRAME_RELAY: Self = Self::Header(ppp::frame_relay);
    const WIRELESS: Self = Self::Header(wireless::frame);
    const WIRELESS_PADDED: Self = Self::Header(wireless::padded_frame);
    const WIRELESS_SWAPPED: Self = Self::Header(wireless::swapped_frame);

    /// Returns the layer after this one, which is not IP.
    fn step(self, bytes: &[u8]) -> Step {
        match self {
            Self::Protocol(protocol) => by_ether_type(protocol, bytes),
            Self::Ethernet => ethernet(bytes),
            Self::Header(parse) => parse(bytes),
        }
    }
}

/// Finds the IP packet of a frame.
#[inline(always)]
pub fn ip_packet(link: LinkType, frame: &[u8]) -> Content<'_> {
    match fast_path(link, frame) {
        Some(packet) if tunnel::is_none(packet) => Content::Ip(packet),
        _ => walk(link, frame),
    }
}

/// Returns the IP packet right after the first layer, or after one VLAN tag on Ethernet: the packet
/// of nearly every frame, unless it carries a tunnel. Returns `None` for all other frames, which
/// [`ip_packet`] handles.
#[inline(always)]
fn fast_path(link: LinkType, frame: &[u8]) -> Option<&[u8]> {
    // In network byte order, so that no field has to be swapped.
    const IPV4: u16 = EtherType::IPV4.0.to_be();
    const IPV6: u16 = EtherType::IPV6.0.to_be();
    const VLAN: u16 = EtherType::VLAN_TAGGED_FRAME.0.to_be();
    // Lengths of an Ethernet header, which ends with its type, without and with a VLAN tag.
    const UNTAGGED: usize = 14;
    const TAGGED: usize = 18;
    if link != ETHERNET {
        return fast_path_after_other_layer(link, frame);
    }
    let header: &[u8; TAGGED] = frame.first_chunk()?;
    // Without a branch: the processor cannot predict which frames have a tag.
    let is_tagged = u16::from_ne_bytes([header[12], header[13]]) == VLAN;
    let end = UNTAGGED + (TAGGED - UNTAGGED) * usize::from(is_tagged);
    let carried = u16::from_ne_bytes([header[end - 2], header[end - 1]]);
    matches!(carried, IPV4 | IPV6).then(|| &frame[end..])
}

/// Returns the IP packet right after a first layer other than Ethernet. A function of its own, so
/// that the code for Ethernet is inlined.
#[cold]
fn fast_path_after_other_layer(link: LinkType, frame: &[u8]) -> Option<&[u8]> {
    match types::first_layer(link)?.step(frame) {
        Step::To(Layer::Protocol(EtherType::IPV4 | EtherType::IPV6), offset) => frame.get(offset..),
        _ => None,
    }
}

/// Follows the layers to the innermost IP packet.
#[inline(never)]
fn walk(link: LinkType, frame: &[u8]) -> Content<'_> {
    follow(link, frame, |_, _| ())
}

/// Follows the layers to the innermost IP packet. Calls `visit` with each layer and the bytes from
/// it on.
#[inline(always)]
fn follow(link: LinkType, frame: &[u8], mut visit: impl FnMut(Layer, &[u8])) -> Content<'_> {
    let Some(mut layer) = types::first_layer(link) else { return Content::UnknownLink };
    let mut rest = frame;
    let mut outer = None;
    for _ in 0..MAX_LAYERS {
        visit(layer, rest);
        let next = match layer {
            Layer::Protocol(EtherType::IPV4 | EtherType::IPV6) => {
                if tunnel::is_none(rest) {
                    return Content::Ip(rest);
                }
                outer = Some(rest);
                let (next, end) = tunnel::inside(rest);
                rest = &rest[..end];
                next
            }
            layer => layer.step(rest),
        };
        match next {
            Step::To(next, offset) => match rest.get(offset..) {
                Some(further) => (layer, rest) = (next, further),
                None => return outer.map_or(Content::Cut, Content::Ip),
            },
            // If a tunnel holds no IP packet, the packet that carries the tunnel is returned.
            Step::Other => return outer.map_or(Content::Other, Content::Ip),
            Step::Cut => return outer.map_or(Content::Cut, Content::Ip),
        }
    }
    outer.map_or(Content::Other, Content::Ip)
}

/// Next layer of a frame.
enum Step {
    /// This layer, at this offset in bytes, if the frame is that long.
    To(Layer, usize),
    Other,
    Cut,
}

impl Step {
    /// Adds a number of bytes to the offset.
    fn further(self, bytes: usize) -> Self {
        match self {
            Self::To(layer, offset) => Self::To(layer, offset + bytes),
            other => other,
        }
    }
}

/// Returns the layer after an EtherType that is not IP.
fn by_ether_type(protocol: EtherType, bytes: &[u8]) -> Step {
    const MPLS: EtherType = EtherType(0x8847);
    const MPLS_UPSTREAM: EtherType = EtherType(0x8848);
    const PPPOE_SESSION: EtherType = EtherType(0x8864);
    /// Transparent Ethernet bridging: GRE and GENEVE carry a whole Ethernet frame.
    const BRIDGED_ETHERNET: EtherType = EtherType(0x6558);
    const VN_TAG: EtherType = EtherType(0x8926);
    match protocol {
        EtherType::VLAN_TAGGED_FRAME | EtherType::PROVIDER_BRIDGING | EtherType::VLAN_DOUBLE_TAGGED_FRAME => {
            vlan(bytes)
        }
        VN_TAG => vn_tag(bytes),
        MPLS | MPLS_UPSTREAM => Step::To(Layer::MPLS, 0),
        PPPOE_SESSION => Step::To(Layer::PPPOE, 0),
        BRIDGED_ETHERNET => Step::To(Layer::Ethernet, 0),
        _ => Step::Other,
    }
}

/// Returns the layer after a field that is an EtherType, or a length that is followed by LLC.
fn after_type_field(field: EtherType, offset: usize) -> Step {
    const LONGEST_LENGTH: u16 = 1500;
    if field.0 <= LONGEST_LENGTH { Step::To(Layer::LLC, offset) } else { Step::To(Layer::Protocol(field), offset) }
}

#[inline]
fn ethernet(bytes: &[u8]) -> Step {
    match Ethernet2HeaderSlice::from_slice(bytes) {
        Ok(header) => after_type_field(header.ether_type(), header.slice().len()),
        Err(_) => Step::Cut,
    }
}

fn vlan(bytes: &[u8]) -> Step {
    match SingleVlanHeaderSlice::from_slice(bytes) {
        Ok(header) => after_type_field(header.ether_type(), header.slice().len()),
        Err(_) => Step::Cut,
    }
}

/// Parses the VN-Tag between a Cisco fabric extender and its switch: four bytes of interface
/// numbers, then an EtherType.
fn vn_tag(bytes: &[u8]) -> Step {
    match *bytes {
        [_, _, _, _, high, low, ..] => after_type_field(EtherType(u16::from_be_bytes([high, low])), 6),
        _ => Step::Cut,
    }
}

/// Parses FDDI: a frame control byte, two addresses, and LLC in the frames that carry data.
fn fddi(bytes: &[u8]) -> Step {
    const LENGTH: usize = 13;
    /// Asynchronous LLC frames; the low bits are a priority.
    const LLC_FRAME: u8 = 0x50;
    match bytes.first() {
        _ if bytes.len() < LENGTH => Step::Cut,
        Some(control) if control & 0xf0 == LLC_FRAME => Step::To(Layer::LLC, LENGTH),
        _ => Step::Other,
    }
}

/// Parses IEEE 802.2: the service access point of IP, or SNAP.
fn llc(bytes: &[u8]) -> Step {
    match bytes {
        [0xaa, 0xaa, 0x03, rest @ ..] => ppp::snap(rest).further(3),
        [0x06, 0x06, 0x03, ..] => Step::To(Layer::RAW, 3),
        [] | [_] | [_, _] => Step::Cut,
        _ => Step::Other,
    }
}

fn linux_sll(bytes: &[u8]) -> Step {
    cooked(bytes, 16, 2, 14)
}

fn linux_sll2(bytes: &[u8]) -> Step {
    cooked(bytes, 20, 8, 0)
}

/// Parses a Linux cooked header of `length` bytes, given the offsets of the ARPHRD type and the
/// protocol.
fn cooked(bytes: &[u8], length: usize, hardware: usize, protocol: usize) -> Step {
    /// ARPHRD type of netlink, whose protocol field is the netlink family.
    const NETLINK: u16 = 824;
    /// ARPHRD type of Frame Relay, whose protocol field is not an EtherType.
    const FRAME_RELAY: u16 = 770;
    /// `ETH_P_802_2`. Other numbers below the EtherTypes are not IP either.
    const LLC: u16 = 4;
    if bytes.len() < length {
        return Step::Cut;
    }
    let field = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    match field(protocol) {
        family if field(hardware) == NETLINK => netlink::messages(family, &bytes[length..]).further(length),
        _ if field(hardware) == FRAME_RELAY => Step::Other,
        LLC => Step::To(Layer::LLC, length),
        small if small < 0x600 => Step::Other,
        ether_type => Step::To(Layer::Protocol(EtherType(ether_type)), length),
    }
}

/// Parses the BSD loopback header: the address family in the byte order of the capturing machine
/// (NULL), or in network byte order (LOOP). The numbers are small, which shows the order. AF_INET
/// is 2 everywhere; AF_INET6 differs between systems.
fn family(bytes: &[u8]) -> Step {
    let Some((field, _)) = bytes.split_first_chunk::<4>() else { return Step::Cut };
    let little = u32::from_le_bytes(*field);
    match if little > 0xffff { little.swap_bytes() } else { little } {
        2 => Step::To(Layer::Protocol(EtherType::IPV4), 4),
        // Linux 10, Windows 23, NetBSD and OpenBSD 24, FreeBSD 28, macOS 30.
        10 | 23 | 24 | 28 | 30 => Step::To(Layer::Protocol(EtherType::IPV6), 4),
        // Some writers put an EtherType there.
        other @ 0x600..=0xffff => Step::To(Layer::Protocol(EtherType(other as u16)), 4),
        _ => Step::Other,
    }
}

/// Parses IP, whose version is in the first four bits.
fn raw(bytes: &[u8]) -> Step {
    match bytes.first().map(|byte| byte >> 4) {
        Some(4) => Step::To(Layer::Protocol(EtherType::IPV4), 0),
        Some(6) => Step::To(Layer::Protocol(EtherType::IPV6), 0),
        Some(_) => Step::Other,
        None => Step::Cut,
    }
}

/// Parses an MPLS label stack (RFC 3032). It does not name the next layer, so the first four bits
/// decide: the version of IP, or 0 in the control word before an Ethernet frame (RFC 4448).
fn mpls(bytes: &[u8]) -> Step {
    const BOTTOM: u8 = 1;
    let Some(last) = bytes.chunks_exact(4).position(|label| label[2] & BOTTOM != 0) else { return Step::Cut };
    let length = (last + 1) * 4;
    match &bytes[length..] {
        // The sequence number after the zero bits may be 0.
        [0, 0, _, _, ..] => Step::To(Layer::Ethernet, length + 4),
        inner => raw(inner).further(length),
    }
}
