//! S4, S5: the client's options in the low six bits of the SYN-ACK's timestamp, bare or behind a constant offset.
//!
//! `cookie_init_timestamp` (net/ipv4/syncookies.c) stores window scale (or 15), SACK << 4 and ECN << 5 there. The
//! bits stand bare on the wire from SYNPROXY, from Linux before 4.12 and with `tcp_timestamps=2`; from 4.12 on an
//! offset per address pair is added, from 7.0 (and 6.12.94, 6.18, 6.19) on one per four-tuple, which leaves nothing
//! to see. One agreement is chance in 1 of 64; an ordinary clock agrees again whenever a multiple of 64 ticks has
//! passed, so only agreements it would *not* produce are counted.
//!
//! Fooled by: a TSval of 0; coarse clocks; connections made at multiples of 64 ticks.

use super::isn_bits::IsnLayout;
use super::lag::COOKIE_TICKS;
use super::{Group, Signal, Words, say};
use crate::connection::handshake::Handshake;
use crate::evidence::chance::at_least;
use crate::listener::Listener;
use crate::listener::clients::Clients;
use crate::listener::clock::Clock;
use crate::{EvidenceKind, Timestamp};

/// Bits of the timestamp (syncookies.c `TSBITS`).
const MASK: u32 = 63;
/// No window scale (syncookies.c `TS_OPT_WSCALE_MASK`).
const NO_SCALE: u32 = 0xf;
const SACK: u32 = 1 << 4;
const ECN: u32 = 1 << 5;
/// One agreement: ln 64.
const AGREES: f64 = 4.16;
/// One agreement where nothing else shows that this listener leaves the bits bare: most Linux hosts do not (0.2).
const AGREES_ALONE: f64 = 2.6;
/// A handshake that disagrees with what is established for its listener or address pair.
const DISAGREES: f64 = -3.0;
/// Agreements that chance gives rise to less than once in this many listeners make it established.
const CHANCE: f64 = 1e-7;
/// Fewer agreements than this, by chance in 1 of 64 each, are never so few.
const ENOUGH: usize = 4;
/// An ordinary clock would have agreed by itself when it comes this close to a multiple of 64 ticks, in ticks.
const SAME_PHASE: f64 = 5.0;
/// Slowest clock that can carry it, in ticks a second.
const SLOWEST: f64 = 99.0;

/// What stands in the low bits if the SYN-ACK is a cookie.
fn expected(handshake: &Handshake) -> Option<u32> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let (offered, answered) = (&syn.options, &syn_ack.options);
    let scale = match (offered.window_scale, answered.window_scale) {
        (Some(shift), Some(_)) => u32::from(shift),
        _ => NO_SCALE,
    };
    let ecn = syn_ack.flags.has(crate::packet::segment::Flags::ECE);
    Some(scale | if answered.sack_permitted { SACK } else { 0 } | if ecn { ECN } else { 0 })
}

/// Residue of the timestamp once the expected bits are taken off; 0 when they stand there bare.
fn residue(handshake: &Handshake) -> Option<u32> {
    let value = handshake.syn_ack.as_ref()?.options.timestamps.filter(|t| t.value != 0)?.value;
    Some(value.wrapping_sub(expected(handshake)?) & MASK)
}

/// Whether the timestamp is what it would be in a cookie without any offset.
pub(crate) fn stand_bare(handshake: &Handshake) -> bool {
    residue(handshake) == Some(0)
}

/// Which residues are established on this listener.
pub(crate) struct BitBook {
    bare: bool,
    /// By client, in order.
    of_pair: Vec<(usize, u32)>,
}

#[derive(Clone, Copy)]
struct Reading {
    time: Timestamp,
    value: u32,
    residue: u32,
    expected: u32,
}

impl Reading {
    fn of(handshake: &Handshake) -> Option<Self> {
        let syn_ack = handshake.syn_ack.as_ref()?;
        Some(Self {
            time: syn_ack.time,
            value: syn_ack.options.timestamps?.value,
            residue: residue(handshake)?,
            expected: expected(handshake)?,
        })
    }
}

impl BitBook {
    pub(crate) fn of(handshakes: &[&Handshake], clients: &Clients, clock: &Clock) -> Self {
        let rate = clock.rate.unwrap_or(1000.0);
        let (mut all, mut of_pair): (Vec<Reading>, _) = (Vec::new(), Vec::new());
        if !(SLOWEST..1e5).contains(&rate) {
            return Self { bare: false, of_pair };
        }
        all.reserve(handshakes.len());
        for (client, group) in clients.groups().enumerate() {
            let begin = all.len();
            let of_client = group.iter().map(|&index| handshakes[index as usize]);
            // A coarse clock repeats residues by itself.
            all.extend(of_client.filter(|h| clock.step_of(h) == 1).filter_map(Reading::of));
            of_pair.extend(of_one_pair(&all[begin..], rate).map(|residue| (client, residue)));
        }
        Self { bare: established(&all, 0, rate, 1.0), of_pair }
    }

    /// The residue that is established for a client.
    fn of_pair(&self, client: usize) -> Option<u32> {
        Some(self.of_pair[self.of_pair.binary_search_by_key(&client, |&(client, _)| client).ok()?].1)
    }
}

/// The residue that is established for a client, if one is.
fn of_one_pair(readings: &[Reading], rate: f64) -> Option<u32> {
    if readings.len() < ENOUGH {
        return None;
    }
    let mut counts = [0_usize; 64];
    readings.iter().for_each(|r| counts[r.residue as usize] += 1);
    // The smallest of the most frequent, so that the choice does not depend on any order.
    let mode = (0..64_u32).max_by_key(|&r| (counts[r as usize], std::cmp::Reverse(r)))?;
    established(readings, mode, rate, 64.0).then_some(mode)
}

/// Whether that residue stands there more often than chance allows, with `choices` residues it could have been.
fn established(readings: &[Reading], residue: u32, rate: f64, choices: f64) -> bool {
    let mut agreeing: Vec<Reading> = readings.iter().filter(|r| r.residue == residue).copied().collect();
    if agreeing.len() < ENOUGH {
        return false;
    }
    agreeing.sort_unstable_by_key(|r| (r.time, r.value, r.expected));
    let mut independent = 1;
    for pair in agreeing.windows(2) {
        let elapsed = pair[1].time.seconds_since(pair[0].time) * rate;
        let drift = elapsed + f64::from(pair[0].expected) - f64::from(pair[1].expected);
        let phase = drift.rem_euclid(COOKIE_TICKS);
        // The same value twice is one reading, whatever the clock's rate is.
        let moved = pair[0].value != pair[1].value;
        independent += usize::from(moved && phase > SAME_PHASE && phase < COOKIE_TICKS - SAME_PHASE);
    }
    let counted = readings.len() - agreeing.len() + independent;
    independent >= ENOUGH && choices * at_least(independent, counted, 1.0 / COOKIE_TICKS) < CHANCE
}

pub(super) fn observe<W: Words>(listener: &Listener<'_>, index: usize) -> Option<Signal<W>> {
    let handshake = listener.handshakes[index];
    let (residue, bits) = (residue(handshake)?, expected(handshake)?);
    if listener.clock.step_of(handshake) > 1 || listener.isn_layout != IsnLayout::Opaque {
        return None;
    }
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let pair = listener.bits.of_pair(listener.clients.number(index)?);
    let proxy_like = syn_ack.window == 0;
    let signal = |kind, cookie: f64, proxy: f64, detail: W::Sentence| Signal {
        kind,
        group: Group::Clock,
        cookie,
        proxy,
        habitual: kind == EvidenceKind::TimestampBits && !listener.bits.bare,
        frames: W::cite([syn.frame, syn_ack.frame]),
        detail,
    };
    let bare = |cookie, detail: std::fmt::Arguments<'_>| {
        let proxy = if proxy_like { cookie } else { 0.0_f64.min(cookie) };
        Some(signal(
            EvidenceKind::TimestampBits,
            cookie,
            proxy,
            say!(W, "low six bits of the SYN-ACK's timestamp {detail}"),
        ))
    };
    match (residue, listener.bits.bare, pair) {
        (0, true, _) => bare(AGREES, format_args!("spell the client's options, as on other answers of this listener")),
        (0, false, None) => bare(AGREES_ALONE, format_args!("spell the client's options ({bits}): chance in 1 of 64")),
        (_, true, _) => {
            bare(DISAGREES, format_args!("do not spell the client's options, unlike on other answers of this listener"))
        }
        (_, false, Some(offset)) if offset == residue => Some(signal(
            EvidenceKind::TimestampResidue,
            AGREES,
            0.0,
            say!(
                W,
                "low bits of the SYN-ACK's timestamp spell the client's options behind an offset of {offset}, the same on other answers to this client"
            ),
        )),
        (_, false, Some(offset)) => Some(signal(
            EvidenceKind::TimestampResidue,
            DISAGREES,
            0.0,
            say!(
                W,
                "low bits of the SYN-ACK's timestamp do not fit the offset of {offset} seen on other answers to this client"
            ),
        )),
        (_, false, None) => None,
    }
}
