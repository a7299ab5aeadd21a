//! S4, S5: the client's options in the low six bits of the SYN-ACK's timestamp, with or without a
//! constant offset.
//!
//! `cookie_init_timestamp` (net/ipv4/syncookies.c) stores window scale (or 15), SACK << 4 and ECN
//! << 5 there. The bits appear without any offset from SYNPROXY, from Linux before 4.12 and with
//! `tcp_timestamps=2`; from 4.12 on an offset per address pair is added, from 7.0 (and 6.12.94,
//! 6.18, 6.19) on one per four-tuple, which leaves nothing to see.
//!
//! Fooled by: a TSval of 0; coarse clocks; connections made at multiples of 64 ticks.

use super::preview::PREVIEWED;
use super::{Detail, Preview, Reading, detail};
use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::listener::isn_layout::IsnLayout;
use crate::listener::timestamp_bits::{ClientResidue, ENOUGH_WITHOUT_OFFSET, cookie_bits, residue};

/// Largest weight of one agreement: ln 64. The first of n answers agrees with no earlier one, so
/// they weigh (n - 1) · ln 64 in total, and each of them has an equal share.
const AGREES: f64 = 4.16;
/// Weight of one agreement where nothing else shows that this listener adds no offset: most Linux
/// hosts add one (0.2 do not).
const AGREES_ALONE: f64 = 2.6;
/// Weight of a handshake that contradicts the established residue of its listener or address pair.
const DISAGREES: f64 = -3.0;

/// Returns the residue of a SYN-ACK's timestamp, where it may be that of a Linux cookie.
fn visible_residue(listener: &Listener<'_>, handshake: &Handshake) -> Option<u32> {
    let residue = residue(handshake)?;
    (listener.clock.step_of(handshake) <= 1 && listener.isn_layout == IsnLayout::Opaque).then_some(residue)
}

/// Returns the residue that answers to the same client repeat: the offset of the address pair.
fn offset(listener: &Listener<'_>, index: usize) -> Option<ClientResidue> {
    listener.timestamp_bits.residue_for(listener.clients.number(index)?)
}

/// Returns whether the bits of the judged SYN-ACK may favour a cookie. The bits of another SYN-ACK
/// count only if they are not systematic, that is, if at least [`ENOUGH_WITHOUT_OFFSET`] SYN-ACKs have them.
/// A preview has at most that many SYN-ACKs, the judged one included.
pub(super) fn may_favour(handshake: &Handshake, is_judged: bool) -> bool {
    is_judged && residue(handshake) == Some(0)
}

const _: () = assert!(PREVIEWED <= ENOUGH_WITHOUT_OFFSET, "the gate relies on it");

/// Returns whether two answers to one client have the same residue.
pub(super) fn may_repeat(preview: &Preview<'_, '_>) -> bool {
    let repeats = |later: &Handshake, other: &Handshake| {
        later.client.ip == other.client.ip && residue(later).is_some_and(|own| residue(other) == Some(own))
    };
    let handshakes = preview.handshakes;
    handshakes.iter().enumerate().any(|(index, later)| handshakes[..index].iter().any(|other| repeats(later, other)))
}

pub(super) fn without_offset<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let handshake = listener.handshakes[index];
    let residue = visible_residue(listener, handshake)?;
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let has_no_offset = listener.timestamp_bits.without_offset;
    let (cookie, what) = match (residue, has_no_offset) {
        (0, true) => (AGREES, detail!(D, "encode the client's options, as in other SYN-ACKs of this listener")),
        (_, true) => {
            (DISAGREES, detail!(D, "do not encode the client's options; in other SYN-ACKs of this listener they do"))
        }
        (0, false) if offset(listener, index).is_none_or(|offset| !offset.is_established()) => {
            let bits = cookie_bits(handshake)?;
            (
                AGREES_ALONE.min(listener.timestamp_bits.without_offset_against_chance),
                detail!(D, "equal the code of the client's options (value {bits}; a single match by chance: 1 in 64)"),
            )
        }
        (_, false) => return None,
    };
    Some(Reading {
        cookie,
        proxy: if syn_ack.window == 0 { cookie } else { 0.0_f64.min(cookie) },
        systematic: !has_no_offset,
        frames: D::frames([syn.frame, syn_ack.frame]),
        text: detail!(D, "the low six bits of the SYN-ACK's timestamp {what}"),
    })
}

pub(super) fn behind_offset<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    if listener.timestamp_bits.without_offset {
        return None;
    }
    let handshake = listener.handshakes[index];
    let ClientResidue { residue: offset, nats } = offset(listener, index)?;
    let residue = visible_residue(listener, handshake)?;
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let agrees = residue == offset;
    Some(Reading {
        cookie: if agrees { AGREES.min(nats) } else { DISAGREES.max(-nats) },
        proxy: 0.0,
        systematic: false,
        frames: D::frames([syn.frame, syn_ack.frame]),
        text: if agrees {
            detail!(
                D,
                "the low six bits of the SYN-ACK's timestamp encode the client's options plus an offset of {offset}; \
                 other SYN-ACKs to this client have the same offset"
            )
        } else {
            detail!(
                D,
                "the low six bits of the SYN-ACK's timestamp do not fit the offset of {offset} that other SYN-ACKs to \
                 this client have"
            )
        },
    })
}
