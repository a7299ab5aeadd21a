//! Recognises handshakes that are complete for the client and make no progress.

use super::case::Case;
use crate::Timestamp;
use crate::connection::handshake::SegmentFacts;
use crate::packet::segment::Flags;

/// Silence shorter than this, in seconds, does not count as silence: the first retransmission timer
/// runs for one second (RFC 6298 section 2).
const SILENCE_SECONDS: f64 = 1.0;

/// Reason for which an acknowledged handshake makes no progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stall {
    /// Server retransmits its SYN-ACK although it was acknowledged.
    AckIgnored,
    /// Window of the SYN-ACK is zero and stays closed.
    WindowClosed {
        /// Whether the server sent nothing at all after its SYN-ACK.
        silent: bool,
        /// Seconds since the ACK.
        waited: f64,
    },
    /// Client retransmits data that is never acknowledged.
    DataIgnored,
}

impl Stall {
    /// Returns the way in which a handshake was stuck at a time; `None` when it was not.
    pub(super) fn at(case: &Case<'_, '_>, end: Timestamp) -> Option<Self> {
        let handshake = case.handshake;
        let (syn_ack, ack) = (handshake.syn_ack.as_ref()?, handshake.ack.as_ref()?);
        if handshake.ack_ignored() {
            return Some(Self::AckIgnored);
        }
        let waited = end.seconds_since(ack.time);
        let spoke = |later: &SegmentFacts| later.time <= end && !later.flags.has(Flags::RST);
        let quiet = handshake.server_data.is_none() && !handshake.server_fin && waited >= SILENCE_SECONDS;
        let silent = quiet && !handshake.server_segments.iter().any(spoke);
        let opened = handshake.server_segments.iter().any(|l| l.window > 0);
        if syn_ack.window == 0 && quiet && !opened {
            return Some(Self::WindowClosed { silent, waited });
        }
        (silent && handshake.client_data_retransmissions > 0).then_some(Self::DataIgnored)
    }
}
