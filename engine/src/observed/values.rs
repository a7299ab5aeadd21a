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

/// Visits a number.
#[inline]
pub(super) fn number<N: Copy + Into<u32> + TryFrom<u32>, F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: N,
) -> Result<N, F::Error> {
    let number = fields.number(field, value.into())?;
    N::try_from(number).map_err(|_| fields.invalid(field))
}

/// Visits a number that may be missing.
#[inline]
pub(super) fn optional_number<N: Copy + Into<u32> + TryFrom<u32>, F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: Option<N>,
) -> Result<Option<N>, F::Error> {
    let number = fields.optional(field, value.map(Into::into))?;
    number.map(|number| N::try_from(number).map_err(|_| fields.invalid(field))).transpose()
}

/// Visits whether each of these things holds, as the bits of a number.
#[inline]
pub(super) fn bits<F: Fields, const N: usize>(
    fields: &mut F,
    field: &'static Field,
    values: [bool; N],
) -> Result<[bool; N], F::Error> {
    let number = values.iter().enumerate().fold(0, |number, (bit, &value)| number | u32::from(value) << bit);
    let number = fields.bits(field, number, N)?;
    if !F::READS {
        return Ok(values);
    }
    Ok(std::array::from_fn(|bit| number >> bit & 1 == 1))
}

/// Visits a sequence number, as its distance from `base`.
#[inline]
pub(super) fn sequence<F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: SeqNumber,
    base: SeqNumber,
) -> Result<SeqNumber, F::Error> {
    let distance = fields.difference(field, value.ahead_of(base))?;
    Ok(base.plus(distance.cast_unsigned()))
}

/// Visits a time, in nanoseconds after `base`.
#[inline]
pub(super) fn time<F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: Timestamp,
    base: Timestamp,
) -> Result<Timestamp, F::Error> {
    let nanos = fields.long(field, nanos(value, base))?;
    Ok(Timestamp::from_nanos(base.as_nanos().wrapping_add(nanos)))
}

/// Visits a time that may be missing, in nanoseconds after `base`.
pub(super) fn optional_time<F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: Option<Timestamp>,
    base: Timestamp,
) -> Result<Option<Timestamp>, F::Error> {
    let nanos = fields.optional_long(field, value.map(|time| nanos(time, base)))?;
    Ok(nanos.map(|nanos| Timestamp::from_nanos(base.as_nanos().wrapping_add(nanos))))
}

/// Returns the nanoseconds from `base` to `time`, modulo 2^64 because hostile captures contain times
/// that far apart.
const fn nanos(time: Timestamp, base: Timestamp) -> i64 {
    time.as_nanos().wrapping_sub(base.as_nanos())
}

/// Visits a frame: the distance of its number from `base`, and its capture.
#[inline]
pub(super) fn frame<F: Fields>(
    fields: &mut F,
    [frame, capture]: [&'static Field; 2],
    value: Frame,
    base: u32,
) -> Result<Frame, F::Error> {
    let distance = fields.difference(frame, value.number.wrapping_sub(base).cast_signed())?;
    let of_capture = fields.number(capture, value.capture)?;
    if of_capture >= fields.captures() {
        return Err(fields.invalid(capture));
    }
    Ok(Frame { capture: of_capture, number: base.wrapping_add(distance.cast_unsigned()) })
}

/// Visits what may be missing: whether it is there, and then its fields. `empty` has any value.
pub(super) fn optional<T, F: Fields>(
    fields: &mut F,
    field: &'static Field,
    value: Option<T>,
    empty: T,
    visit: impl FnOnce(&mut F, T) -> Result<T, F::Error>,
) -> Result<Option<T>, F::Error> {
    if fields.flag(field, value.is_some())? { visit(fields, value.unwrap_or(empty)).map(Some) } else { Ok(None) }
}

/// Visits an address: 4 or 16 bytes.
pub(super) fn address<F: Fields>(fields: &mut F, field: &'static Field, value: IpAddr) -> Result<IpAddr, F::Error> {
    let mut bytes = [0; ADDRESS];
    let length = match value {
        IpAddr::V4(ip) => copy(&mut bytes, &ip.octets()),
        IpAddr::V6(ip) => copy(&mut bytes, &ip.octets()),
    };
    match (fields.bytes(field, &mut bytes, length)?, bytes.first_chunk::<4>()) {
        (4, Some(&octets)) => Ok(octets.into()),
        (ADDRESS, _) => Ok(bytes.into()),
        _ => Err(fields.invalid(field)),
    }
}

fn copy(to: &mut [u8; ADDRESS], from: &[u8]) -> usize {
    to[..from.len()].copy_from_slice(from);
    from.len()
}

/// Visits an endpoint: its address and its port.
pub(super) fn endpoint<F: Fields>(
    fields: &mut F,
    [ip, port]: [&'static Field; 2],
    value: Endpoint,
) -> Result<Endpoint, F::Error> {
    Ok(Endpoint { ip: address(fields, ip, value.ip)?, port: number(fields, port, value.port)? })
}

/// Visits one of several words.
#[inline]
pub(super) fn word<T: Copy + PartialEq, F: Fields, const N: usize>(
    fields: &mut F,
    field: &'static Field,
    value: T,
    all: &[T; N],
    words: &'static [&'static str; N],
) -> Result<T, F::Error> {
    let place = all.iter().position(|one| *one == value).unwrap_or_default();
    let place = fields.word(field, place, words)?;
    all.get(place).copied().ok_or_else(|| fields.invalid(field))
}

/// Visits a list, and returns its items if `fields` reads.
#[inline]
pub(super) fn list<T: Copy, R, F: Fields, const MOST: usize>(
    fields: &mut F,
    field: &'static Field,
    items: &ArrayVec<T, MOST>,
    empty: T,
    mut visit: impl FnMut(&mut F, T) -> Result<R, F::Error>,
) -> Result<ArrayVec<R, MOST>, F::Error> {
    let length = fields.list(field, items.len(), MOST)?;
    let mut visited = ArrayVec::new();
    for place in 0..length.min(MOST) {
        let item = visit(fields, items.get(place).copied().unwrap_or(empty))?;
        if F::READS {
            visited.push(item);
        }
    }
    fields.end_list();
    Ok(visited)
}
