//! Removes from a TCP header what may identify its sender.

use std::net::IpAddr;

use etherparse::IpNumber;
use etherparse::ip_number::TCP;
use syncookie_engine::{TcpOption, tcp_options};

/// Shortest TCP header (RFC 9293 section 3.1).
const FIXED: usize = 20;
const CHECKSUM: std::ops::Range<usize> = 16..18;

/// Returns the header of a segment of `carried` bytes, with these addresses instead of the original
/// ones; `None` if too little of it was captured.
pub fn header(
    segment: &[u8],
    original: (IpAddr, IpAddr),
    addresses: (IpAddr, IpAddr),
    carried: usize,
) -> Option<Vec<u8>> {
    let promised = usize::from(segment.get(12)? >> 4) * 4;
    if promised < FIXED || segment.len() < FIXED {
        return None;
    }
    let mut header = segment[..promised.min(segment.len())].to_vec();
    clean(&mut header[FIXED..]);
    header[CHECKSUM].fill(0);
    // If the options were truncated by the capture, no checksum would be correct.
    if header.len() == promised {
        let sum = new_checksum(segment, &header, original, addresses, carried);
        header[CHECKSUM].copy_from_slice(&sum.to_be_bytes());
    }
    Some(header)
}

/// Returns the header of a segment that an ICMP error quotes, perhaps only in part: then it ends
/// before the checksum, which depends on the addresses.
pub fn quoted_header(
    segment: &[u8],
    original: (IpAddr, IpAddr),
    addresses: (IpAddr, IpAddr),
    carried: usize,
) -> Option<Vec<u8>> {
    let part = || segment[..segment.len().min(CHECKSUM.start)].to_vec();
    Some(header(segment, original, addresses, carried).unwrap_or_else(part))
}

/// Returns the checksum of a segment with this header, whose field is 0. With payload, which may be
/// captured in part, the checksum is right. Without payload, a wrong checksum stays wrong, because
/// it can be the reason why a handshake failed. A checksum that the network card was to fill in (0,
/// or the sum of the pseudo header) stays in this form.
fn new_checksum(
    segment: &[u8],
    header: &[u8],
    original: (IpAddr, IpAddr),
    addresses: (IpAddr, IpAddr),
    carried: usize,
) -> u16 {
    let right = checksum(&[&pseudo(addresses, TCP, carried), header]);
    if carried != header.len() {
        return right;
    }
    let mut before = segment[..header.len()].to_vec();
    let field = u16::from_be_bytes([before[CHECKSUM.start], before[CHECKSUM.start + 1]]);
    before[CHECKSUM].fill(0);
    let error = field.wrapping_sub(checksum(&[&pseudo(original, TCP, carried), &before]));
    match field {
        0 if error != 0 => 0,
        _ if error != 0 && field == !checksum(&[&pseudo(original, TCP, carried)]) => {
            !checksum(&[&pseudo(addresses, TCP, carried)])
        }
        _ => right.wrapping_add(error),
    }
}

/// Overwrites the values of all options except those that are known to contain no address and no
/// secret. Kinds and lengths are kept, and so is the number of an experiment, the first two bytes
/// of its value (RFC 6994).
fn clean(options: &mut [u8]) {
    const END_OF_LIST: u8 = 0;
    const EXPERIMENTS: [u8; 2] = [253, 254];
    let all: Vec<TcpOption> = tcp_options(options).collect();
    for TcpOption { kind, length, range } in all {
        let kept = match kind {
            END_OF_LIST => 0,
            _ if length >= 2 && EXPERIMENTS.contains(&kind) => 4,
            _ => 2,
        };
        if !is_harmless(kind, length) {
            options[range].iter_mut().skip(kept).for_each(|byte| *byte = 0);
        }
    }
}

/// Returns whether an option is MSS, window scale, SACK permitted, SACK or timestamps, with a valid
/// length; with another length, it may contain anything.
fn is_harmless(kind: u8, length: usize) -> bool {
    matches!((kind, length), (2, 4) | (3, 3) | (4, 2) | (5, 10 | 18 | 26 | 34) | (8, 10))
}

/// Returns the pseudo header that the checksum covers (RFC 9293 section 3.1, RFC 8200 section 8.1).
pub fn pseudo((source, destination): (IpAddr, IpAddr), protocol: IpNumber, carried: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40);
    for address in [source, destination] {
        match address {
            IpAddr::V4(address) => bytes.extend(address.octets()),
            IpAddr::V6(address) => bytes.extend(address.octets()),
        }
    }
    bytes.extend((carried as u32).to_be_bytes());
    bytes.extend([0, 0, 0, protocol.0]);
    bytes
}

/// Returns the internet checksum (RFC 1071) over these parts, each of an even length. A missing
/// payload counts as zeros, so that the checksum reveals nothing about it.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u32 = words.map(|word| u32::from(word[0]) << 8 | u32::from(word.get(1).copied().unwrap_or(0))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(options: &[u8]) -> Vec<u8> {
        let mut options = options.to_vec();
        clean(&mut options);
        options
    }

    #[test]
    fn options_that_may_identify_a_host_lose_their_value_and_keep_their_offset() {
        let harmless = [2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(cleaned(&harmless), harmless);
        // An address added by a load balancer, Multipath TCP, a Fast Open cookie, an experiment.
        assert_eq!(cleaned(&[200, 8, 10, 0, 0, 1, 0, 80, 1, 1]), [200, 8, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(cleaned(&[30, 4, 0x30, 9, 34, 4, 7, 7]), [30, 4, 0, 0, 34, 4, 0, 0]);
        assert_eq!(cleaned(&[254, 6, 0xf9, 0x89, 1, 2]), [254, 6, 0xf9, 0x89, 0, 0]);
        // After the end of the list, with an invalid length, beyond the end.
        assert_eq!(cleaned(&[1, 0, 9, 9]), [1, 0, 0, 0]);
        assert_eq!(cleaned(&[77, 1, 9, 9]), [77, 1, 0, 0]);
        assert_eq!(cleaned(&[77, 40, 9, 9]), [77, 40, 0, 0]);
        assert_eq!(cleaned(&[77]), [77]);
        assert_eq!(cleaned(&[8, 6, 10, 0, 0, 1]), [8, 6, 0, 0, 0, 0]);
        // Truncated by the capture: timestamps, an experiment.
        assert_eq!(cleaned(&[8, 10, 1, 2, 3]), [8, 10, 1, 2, 3]);
        assert_eq!(cleaned(&[254, 8, 0xf9, 0x89, 9]), [254, 8, 0xf9, 0x89, 0]);
        assert_eq!(cleaned(&[254, 0, 9, 9]), [254, 0, 0, 0]);
    }

    #[test]
    fn a_header_with_its_checksum_sums_up_to_zero() {
        let segment = [0_u8, 80, 200, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 0x20, 0, 0xaa, 0xaa, 0, 0];
        let addresses = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let header = header(&segment, addresses, addresses, 24).unwrap();
        assert_eq!(checksum(&[&pseudo(addresses, TCP, 24), &header]), 0);
        assert!(super::header(&segment[..19], addresses, addresses, 20).is_none());
    }

    #[test]
    fn a_wrong_checksum_stays_wrong_and_one_that_was_to_be_filled_in_stays_so() {
        let mut segment = [0_u8, 80, 200, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 0x20, 0, 0, 0, 0, 0];
        let original = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let addresses = ("192.0.2.7".parse().unwrap(), "192.0.2.9".parse().unwrap());
        let right = checksum(&[&pseudo(original, TCP, 20), &segment]);
        let mut written = |field: u16| {
            segment[CHECKSUM].copy_from_slice(&field.to_be_bytes());
            let header = header(&segment, original, addresses, 20).unwrap();
            let sum = checksum(&[&pseudo(addresses, TCP, 20), &header]);
            (u16::from_be_bytes([header[16], header[17]]), sum)
        };
        assert_eq!(written(right).1, 0);
        assert_ne!(written(right ^ 0x1234).1, 0);
        assert_eq!(written(0).0, 0);
        assert_eq!(written(!checksum(&[&pseudo(original, TCP, 20)])).0, !checksum(&[&pseudo(addresses, TCP, 20)]));
    }
}
