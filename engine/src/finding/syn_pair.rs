//! What a handshake's SYN and SYN-ACK looked like, for front ends that compare captures.

use crate::connection::handshake::{Handshake, SynHeader};

/// The fields of a SYN or SYN-ACK that tell a packet from another, and that a path may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Initial sequence number.
    pub isn: u32,
    /// Time to live, or hop limit.
    pub hop_limit: Option<u8>,
    /// Identification; IPv4 only.
    pub identification: Option<u16>,
    /// Window, as on the wire.
    pub window: u16,
    /// Maximum segment size.
    pub mss: Option<u16>,
    /// Window scale shift.
    pub window_scale: Option<u8>,
    /// Whether SACK is permitted.
    pub sack_permitted: bool,
    /// TSval.
    pub timestamp: Option<u32>,
    /// Whether all options were captured.
    pub is_whole: bool,
}

/// Both, where they were captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Openings {
    /// First SYN.
    pub syn: Option<Look>,
    /// First SYN-ACK.
    pub syn_ack: Option<Look>,
    /// Sequence number of the SYN, also where only the SYN-ACK tells it.
    pub client_isn: Option<u32>,
}

impl Openings {
    pub(crate) fn of(handshake: &Handshake) -> Self {
        Self {
            syn: handshake.syn.as_ref().map(Look::of),
            syn_ack: handshake.syn_ack.as_ref().map(Look::of),
            client_isn: handshake.client_isn().map(|isn| isn.0),
        }
    }
}

impl Look {
    fn of(opening: &SynHeader) -> Self {
        let options = &opening.options;
        Self {
            isn: opening.isn.0,
            hop_limit: opening.ip.ttl,
            identification: opening.ip.identification,
            window: opening.window,
            mss: options.mss,
            window_scale: options.window_scale,
            sack_permitted: options.sack_permitted,
            timestamp: options.timestamps.map(|timestamps| timestamps.value),
            is_whole: !options.incomplete,
        }
    }
}
