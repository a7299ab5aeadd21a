//! The numbers of one handshake, for whoever draws them: read from its packets, not judged.

use crate::connection::handshake::{Handshake, Side};
use crate::listener::Listener;
use crate::listener::clock::{Samples, usual_rate};
use crate::{Measured, Times};

/// Those of the server's next segments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Later {
    lag_seconds: Option<f64>,
    hop_limit: Option<u8>,
}

impl Later {
    pub(crate) fn of(listener: &Listener<'_>, handshake: &Handshake) -> Self {
        // With the listener's clock, or the usual one.
        let rate = listener.clock.rate.unwrap_or_else(usual_rate);
        Self {
            lag_seconds: Samples::of(handshake).map(|samples| samples.lag(rate).seconds),
            hop_limit: handshake.server_segments.iter().find(|l| !is_reset(handshake, l.frame)).and_then(|l| l.ip.ttl),
        }
    }
}

/// What can be measured on this handshake; what was not captured stays `None`.
pub(crate) fn measured(handshake: &Handshake, later: Later) -> Measured {
    let reset = handshake.deciding_reset();
    Measured {
        times: Times {
            syn: handshake.syn.as_ref().map(|s| s.time),
            syn_ack: handshake.syn_ack.as_ref().map(|s| s.time),
            ack: handshake.ack.as_ref().map(|s| s.time),
            reset: reset.map(|(_, reset)| reset.time),
        },
        lag_seconds: later.lag_seconds,
        window: handshake.syn_ack.as_ref().map(|s| s.window),
        segment_size: handshake.syn_ack.as_ref().and_then(|s| s.options.mss),
        hop_limit: handshake.syn_ack.as_ref().and_then(|s| s.ip.ttl),
        later_hop_limit: later.hop_limit,
        reset_hop_limit: reset.filter(|(side, _)| *side == Side::Server).and_then(|(_, reset)| reset.ip.ttl),
    }
}

/// The reset may come from another machine, so its hop limit is told apart from the others.
fn is_reset(handshake: &Handshake, frame: crate::Frame) -> bool {
    handshake.reset.as_deref().is_some_and(|(_, reset)| reset.frame == frame)
}
