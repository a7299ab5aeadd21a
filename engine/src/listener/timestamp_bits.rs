//! Low six bits of SYN-ACK timestamps, compared with the client's options over all handshakes of a
//! listener.
//!
//! `cookie_init_timestamp` (net/ipv4/syncookies.c) stores window scale (or 15), SACK << 4 and ECN
//! << 5 there. One agreement is chance in 1 of 64; an ordinary clock agrees again whenever a
//! multiple of 64 ticks has passed, so only agreements that it would *not* produce are counted.

use crate::Timestamp;
use crate::connection::handshake::Handshake;
use crate::listener::chance::at_least;
use crate::listener::clients::Clients;
use crate::listener::clock::{Clock, Samples};
use crate::packet::segment::Flags;

/// Ticks a cookie may lag: six bits (syncookies.c `TSBITS`).
pub(crate) const COOKIE_TICKS: f64 = 64.0;
/// Bits of the timestamp that a cookie uses (syncookies.c `TSBITS`).
const MASK: u32 = 63;
/// Code for a missing window scale (syncookies.c `TS_OPT_WSCALE_MASK`).
const NO_SCALE: u32 = 0xf;
const SACK: u32 = 1 << 4;
const ECN: u32 = 1 << 5;
/// Maximum probability of the agreements by chance: below it, the residue is established.
const CHANCE: f64 = 1e-7;
/// Minimum agreements, by chance in 1 of 64 each, before the residue 0 is established.
pub(crate) const ENOUGH_WITHOUT_OFFSET: usize = 4;
/// Nats of each answer below which the repeated residue of a client is not considered.
const LEAST_NATS: f64 = 0.5;
/// Distance from a multiple of 64 ticks, in ticks, within which an ordinary clock agrees with
/// itself.
const SAME_PHASE: f64 = 5.0;
/// Slowest clock that can carry a cookie's bits, in ticks a second.
const SLOWEST: f64 = 99.0;

/// Returns the low six bits of the SYN-ACK's timestamp if it is a cookie's; `None` where the
/// options that they encode are not known.
pub(crate) fn cookie_bits(handshake: &Handshake) -> Option<u32> {
    let (syn, syn_ack) = handshake.whole_headers()?;
    let (offered, answered) = (&syn.options, &syn_ack.options);
    let scale = match (offered.window_scale, answered.window_scale) {
        (Some(shift), Some(_)) => u32::from(shift),
        _ => NO_SCALE,
    };
    let ecn = syn_ack.flags.has(Flags::ECE);
    Some(scale | if answered.sack_permitted { SACK } else { 0 } | if ecn { ECN } else { 0 })
}

/// Returns the low six bits of the SYN-ACK's timestamp less those of a cookie: 0 where they are a
/// cookie's without any offset. `None` without timestamps, and for a TSval of 0.
pub(crate) fn residue(handshake: &Handshake) -> Option<u32> {
    let value = handshake.syn_ack.as_ref()?.options.timestamps.filter(|t| t.value != 0)?.value;
    Some(value.wrapping_sub(cookie_bits(handshake)?) & MASK)
}

/// The residues that repeat on a listener.
#[derive(Debug)]
pub(crate) struct TimestampBits {
    /// Whether answers of this listener carry a cookie's bits without any offset.
    pub without_offset: bool,
    /// Nats by which more answers carry a cookie's bits without any offset than chance gives; not
    /// negative.
    pub without_offset_against_chance: f64,
    /// The residue of each client that has one, by client, in ascending order.
    by_client: Vec<(usize, ClientResidue)>,
}

/// The residue that answers to one client repeat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientResidue {
    pub residue: u32,
    /// Nats against chance of each answer that has it, and of each that does not; infinite where
    /// the residue is established.
    pub nats: f64,
}

impl ClientResidue {
    /// Returns whether chance is ruled out.
    pub(crate) const fn is_established(&self) -> bool {
        self.nats == f64::INFINITY
    }
}

/// The timestamp of one SYN-ACK.
#[derive(Clone, Copy)]
struct Sample {
    index: u32,
    time: Timestamp,
    value: u32,
    residue: u32,
    cookie_bits: u32,
}

impl Sample {
    fn of(index: u32, handshake: &Handshake) -> Option<Self> {
        let syn_ack = handshake.syn_ack.as_ref()?;
        Some(Self {
            index,
            time: syn_ack.time,
            value: syn_ack.options.timestamps?.value,
            residue: residue(handshake)?,
            cookie_bits: cookie_bits(handshake)?,
        })
    }
}

impl TimestampBits {
    pub(crate) fn of(handshakes: &[&Handshake], clients: &Clients, clock: &Clock) -> Self {
        let rate = clock.rate.unwrap_or(1000.0);
        let (mut all, mut repeats): (Vec<Sample>, _) = (Vec::new(), Vec::new());
        if !(SLOWEST..1e5).contains(&rate) {
            return Self { without_offset: false, without_offset_against_chance: 0.0, by_client: Vec::new() };
        }
        all.reserve(handshakes.len());
        for (client, group) in clients.groups().enumerate() {
            let begin = all.len();
            let of_client = group.iter().map(|&index| (index, handshakes[index as usize]));
            // A coarse clock repeats residues without any cookie.
            let fine = of_client.filter(|(_, handshake)| clock.step_of(handshake) == 1);
            all.extend(fine.filter_map(|(index, handshake)| Sample::of(index, handshake)));
            let lags = |sample: &Sample| is_possible_lag(handshakes[sample.index as usize], clock, rate);
            repeats.extend(Repeats::of(&all[begin..], rate, lags).map(|repeats| (client, repeats)));
        }
        let without_offset = all.iter().filter(|sample| sample.residue == 0).count();
        Self {
            without_offset: is_established(&all, rate),
            without_offset_against_chance: (COOKIE_TICKS * without_offset as f64 / all.len().max(1) as f64)
                .ln()
                .max(0.0),
            by_client: by_client(&repeats),
        }
    }

    /// Returns the residue that repeats for a client, by the client's number.
    pub(crate) fn residue_for(&self, client: usize) -> Option<ClientResidue> {
        Some(self.by_client[self.by_client.binary_search_by_key(&client, |&(client, _)| client).ok()?].1)
    }
}

/// How often the most frequent residue of one client occurs.
#[derive(Clone, Copy, Debug)]
struct Repeats {
    residue: u32,
    /// Number of samples that have it.
    agreeing: usize,
    /// Number of those that an ordinary clock would not repeat.
    independent: usize,
    /// Number of samples, those that a clock would repeat left out.
    tries: usize,
}

impl Repeats {
    /// Counts a client's residues; `None` for fewer than two samples.
    ///
    /// `lags` returns whether the SYN-ACK of a sample may lag like a cookie.
    fn of(samples: &[Sample], rate: f64, lags: impl Fn(&Sample) -> bool) -> Option<Self> {
        if samples.len() < 2 {
            return None;
        }
        let mut counts = [0_usize; 64];
        samples.iter().for_each(|s| counts[s.residue as usize] += 1);
        // The smallest of the most frequent, so that the choice does not depend on any order.
        let residue = (0..64_u32).max_by_key(|&r| (counts[r as usize], std::cmp::Reverse(r)))?;
        let agreeing = counts[residue as usize];
        let independent = independent(samples.iter().filter(|s| s.residue == residue && lags(s)), rate);
        let tries = samples.len() - agreeing + independent;
        Some(Self { residue, agreeing, independent, tries })
    }

    /// Returns the nats against chance, with the residue chosen after looking; not negative.
    fn nats(&self) -> f64 {
        -(COOKIE_TICKS * at_least(self.independent, self.tries, 1.0 / COOKIE_TICKS)).min(1.0).ln()
    }
}

/// Returns the residues of the clients for which one repeats. Every client is a trial, unless all
/// clients together show that residues repeat on this listener.
fn by_client(clients: &[(usize, Repeats)]) -> Vec<(usize, ClientResidue)> {
    let again: usize = clients.iter().map(|(_, repeats)| repeats.independent - 1).sum();
    let tries: usize = clients.iter().map(|(_, repeats)| repeats.tries - 1).sum();
    let all_repeat = tries > 0 && at_least(again, tries, 1.0 / COOKIE_TICKS) < CHANCE;
    let trials = (clients.len() as f64).ln();
    let residue = |&(client, repeats): &(usize, Repeats)| {
        let nats = repeats.nats() - trials;
        let is_established = nats > -CHANCE.ln() || all_repeat && repeats.independent > 1;
        let nats = if is_established { f64::INFINITY } else { nats / repeats.agreeing as f64 };
        (nats >= LEAST_NATS).then_some((client, ClientResidue { residue: repeats.residue, nats }))
    };
    clients.iter().filter_map(residue).collect()
}

/// Returns the number of agreeing samples that an ordinary clock would not repeat; at least 1.
fn independent<'a>(agreeing: impl Iterator<Item = &'a Sample>, rate: f64) -> usize {
    let mut agreeing: Vec<Sample> = agreeing.copied().collect();
    agreeing.sort_unstable_by_key(|s| (s.time, s.value, s.cookie_bits));
    let is_new = |pair: &&[Sample]| {
        let elapsed = pair[1].time.seconds_since(pair[0].time) * rate;
        let drift = elapsed + f64::from(pair[0].cookie_bits) - f64::from(pair[1].cookie_bits);
        let phase = drift.rem_euclid(COOKIE_TICKS);
        // The same value twice is one sample, whatever the clock's rate is.
        let moved = pair[0].value != pair[1].value;
        moved && phase > SAME_PHASE && phase < COOKIE_TICKS - SAME_PHASE
    };
    1 + agreeing.windows(2).filter(is_new).count()
}

/// Returns whether a SYN-ACK may lag behind the server's clock: its residue is not that of an
/// ordinary clock that stepped by 64 ticks. Of cookies, few lag by less than the noise.
fn is_possible_lag(handshake: &Handshake, clock: &Clock, rate: f64) -> bool {
    Samples::of(handshake).is_none_or(|samples| samples.lag(rate).seconds > clock.scatter)
}

/// Returns whether the residue 0 occurs more often than chance allows.
fn is_established(samples: &[Sample], rate: f64) -> bool {
    let agreeing = samples.iter().filter(|sample| sample.residue == 0).count();
    if agreeing < ENOUGH_WITHOUT_OFFSET {
        return false;
    }
    let independent = independent(samples.iter().filter(|sample| sample.residue == 0), rate);
    let counted = samples.len() - agreeing + independent;
    independent >= ENOUGH_WITHOUT_OFFSET && at_least(independent, counted, 1.0 / COOKIE_TICKS) < CHANCE
}
