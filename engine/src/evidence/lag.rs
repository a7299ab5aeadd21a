//! S6: how far the SYN-ACK's timestamp is behind the clock of the server's next segments.
//!
//! A Linux cookie stores the client's options in the low six bits of TSval and takes the largest such value that is
//! not ahead of the clock (syncookies.c `cookie_init_timestamp`), so it lags by 0 to 63 ticks, evenly spread; an
//! ordinary SYN-ACK carries the clock itself. Any offset the server adds cancels out. Behind Netfilter's SYNPROXY
//! the clock seems to stand still for the round trips to client and server, and behind other proxies the SYN-ACK's
//! timestamp has nothing to do with the server's clock.
//!
//! Fooled by: a SYN-ACK that was delayed on its way (address resolution, Wi-Fi power saving). It cannot have been
//! delayed by more than its own round trip, less the shortest one known: beyond that the lag is the sender's doing.

use super::{Group, Signal};
use crate::EvidenceKind;
use crate::clock::{ANOTHER_CLOCK_SECONDS, Lag, lag};
use crate::handshake::Handshake;
use crate::listener::Listener;

/// Ticks a cookie may lag: six bits (syncookies.c `TSBITS`).
pub(crate) const COOKIE_TICKS: f64 = 64.0;
/// Most the lag of one handshake may say, for and against.
const CAP: f64 = 5.0;
/// The same when the SYN-ACK cannot have been delayed by that much.
const CAP_IMPOSSIBLE_DELAY: f64 = 7.0;
/// Share of SYN-ACKs that are delayed against the segments after them by up to [`DELAY_SECONDS`], where the round
/// trip leaves room for it.
const DELAYED: f64 = 0.02;
const DELAY_SECONDS: f64 = 0.1;
/// Share of timestamps that are off by up to half a second either way for reasons nobody knows.
const ODD: f64 = 0.001;
/// Clocks slower than this, in ticks a second, say nothing about 64 ticks: no Linux runs so slow.
const SLOWEST_LINUX: f64 = 99.0;

pub(super) fn observe(listener: &Listener<'_>, handshake: &Handshake) -> Option<Signal> {
    // With the rate unknown, the most ordinary reading counts.
    let (measured, weights) = listener
        .clock
        .rates()
        .into_iter()
        .filter_map(|rate| lag(handshake, rate))
        .map(|lag| (lag, weigh(listener, handshake, &lag)))
        .min_by(|(_, a), (_, b)| a.most().total_cmp(&b.most()))?;
    Some(Signal {
        kind: EvidenceKind::TimestampLag,
        group: Group::Clock,
        cookie: weights.cookie,
        proxy: weights.proxy,
        habitual: weights.delay_possible,
        frames: vec![handshake.syn_ack?.frame, measured.against.frame],
        detail: describe(&measured, listener.clock.scatter),
    })
}

struct Weights {
    cookie: f64,
    proxy: f64,
    delay_possible: bool,
}

impl Weights {
    fn most(&self) -> f64 {
        self.cookie.max(self.proxy)
    }
}

fn weigh(listener: &Listener<'_>, handshake: &Handshake, lag: &Lag) -> Weights {
    let neutral = Weights { cookie: 0.0, proxy: 0.0, delay_possible: true };
    if lag.seconds.abs() > ANOTHER_CLOCK_SECONDS {
        return Weights { cookie: -CAP, proxy: CAP, delay_possible: true };
    }
    if lag.rate < SLOWEST_LINUX {
        return neutral;
    }
    let tick = if lag.rate > 1e5 { 1e-3 } else { 1.0 / lag.rate };
    let scatter = (listener.clock.scatter.powi(2) * (1.0 + 1.0 / lag.samples as f64) + tick * tick / 6.0).sqrt();
    let room = room_for_delay(listener, handshake, scatter);
    let delay_possible = lag.seconds <= room;
    let noise = student(lag.seconds / scatter, listener.clock.freedom) / scatter;
    let odd = ODD + if delay_possible && lag.seconds > 0.0 { DELAYED / DELAY_SECONDS } else { 0.0 };
    let ordinary = noise + odd;
    let band = COOKIE_TICKS * tick;
    let cookie = (below(lag.seconds / scatter) - below((lag.seconds - band) / scatter)) / band + ODD;
    let cap = if delay_possible { CAP } else { CAP_IMPOSSIBLE_DELAY };
    Weights {
        cookie: (cookie / ordinary).ln().clamp(-CAP, cap),
        proxy: behind_proxy(handshake, lag, scatter, ordinary),
        delay_possible,
    }
}

/// SYNPROXY hands the server's clock on as if the connection had begun with the cookie: the SYN-ACK seems ahead by
/// the two round trips in between. Only where the closed window says there is a proxy at all is that its doing.
fn behind_proxy(handshake: &Handshake, lag: &Lag, scatter: f64, ordinary: f64) -> f64 {
    let closed = handshake.syn_ack.is_some_and(|s| s.window == 0);
    let ahead = lag.seconds < -4.0 * scatter;
    match (closed, ahead) {
        (true, true) => (1.0 / ordinary).ln().clamp(0.0, CAP),
        (true, false) => 0.0,
        // A proxy with an open window either speaks with its own clock, or with none.
        (false, _) => (0.3_f64 / ordinary.max(0.3)).ln().clamp(-CAP, 0.0),
    }
}

/// Longest delay, in seconds, that this SYN-ACK can have suffered more than others.
fn room_for_delay(listener: &Listener<'_>, handshake: &Handshake, scatter: f64) -> f64 {
    match (handshake.round_trip(), listener.shortest_round_trip(handshake)) {
        (Some(trip), Some(shortest)) => (trip - shortest) + 3.0 * scatter,
        (Some(trip), None) => trip + 3.0 * scatter,
        (None, _) => f64::INFINITY,
    }
}

fn describe(lag: &Lag, scatter: f64) -> String {
    let (ms, noise) = (lag.seconds * 1e3, scatter * 1e3);
    let clock = if lag.rate > 1e5 { "1 MHz".to_owned() } else { format!("{:.0} Hz", lag.rate) };
    if lag.seconds.abs() > ANOTHER_CLOCK_SECONDS {
        return "SYN-ACK timestamp has nothing to do with the clock of the server's next segments".to_owned();
    }
    let side = if lag.seconds >= 0.0 { "behind" } else { "ahead of" };
    format!(
        "SYN-ACK timestamp is {:.1} ms {side} the server's clock ({clock}; noise {noise:.1} ms; {} segments)",
        ms.abs(),
        lag.samples
    )
}

/// Density of Student's t with `freedom` degrees of freedom; the normalisation is good to 1 % from 2 degrees on.
fn student(t: f64, freedom: f64) -> f64 {
    let scale = 0.398_942 * (1.0 - 0.25 / freedom);
    scale * (1.0 + t * t / freedom).powf(-f64::midpoint(freedom, 1.0))
}

/// Normal distribution function, by the logistic approximation (error below 0.01).
fn below(t: f64) -> f64 {
    1.0 / (1.0 + (-1.702 * t).exp())
}
