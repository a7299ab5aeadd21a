//! Describes a reset that answers a SYN, beside the SYN-ACKs of the same listener.

use super::case::Case;
use super::nearby::{NEARBY_HANDSHAKES, NEARBY_SECONDS};
use crate::connection::handshake::Handshake;
use crate::evidence::hop_limit::field_name;
use crate::evidence::reset::Shape;

/// Reset that refused a SYN.
pub(super) struct RefusedSyn {
    /// Whether the reset has no ACK flag.
    pub is_bare: bool,
    /// Whether the listener answered another SYN around that time.
    pub others_answered: bool,
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
        Some(Self {
            is_bare: Shape::of(reset) == Shape::Stateless,
            others_answered: answered.is_some(),
            ttl_field: field_name(case.handshake.server.ip),
            ttls: answered.and_then(|other| other.syn_ack?.ip.ttl).zip(reset.ip.ttl),
        })
    }

    /// Returns whether the hop limits are known and differ.
    pub(super) fn has_other_ttl(&self) -> bool {
        self.ttls.is_some_and(|(syn_ack, reset)| syn_ack != reset)
    }

    /// Compares the hop limits in a sentence; empty where they are not known.
    pub(super) fn ttl_sentence(&self) -> String {
        let field = self.ttl_field;
        self.ttls.map_or_else(String::new, |(a, b)| {
            format!("{field} {b} in the reset, {a} in the SYN-ACKs of this listener: another machine sent the reset")
        })
    }
}

/// Finds a handshake of the listener near this one whose SYN was answered.
fn answered_nearby<'l>(case: &Case<'_, 'l>) -> Option<&'l Handshake> {
    let all = &case.listener.handshakes;
    let end = all.len().min(case.index + NEARBY_HANDSHAKES + 1);
    let near = &all[case.index.saturating_sub(NEARBY_HANDSHAKES)..end];
    let own = case.handshake.time;
    near.iter().copied().find(|h| h.syn_ack.is_some() && h.time.seconds_since(own).abs() <= NEARBY_SECONDS)
}
