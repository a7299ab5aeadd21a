//! S22: a SYN-ACK whose TSecr is not the client's TSval.
//!
//! A SYN-ACK must echo the TSval of the SYN that it answers (RFC 7323 section 3.2). A switch that
//! turns the SYN round (p4-synproxy and other P4 programs) cannot insert it: the SYN-ACK has the
//! client's own TSval and TSecr, which is 0 in a SYN.
//!
//! Fooled by: retransmitted SYNs, if the capture lacks the answered one (near TSvals count as
//! echoed); old Windows, which sends a TSval and a TSecr of 0 in its SYN-ACK; one clock at both
//! ends, which gives the same TSval (the echo is then right); captures whose options were
//! anonymised.

use super::{Detail, Reading, detail};
use crate::connection::handshake::Handshake;

/// Weight where TSval and TSecr are the client's own: 2^-32 by chance, capped for crafted packets
/// and for programs that copy the options of the SYN.
const REFLECTED: f64 = 12.0;
/// Weight of another number: P(ordinary) = 1e-3 (anonymised captures, crafted packets), P(proxy) =
/// 0.05.
const NOT_ECHOED: f64 = 3.9;
/// Weight against a cookie: a host's cookie echoes the TSval. The weight is finite because captures
/// can be wrong.
const COOKIE: f64 = -7.0;
/// Distance of two TSvals that one client sends within a minute, at up to 1 MHz, in ticks.
const SAME_CLIENT: u32 = 1 << 27;

pub(super) fn observe<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let (sent, answered) = (syn.options.timestamps?, syn_ack.options.timestamps?);
    let is_near =
        answered.echo != 0 && answered.echo.wrapping_sub(sent.value).cast_signed().unsigned_abs() < SAME_CLIENT;
    if sent.value == 0 || answered.value == 0 || answered.echo == sent.value || is_near {
        return None;
    }
    let is_reflected = answered == sent;
    Some(Reading {
        cookie: COOKIE,
        proxy: if is_reflected { REFLECTED } else { NOT_ECHOED },
        systematic: true,
        frames: D::frames([syn.frame, syn_ack.frame]),
        text: if is_reflected {
            detail!(
                D,
                "the SYN-ACK repeats the client's own timestamps ({} and {}) instead of echoing them",
                sent.value,
                sent.echo
            )
        } else {
            detail!(D, "the SYN-ACK echoes the timestamp {}, but the SYN has {}", answered.echo, sent.value)
        },
    })
}
