//! Link layers: `LINKTYPE_*` numbers (draft-ietf-opsawg-pcaplinktype) and headers.

use crate::ByteOrder;

/// `LINKTYPE_NULL`: a protocol family in the byte order of the capturing machine, then IP.
pub const NULL: u32 = 0;
/// `LINKTYPE_ETHERNET`.
pub const ETHERNET: u32 = 1;
/// `LINKTYPE_RAW`: packets begin with the IP header.
pub const RAW: u32 = 101;
/// `LINKTYPE_LOOP`: like [`NULL`], in network byte order.
pub const LOOP: u32 = 108;
/// `LINKTYPE_LINUX_SLL`: Linux cooked capture.
pub const LINUX_SLL: u32 = 113;
/// `LINKTYPE_LINUX_SLL2`: Linux cooked capture, version 2.
pub const LINUX_SLL2: u32 = 276;

/// EtherType of IPv4.
pub const IPV4: u16 = 0x0800;
/// EtherType of IPv6.
pub const IPV6: u16 = 0x86dd;
/// EtherType of ARP.
pub const ARP: u16 = 0x0806;

/// Destination and source address of the frames that [`ethernet`] makes, locally administered.
pub const ADDRESSES: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

/// Returns an Ethernet frame with an IP packet.
#[must_use]
pub fn ethernet(packet: &[u8]) -> Vec<u8> {
    let ether_type = if packet.first().is_some_and(|first| first >> 4 == 6) { IPV6 } else { IPV4 };
    [&ADDRESSES[..], &ether_type.to_be_bytes(), packet].concat()
}

/// The fields of an Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ethernet {
    /// Destination address.
    pub destination: [u8; 6],
    /// Source address.
    pub source: [u8; 6],
    /// EtherType.
    pub ether_type: u16,
}

impl Ethernet {
    /// Splits a frame into its header and its content.
    ///
    /// # Panics
    /// When the frame is shorter than the header.
    #[must_use]
    pub fn split(frame: &[u8]) -> (Self, &[u8]) {
        let address = |from: usize| frame[from..from + 6].try_into().expect("six bytes were asked for");
        let ether_type = u16::from_be_bytes([frame[12], frame[13]]);
        (Self { destination: address(0), source: address(6), ether_type }, &frame[14..])
    }

    /// Returns the header's bytes, with these VLAN tags in front of the EtherType.
    #[must_use]
    pub fn header(&self, tags: &[[u8; 4]]) -> Vec<u8> {
        [&self.destination[..], &self.source, tags.as_flattened(), &self.ether_type.to_be_bytes()].concat()
    }

    /// Returns a loopback header: `AF_INET`, or `AF_INET6` as macOS numbers it.
    #[must_use]
    pub fn to_loopback(&self, order: ByteOrder) -> Vec<u8> {
        order.u32(if self.ether_type == IPV6 { 30 } else { 2 }).to_vec()
    }

    /// Returns a Linux cooked header: packet type, ARPHRD type, address length, address, protocol.
    #[must_use]
    pub fn to_linux_sll(&self) -> Vec<u8> {
        [&[0, 0, 0, 1, 0, 6][..], &self.source, &[0, 0], &self.ether_type.to_be_bytes()].concat()
    }

    /// Returns a Linux cooked header of version 2: protocol, reserved, interface, ARPHRD type, packet type, address
    /// length, address.
    #[must_use]
    pub fn to_linux_sll2(&self) -> Vec<u8> {
        let fixed = [0, 0, 0, 0, 0, 3, 0, 1, 0, 6];
        [&self.ether_type.to_be_bytes()[..], &fixed, &self.source, &[0, 0]].concat()
    }
}
