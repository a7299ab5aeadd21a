//! The checksum of a TCP segment without payload (RFC 9293 section 3.1).

use crate::packet::segment::{IpHeader, Segment};

/// A segment's checksum, compared with its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// Cannot be compared: not all bytes were captured, or the IP header was changed after it was
    /// sent, or the checksum is still to be filled in by a network card (offload).
    #[default]
    Unknown,
    Right,
    Wrong,
}

/// Protocol number of TCP.
const TCP: u8 = 6;
/// First byte of an IPv4 header without options.
const V4_WITHOUT_OPTIONS: u8 = 0x45;

impl Segment<'_> {
    /// Compares the checksum with the segment's bytes.
    ///
    /// A sender that leaves the checksum to its network card writes the sum of the pseudo header
    /// there (Linux `CHECKSUM_PARTIAL`, Windows and BSD likewise), or 0. A tool that replaced
    /// addresses in a capture leaves a wrong IP header checksum, too.
    pub(crate) fn checksum(&self) -> Checksum {
        if self.payload > 0 || self.option_bytes.len() < self.options_promised() {
            return Checksum::Unknown;
        }
        let addresses = match self.ip {
            IpHeader::V4(header) => &header[12..],
            IpHeader::V6(header) => &header[8..],
            IpHeader::Missing(_) => return Checksum::Unknown,
        };
        let length = (self.header.len() + self.option_bytes.len()) as u16;
        let pseudo_header = sum(addresses) + u64::from((u16::from(TCP) + length).to_be());
        if fold(pseudo_header + sum(self.header) + sum(self.option_bytes)) == u16::MAX {
            return Checksum::Right;
        }
        let field = u16::from_ne_bytes([self.header[16], self.header[17]]);
        let is_offloaded = field == 0 || field == fold(pseudo_header);
        if is_offloaded || self.has_unusual_header() { Checksum::Unknown } else { Checksum::Wrong }
    }

    /// Returns whether the IP header has options or extension headers, or a wrong checksum.
    fn has_unusual_header(&self) -> bool {
        match self.ip {
            IpHeader::V4(header) => header[0] != V4_WITHOUT_OPTIONS || fold(sum(header)) != u16::MAX,
            IpHeader::V6(header) => header[6] != TCP,
            IpHeader::Missing(_) => true,
        }
    }
}

/// Returns the sum of 32-bit words, which folds to that of 16-bit words, in the byte order of the
/// machine: ones' complement sums do not depend on it (RFC 1071 section 2). An option list has a
/// multiple of four bytes.
#[inline(always)]
fn sum(bytes: &[u8]) -> u64 {
    bytes.as_chunks().0.iter().map(|&word| u64::from(u32::from_ne_bytes(word))).sum()
}

/// Adds the carries of a sum.
const fn fold(sum: u64) -> u16 {
    let mut sum = sum;
    while sum > u16::MAX as u64 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
