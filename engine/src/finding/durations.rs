//! Durations of handshakes, counted in steps, so that those of several captures can be merged.

/// Bits of a step's number that divide a power of two: a step is 1.6 % wide.
const FINE_BITS: u32 = 6;

/// Times from the first SYN to the client's acknowledgment of the SYN-ACK.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Durations {
    /// Steps with their number of durations, in ascending order.
    steps: Vec<(u16, u32)>,
    longest: f64,
}

impl Durations {
    /// Counts a duration in seconds.
    pub fn add(&mut self, seconds: f64) {
        self.add_step(step(seconds), 1);
        self.longest = self.longest.max(seconds);
    }

    fn add_step(&mut self, step: u16, count: u32) {
        match self.steps.binary_search_by_key(&step, |&(step, _)| step) {
            Ok(at) => self.steps[at].1 = self.steps[at].1.saturating_add(count),
            Err(at) => self.steps.insert(at, (step, count)),
        }
    }

    /// Adds the durations of another capture.
    pub fn merge(&mut self, other: &Self) {
        if self.steps.is_empty() {
            self.clone_from(other);
            return;
        }
        other.steps.iter().for_each(|&(step, count)| self.add_step(step, count));
        self.longest = self.longest.max(other.longest);
    }

    /// Returns the number of durations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.steps.iter().map(|&(_, count)| u64::from(count)).sum()
    }

    /// Returns the longest duration in seconds; 0 without durations.
    #[must_use]
    pub const fn longest(&self) -> f64 {
        self.longest
    }

    /// Returns the duration in seconds that the given share of the durations does not exceed, to
    /// about 1 %; `None` without durations. 0.5 gives the median.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (share * self.count() as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let reaches = |&&(_, count): &&(u16, u32)| {
            seen += u64::from(count);
            seen >= rank
        };
        self.steps.iter().find(reaches).map(|&(step, _)| middle(step).min(self.longest))
    }
}

/// Returns the step of a duration: the exponent of its nanoseconds and the bits after the first one.
fn step(seconds: f64) -> u16 {
    let nanos = (seconds.max(0.0) * 1e9) as u64;
    match nanos.checked_ilog2().filter(|&exponent| exponent > FINE_BITS) {
        None => nanos as u16,
        Some(exponent) => {
            let shift = exponent - FINE_BITS;
            ((shift << FINE_BITS) + (nanos >> shift) as u32) as u16
        }
    }
}

/// Returns the duration in the middle of a step, in seconds.
fn middle(step: u16) -> f64 {
    let (shift, fine) = ((u32::from(step) >> FINE_BITS).saturating_sub(1), 1 << FINE_BITS);
    let nanos = if shift == 0 { f64::from(step) } else { f64::from(u32::from(step) % fine + fine) + 0.5 };
    nanos * f64::from(shift).exp2() * 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_one_percent_whatever_the_order_of_merging() {
        let of = |range: std::ops::Range<u32>| {
            let mut durations = Durations::default();
            range.for_each(|n| durations.add(f64::from(n) * 0.001));
            durations
        };
        let mut merged = of(500..1001);
        merged.merge(&of(1..500));
        assert_eq!(merged, of(1..1001));
        for (share, seconds) in [(0.5, 0.5), (0.95, 0.95), (1.0, 1.0)] {
            let found = merged.quantile(share).expect("a duration");
            assert!((found / seconds - 1.0).abs() < 0.011, "{share}: {found}");
        }
        assert_eq!((merged.count(), merged.longest()), (1000, 1.0));
        assert_eq!(Durations::default().quantile(0.5), None);
    }
}
