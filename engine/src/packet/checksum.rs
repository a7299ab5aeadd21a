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
        let (addresses, is_usual) = match self.ip {
            IpHeader::V4(header) => (&header[12..], header[0] == V4_WITHOUT_OPTIONS && fold(sum(header)) == 0xffff),
            IpHeader::V6(header) => (&header[8..], header[6] == TCP),
            IpHeader::Missing(_) => return Checksum::Unknown,
        };
        let length = (self.header.len() + self.option_bytes.len()) as u32;
        let pseudo_header = sum(addresses) + u32::from(TCP) + length;
        let field = u16::from_be_bytes([self.header[16], self.header[17]]);
        let is_right = fold(pseudo_header + sum(self.header) + sum(self.option_bytes)) == 0xffff;
        let is_offloaded = field == 0 || field == fold(pseudo_header);
        match (is_right, is_usual && !is_offloaded) {
            (true, _) => Checksum::Right,
            (false, true) => Checksum::Wrong,
            (false, false) => Checksum::Unknown,
        }
    }
}

/// Returns the sum of 16-bit words. An option list has a multiple of four bytes.
fn sum(bytes: &[u8]) -> u32 {
    bytes.as_chunks().0.iter().map(|&word| u32::from(u16::from_be_bytes(word))).sum()
}

/// Adds the carries of a sum (RFC 1071).
const fn fold(sum: u32) -> u16 {
    let once = (sum & 0xffff) + (sum >> 16);
    ((once & 0xffff) + (once >> 16)) as u16
}
