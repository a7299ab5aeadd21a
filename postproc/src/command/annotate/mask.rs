//! Replaces addresses: equal addresses stay equal, and the originals could be recovered only with
//! the key, which is not kept.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bits of an address that are kept, because they show its kind, such as multicast or link-local.
const KIND_V4: u32 = 4;
const KIND_V6: u32 = 3;

/// Replaces addresses prefix by prefix: two addresses that share a prefix also share one of that
/// length afterwards, so networks stay recognisable (the construction of Crypto-PAn, with SipHash
/// as its pseudorandom function).
#[derive(Debug, Default)]
pub struct Mask {
    /// Random key from the system.
    key: RandomState,
}

impl Mask {
    pub fn ip(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => Ipv4Addr::from_bits(self.v4(address.to_bits())).into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(self.bits(address.to_bits(), 128, KIND_V6)).into(),
        }
    }

    fn v4(&self, address: u32) -> u32 {
        self.bits(address.into(), 32, KIND_V4) as u32
    }

    /// Flips each bit depending on all the bits before it.
    fn bits(&self, address: u128, width: u32, kept: u32) -> u128 {
        (kept..width).fold(address, |masked, place| {
            let prefix = address >> 1 >> (width - 1 - place);
            let flip = self.key.hash_one((width, place, prefix)) & 1;
            masked ^ (u128::from(flip) << (width - 1 - place))
        })
    }

    /// Returns a locally administered address. Multicast stays multicast, and broadcast is kept.
    pub fn mac(&self, address: [u8; 6]) -> [u8; 6] {
        const GROUP: u8 = 1;
        const LOCAL: u8 = 2;
        if address == [0xff; 6] {
            return address;
        }
        let [_, _, rest @ ..] = self.key.hash_one(address).to_be_bytes();
        [(address[0] & GROUP) | LOCAL, rest[1], rest[2], rest[3], rest[4], rest[5]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(a: u128, b: u128) -> u32 {
        (a ^ b).leading_zeros()
    }

    #[test]
    fn masked_addresses_keep_common_prefixes_and_stay_distinct() {
        let mask = Mask::default();
        let addresses: Vec<u32> = (0..32).map(|bit| 0x0a00_0102 ^ (1 << bit)).chain([0x0a00_0102]).collect();
        for &a in &addresses {
            for &b in &addresses {
                assert_eq!(common(a.into(), b.into()), common(mask.v4(a).into(), mask.v4(b).into()));
            }
        }
        let v6 = |text: &str| mask.ip(text.parse().unwrap()).to_string();
        assert_ne!(v6("2001:db8::1"), v6("2001:db8::2"));
        assert_eq!(v6("2001:db8::1"), v6("2001:db8::1"));
    }

    #[test]
    fn another_run_gives_other_addresses() {
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let masked: std::collections::HashSet<_> = (0..20).map(|_| Mask::default().ip(address)).collect();
        assert!(masked.len() > 15, "{masked:?}");
    }

    #[test]
    fn masked_mac_addresses_stay_multicast_or_unicast() {
        let mask = Mask::default();
        assert_eq!(mask.mac([0xff; 6]), [0xff; 6]);
        assert_eq!(mask.mac([1, 0, 0x5e, 0, 0, 1])[0], 3);
        assert_eq!(mask.mac([0, 1, 2, 3, 4, 5])[0], 2);
        assert_ne!(mask.mac([0, 1, 2, 3, 4, 5]), mask.mac([0, 1, 2, 3, 4, 6]));
    }
}
