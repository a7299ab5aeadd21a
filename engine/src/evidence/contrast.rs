//! Weighs a SYN-ACK that lacks an option by the alternation of the listener's SYN-ACKs.

use super::{Detail, detail};
use crate::Frame;
use crate::listener::alternation::Alternation;

/// Weight where the same host granted the option to the same kind of client before or after.
const CHANGED: f64 = 1.5;
/// Weight where the host did so both before and after, with few changes: a changed configuration
/// would have been changed back.
const RETURNED: f64 = 3.0;
/// Maximum weight of an unbroken run against hosts that alternate at random.
const RUN: f64 = 4.0;
/// Weight where the same client address got both answers: neither balancing by address nor a
/// middlebox for some clients explains this.
const SAME_CLIENT: f64 = 1.5;
/// Weight where one IP identification counter covers both kinds of SYN-ACK: one host sent them.
const ONE_COUNTER: f64 = 6.5;

/// SYN-ACK that lost an option, compared with those that kept it.
pub(crate) struct Contrast<D: Detail> {
    /// Nats for a cookie.
    pub nats: f64,
    /// Whether the loss fits an episode rather than a changed configuration or alternating hosts.
    pub episodic: bool,
    /// Nearest SYN-ACKs that kept the option, before and after.
    pub frames: [Option<Frame>; 2],
    pub text: D::Text,
}

/// Weighs one answer; `None` where no answer of the other kind with the same host marks is next to
/// it.
pub(crate) fn contrast<D: Detail>(alternation: &Alternation, index: usize) -> Option<Contrast<D>> {
    let loss = alternation.loss(index)?;
    let (lost, kept) = (alternation.lost, alternation.kept);
    let returned = loss.kept_before.is_some() && loss.kept_after.is_some();
    if loss.kept_before.is_none() && loss.kept_after.is_none() {
        return None;
    }
    let share = (lost + 1) as f64 / (lost + kept + 2) as f64;
    let few = alternation.is_in_few_runs();
    // Hosts that alternate at random make runs, too: the longest of many runs is expected.
    let run = ((loss.run - 1) as f64 * -share.ln() - (alternation.runs as f64).ln()).clamp(0.0, RUN);
    let mut nats = if returned && few { RETURNED } else { CHANGED } + run;
    if alternation.same_client && few {
        nats += SAME_CLIENT;
    }
    // A box in front of one host may strip options for some clients, always the same ones.
    let one_host = alternation.one_counter && (alternation.same_client || few);
    if one_host {
        nats += ONE_COUNTER;
    }
    let when = match (loss.kept_before, loss.kept_after) {
        (Some(_), Some(_)) => "before and after",
        (Some(_), None) => "before",
        _ => "after",
    };
    Some(Contrast {
        nats,
        episodic: (returned && few) || one_host,
        frames: [loss.kept_before, loss.kept_after],
        text: detail!(
            D,
            "this listener granted them to the same kind of client {when} ({lost} of {} SYN-ACKs lack them, {} in a row{})",
            lost + kept,
            loss.run,
            if one_host { "; all share one IP ID counter: one host sent them" } else { "" }
        ),
    })
}
