//! Addresses as a source of numbers.

use std::net::IpAddr;
use syncookie_testkit::rng::Rng;

/// Returns a number for an address, the same in every run.
#[must_use]
pub fn hash(address: IpAddr) -> u64 {
    let bits = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    Rng::new(bits as u64 ^ (bits >> 64) as u64).next_u64()
}
