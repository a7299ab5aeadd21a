//! Visits values that consist of several fields, or whose range is smaller than that of their field.

use std::net::IpAddr;

use arrayvec::ArrayVec;

use super::fields::{Field, Fields};
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame, Timestamp};

/// Length of an IPv6 address in bytes.
const ADDRESS: usize = 16;

/// Start of a handshake. Its times and frames are visited as distances from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// Time of its first frame.
    pub time: Timestamp,
    /// Number of the frame of its first header.
    pub frame: u32,
}

/// Visits a number that must be there.
pub(super) fn number<N: Copy + Into<u32> + TryFrom<u32>, F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: N,
) -> Result<N, F::Error> {
    optional_number(fields, field, Some(value))?.ok_or_else(|| fields.invalid(field))
}

/// Visits a number that may be missing.
pub(super) fn optional_number<N: Copy + Into<u32> + TryFrom<u32>, F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: Option<N>,
) -> Result<Option<N>, F::Error> {
    let number = fields.number(field, value.map(Into::into))?;
    number.map(|number| N::try_from(number).map_err(|_| fields.invalid(field))).transpose()
}

/// Visits a sequence number that must be there, as its distance from `base`.
pub(super) fn sequence<F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: SeqNumber,
    base: SeqNumber,
) -> Result<SeqNumber, F::Error> {
    let distance = fields.difference(field, Some(value.ahead_of(base)))?;
    distance.map(|distance| base.plus(distance.cast_unsigned())).ok_or_else(|| fields.invalid(field))
}

/// Visits a time that must be there, in nanoseconds after `base`.
pub(super) fn time<F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: Timestamp,
    base: Timestamp,
) -> Result<Timestamp, F::Error> {
    optional_time(fields, field, Some(value), base)?.ok_or_else(|| fields.invalid(field))
}

/// Visits a time that may be missing, in nanoseconds after `base`.
pub(super) fn optional_time<F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: Option<Timestamp>,
    base: Timestamp,
) -> Result<Option<Timestamp>, F::Error> {
    // Modulo 2^64, because hostile captures contain times that far apart.
    let nanos = value.map(|time| time.as_nanos().wrapping_sub(base.as_nanos()));
    let nanos = fields.long(field, nanos)?;
    Ok(nanos.map(|nanos| Timestamp::from_nanos(base.as_nanos().wrapping_add(nanos))))
}

/// Visits a frame that must be there, as [`optional_frame`] does.
pub(super) fn frame<F: Fields>(
    fields: &mut F,
    names: [&'static Field; 2],
    value: Frame,
    base: u32,
) -> Result<Frame, F::Error> {
    optional_frame(fields, names, Some(value), base)?.ok_or_else(|| fields.invalid(names[0]))
}

/// Visits a frame that may be missing: the distance of its number from `base`, and its capture.
pub(super) fn optional_frame<F: Fields>(
    fields: &mut F,
    [frame, capture]: [&'static Field; 2],
    value: Option<Frame>,
    base: u32,
) -> Result<Option<Frame>, F::Error> {
    let distance = value.map(|frame| frame.number.wrapping_sub(base).cast_signed());
    let distance = fields.difference(frame, distance)?;
    let number = distance.map(|distance| base.wrapping_add(distance.cast_unsigned()));
    let of_capture = fields.number(capture, value.map(|frame| frame.capture))?;
    match number.zip(of_capture) {
        Some((_, of_capture)) if of_capture >= fields.captures() => Err(fields.invalid(capture)),
        both => Ok(both.map(|(number, capture)| Frame { capture, number })),
    }
}

/// Visits an address that must be there.
pub(super) fn address<F: Fields>(fields: &mut F, field: &'static Field, value: IpAddr) -> Result<IpAddr, F::Error> {
    optional_address(fields, field, Some(value))?.ok_or_else(|| fields.invalid(field))
}

/// Visits an address that may be missing: 4 or 16 bytes.
fn optional_address<F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: Option<IpAddr>,
) -> Result<Option<IpAddr>, F::Error> {
    let mut bytes = [0; ADDRESS];
    let length = value.map(|ip| match ip {
        IpAddr::V4(ip) => copy(&mut bytes, &ip.octets()),
        IpAddr::V6(ip) => copy(&mut bytes, &ip.octets()),
    });
    match fields.bytes(field, &mut bytes, length)? {
        None => Ok(None),
        Some(4) => Ok(bytes.first_chunk::<4>().map(|&octets| octets.into())),
        Some(ADDRESS) => Ok(Some(bytes.into())),
        Some(_) => Err(fields.invalid(field)),
    }
}

fn copy(to: &mut [u8; ADDRESS], from: &[u8]) -> usize {
    to[..from.len()].copy_from_slice(from);
    from.len()
}

/// Visits an endpoint that must be there: its address and its port.
pub(super) fn endpoint<F: Fields>(
    fields: &mut F,
    names: [&'static Field; 2],
    value: Endpoint,
) -> Result<Endpoint, F::Error> {
    optional_endpoint(fields, names, Some(value))?.ok_or_else(|| fields.invalid(names[0]))
}

/// Visits an endpoint that may be missing: its address and its port.
pub(super) fn optional_endpoint<F: Fields>(
    fields: &mut F,
    [ip, port]: [&'static Field; 2],
    value: Option<Endpoint>,
) -> Result<Option<Endpoint>, F::Error> {
    let address = optional_address(fields, ip, value.map(|end| end.ip))?;
    let number: Option<u16> = optional_number(fields, port, value.map(|end| end.port))?;
    Ok(address.zip(number).map(|(ip, port)| Endpoint { ip, port }))
}

/// Visits one of several words that must be there.
pub(super) fn word<T: Copy + PartialEq, F: Fields, const N: usize>(
    fields: &mut F,
    field: &'static Field,
    value: T,
    all: &[T; N],
    words: &'static [&'static str; N],
) -> Result<T, F::Error> {
    let place = all.iter().position(|one| *one == value);
    let place = fields.word(field, place, words)?;
    place.and_then(|place| all.get(place).copied()).ok_or_else(|| fields.invalid(field))
}

/// Visits a list, and returns its items.
pub(super) fn list<T: Copy, F: Fields, const MOST: usize>(
    fields: &mut F,
    field: &'static Field,
    items: &ArrayVec<T, MOST>,
    empty: T,
    mut visit: impl FnMut(&mut F, T) -> Result<T, F::Error>,
) -> Result<ArrayVec<T, MOST>, F::Error> {
    let length = fields.list(field, items.len(), MOST)?;
    let mut visited = ArrayVec::new();
    for place in 0..length.min(MOST) {
        fields.item();
        visited.push(visit(fields, items.get(place).copied().unwrap_or(empty))?);
    }
    fields.end_list();
    Ok(visited)
}
