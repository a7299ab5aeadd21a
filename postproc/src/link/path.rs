//! The MAC addresses, VLAN tags and tunnel of a frame. They are read only from frames with a SYN.

use etherparse::EtherType;
use syncookie_engine::{Link, MacAddress};

use super::{ETHERNET, Layer, fast_path, follow, tunnel, tunnel_identity};
use crate::capture::LinkType;

/// Returns what a frame has before its innermost IP packet.
#[must_use]
pub fn path(link: LinkType, frame: &[u8]) -> Link {
    plain(link, frame).unwrap_or_else(|| followed(link, frame))
}

/// Returns the link of an Ethernet frame with at most one VLAN tag and without a tunnel, as nearly
/// every frame is; `None` for all others.
#[inline]
fn plain(link: LinkType, frame: &[u8]) -> Option<Link> {
    if link != ETHERNET {
        return None;
    }
    let packet = fast_path(link, frame).filter(|packet| tunnel::is_none(packet))?;
    let mut found = Link::default();
    add_addresses(&mut found, frame);
    if let Some(tag) = frame[..frame.len() - packet.len()].get(14..) {
        add_vlan(&mut found, tag);
    }
    Some(found)
}

/// Returns the link of any frame.
#[inline(never)]
pub(super) fn followed(link: LinkType, frame: &[u8]) -> Link {
    let mut found = Link { source: cooked_source(link, frame), ..Link::default() };
    follow(link, frame, |layer, bytes| match layer {
        Layer::Ethernet => add_addresses(&mut found, bytes),
        Layer::Protocol(EtherType::IPV4 | EtherType::IPV6) => {
            found.tunnel = tunnel_identity::identity(bytes).or(found.tunnel);
        }
        Layer::Protocol(
            EtherType::VLAN_TAGGED_FRAME | EtherType::PROVIDER_BRIDGING | EtherType::VLAN_DOUBLE_TAGGED_FRAME,
        ) => add_vlan(&mut found, bytes),
        Layer::Protocol(_) | Layer::Header(_) => {}
    });
    found
}

/// Adds the addresses of an Ethernet frame. The first frame is the captured one, unless a tunnel is
/// around it.
fn add_addresses(found: &mut Link, bytes: &[u8]) {
    let address = |at: usize| bytes.get(at..)?.first_chunk().copied().and_then(MacAddress::new);
    let (destination, source) = (address(0), address(6));
    if found.source.is_none() && found.tunnel.is_none() {
        (found.destination, found.source) = (destination, source);
    } else {
        (found.inner_destination, found.inner_source) = (destination, source);
    }
}

/// Adds a VLAN tag. Id 0 is that of a frame with a priority and without a VLAN (IEEE 802.1Q).
fn add_vlan(found: &mut Link, tag: &[u8]) {
    const ID: u16 = 0x0fff;
    let id = tag.first_chunk().map(|&control| u16::from_be_bytes(control) & ID).filter(|&id| id != 0);
    match found.vlan {
        None => found.vlan = id,
        Some(_) => found.inner_vlan = id.or(found.inner_vlan),
    }
}

/// Returns the source address in a Linux cooked header. It has no destination address.
fn cooked_source(link: LinkType, frame: &[u8]) -> Option<MacAddress> {
    const LINUX_SLL: LinkType = LinkType(113);
    const LINUX_SLL2: LinkType = LinkType(276);
    let (length, address) = match link {
        LINUX_SLL => (frame.get(5)?, 6),
        LINUX_SLL2 => (frame.get(11)?, 12),
        _ => return None,
    };
    let address = *frame.get(address..)?.first_chunk()?;
    // Tunnel interfaces have addresses of other lengths.
    MacAddress::new(address).filter(|_| *length == 6)
}
