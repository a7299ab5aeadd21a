//! The clock behind a server's timestamps: its rate is estimated, not assumed, and so is the noise
//! around it.

use arrayvec::ArrayVec;

use crate::connection::handshake::{Handshake, SERVER_SEGMENTS, SegmentFacts, Side};
use crate::{Frame, Timestamp};

/// Rates in use, in ticks a second, with how common each is. RFC 7323 section 5.4 allows 1 Hz to
/// 1000 Hz; Linux has used 1000 Hz since 4.13, `CONFIG_HZ` (100, 250, 1000) before, a microsecond
/// clock by route option since 6.7; the BSDs use 1000, 10 or 2; Windows 1000, 100 or 10.
pub(crate) const RATES: [(f64, f64); 6] =
    [(1000.0, 0.80), (250.0, 0.05), (100.0, 0.10), (10.0, 0.02), (2.0, 0.01), (1e6, 0.02)];

/// Returns the rate to assume where none was measured, in ticks a second.
pub(crate) const fn usual_rate() -> f64 {
    RATES[0].0
}

/// Ticks that later segments must span before the rate counts as measured.
const ENOUGH_TICKS: f64 = 20.0;

/// A measured rate may differ from a known one by this factor and still be taken for it (short
/// spans are noisy).
const RATE_TOLERANCE: f64 = 1.25;

/// Tolerance of single spans around the measured rate: in seconds, in ticks, or as a share of the
/// mean span.
const FITS_SECONDS: f64 = 0.002;
const FITS_TICKS: f64 = 1.5;
const FITS_SHARE: f64 = 0.15;

/// Segments later than this after the SYN-ACK, in seconds, are not compared with it: drift and idle
/// periods blur them.
const NEAR_SECONDS: f64 = 3.0;

/// Timestamps this far from the expected one, in seconds, come from another clock altogether.
pub(crate) const ANOTHER_CLOCK_SECONDS: f64 = 10.0;

/// Scatter assumed before anything is measured: standard deviation in seconds, and the observations
/// it is worth. Wide-area paths jitter by milliseconds (Linux 6.18 in namespaces: 0.4 ms; emulated:
/// 5 ms).
const PRIOR_SCATTER: (f64, f64) = (0.003, 2.0);

/// The clock of a listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Ticks a second, where the segments after the handshakes were enough to measure it.
    pub rate: Option<f64>,
    /// Ticks the clock advances at a time: 1 but for clocks that are coarser than their unit.
    step: u32,
    /// Step of a coarser clock that some of the handshakes show: hosts of different make behind one
    /// address.
    coarse: u32,
    /// Standard deviation of one segment's capture time around the clock's line, in seconds.
    pub scatter: f64,
    /// Number of observations that `scatter` was computed from.
    pub freedom: f64,
}

impl Clock {
    /// Measures on the segments after the handshakes; the SYN-ACKs, which are in question, are left
    /// out.
    pub(crate) fn of(handshakes: &[&Handshake]) -> Self {
        let mut spans = Vec::with_capacity(handshakes.len());
        let mut steps = Steps::default();
        for handshake in handshakes {
            spans.extend(span(&handshake.server_segments));
            steps.add(advances(all_values(handshake)));
        }
        let rate = measure(&spans);
        let (mut squares, mut freedom) = (PRIOR_SCATTER.0.powi(2) * PRIOR_SCATTER.1, PRIOR_SCATTER.1);
        for handshake in handshakes {
            let line = offsets(&handshake.server_segments, rate.unwrap_or(RATES[0].0));
            if line.len() > 1 {
                let count = line.len() as f64;
                let mean = line.iter().sum::<f64>() / count;
                squares += line.iter().map(|e| (e - mean).powi(2).min(0.25)).sum::<f64>();
                freedom += count - 1.0;
            }
        }
        let (step, coarse) = steps.found();
        Self { rate, step, coarse, scatter: (squares / freedom).sqrt(), freedom }
    }

    /// Returns the ticks by which the clock of this handshake's server advances at a time.
    pub(crate) fn step_of(&self, handshake: &Handshake) -> u32 {
        if self.coarse == 1 {
            return self.step;
        }
        let (divisor, seen) = advances(all_values(handshake));
        // A clock that did not move in sight may be the coarse one.
        if seen == 0 || divisor.is_multiple_of(self.coarse) { self.coarse } else { self.step }
    }

    /// Returns the rates to be considered, with their shares: the measured one, else every known
    /// one.
    pub(crate) fn rates(&self) -> impl Iterator<Item = (f64, f64)> {
        let known = if self.rate.is_some() { &[][..] } else { &RATES };
        self.rate.map(|rate| (rate, 1.0)).into_iter().chain(known.iter().copied())
    }
}

/// Bits of coincidence after which the common divisor of a clock's advances is taken for its step:
/// one advance is divisible by 64 with a chance of six bits.
const COINCIDENCE: f64 = 12.0;
/// Steps below this, in ticks, do no harm to a comparison over 64 ticks.
const COARSE: u32 = 8;

fn is_coarse(divisor: u32, advances: usize) -> bool {
    divisor >= COARSE && f64::from(divisor).log2() * advances as f64 >= COINCIDENCE
}

/// Returns the part of a step that repeats the low six bits of a timestamp; `None` for a step that is
/// not coarse in this respect.
fn repeating_step(step: u32) -> Option<u32> {
    let part = 1 << step.trailing_zeros().min(6);
    (step > 0 && part >= COARSE).then_some(part)
}

/// Returns the greatest common divisor of a server's advances from segment to segment, and the
/// number of advances. Stops at a divisor of 1, which further advances cannot change.
fn advances(values: impl Iterator<Item = u32>) -> (u32, usize) {
    let (mut divisor, mut seen, mut last) = (0, 0, None);
    for value in values {
        let advance = last.map_or(0, |last| value.wrapping_sub(last));
        if advance > 0 && advance < 1 << 24 {
            (divisor, seen) = (gcd(divisor, advance), seen + 1);
            if divisor == 1 {
                break;
            }
        }
        last = Some(value);
    }
    (divisor, seen)
}

/// Returns the TSvals of a server, SYN-ACK first.
fn all_values(handshake: &Handshake) -> impl Iterator<Item = u32> {
    let first = handshake.syn_ack.as_ref().and_then(|s| s.options.timestamps).map(|t| t.value);
    first.into_iter().chain(handshake.server_segments.iter().filter_map(SegmentFacts::timestamp))
}

/// The advances of a listener's clock.
#[derive(Default)]
struct Steps {
    /// Greatest common divisor of all advances, and their number.
    common: (u32, usize),
    /// The step of a coarse clock that some of the handshakes show; 0 where none does.
    coarse: u32,
}

impl Steps {
    /// Adds the advances of one handshake.
    fn add(&mut self, (divisor, count): (u32, usize)) {
        self.common = (gcd(self.common.0, divisor), self.common.1 + count);
        if is_coarse(divisor, count) {
            // Of unrelated steps, one that repeats the low bits of a timestamp.
            self.coarse = match (repeating_step(self.coarse), repeating_step(divisor)) {
                (Some(step), Some(other)) => step.max(other),
                (Some(step), None) | (None, Some(step)) => step,
                (None, None) => self.coarse.max(divisor),
            };
        }
    }

    /// Returns the step of the listener's clock, and that of a coarse one among several clocks (1
    /// where there is none).
    fn found(&self) -> (u32, u32) {
        let (divisor, seen) = self.common;
        (if is_coarse(divisor, seen) { divisor } else { 1 }, self.coarse.max(1))
    }
}

const fn gcd(mut a: u32, mut b: u32) -> u32 {
    // For most clocks it becomes 1 at once, and stays 1.
    while b != 0 && a != 1 {
        (a, b) = (b, a % b);
    }
    a
}

/// Maximum number of segments that a SYN-ACK is compared with.
const LAG_SEGMENTS: usize = 5;

/// Lag of the SYN-ACK's timestamp behind the clock of the server's next segments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lag {
    /// Seconds; positive when the SYN-ACK is behind.
    pub seconds: f64,
    /// Clock rate that the lag was computed with, in ticks a second.
    pub rate: f64,
}

/// The server's next segments as seen from its SYN-ACK.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Samples {
    /// Ticks and seconds from the SYN-ACK to each segment.
    since: [(f64, f64); LAG_SEGMENTS],
    /// Number of segments.
    pub count: usize,
    /// Mean seconds from the SYN-ACK to the segments.
    pub elapsed: f64,
    /// First of the segments.
    pub against: Frame,
}

impl Samples {
    /// Reads the segments; `None` without timestamps on both sides of the comparison, and for a
    /// TSval of 0, with which some stacks begin whatever their clock says.
    pub(crate) fn of(handshake: &Handshake) -> Option<Self> {
        let syn_ack = handshake.syn_ack.as_ref()?;
        let origin = syn_ack.options.timestamps.filter(|t| t.value != 0)?.value;
        let (mut samples, mut waited) = (Self::default(), 0.0);
        let reset = handshake.reset.as_deref().filter(|(side, _)| *side == Side::Server).map(|(_, reset)| reset);
        for later in handshake.server_segments.iter().chain(reset) {
            if samples.count == LAG_SEGMENTS {
                break;
            }
            let Some(value) = later.timestamp().filter(|&value| value != 0) else { continue };
            let elapsed = later.time.seconds_since(syn_ack.time);
            if elapsed < 0.0 || (elapsed > NEAR_SECONDS && samples.count > 0) {
                continue;
            }
            if samples.count == 0 {
                samples.against = later.frame;
            }
            waited += elapsed;
            samples.since[samples.count] = (f64::from(value.wrapping_sub(origin).cast_signed()), elapsed);
            samples.count += 1;
        }
        samples.elapsed = waited / samples.count as f64;
        (samples.count > 0).then_some(samples)
    }

    /// Returns the lag of the SYN-ACK at a given rate of the clock: the median over the segments.
    pub(crate) fn lag(&self, rate: f64) -> Lag {
        let mut all = [0.0; LAG_SEGMENTS];
        let seconds = &mut all[..self.count];
        for (seconds, (ticks, elapsed)) in seconds.iter_mut().zip(self.since) {
            *seconds = ticks / rate - elapsed;
        }
        seconds.sort_unstable_by(f64::total_cmp);
        let middle = self.count / 2;
        let median = if self.count % 2 == 1 { seconds[middle] } else { (seconds[middle - 1] + seconds[middle]) / 2.0 };
        Lag { seconds: median, rate }
    }
}

/// Returns the ticks and seconds between the first and the last timestamped segment.
fn span(later: &[SegmentFacts]) -> Option<(f64, f64)> {
    let mut stamped = later.iter().filter_map(|l| Some((l.time, l.timestamp()?)));
    let (start, first) = stamped.next()?;
    let (end, last) = stamped.next_back()?;
    let (ticks, seconds) = (f64::from(last.wrapping_sub(first).cast_signed()), end.seconds_since(start));
    ((0.0..1e9).contains(&ticks) && seconds > 0.0).then_some((ticks, seconds))
}

/// Returns the known rate that fits spans of ticks and seconds, all together and one by one: jitter
/// stretches short spans.
fn measure(spans: &[(f64, f64)]) -> Option<f64> {
    let (ticks, seconds) = spans.iter().fold((0.0, 0.0), |(t, s), span| (t + span.0, s + span.1));
    if ticks < ENOUGH_TICKS {
        return None;
    }
    let measured = ticks / seconds;
    let near = |rate: &f64| measured < rate * RATE_TOLERANCE && measured > rate / RATE_TOLERANCE;
    let rate = RATES.iter().map(|&(rate, _)| rate).find(near)?;
    let count = spans.len() as f64;
    let misfit = (spans.iter().map(|(t, s)| (t / rate - s).powi(2)).sum::<f64>() / count).sqrt();
    let tolerance = FITS_SECONDS.max(FITS_TICKS / rate).max(FITS_SHARE * seconds / count);
    (misfit <= tolerance).then_some(rate)
}

/// Returns clock minus capture time of every timestamped segment, in seconds, relative to the
/// first.
fn offsets(later: &[SegmentFacts], rate: f64) -> ArrayVec<f64, SERVER_SEGMENTS> {
    let mut stamped = later.iter().filter_map(|l| Some((l.time, l.timestamp()?)));
    let Some((start, origin)) = stamped.next() else { return ArrayVec::new() };
    let offset = |(time, value): (Timestamp, u32)| {
        let seconds = time.seconds_since(start);
        let ticks = f64::from(value.wrapping_sub(origin).cast_signed());
        (seconds.abs() <= NEAR_SECONDS).then(|| ticks / rate - seconds)
    };
    std::iter::once(0.0).chain(stamped.filter_map(offset)).take(SERVER_SEGMENTS).collect()
}
