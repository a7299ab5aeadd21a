//! Time resolution of packets.

use syncookie_engine::Timestamp;

const NANOS: u32 = 1_000_000_000;

/// Length of a tick of an interface's clock, and the start of its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticks {
    unit: Unit,
    /// Offset in seconds (`if_tsoffset`).
    offset: i64,
    /// Counts below this one need only a multiplication with [`Self::length`]; 0 if every count
    /// needs more.
    simple: u64,
    /// Nanoseconds in a tick, for these counts.
    length: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Nanoseconds in a tick.
    Nanos(u32),
    /// Ticks in a nanosecond.
    PerNano(u128),
    /// Ticks in a second, as a power of two.
    Binary(u8),
}

impl Ticks {
    /// Reads the options `if_tsresol` and `if_tsoffset`. Without the first, ticks are microseconds.
    pub(super) fn new(resolution: Option<u8>, offset: i64) -> Self {
        let unit = match resolution.unwrap_or(6) {
            power if power & 0x80 != 0 => Unit::Binary(power & 0x7f),
            power @ 0..=9 => Unit::Nanos(10_u32.pow(9 - u32::from(power))),
            // Beyond 10^38 ticks per nanosecond, every 64-bit count is zero.
            power => Unit::PerNano(10_u128.checked_pow(u32::from(power) - 9).unwrap_or(u128::MAX)),
        };
        let (simple, length) = match unit {
            Unit::Nanos(length) if offset == 0 => (i64::MAX as u64 / u64::from(length), length.into()),
            _ => (0, 0),
        };
        Self { unit, offset, simple, length }
    }

    /// Returns the number of decimals of a second that distinguish all times; at most 9.
    pub(super) fn decimals(self) -> u8 {
        match self.unit {
            Unit::Nanos(length) => 9 - length.ilog10() as u8,
            Unit::PerNano(_) | Unit::Binary(_) => 9,
        }
    }

    /// Returns the time of `ticks`, limited to the range of [`Timestamp`].
    #[inline]
    pub(super) fn time(self, ticks: u64) -> Timestamp {
        if ticks < self.simple {
            Timestamp::from_nanos((ticks * self.length) as i64)
        } else {
            self.time_at_length(ticks)
        }
    }

    fn time_at_length(self, ticks: u64) -> Timestamp {
        let ticks = u128::from(ticks);
        let nanos = match self.unit {
            Unit::Nanos(length) => ticks * u128::from(length),
            Unit::PerNano(count) => ticks / count,
            Unit::Binary(power) => (ticks * u128::from(NANOS)) >> power,
        };
        // Neither term exceeds 2^94.
        let nanos = nanos as i128 + i128::from(self.offset) * i128::from(NANOS);
        Timestamp::from_nanos(nanos.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolution_gives_the_same_second() {
        for (resolution, ticks) in [
            (None, 1_500_000),
            (Some(6), 1_500_000),
            (Some(9), 1_500_000_000),
            (Some(3), 1_500),
            (Some(12), 1_500_000_000_000),
            (Some(0x80 | 10), 1_536),
            (Some(0x80 | 32), 3 << 31),
        ] {
            assert_eq!(Ticks::new(resolution, 0).time(ticks).as_nanos(), 1_500_000_000, "{resolution:?}");
        }
        assert_eq!(Ticks::new(Some(0), 0).time(7).as_nanos(), 7_000_000_000);
    }

    #[test]
    fn the_offset_is_added_in_seconds() {
        assert_eq!(Ticks::new(Some(9), -2).time(500_000_000).as_nanos(), -1_500_000_000);
        assert_eq!(Ticks::new(None, 3).time(1).as_nanos(), 3_000_001_000);
    }

    #[test]
    fn times_out_of_range_become_the_nearest_representable_time() {
        assert_eq!(Ticks::new(Some(0), i64::MAX).time(u64::MAX).as_nanos(), i64::MAX);
        assert_eq!(Ticks::new(Some(0), i64::MIN).time(0).as_nanos(), i64::MIN);
        for resolution in 0..=u8::MAX {
            let _ = Ticks::new(Some(resolution), i64::MIN).time(u64::MAX);
        }
    }
}
