//! Visits the link layer of a SYN.

use super::fields::{Field, Fields, field};
use super::values::{bits, number, optional_number};
use crate::{Link, MacAddress, Tunnel, TunnelKind};

/// Visits a link layer.
pub(super) fn link<F: Fields>(fields: &mut F, link: Link) -> Result<Link, F::Error> {
    let [has_source, has_destination, has_inner_source, has_inner_destination, has_vlan, has_inner_vlan, has_tunnel] =
        bits(
            fields,
            field!(
                "link_bits",
                "Bits 0 to 6, one for each of these fields, whether it follows: `link_source`, `link_destination`, `inner_source`, \
                 `inner_destination`, `vlan`, `inner_vlan`, `tunnel` (and `tunnel_id`)"
            ),
            [
                link.source.is_some(),
                link.destination.is_some(),
                link.inner_source.is_some(),
                link.inner_destination.is_some(),
                link.vlan.is_some(),
                link.inner_vlan.is_some(),
                link.tunnel.is_some(),
            ],
        )?;
    let mut visited = Link::default();
    if has_source {
        visited.source = mac(fields, field!("link_source", "Source MAC address"), link.source)?;
    }
    if has_destination {
        let about = field!("link_destination", "Destination MAC address");
        visited.destination = mac(fields, about, link.destination)?;
    }
    if has_inner_source {
        let about = field!("inner_source", "Source MAC address of the innermost Ethernet frame in a tunnel");
        visited.inner_source = mac(fields, about, link.inner_source)?;
    }
    if has_inner_destination {
        let about = field!("inner_destination", "Destination MAC address of the innermost Ethernet frame in a tunnel");
        visited.inner_destination = mac(fields, about, link.inner_destination)?;
    }
    if has_vlan {
        let about = field!("vlan", "Id of the outermost VLAN");
        visited.vlan = Some(number(fields, about, link.vlan.unwrap_or_default())?);
    }
    if has_inner_vlan {
        let about = field!("inner_vlan", "Id of the innermost VLAN, if there are several");
        visited.inner_vlan = Some(number(fields, about, link.inner_vlan.unwrap_or_default())?);
    }
    if has_tunnel {
        visited.tunnel = Some(tunnel(fields, link.tunnel)?);
    }
    Ok(visited)
}

fn tunnel<F: Fields>(fields: &mut F, tunnel: Option<Tunnel>) -> Result<Tunnel, F::Error> {
    const TUNNEL: &Field = field!("tunnel", "Protocol of the innermost tunnel");
    let kind = tunnel.and_then(|tunnel| TunnelKind::ALL.iter().position(|kind| *kind == tunnel.kind));
    let kind = fields.word(TUNNEL, kind.unwrap_or_default(), &TunnelKind::NAMES)?;
    let id = optional_number(
        fields,
        field!("tunnel_id", "Number that distinguishes tunnels of this protocol"),
        tunnel.and_then(|tunnel| tunnel.id),
    )?;
    Ok(Tunnel { kind: TunnelKind::ALL.get(kind).copied().ok_or_else(|| fields.invalid(TUNNEL))?, id })
}

#[inline]
fn mac<F: Fields>(
    fields: &mut F,
    field: &'static Field,
    address: Option<MacAddress>,
) -> Result<Option<MacAddress>, F::Error> {
    // The two bytes before an address are 0.
    let [_, _, bytes @ ..] = address.map_or(0, MacAddress::number).to_be_bytes();
    MacAddress::new(fields.mac(field, bytes)?).ok_or_else(|| fields.invalid(field)).map(Some)
}
