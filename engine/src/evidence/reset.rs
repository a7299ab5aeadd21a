//! S18: the shape of the reset that followed. It decides why a handshake failed rather than who
//! answered the SYN.
//!
//! RFC 9293 section 3.10.7.1: a reset for a segment that belongs to no connection takes its
//! sequence number from the segment's acknowledgment and carries no ACK flag; a reset of a SYN
//! does. Common stacks also set the flag when they abort a connection, unlike section 3.10.5.

use super::{Detail, Reading, detail};
use crate::connection::handshake::{Handshake, SegmentFacts, Side};
use crate::packet::segment::Flags;

/// The shape of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// No ACK flag, window 0: sent by a host that does not know the connection.
    Stateless,
    /// ACK flag, window 0, no options: a refused SYN, or a device.
    Refusal,
    /// ACK flag with a window or options: sent by the owner of a live connection.
    Owner,
}

impl Shape {
    pub(crate) fn of(reset: &SegmentFacts) -> Self {
        if !reset.flags.has(Flags::ACK) {
            Self::Stateless
        } else if reset.window == 0 && !reset.has_options() {
            Self::Refusal
        } else {
            Self::Owner
        }
    }

    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::Stateless => {
                "RST without ACK flag (sequence number = client's ACK number): as sent by a host that does not know the connection, or by a packet filter"
            }
            Self::Refusal => "RST with ACK flag, window 0 and no options: as sent to refuse a SYN",
            Self::Owner => {
                "RST with ACK flag, and a window above 0 or options: as sent by the host with the open connection"
            }
        }
    }
}

/// A host that does not know the connection receives proxied connections more often than ordinary
/// ones.
const STATELESS_PROXY: f64 = 1.0;
const STATELESS_COOKIE: f64 = 0.5;

pub(super) fn observe<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let (side, reset) = handshake.deciding_reset()?;
    let syn_ack = handshake.syn_ack.as_ref().filter(|_| *side == Side::Server && handshake.ack.is_some())?;
    let shape = Shape::of(reset);
    let stateless = shape == Shape::Stateless && !handshake.server_fin;
    Some(Reading {
        cookie: if stateless { STATELESS_COOKIE } else { 0.0 },
        proxy: if stateless { STATELESS_PROXY } else { 0.0 },
        systematic: true,
        frames: D::frames([syn_ack.frame, reset.frame]),
        text: detail!(D, "{}", shape.describe()),
    })
}
