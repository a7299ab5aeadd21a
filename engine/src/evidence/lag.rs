//! S6: how far the SYN-ACK's timestamp is behind the clock of the server's next segments.
//!
//! A Linux cookie stores the client's options in the low six bits of TSval and takes the largest
//! such value that is not ahead of the clock (syncookies.c `cookie_init_timestamp`), so it lags by
//! 0 to 63 ticks, evenly distributed. An ordinary SYN-ACK carries the clock itself. Any offset the
//! server adds cancels out. Behind Netfilter's SYNPROXY the clock seems to stop for the round trips
//! to client and server, and behind other proxies the SYN-ACK's timestamp has nothing to do with
//! the server's clock.
//!
//! Fooled by: a SYN-ACK that was delayed on its way (address resolution, Wi-Fi power saving). It
//! cannot have been delayed by more than its own round trip, less the shortest one known. A longer
//! lag comes from the sender.

use super::{Detail, Reading};
use crate::connection::handshake::Handshake;
use crate::listener::clock::{ANOTHER_CLOCK_SECONDS, Lag, RATES, Samples, usual_rate};
use crate::listener::isn_layout::IsnLayout;
use crate::listener::timestamp_bits::COOKIE_TICKS;
use crate::listener::{Listener, Path};
use crate::text::{Tenths, joined};

/// Maximum weight of one handshake's lag, for and against.
const CAP: f64 = 5.0;
/// Maximum weight where the SYN-ACK cannot have been delayed by as much as the lag.
const CAP_IMPOSSIBLE_DELAY: f64 = 7.0;
/// Share of SYN-ACKs that are delayed against the segments after them by up to [`DELAY_SECONDS`],
/// where the round trip leaves room for it.
const DELAYED: f64 = 0.02;
const DELAY_SECONDS: f64 = 0.1;
/// Density, per second, of timestamps that are off by up to [`ODD_SECONDS`] either way for unknown
/// reasons; and, as [`VERY_ODD`], of those that are off by more.
const ODD: f64 = 0.001;
const ODD_SECONDS: f64 = 0.5;
const VERY_ODD: f64 = 1e-7;
/// Maximum degrees of freedom of the noise: path jitter is not normally distributed.
const HEAVY_TAILS: f64 = 4.0;
/// Relative error of a clock's rate: crystals are within 0.01 %, virtual machines not always.
const DRIFT: f64 = 0.01;
/// Slowest clock of Linux, in ticks a second. A slower clock is not Linux's, so its lag shows
/// nothing.
const SLOWEST_LINUX: f64 = 99.0;

/// Share of cookies with the phase that the cookies around them show. The others come from another
/// host behind the same address.
const PHASE_KNOWN: f64 = 0.9;
/// Largest deviation from that phase, in standard deviations.
const PHASE_ERRORS: f64 = 2.0;

/// Smallest lag, in seconds, that favours a cookie in a preview. A preview measures the scatter of
/// the clock with at most 4 times 8 segments, so the scatter is at least 0.8 ms. From 3.2 times the
/// scatter on, the density of the noise is below that of a cookie's 64 ms. With a larger scatter, a
/// smaller lag has a weight of less than half a nat, and is systematic.
const SMALLEST_LAG: f64 = 0.0025;

/// Returns whether the SYN-ACK's timestamp may favour a cookie or a proxy. It does not if the lag
/// is near 0 at a usual rate of Linux: a cookie has a lag above 0 at the rate of its clock and at
/// all slower ones. (At 250 and 100 Hz, the lag of some cookies is near 0 at a faster rate by
/// chance, but not that of every cookie.)
///
/// For a handshake that is not judged, only a lag counts that no delay of the SYN-ACK can explain.
pub(super) fn may_favour(handshake: &Handshake, is_judged: bool) -> bool {
    let (Some(syn_ack), Some(samples)) = (&handshake.syn_ack, Samples::of(handshake)) else { return false };
    let room = if is_judged { 0.0 } else { room_for_delay(None, handshake, 0.0) };
    let smallest = room.max(SMALLEST_LAG);
    let lag = |rate| samples.lag(rate).seconds;
    // Most answers are decided here.
    if syn_ack.window != 0 && lag(usual_rate()).abs() <= SMALLEST_LAG {
        return false;
    }
    let linux_rates = RATES.iter().map(|&(rate, _)| rate).filter(|&rate| rate >= SLOWEST_LINUX);
    // The microsecond clock is rare, and near a cookie of the millisecond one on short paths.
    let fits = || linux_rates.clone().any(|rate| rate < 1e5 && lag(rate).abs() <= SMALLEST_LAG);
    let may_be_cookie =
        || !fits() && linux_layout(syn_ack.layout()) && linux_rates.clone().any(|rate| lag(rate) > smallest);
    syn_ack.window == 0 || may_be_cookie() || is_of_another_clock(&samples)
}

pub(super) fn observe<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let handshake = listener.handshakes[index];
    // Probability of the timestamp, per tick, under either hypothesis, summed over all rates that
    // the clock may have.
    let (mut ordinary, mut cookie) = (0.0, 0.0);
    let mut best: Option<RateFit> = None;
    let samples = Samples::of(handshake)?;
    let mut near = false;
    let expected = listener.cookie_phases.expected_lag(handshake, index);
    for (rate, share) in listener.clock.rates() {
        let expected = expected.filter(|_| rate == listener.cookie_phases.rate);
        let fit = RateFit::of(listener, index, &samples, (rate, share), expected);
        near |= fit.lag.seconds.abs() <= ANOTHER_CLOCK_SECONDS;
        ordinary += fit.ordinary;
        cookie += fit.cookie;
        if best.as_ref().is_none_or(|best| fit.sum().total_cmp(&best.sum()).is_ge()) {
            best = Some(fit);
        }
    }
    let best = best?;
    let another = !near && is_of_another_clock(&samples);
    let far = best.lag.seconds.abs() > ANOTHER_CLOCK_SECONDS;
    if !another && (far || best.lag.rate < SLOWEST_LINUX) {
        return None;
    }
    let cap = if best.delay_possible { CAP } else { CAP_IMPOSSIBLE_DELAY };
    let (cookie, proxy) =
        if another { (-CAP, CAP) } else { ((cookie / ordinary).ln().clamp(-CAP, cap), behind_proxy(handshake, &best)) };
    let is_delayed = || listener.cookie_phases.is_delayed_like_others(handshake, index, best.lag.seconds);
    let cookie = if cookie > 0.0 && is_delayed() { 0.0 } else { cookie };
    let syn_ack = handshake.syn_ack.as_ref()?;
    let gvisor = listener.options.is_gvisor_like(index);
    let is_linux = || linux_layout(syn_ack.layout()) && !gvisor;
    // The cookies of gVisor and FreeBSD carry the clock itself: the absence of a lag is not
    // evidence against them.
    let least = if listener.isn_layout == IsnLayout::Freebsd || gvisor { 0.0 } else { -CAP };
    Some(Reading {
        // Only Linux stores options in a timestamp, and it writes its options in one order.
        cookie: if cookie <= 0.0 || is_linux() { cookie } else { 0.0 }.max(least),
        proxy,
        // While the rate is not known, a slow clock seems to lag again and again.
        systematic: cookie > 0.0 && !best.is_expected && (best.delay_possible || listener.clock.rate.is_none()),
        frames: D::frames([syn_ack.frame, samples.against]),
        text: D::text(|| describe(&best.lag, samples.count, listener.clock.scatter)),
    })
}

/// Returns whether no rate in use brings the SYN-ACK's timestamp anywhere near the clock of the
/// segments after it.
fn is_of_another_clock(samples: &Samples) -> bool {
    RATES.iter().all(|&(rate, _)| samples.lag(rate).seconds.abs() > ANOTHER_CLOCK_SECONDS)
}

/// Lag at one assumed clock rate.
struct RateFit {
    lag: Lag,
    /// Probability of a timestamp like this one, per tick, times the share of the rate.
    ordinary: f64,
    cookie: f64,
    /// Whether the SYN-ACK may have been delayed by as much as the lag.
    delay_possible: bool,
    /// Whether the cookies around it have the same phase.
    is_expected: bool,
    scatter: f64,
}

impl RateFit {
    fn sum(&self) -> f64 {
        self.ordinary + self.cookie
    }

    /// Weighs the lag at a rate with its share; `expected` is the lag that a cookie has here by the
    /// phase of the host's clock.
    fn of(
        listener: &Listener<'_>,
        index: usize,
        samples: &Samples,
        (rate, share): (f64, f64),
        expected: Option<f64>,
    ) -> Self {
        let (handshake, lag) = (listener.handshakes[index], samples.lag(rate));
        let tick = 1.0 / lag.rate;
        let spread = listener.clock.scatter.powi(2) * (1.0 + 1.0 / samples.count as f64);
        let jump = tick * f64::from(listener.clock.step_of(handshake));
        let drift = DRIFT * samples.elapsed;
        let path = listener.path(index).and_then(|path| path.path);
        let jitter = path.map_or(0.0, |p| p.jitter);
        let scatter = (spread + jump * jump / 6.0 + drift * drift + jitter * jitter).sqrt();
        let delay_possible = lag.seconds <= room_for_delay(path, handshake, scatter);
        let noise = student(lag.seconds / scatter, listener.clock.freedom.min(HEAVY_TAILS)) / scatter;
        let delayed = if delay_possible && lag.seconds > 0.0 { DELAYED / DELAY_SECONDS } else { 0.0 };
        let odd = if lag.seconds.abs() < ODD_SECONDS { ODD } else { VERY_ODD };
        // A microsecond clock still gets its cookies from the millisecond one; slow clocks are not
        // Linux's.
        let band = COOKIE_TICKS * if lag.rate > 1e5 { 1e-3 } else { tick };
        // Ticks are whole: a lag of 0 ticks is anything between half a tick either way.
        let half = band / COOKIE_TICKS / 2.0;
        let within = || (below((lag.seconds + half) / scatter) - below((lag.seconds + half - band) / scatter)) / band;
        let anywhere = if lag.rate < SLOWEST_LINUX { 0.0 } else { within() };
        let phase = expected.map(|expected| {
            let error = scatter.hypot(tick);
            (off_phase(lag.seconds, expected, COOKIE_TICKS * tick, error) / error, error)
        });
        let possible = phase.map_or(anywhere, |(off, error)| {
            PHASE_KNOWN * student(off, HEAVY_TAILS) / error + (1.0 - PHASE_KNOWN) * anywhere
        });
        Self {
            ordinary: (noise + delayed + odd) * tick * share,
            cookie: (possible + odd) * tick * share,
            delay_possible,
            is_expected: phase.is_some_and(|(off, _)| off.abs() < PHASE_ERRORS),
            scatter,
            lag,
        }
    }
}

/// Returns by how many seconds a lag exceeds the expected one. If a lag of nearly the whole circle
/// of 64 ticks is expected, a cookie may have a lag near 0, and the reverse.
fn off_phase(lag: f64, expected: f64, circle: f64, error: f64) -> f64 {
    let off = (lag - expected + circle / 2.0).rem_euclid(circle) - circle / 2.0;
    if (-error..circle + error).contains(&(lag - off)) { off } else { lag - expected }
}

/// Returns the weight for a proxy, in nats. SYNPROXY translates the server's clock as if it had
/// started with the cookie: the SYN-ACK seems ahead by the two round trips in between. This counts
/// only with a closed window, which shows that there is a proxy.
fn behind_proxy(handshake: &Handshake, fit: &RateFit) -> f64 {
    let closed = handshake.syn_ack.as_ref().is_some_and(|s| s.window == 0);
    let deviations = fit.lag.seconds / fit.scatter;
    match (closed, deviations < -4.0) {
        (true, true) => CAP,
        (true, false) => 0.0,
        // A proxy with an open window uses a clock of its own, but this timestamp fits the server's
        // clock.
        (false, _) if deviations.abs() < 4.0 => -CAP,
        (false, _) => 0.0,
    }
}

/// Returns whether the options are in the order in which Linux writes them (tcp_output.c
/// `tcp_options_write`): MSS, then SACK permitted with timestamps or NOP NOP timestamps, then NOP
/// and window scale; anything may follow.
pub(crate) fn linux_layout(layout: &[u8]) -> bool {
    let rest = match layout {
        [2, 4, _, _, 4, 2, 8, 10, rest @ ..] | [2, 4, _, _, 1, 1, 8, 10, rest @ ..] => rest,
        _ => return false,
    };
    let after = rest.get(8..).unwrap_or_default();
    !after.contains(&3) || after.starts_with(&[1, 3, 3])
}

/// Returns the longest delay, in seconds, of this SYN-ACK compared with others. If few round trips
/// are known, the shortest one may itself be delayed.
fn room_for_delay(path: Option<Path>, handshake: &Handshake, scatter: f64) -> f64 {
    let Some(trip) = handshake.round_trip() else { return f64::INFINITY };
    trip - path.map_or(0.0, |p| p.shortest) + 3.0 * scatter
}

fn describe(lag: &Lag, samples: usize, scatter: f64) -> String {
    if lag.seconds.abs() > ANOTHER_CLOCK_SECONDS {
        return "SYN-ACK timestamp is unrelated to the clock of the server's next segments".to_owned();
    }
    let (number, unit) = if lag.rate > 1e5 { (1, "MHz") } else { (lag.rate.round_ties_even() as u32, "Hz") };
    let side = if lag.seconds >= 0.0 { "behind" } else { "ahead of" };
    // Linux keeps options in the low six bits of a cookie's timestamp.
    let is_set_back = lag.seconds > scatter && lag.seconds * lag.rate < COOKIE_TICKS;
    joined![
        "SYN-ACK timestamp is ",
        Tenths((lag.seconds * 1e3).abs()),
        " ms ",
        side,
        " the server's clock (estimated from ",
        samples as u32,
        if samples == 1 { " later segment: " } else { " later segments: " },
        number,
        " ",
        unit,
        ", uncertainty ",
        Tenths(scatter * 1e3),
        " ms)",
        if is_set_back { ": Linux sets the timestamp of a SYN cookie back by up to 63 ticks" } else { "" },
    ]
}

/// Returns the density of Student's t with `freedom` degrees of freedom; the normalisation is good
/// to 1 % from 2 degrees on.
fn student(t: f64, freedom: f64) -> f64 {
    let scale = 0.398_942 * (1.0 - 0.25 / freedom);
    scale * (1.0 + t * t / freedom).powf(-f64::midpoint(freedom, 1.0))
}

/// Returns the normal distribution function, by the logistic approximation (error below 0.01).
fn below(t: f64) -> f64 {
    1.0 / (1.0 + (-1.702 * t).exp())
}
