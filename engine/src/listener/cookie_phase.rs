//! Phase of a host's clock, as its SYN cookies show it.
//!
//! A cookie's timestamp is the largest value not ahead of the clock whose low six bits are the
//! client's options (syncookies.c `cookie_init_timestamp`). Its lag plus these bits is the clock
//! modulo 64 ticks, whatever offset the host adds to its timestamps. All cookies of a host
//! therefore agree on the phase of its clock relative to the capture's clock. The phase of a
//! delayed ordinary SYN-ACK is random.

use arrayvec::ArrayVec;

use crate::Timestamp;
use crate::connection::handshake::Handshake;
use crate::listener::chance::at_least;
use crate::listener::clock::{Clock, Samples, usual_rate};
use crate::listener::timestamp_bits::{COOKIE_TICKS, cookie_bits};

/// Rates of clocks that carry a cookie's bits, in ticks a second.
const RATES: std::ops::Range<f64> = 99.0..1e5;
/// Lags, in ticks, that are compared: more than those of ordinary SYN-ACKs, and not more than those
/// of cookies.
const CLEAR: std::ops::Range<f64> = 5.0..66.0;
/// Largest error of a phase, in ticks: half a tick each from both timestamps, and noise.
const TOLERANCE: f64 = 1.5;
/// SYN-ACKs on either side that are compared, and how far away in time, in seconds: crystals drift
/// by 50 millionths against each other, three ticks of a millisecond in a minute.
const NEIGHBOURS: usize = 12;
const NEAR_SECONDS: f64 = 60.0;
/// Probability of an agreement by chance below which the phase is that of the host's clock.
const CHANCE: f64 = 1e-5;
/// Minimum number of SYN-ACKs with different lags that agree on a phase. SYN-ACKs with the same lag
/// may be ordinary ones that were all delayed alike, at times a multiple of 64 ticks apart.
const ENOUGH: usize = 4;
/// Chance below which SYN-ACKs lag alike for a reason.
const SAME_LAG_CHANCE: f64 = 1e-3;
/// Difference, in ticks, above which two lags count as different.
const DIFFERENT: f64 = 3.0;

/// A SYN-ACK that lags as cookies do.
#[derive(Clone, Copy, Debug)]
struct Sample {
    index: usize,
    time: Timestamp,
    /// Lag in ticks.
    lag: f64,
    /// Phase in ticks, below [`COOKIE_TICKS`].
    phase: f64,
}

/// The phases of a listener's SYN-ACKs that lag as cookies do, in order of time.
#[derive(Debug)]
pub(crate) struct CookiePhases {
    /// Ticks a second that the phases were computed with.
    pub rate: f64,
    /// Origin of the capture times to which phases are relative.
    begin: Timestamp,
    samples: Vec<Sample>,
}

impl CookiePhases {
    pub(crate) fn of(handshakes: &[&Handshake], clock: &Clock) -> Self {
        let begin = handshakes.first().map(|handshake| handshake.time).unwrap_or_default();
        let mut phases = Self { rate: clock.rate.unwrap_or(usual_rate()), begin, samples: Vec::new() };
        if RATES.contains(&phases.rate) {
            let clear = handshakes.iter().enumerate().filter(|(_, handshake)| phases.may_be_clear(handshake));
            let samples = clear.filter_map(|(index, handshake)| phases.sample(index, handshake, clock)).collect();
            phases.samples = samples;
        }
        phases
    }

    /// Returns whether the timestamp of the first later segment is clearly ahead of the SYN-ACK's.
    /// This quick check excludes most handshakes.
    fn may_be_clear(&self, handshake: &Handshake) -> bool {
        let first = handshake.syn_ack.as_ref().zip(handshake.server_segments.first());
        first.is_some_and(|(syn_ack, first)| {
            let Some((from, to)) = syn_ack.options.timestamps.zip(first.timestamp()) else { return false };
            let elapsed = first.time.seconds_since(syn_ack.time) * self.rate;
            f64::from(to.wrapping_sub(from.value).cast_signed()) - elapsed > CLEAR.start
        })
    }

    fn sample(&self, index: usize, handshake: &Handshake, clock: &Clock) -> Option<Sample> {
        let lag = Samples::of(handshake)?.lag(self.rate).seconds * self.rate;
        // A coarse clock repeats phases without any cookie.
        if !CLEAR.contains(&lag) || clock.step_of(handshake) != 1 {
            return None;
        }
        let time = handshake.syn_ack.as_ref()?.time;
        let phase = (lag - self.lag_at(handshake, 0.0)?).rem_euclid(COOKIE_TICKS);
        Some(Sample { index, time, lag, phase })
    }

    /// Returns the lag, in ticks, of a cookie for this handshake, given the phase of the host's
    /// clock.
    fn lag_at(&self, handshake: &Handshake, phase: f64) -> Option<f64> {
        let ticks = handshake.syn_ack.as_ref()?.time.seconds_since(self.begin) * self.rate;
        Some((ticks + phase - f64::from(cookie_bits(handshake)?)).rem_euclid(COOKIE_TICKS))
    }

    /// Returns the lag, in seconds, of a cookie at the handshake with that index; `None` unless the
    /// cookies around it show the phase of the host's clock.
    pub(crate) fn expected_lag(&self, handshake: &Handshake, index: usize) -> Option<f64> {
        if self.samples.len() < ENOUGH {
            return None;
        }
        let around = self.around(handshake.syn_ack.as_ref()?.time, index);
        let agreeing =
            |phase: f64| around.iter().filter(move |sample| difference(sample.phase, phase).abs() <= TOLERANCE);
        let counts = around.iter().map(|sample| (agreeing(sample.phase).count(), sample.phase));
        let (count, phase) = counts.max_by_key(|&(count, _)| count)?;
        let (mut independent, mut last) = (0, f64::NEG_INFINITY);
        for sample in agreeing(phase) {
            if (sample.lag - last).abs() > DIFFERENT {
                (independent, last) = (independent + 1, sample.lag);
            }
        }
        let choices = COOKIE_TICKS / (2.0 * TOLERANCE);
        let tries = around.len() - count + independent;
        if independent < ENOUGH || choices * at_least(independent, tries, 1.0 / choices) > CHANCE {
            return None;
        }
        let offset = agreeing(phase).map(|sample| difference(sample.phase, phase)).sum::<f64>() / count as f64;
        Some(self.lag_at(handshake, phase + offset)? / self.rate)
    }

    /// Returns whether the SYN-ACK with that index lags by about as much as those around it, at any
    /// phase of the clock: all were delayed alike. Cookies lag by anything from 0 to 64 ticks.
    pub(crate) fn is_delayed_like_others(&self, handshake: &Handshake, index: usize, lag: f64) -> bool {
        let Some(syn_ack) = handshake.syn_ack.as_ref().filter(|_| self.samples.len() >= ENOUGH) else { return false };
        let around = self.around(syn_ack.time, index);
        let alike = || around.iter().filter(|sample| (sample.lag - lag * self.rate).abs() <= DIFFERENT);
        let (count, Some(first)) = (alike().count(), alike().next()) else { return false };
        count >= ENOUGH
            && at_least(count, around.len(), 2.0 * DIFFERENT / COOKIE_TICKS) < SAME_LAG_CHANCE
            // No clock has phases this far apart.
            && alike().any(|sample| difference(sample.phase, first.phase).abs() > 2.0 * (TOLERANCE + DIFFERENT))
    }

    /// Returns the samples next to the handshake with that index, without its own.
    fn around(&self, time: Timestamp, index: usize) -> ArrayVec<Sample, { 2 * NEIGHBOURS }> {
        let at = self.samples.partition_point(|sample| sample.index < index);
        let (before, after) = self.samples.split_at(at);
        let is_near = |s: &&Sample| s.index != index && s.time.seconds_since(time).abs() < NEAR_SECONDS;
        let before = before[before.len().saturating_sub(NEIGHBOURS)..].iter().filter(is_near);
        before.chain(after[..after.len().min(NEIGHBOURS)].iter().filter(is_near)).copied().collect()
    }
}

/// Returns by how many ticks `to` is after `from` on a circle of 64 ticks: from -32 up to 32.
fn difference(to: f64, from: f64) -> f64 {
    (to - from + COOKIE_TICKS / 2.0).rem_euclid(COOKIE_TICKS) - COOKIE_TICKS / 2.0
}
