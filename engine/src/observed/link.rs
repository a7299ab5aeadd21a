//! Visits the link layer of a SYN.

use super::fields::{Field, Fields, field};
use super::values::optional_number;
use crate::{Link, MacAddress, Tunnel, TunnelKind};

/// Visits a link layer; `None` if it is not known.
pub(super) fn link<F: Fields>(fields: &mut F, link: Option<Link>) -> Result<Option<Link>, F::Error> {
    const TUNNEL: &Field = field!("tunnel", "Protocol of the innermost tunnel");
    let is_known = fields
        .flag(field!("has_link", "Whether the link layer of the SYN's frame is known, and follows"), link.is_some())?;
    if !is_known {
        return Ok(None);
    }
    let link = link.unwrap_or_default();
    let visited = Link {
        source: mac(fields, field!("link_source", "Source MAC address, as a number"), link.source)?,
        destination: mac(fields, field!("link_destination", "Destination MAC address, as a number"), link.destination)?,
        inner_source: mac(
            fields,
            field!("inner_source", "Source MAC address of the innermost Ethernet frame in a tunnel"),
            link.inner_source,
        )?,
        inner_destination: mac(
            fields,
            field!("inner_destination", "Destination MAC address of the innermost Ethernet frame in a tunnel"),
            link.inner_destination,
        )?,
        vlan: optional_number(fields, field!("vlan", "Id of the outermost VLAN"), link.vlan)?,
        inner_vlan: optional_number(
            fields,
            field!("inner_vlan", "Id of the innermost VLAN, if there are several"),
            link.inner_vlan,
        )?,
        tunnel: None,
    };
    let kind = link.tunnel.and_then(|tunnel| TunnelKind::ALL.iter().position(|kind| *kind == tunnel.kind));
    let kind = fields.word(TUNNEL, kind, &TunnelKind::NAMES)?;
    let id = fields.number(
        field!("tunnel_id", "Number that distinguishes tunnels of this protocol"),
        link.tunnel.and_then(|tunnel| tunnel.id),
    )?;
    let kind = kind.map(|place| TunnelKind::ALL.get(place).copied().ok_or_else(|| fields.invalid(TUNNEL)));
    let tunnel = kind.transpose()?.map(|kind| Tunnel { kind, id });
    Ok(Some(Link { tunnel, ..visited }))
}

fn mac<F: Fields>(
    fields: &mut F,
    field: &'static Field,
    address: Option<MacAddress>,
) -> Result<Option<MacAddress>, F::Error> {
    let number = fields.long(field, address.map(|address| address.number().cast_signed()))?;
    let bytes = number.map(|number| number.to_be_bytes());
    // The two bytes before an address are 0.
    bytes
        .map(|[_, _, a, b, c, d, e, f]| MacAddress::new([a, b, c, d, e, f]).ok_or_else(|| fields.invalid(field)))
        .transpose()
}
