//! Numbers and fields that a finding copies from the packets of a handshake.

use crate::connection::handshake::{Handshake, Side, SynHeader};
use crate::connection::p0f::signature;
use crate::listener::Listener;
use crate::listener::clock::{Samples, usual_rate};
use crate::{Completion, Frame, LaterPackets, Measured, Signatures, SynFields, SynPair, Times};

/// Measurements on the server's segments after its SYN-ACK.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServerMeasurements {
    lag_seconds: Option<f64>,
    hop_limit: Option<u8>,
}

impl ServerMeasurements {
    pub(super) fn of(listener: &Listener<'_>, handshake: &Handshake) -> Self {
        // The listener's clock, or the usual one.
        let rate = listener.clock.rate.unwrap_or_else(usual_rate);
        Self {
            lag_seconds: Samples::of(handshake).map(|samples| samples.lag(rate).seconds),
            hop_limit: handshake
                .server_segments
                .iter()
                .find(|l| !is_reset(handshake, l.frame))
                .and_then(|l| l.ip.ttl()),
        }
    }
}

/// Returns what can be measured on a handshake; what was not captured stays `None`.
pub(super) fn measured(handshake: &Handshake, server: ServerMeasurements) -> Measured {
    let reset = handshake.deciding_reset();
    Measured {
        times: Times {
            syn: handshake.syn.as_ref().map(|s| s.time),
            syn_ack: handshake.syn_ack.as_ref().map(|s| s.time),
            ack: handshake.ack.as_ref().map(|s| s.time),
            reset: reset.map(|(_, reset)| reset.time),
        },
        lag_seconds: server.lag_seconds,
        window: handshake.syn_ack.as_ref().map(|s| s.window),
        segment_size: handshake.syn_ack.as_ref().and_then(|s| s.options.mss),
        hop_limit: handshake.syn_ack.as_ref().and_then(|s| s.ip.ttl()),
        later_hop_limit: server.hop_limit,
        reset_hop_limit: reset.filter(|(side, _)| *side == Side::Server).and_then(|(_, reset)| reset.ip.ttl()),
    }
}

/// Returns whether a frame is the first reset, which may come from another machine with another hop
/// limit.
fn is_reset(handshake: &Handshake, frame: Frame) -> bool {
    handshake.reset.as_deref().is_some_and(|(_, reset)| reset.frame == frame)
}

/// Returns how long the handshake took.
pub(super) fn completion(handshake: &Handshake, has_failed: bool) -> Completion {
    let syn = handshake.syn.as_ref();
    let seconds = handshake.ack.zip(syn).map(|(ack, syn)| ack.time.seconds_since(syn.time));
    Completion {
        syns: syn.map_or(0, |_| handshake.syn_retransmissions.saturating_add(1)),
        seconds: seconds.filter(|&seconds| seconds >= 0.0),
        has_failed,
    }
}

/// Returns the fields of the SYN and SYN-ACK, and which later packets there are.
pub(super) fn syn_pair(handshake: &Handshake) -> SynPair {
    let first_reset = handshake.reset.as_deref().map(|(side, _)| *side);
    let ends = handshake.syn.zip(handshake.syn_ack);
    SynPair {
        syn: handshake.syn.as_ref().map(syn_fields),
        syn_ack: handshake.syn_ack.as_ref().map(syn_fields),
        client_isn: handshake.client_isn().map(|isn| isn.0),
        answer_nanos: ends.map(|(syn, syn_ack)| syn_ack.time.as_nanos().saturating_sub(syn.time.as_nanos())),
        later: LaterPackets {
            repeated_syn_ack: handshake.syn_acks > 1,
            ack: handshake.ack.is_some(),
            client_data: handshake.client_data.is_some(),
            server_reset: first_reset == Some(Side::Server) || handshake.server_resets > 0,
            client_reset: first_reset == Some(Side::Client),
            wrong_ack: handshake
                .deciding_reset()
                .filter(|(side, _)| *side == Side::Server)
                .and_then(|(_, reset)| handshake.wrong_ack_before(reset))
                .map(|wrong| wrong.ack.0),
        },
    }
}

/// Returns the raw signatures of the SYN and SYN-ACK.
pub(super) fn signatures(handshake: &Handshake) -> Signatures {
    Signatures {
        syn: handshake.syn.as_ref().and_then(signature),
        syn_ack: handshake.syn_ack.as_ref().and_then(signature),
    }
}

fn syn_fields(header: &SynHeader) -> SynFields {
    let options = &header.options;
    SynFields {
        isn: header.isn.0,
        acknowledgment: header.ack.0,
        hop_limit: header.ip.ttl(),
        identification: header.ip.identification(),
        window: header.window,
        mss: options.mss,
        window_scale: options.window_scale,
        sack_permitted: options.sack_permitted,
        timestamp: options.timestamps.map(|timestamps| timestamps.value),
        is_whole: !options.incomplete,
    }
}
