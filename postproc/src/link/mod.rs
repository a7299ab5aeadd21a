//! Link layers: from the first byte of a frame to the first byte of its IP packet.
//!
//! A frame is a row of layers, each of which says which comes next and where: [`ip_packet`] walks along it. A further
//! encapsulation is a further [`Layer`] and a further arm.

use etherparse::{EtherType, Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use crate::capture::LinkType;

mod names;
#[cfg(test)]
mod tests;

pub use names::name;

/// More layers than this are no network's doing.
const DEEPEST: usize = 32;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// An IPv4 or IPv6 packet, from its first byte; perhaps with the link layer's padding behind it.
    Ip(&'a [u8]),
    /// Something else: ARP, a spanning-tree frame, a layer that is not walked through.
    Other,
    /// The snap length, or a short frame, ends it before that can be told.
    Cut,
    /// The link type is not known here.
    UnknownLink,
}

/// What the bytes at hand begin with.
#[derive(Clone, Copy)]
enum Layer {
    Ethernet,
    /// What an EtherType announced.
    Protocol(EtherType),
    Llc,
    LinuxSll,
    LinuxSll2,
    /// The address family in the byte order of the machine that captured, which may not be this one (NULL), or in
    /// network byte order (LOOP): the numbers are small, so that their place tells.
    Family,
    /// An IP packet of the version its first four bits say.
    Raw,
}

/// Finds the IP packet of a frame.
#[inline]
pub fn ip_packet(link: LinkType, frame: &[u8]) -> Content<'_> {
    let Some(mut layer) = first_layer(link) else { return Content::UnknownLink };
    let mut rest = frame;
    for _ in 0..DEEPEST {
        let next = match layer {
            Layer::Ethernet => ethernet(rest),
            Layer::Protocol(protocol) => match protocol {
                EtherType::IPV4 | EtherType::IPV6 => return Content::Ip(rest),
                EtherType::VLAN_TAGGED_FRAME | EtherType::PROVIDER_BRIDGING | EtherType::VLAN_DOUBLE_TAGGED_FRAME => {
                    vlan(rest)
                }
                _ => return Content::Other,
            },
            Layer::Llc => llc(rest),
            Layer::LinuxSll => linux_sll(rest),
            Layer::LinuxSll2 => linux_sll2(rest),
            Layer::Family => family(rest),
            Layer::Raw => return raw(rest),
        };
        match next {
            Step::To(next, offset) => (layer, rest) = (next, &rest[offset..]),
            Step::Other => return Content::Other,
            Step::Cut => return Content::Cut,
        }
    }
    Content::Other
}

fn first_layer(link: LinkType) -> Option<Layer> {
    Some(match link.0 {
        0 | 108 => Layer::Family,
        1 => Layer::Ethernet,
        // 12 and 14 are what some BSDs write for raw IP.
        12 | 14 | 101 | 228 | 229 => Layer::Raw,
        113 => Layer::LinuxSll,
        276 => Layer::LinuxSll2,
        _ => return None,
    })
}

/// What follows a layer.
enum Step {
    /// This layer, so many bytes further on; they are there.
    To(Layer, usize),
    Other,
    Cut,
}

/// The layer after a field that is an EtherType, or a length where LLC follows.
fn after_type_field(field: EtherType, offset: usize) -> Step {
    const LONGEST_LENGTH: u16 = 1500;
    if field.0 <= LONGEST_LENGTH { Step::To(Layer::Llc, offset) } else { Step::To(Layer::Protocol(field), offset) }
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

/// IEEE 802.2: an EtherType follows in a SNAP header with the organisation code zero (RFC 1042).
fn llc(bytes: &[u8]) -> Step {
    match bytes {
        [0xaa, 0xaa, 0x03, 0, 0, 0, high, low, ..] => {
            Step::To(Layer::Protocol(EtherType(u16::from_be_bytes([*high, *low]))), 8)
        }
        [0xaa, ..] if bytes.len() < 8 => Step::Cut,
        _ => Step::Other,
    }
}

fn linux_sll(bytes: &[u8]) -> Step {
    cooked(bytes, 16, 2, 14)
}

fn linux_sll2(bytes: &[u8]) -> Step {
    cooked(bytes, 20, 8, 0)
}

/// A Linux cooked header of `length` bytes, with the device's ARPHRD type and the protocol at these places.
fn cooked(bytes: &[u8], length: usize, hardware: usize, protocol: usize) -> Step {
    /// Devices whose protocol field is no EtherType: netlink and Frame Relay.
    const NOT_ETHERTYPE: [u16; 2] = [824, 770];
    /// `ETH_P_802_2`; the other numbers below the EtherTypes are no IP either.
    const LLC: u16 = 4;
    if bytes.len() < length {
        return Step::Cut;
    }
    let field = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    match field(protocol) {
        _ if NOT_ETHERTYPE.contains(&field(hardware)) => Step::Other,
        LLC => Step::To(Layer::Llc, length),
        small if small < 0x600 => Step::Other,
        ether_type => Step::To(Layer::Protocol(EtherType(ether_type)), length),
    }
}

/// BSD loopback. AF_INET is 2 everywhere, AF_INET6 is another number on every system.
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

fn raw(bytes: &[u8]) -> Content<'_> {
    match bytes.first().map(|byte| byte >> 4) {
        Some(4 | 6) => Content::Ip(bytes),
        Some(_) => Content::Other,
        None => Content::Cut,
    }
}
