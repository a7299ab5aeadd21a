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
use crate::listener::clock::Clock;
use crate::packet::segment::Flags;

/// Ticks a cookie may lag: six bits (syncookies.c `TSBITS`).
pub(crate) const COOKIE_TICKS: f64 = 64.0;
/// Bits of the timestamp that a cookie uses (syncookies.c `TSBITS`).
const MASK: u32 = 63;
/// Code for a missing window scale (syncookies.c `TS_OPT_WSCALE_MASK`).
const NO_SCALE: u32 = 0xf;
const SACK: u32 = 1 << 4;
const ECN: u32 = 1 << 5;
/// Agreements that chance produces on less than one listener in the inverse of this are
/// established.
const CHANCE: f64 = 1e-7;
/// Minimum agreements, by chance in 1 of 64 each, before any residue is established.
const ENOUGH: usize = 4;
/// An ordinary clock would have agreed, too, when it comes this close to a multiple of 64 ticks, in
/// ticks.
const SAME_PHASE: f64 = 5.0;
/// Slowest clock that can carry a cookie's bits, in ticks a second.
const SLOWEST: f64 = 99.0;

/// Returns the low six bits of the SYN-ACK's timestamp if it is a cookie's; `None` where the options
/// that they encode are not known.
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

/// The residues that are established on a listener.
pub(crate) struct TimestampBits {
    /// Whether answers of this listener carry a cookie's bits without any offset.
    pub bare: bool,
    /// The residue of each client that has one, by client, in ascending order.
    by_client: Vec<(usize, u32)>,
}

/// The timestamp of one SYN-ACK.
#[derive(Clone, Copy)]
struct Sample {
    time: Timestamp,
    value: u32,
    residue: u32,
    cookie_bits: u32,
}

impl Sample {
    fn of(handshake: &Handshake) -> Option<Self> {
        let syn_ack = handshake.syn_ack.as_ref()?;
        Some(Self {
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
        let (mut all, mut by_client): (Vec<Sample>, _) = (Vec::new(), Vec::new());
        if !(SLOWEST..1e5).contains(&rate) {
            return Self { bare: false, by_client };
        }
        all.reserve(handshakes.len());
        for (client, group) in clients.groups().enumerate() {
            let begin = all.len();
            let of_client = group.iter().map(|&index| handshakes[index as usize]);
            // A coarse clock repeats residues without any cookie.
            all.extend(of_client.filter(|h| clock.step_of(h) == 1).filter_map(Sample::of));
            by_client.extend(residue_of_client(&all[begin..], rate).map(|residue| (client, residue)));
        }
        Self { bare: is_established(&all, 0, rate, 1.0), by_client }
    }

    /// Returns the residue that is established for a client, by the client's number.
    pub(crate) fn residue_for(&self, client: usize) -> Option<u32> {
        Some(self.by_client[self.by_client.binary_search_by_key(&client, |&(client, _)| client).ok()?].1)
    }
}

/// Returns the residue that one client's answers establish, if they do.
fn residue_of_client(samples: &[Sample], rate: f64) -> Option<u32> {
    if samples.len() < ENOUGH {
        return None;
    }
    let mut counts = [0_usize; 64];
    samples.iter().for_each(|s| counts[s.residue as usize] += 1);
    // The smallest of the most frequent, so that the choice does not depend on any order.
    let mode = (0..64_u32).max_by_key(|&r| (counts[r as usize], std::cmp::Reverse(r)))?;
    is_established(samples, mode, rate, 64.0).then_some(mode)
}

/// Returns whether a residue occurs more often than chance allows, with `choices` residues it could
/// have been.
fn is_established(samples: &[Sample], residue: u32, rate: f64, choices: f64) -> bool {
    let mut agreeing: Vec<Sample> = samples.iter().filter(|s| s.residue == residue).copied().collect();
    if agreeing.len() < ENOUGH {
        return false;
    }
    agreeing.sort_unstable_by_key(|s| (s.time, s.value, s.cookie_bits));
    let mut independent = 1;
    for pair in agreeing.windows(2) {
        let elapsed = pair[1].time.seconds_since(pair[0].time) * rate;
        let drift = elapsed + f64::from(pair[0].cookie_bits) - f64::from(pair[1].cookie_bits);
        let phase = drift.rem_euclid(COOKIE_TICKS);
        // The same value twice is one sample, whatever the clock's rate is.
        let moved = pair[0].value != pair[1].value;
        independent += usize::from(moved && phase > SAME_PHASE && phase < COOKIE_TICKS - SAME_PHASE);
    }
    let counted = samples.len() - agreeing.len() + independent;
    independent >= ENOUGH && choices * at_least(independent, counted, 1.0 / COOKIE_TICKS) < CHANCE
}
