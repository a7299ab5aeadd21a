//! Describes a reset that answers a SYN, beside the SYN-ACKs of the same listener.

use super::case::Case;
use super::nearby::{NEARBY_SECONDS, nearby};
use crate::connection::handshake::{Handshake, SegmentFacts};
use crate::evidence::hop_limit::field_name;
use crate::evidence::reset::Shape;

/// Longest time, in seconds, between a refusal and SYN-ACKs around it that show the port open: no
/// program restarts twice within it.
const BETWEEN_SECONDS: f64 = 1.0;
/// Shortest time, in seconds, for which a program that restarts does not listen.
const CLOSED_SECONDS: f64 = 0.1;
/// Time from the last SYN to the reset, in seconds, that no host takes to refuse a SYN.
const LATE_SECONDS: f64 = 3.0;
/// Largest distance between the IP identifications of two packets of one counter.
const NEAR_IDENTIFICATIONS: u16 = 64;

/// Reset that refused a SYN.
pub(super) struct RefusedSyn {
    /// Whether the reset has no ACK flag.
    pub lacks_ack_flag: bool,
    /// Whether the listener answered another SYN around that time.
    pub others_answered: bool,
    /// Whether SYNs were answered both within a second before and within a second after, and not as
    /// by a listener that was closed in between.
    pub between_answers: bool,
    /// Whether the reset's IP identification is near that of a SYN-ACK of the same second.
    pub ip_id_near: bool,
    /// Seconds from the last SYN to the reset, where no host takes that long.
    pub late: Option<f64>,
    /// Whether the reset's window is not 0.
    pub has_window: bool,
    /// Whether the client retransmitted the SYN, and it was answered.
    pub retry_answered: bool,
    /// Hop limits of that SYN-ACK and of the reset, where both are known.
    pub ttls: Option<(u8, u8)>,
    /// Name of the header field that holds them.
    pub ttl_field: &'static str,
}

impl RefusedSyn {
    /// Describes the reset of a handshake; `None` without a reset.
    pub(super) fn of(case: &Case<'_, '_>) -> Option<Self> {
        let (_, reset) = case.handshake.reset.as_deref()?;
        let answered = answered_nearby(case);
        let around = Around::of(case, reset);
        let last_syn = case.handshake.last_syn.filter(|&syn| syn <= reset.time);
        let waited = last_syn.map(|syn| reset.time.seconds_since(syn));
        Some(Self {
            between_answers: around.before && around.after && !is_restart(case),
            ip_id_near: around.ip_id_near,
            late: waited.filter(|&waited| waited > LATE_SECONDS),
            has_window: reset.window > 0,
            retry_answered: case.handshake.syn_ack.is_some(),
            lacks_ack_flag: Shape::of(reset) == Shape::Stateless,
            others_answered: answered.is_some(),
            ttl_field: field_name(case.handshake.server.ip),
            ttls: answered.and_then(|other| other.syn_ack?.ip.ttl()).zip(reset.ip.ttl()),
        })
    }

    /// Returns whether the hop limits are known and differ.
    pub(super) fn has_other_ttl(&self) -> bool {
        self.ttls.is_some_and(|(syn_ack, reset)| syn_ack != reset)
    }

    /// Returns whether the hop limits are known and equal.
    pub(super) fn has_same_ttl(&self) -> bool {
        self.ttls.is_some_and(|(syn_ack, reset)| syn_ack == reset)
    }

    /// Describes a late reset in a sentence; empty where it was not late.
    pub(super) fn late_sentence(&self) -> String {
        self.late.map_or_else(String::new, |late| format!("the reset came {late:.0} s after the last SYN"))
    }

    /// Compares the hop limits in a sentence; empty where they are not known.
    pub(super) fn ttl_sentence(&self) -> String {
        let field = self.ttl_field;
        self.ttls.map_or_else(String::new, |(a, b)| {
            format!(
                "{field} {b} in the reset, {a} in the SYN-ACKs of this listener: another machine probably sent the reset"
            )
        })
    }
}

/// SYN-ACKs of the listener within a second of a refusal.
#[derive(Default)]
struct Around {
    before: bool,
    after: bool,
    ip_id_near: bool,
}

impl Around {
    fn of(case: &Case<'_, '_>, reset: &SegmentFacts) -> Self {
        let mut seen = Self::default();
        for syn_ack in nearby(case).filter_map(|(_, other)| other.syn_ack.as_ref()) {
            let later = syn_ack.time.seconds_since(reset.time);
            if later.abs() <= BETWEEN_SECONDS {
                seen.before |= later < 0.0;
                seen.after |= later > 0.0;
                let ids = syn_ack.ip.identification().zip(reset.ip.identification()).filter(|&(a, b)| a != 0 && b != 0);
                let distance = ids.map(|(a, b)| a.wrapping_sub(b).min(b.wrapping_sub(a)));
                seen.ip_id_near |= distance.is_some_and(|distance| (1..=NEAR_IDENTIFICATIONS).contains(&distance));
            }
        }
        seen
    }
}

/// Returns whether the SYNs before and after this one were refused as well, for so long that a
/// listener was closed: a full backlog gets room at any time.
fn is_restart(case: &Case<'_, '_>) -> bool {
    let (before, after): (Vec<_>, Vec<_>) = nearby(case).partition(|(index, _)| *index < case.index);
    let is_refused = |other: &&Handshake| other.syn_ack.is_none() && other.reset.is_some();
    let run = |others: &mut dyn Iterator<Item = &Handshake>| others.take_while(is_refused).map(|h| h.time).last();
    let first = run(&mut before.iter().rev().map(|(_, other)| *other)).unwrap_or(case.handshake.time);
    let last = run(&mut after.iter().map(|(_, other)| *other)).unwrap_or(case.handshake.time);
    last.seconds_since(first) >= CLOSED_SECONDS
}

/// Finds a handshake of the listener near this one whose SYN was answered.
fn answered_nearby<'l>(case: &Case<'_, 'l>) -> Option<&'l Handshake> {
    let own = case.handshake.time;
    nearby(case)
        .map(|(_, other)| other)
        .find(|h| h.syn_ack.is_some() && h.time.seconds_since(own).abs() <= NEARBY_SECONDS)
}
