//! 802.11: data frames, and the headers that capture cards add to them.

use super::{Layer, Step, types};
use crate::capture::LinkType;

/// Parses radiotap: a version, a length, and fields that a bit map announces.
pub(super) fn radiotap(bytes: &[u8]) -> Step {
    let Some(header) = bytes.first_chunk::<8>() else { return Step::Cut };
    let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
    if header[0] != 0 || length < header.len() {
        return Step::Other;
    }
    let Some(fields) = bytes.get(..length) else { return Step::Cut };
    let layer = if is_padded(fields) { Layer::WIRELESS_PADDED } else { Layer::WIRELESS };
    Step::To(layer, length)
}

/// Returns whether the card put padding after the 802.11 header: a bit of the second field.
fn is_padded(radiotap: &[u8]) -> bool {
    const TIME: u32 = 1;
    const FLAGS: u32 = 2;
    const PADDED: u8 = 0x20;
    let word =
        |at: usize| radiotap.get(at..at + 4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    let Some(present) = word(4) else { return false };
    let mut offset = 8;
    // If the highest bit is set, another bit map follows.
    while word(offset - 4).is_some_and(|map| map >> 31 == 1) {
        offset += 4;
    }
    if present & TIME != 0 {
        offset = offset.next_multiple_of(8) + 8;
    }
    present & FLAGS != 0 && radiotap.get(offset).is_some_and(|flags| flags & PADDED != 0)
}

/// Parses PPI: a version, flags, a length and the link type of the frame after it, in little-endian
/// order.
pub(super) fn ppi(bytes: &[u8]) -> Step {
    let Some(header) = bytes.first_chunk::<8>() else { return Step::Cut };
    let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
    let link = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    let layer = u16::try_from(link).ok().and_then(|link| types::first_layer(LinkType(link)));
    match layer {
        Some(layer) if header[0] == 0 && length >= header.len() => Step::To(layer, length),
        _ => Step::Other,
    }
}

/// Parses Prism: a length in the byte order of the capturing machine. Some cards write AVS headers
/// with this link type.
pub(super) fn prism(bytes: &[u8]) -> Step {
    let Some(header) = bytes.first_chunk::<8>() else { return Step::Cut };
    let field = [header[4], header[5], header[6], header[7]];
    let is_avs = header[..3] == [0x80, 0x21, 0x10];
    let little = u32::from_le_bytes(field);
    let length = if is_avs || little > 0xffff { little.swap_bytes() } else { little };
    match usize::try_from(length) {
        Ok(length) if length >= header.len() => Step::To(Layer::WIRELESS, length),
        _ => Step::Other,
    }
}

/// Parses a data frame that is complete and not encrypted: LLC after a header whose first bits give
/// its length.
pub(super) fn frame(bytes: &[u8]) -> Step {
    data_frame(bytes, |control| control, 1)
}

/// Parses a data frame in CAPWAP, where access points swap the two bytes of the frame control.
/// Wireshark expects that by default.
pub(super) fn swapped_frame(bytes: &[u8]) -> Step {
    data_frame(bytes, |[flags, kind]| [kind, flags], 1)
}

/// Parses a data frame whose header is padded to a multiple of four bytes.
pub(super) fn padded_frame(bytes: &[u8]) -> Step {
    data_frame(bytes, |control| control, 4)
}

/// Parses a data frame whose header is padded to a multiple of `alignment` bytes. `control` restores
/// the order of the two bytes of the frame control.
fn data_frame(bytes: &[u8], control: fn([u8; 2]) -> [u8; 2], alignment: usize) -> Step {
    const TO_AND_FROM: u8 = 0x03;
    const MORE_FRAGMENTS: u8 = 0x04;
    const PROTECTED: u8 = 0x40;
    const ORDER: u8 = 0x80;
    const QOS: u8 = 0x80;
    const NO_DATA: u8 = 0x40;
    const AGGREGATE: u8 = 0x80;
    let Some(header) = bytes.first_chunk::<24>() else { return Step::Cut };
    let [kind, flags] = control([header[0], header[1]]);
    let is_data = kind & 0x0f == 0x08 && kind & NO_DATA == 0;
    let is_fragment = flags & MORE_FRAGMENTS != 0 || header[22] & 0x0f != 0;
    if !is_data || is_fragment || flags & PROTECTED != 0 {
        return Step::Other;
    }
    let addresses = if flags & TO_AND_FROM == TO_AND_FROM { 30 } else { 24 };
    let mut length = addresses;
    let mut is_aggregate = false;
    if kind & QOS != 0 {
        let Some(control) = bytes.get(addresses) else { return Step::Cut };
        is_aggregate = control & AGGREGATE != 0;
        length += if flags & ORDER == 0 { 2 } else { 6 };
    }
    length = length.next_multiple_of(alignment);
    // Each frame of an aggregate has its own addresses and length; only the first is examined.
    Step::To(Layer::LLC, if is_aggregate { length + 14 } else { length })
}
