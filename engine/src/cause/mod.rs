//! Why a handshake failed: hypotheses, ranked, each with what speaks for it, what against, what could not be seen, and
//! what settles it.

pub(crate) mod host;

mod check;
mod hypothesis;
mod kernel;
mod opening;
mod proxied;
mod reset;
mod sight;
mod silence;

use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::{Assessment, Cause, Outcome, Verdict};

pub(crate) use kernel::weigh;

/// The ranked causes of a handshake that failed or got stuck; empty for one that did not.
pub(crate) fn causes(listener: &Listener<'_>, index: usize, assessment: &Assessment, outcome: Outcome) -> Vec<Cause> {
    let handshake = listener.handshakes[index];
    let hypotheses = match outcome {
        Outcome::ResetByServer if assessment.verdict == Verdict::SynProxy => proxied::reset(listener, index),
        Outcome::ResetByServer => reset::by_server(listener, index, assessment),
        Outcome::ResetByClient => opening::reset_by_client(listener, handshake, assessment),
        Outcome::Refused => opening::refused(listener, index),
        Outcome::Unanswered => opening::unanswered(listener, index),
        Outcome::Unacknowledged => opening::unacknowledged(handshake, assessment),
        Outcome::Established | Outcome::Incomplete => silence::stuck(listener, handshake, assessment),
    };
    if hypotheses.is_empty() {
        return Vec::new();
    }
    let server = handshake.server;
    let mut causes: Vec<Cause> = hypotheses
        .into_iter()
        .map(|hypothesis| {
            let kind = hypothesis.kind();
            hypothesis.finish(check::check(kind, server))
        })
        .collect();
    hypothesis::rank(&mut causes);
    causes
}

/// Where the SYN-ACK or its reset was captured without its IP header.
const NO_TTL: &str = "hop limits of the SYN-ACK and the reset: whether one machine sent both";

/// `s` for any number but one.
fn plural(number: usize) -> &'static str {
    if number == 1 { "" } else { "s" }
}

/// The client acknowledged something, but not the SYN-ACK.
const fn acknowledged_wrongly(handshake: &Handshake) -> bool {
    handshake.wrong_ack.is_some() && handshake.ack.is_none()
}
