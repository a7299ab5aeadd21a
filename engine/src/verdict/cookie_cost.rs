//! Reads from the packets of a handshake what the connection lost because a SYN cookie or SYN proxy
//! answered.

use crate::connection::cookie_mss::cookie_mss;
use crate::connection::handshake::Handshake;
use crate::packet::options::Options;
use crate::{Assessment, Completion, CookieCost, Implementation, Outcome, RoundedMss};

/// Returns what the connection lost; `None` for a handshake that did not complete, or whose verdict
/// is not cookie-style at `likely` or above.
pub(super) fn cookie_cost(
    handshake: &Handshake,
    assessment: &Assessment,
    outcome: Outcome,
    completion: &Completion,
) -> Option<CookieCost> {
    if !assessment.is_reliable() || outcome != Outcome::Established {
        return None;
    }
    let (syn, syn_ack) = (handshake.syn?, handshake.acceptable_syn_ack()?);
    let lost = |has: fn(&Options) -> bool| is_lost(&syn.options, &syn_ack.options, has);
    let is_repeated = handshake.syn_retransmissions > 0 || handshake.syn_acks > 1;
    let is_linux = assessment.implementations.first() == Some(&Implementation::Linux);
    Some(CookieCost {
        window_scale: lost(|options| options.window_scale.is_some()),
        sack: lost(|options| options.sack_permitted),
        timestamps: lost(|options| options.timestamps.is_some()),
        mss: syn.options.mss.filter(|_| is_linux).and_then(|offered| {
            let kept = u16::try_from(cookie_mss(handshake, offered)).ok()?;
            (kept < offered).then_some(RoundedMss { offered, kept })
        }),
        // From the SYN to the client's ACK: one round trip at any capture point.
        round_trip: completion.seconds.filter(|&seconds| seconds > 0.0 && !is_repeated),
    })
}

/// Returns whether the SYN has an option that the SYN-ACK lacks; `None` where the snap length cut
/// off options that would decide it.
fn is_lost(syn: &Options, syn_ack: &Options, has: fn(&Options) -> bool) -> Option<bool> {
    match (has(syn), has(syn_ack)) {
        (_, true) => Some(false),
        (true, false) if !syn_ack.incomplete => Some(true),
        (false, false) if !syn.incomplete => Some(false),
        _ => None,
    }
}
