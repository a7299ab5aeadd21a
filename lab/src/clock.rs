//! Clocks and counters of a host: timestamps (RFC 7323) and IP identifications.

use crate::capture::{Nanos, SECOND};
use syncookie_testkit::rng::Rng;

/// Time at which synthetic captures begin: 2026-01-01T00:00:00Z.
pub const EPOCH: Nanos = 1_767_225_600 * SECOND;
/// Earliest boot of a synthetic host.
pub const FIRST_BOOT: Nanos = EPOCH - 40_000_000 * SECOND;

/// A timestamp clock as its peer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Value at `origin`.
    pub base: u32,
    /// Time of a tick.
    pub origin: Nanos,
    /// Ticks per second.
    pub rate: u64,
    /// Amount that a tick adds; above 1 for a clock that counts in a finer unit than it ticks.
    pub step: u32,
}

impl Clock {
    /// Returns the clock's value at a time, which may be before `origin`.
    #[must_use]
    pub fn at(&self, time: Nanos) -> u32 {
        let elapsed = i128::from(time) - i128::from(self.origin);
        let ticks = (elapsed * i128::from(self.rate)).div_euclid(1_000_000_000);
        self.base.wrapping_add((ticks as u32).wrapping_mul(self.step))
    }
}

/// Source of IP identifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpId {
    /// Always this value (Linux SYN-ACKs: 0).
    Fixed(u16),
    /// A separate counter for every flow.
    PerFlow,
    /// One counter for the whole host, which sends this many packets per second.
    PerHost(u64),
    /// Random for every packet.
    Random,
    /// A counter of the flow that begins with its own step, as crafted packets and small devices have it.
    Small(u16),
}

/// The IP identifications of one flow.
#[derive(Clone, Debug)]
pub struct IpIds {
    style: IpId,
    next: u16,
    origin: Nanos,
}

impl IpIds {
    /// Creates the identifications of a flow. A host-wide counter starts at `boot`.
    #[must_use]
    pub fn new(style: IpId, boot: Nanos, rng: &mut Rng) -> Self {
        let drawn = rng.next_u16();
        Self { style, next: if matches!(style, IpId::Small(_)) { 0 } else { drawn }, origin: boot }
    }

    /// Returns the identification of the packet that is sent at `time`.
    pub fn take(&mut self, time: Nanos, rng: &mut Rng) -> u16 {
        match self.style {
            IpId::Fixed(value) => value,
            IpId::PerFlow => {
                self.next = self.next.wrapping_add(1);
                self.next
            }
            // Flows are built one after another, so the counter is a function of time: monotone over all of them.
            IpId::PerHost(rate) => {
                (u128::from(time.saturating_sub(self.origin)) * u128::from(rate) / 1_000_000_000) as u16
            }
            IpId::Random => rng.next_u16(),
            IpId::Small(step) => {
                self.next = self.next.wrapping_add(step);
                self.next
            }
        }
    }
}
