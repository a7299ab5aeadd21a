//! The numbers of one handshake, for whoever draws them: read from its packets, not judged.

use crate::clock::{Samples, usual_rate};
use crate::handshake::{Handshake, Side};
use crate::listener::Listener;
use crate::{Measured, Openings, Times};

/// The lag of the SYN-ACK's timestamp by the listener's clock, or the usual one.
pub(crate) fn lag_seconds(listener: &Listener<'_>, handshake: &Handshake) -> Option<f64> {
    let rate = listener.clock.rate.unwrap_or_else(usual_rate);
    Samples::of(handshake).map(|samples| samples.lag(rate).seconds)
}

/// What can be measured on this handshake; what was not captured stays `None`.
pub(crate) fn measured(handshake: &Handshake, lag_seconds: Option<f64>) -> Measured {
    let reset = handshake.deciding_reset();
    Measured {
        times: Times {
            syn: handshake.syn.map(|s| s.time),
            syn_ack: handshake.syn_ack.map(|s| s.time),
            ack: handshake.ack.map(|s| s.time),
            reset: reset.map(|(_, reset)| reset.time),
        },
        lag_seconds,
        window: handshake.syn_ack.map(|s| s.window),
        segment_size: handshake.syn_ack.and_then(|s| s.options.mss),
        hop_limit: handshake.syn_ack.and_then(|s| s.ip.ttl),
        later_hop_limit: handshake.later.iter().find(|l| !is_reset(handshake, l.frame)).and_then(|l| l.ip.ttl),
        reset_hop_limit: reset.filter(|(side, _)| *side == Side::Server).and_then(|(_, reset)| reset.ip.ttl),
        openings: Openings::of(handshake),
    }
}

/// The reset may come from another machine, so its hop limit is told apart from the others.
fn is_reset(handshake: &Handshake, frame: crate::Frame) -> bool {
    handshake.reset.as_ref().is_some_and(|(_, reset)| reset.frame == frame)
}
